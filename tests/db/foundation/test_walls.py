"""Every table stands behind the walls: none can be forgotten."""

import pytest
from django.apps import apps
from django.db import connection, connections

from meterbook.foundation import walls

LIBRARY_TABLES_WITHOUT_MODEL = {"django_migrations"}


POLICIES = "SELECT tablename, qual, with_check FROM pg_policies WHERE schemaname = 'public'"


def owner_rows(query: str, *parameters: str) -> list[tuple[object, ...]]:
    with connections["owner"].cursor() as cursor:
        cursor.execute(query, parameters)
        return list(cursor.fetchall())


def expected_rows(table: str, condition: str = "true") -> int:
    """What the planner expects of a table for its owner, who has no policies."""
    [(plan,)] = owner_rows(f"EXPLAIN (FORMAT JSON) SELECT 1 FROM {table} WHERE {condition}")  # noqa: S608 - ours
    return int(plan[0]["Plan"]["Plan Rows"])  # type: ignore[index] # a column of JSON


def partitions() -> list[str]:
    return [str(row[0]) for row in owner_rows("SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'")]


@pytest.mark.spec("X-05/1")
class TestWalls:
    def test_every_table_belongs_to_a_model(self) -> None:
        known = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
        tables = owner_rows(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relkind IN ('r', 'p') AND NOT relispartition"
        )

        assert {str(row[0]) for row in tables} - known == LIBRARY_TABLES_WITHOUT_MODEL

    def test_every_table_with_an_organization_has_row_security(self) -> None:
        open_tables = owner_rows(
            "SELECT c.relname FROM pg_class c"
            " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'organization_id'"
            " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"
            " AND NOT c.relispartition AND NOT c.relrowsecurity AND NOT a.attisdropped"
        )

        assert open_tables == []

    def test_every_policy_is_the_one_of_the_architecture(self) -> None:
        policies = owner_rows(POLICIES + " AND permissive = 'PERMISSIVE'")

        assert {row[0] for row in policies} >= {model._meta.db_table for model in walls.tenant_models()}
        assert all("current_setting('meterbook.organizations'" in str(row[1]) and row[1] == row[2] for row in policies)

    def test_a_second_policy_limits_what_belongs_to_accounts(self) -> None:
        policies = owner_rows(POLICIES + " AND permissive = 'RESTRICTIVE'")

        limited = {model._meta.db_table for model in walls.tenant_models() if model.reached_by}
        assert {row[0] for row in policies} == limited
        assert len(limited) == 43
        assert all("current_setting('meterbook.reach_" in str(row[1]) and row[1] == row[2] for row in policies)

    def test_the_planner_expects_that_nearly_every_row_is_seen(self) -> None:
        """Where it expected few, it joined whole tables row by row, and sorted what an index has in order."""
        for model in walls.tenant_models():
            if model.reached_by:
                table = model._meta.db_table

                assert expected_rows(table, walls.reach_policy(model)) > 0.9 * expected_rows(table), table

    def test_a_query_starts_no_processes_and_is_not_compiled(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('max_parallel_workers_per_gather'), current_setting('jit')")

            assert cursor.fetchone() == ("0", "off")

    def test_application_and_bulk_have_no_rights_on_partitions(self) -> None:
        granted = owner_rows(
            "SELECT g.grantee, g.table_name FROM information_schema.role_table_grants g"
            " JOIN pg_class c ON c.relname = g.table_name AND c.relispartition"
            " WHERE g.grantee IN ('meterbook_app', 'meterbook_bulk', 'PUBLIC')"
        )

        assert granted == []

    def test_bulk_role_has_rights_on_the_declared_tables_only(self) -> None:
        granted = owner_rows(
            "SELECT DISTINCT table_name FROM information_schema.role_table_grants WHERE grantee = 'meterbook_bulk'"
        )

        declared = {model._meta.db_table for model in walls.guarded_models() if model.bulk_privileges}
        assert {str(row[0]) for row in granted} == declared

    def test_applying_them_again_changes_nothing(self) -> None:
        state = (
            "SELECT relname, relrowsecurity, relacl::text FROM pg_class"
            " WHERE relnamespace = 'public'::regnamespace ORDER BY 1"
        )
        before = owner_rows(state)

        with connections["owner"].cursor():
            walls.apply(connections["owner"].connection)

        assert owner_rows(state) == before

    def test_a_partition_read_directly_is_refused(self) -> None:
        for leaf in partitions():
            with pytest.raises(Exception, match="permission denied"), connection.cursor() as cursor:
                cursor.execute(f'SELECT * FROM "{leaf}"')  # noqa: S608 - a name from the catalog
