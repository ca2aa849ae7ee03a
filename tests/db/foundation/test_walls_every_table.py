"""Another organization gets nothing out of any table, and puts nothing into it.

What to look at comes from the catalog of the database, so that no table, partition, key or function can be forgotten;
and every table holds a row of somebody else, so that "nothing" is not for want of rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import psycopg
import pytest
from django.db import DatabaseError, connection, connections
from django.db.backends.utils import CursorWrapper
from psycopg import sql
from pytest_django.plugin import DjangoDbBlocker

from meterbook.foundation import scoping, walls
from meterbook.identity import models as identity_models
from meterbook.kernel.actor import Actor
from meterbook.ledger import posting
from tests.factories import everything, ledger
from tests.factories import identity as identity_factory
from tests.support import databases, unbound

ACTOR = Actor.system("test")
ORGANIZATION = "identity_organization"

# Tables of ours without an organization: what is in them belongs to nobody, or to the whole installation.
NOBODYS = {
    "foundation_tick": "when a periodic job was started",
    "foundation_platformaccess": "who looked across all organizations; names no rows of them",
    "identity_guesscount": "how often something was tried, by a digest of what was tried",
    "identity_passwordlink": "that a user may choose a password; the user belongs to no organization",
    "identity_signincode": "that a code was mailed to somebody, by a digest; the user belongs to no organization",
    "installation_providerlink": "who a user is at the provider of single sign-on; the user belongs to no organization",
    "identity_session": "browsers of users, who belong to no organization",
    "installation_setting": "what holds for the whole installation; no secrets",
    "identity_user": "people, who may work for several organizations; which ones stands in identity_grant",
}
# What the application may call with its owner's rights. Trigger functions cannot be called.
CALLABLE = {
    "foundation_organization_ids": {"meterbook_app"},
    "documents_public_of": {"meterbook_app"},
    "identity_api_secret_of": {"meterbook_app"},
    "acquisition_enrolment_of": {"meterbook_app"},
    "acquisition_gateway_of": {"meterbook_app"},
    "acquisition_sender_of": {"meterbook_app"},
    "identity_delegations_to_scope": {"meterbook_app"},
    "identity_entrusted": {"meterbook_app"},
    "identity_organization_of_code": {"meterbook_app"},
    "identity_organization_of_invitation": {"meterbook_app"},
    "identity_organizations_entered_by": {"meterbook_app"},
    "identity_organizations_of": {"meterbook_app"},
    "ledger_forget_name": {"meterbook_app"},
    "ledger_lock_balances": {"meterbook_app"},
    "metering_compact_month": {"meterbook_bulk"},
    "metering_make_partition": {"meterbook_app", "meterbook_bulk", "meterbook_maintenance"},
}
BULK = {
    "billing_formerday": {"INSERT"},
    "metering_changeddays": {"INSERT"},
    "metering_uncheckeddays": {"INSERT"},
    "metering_dirtydays": {"SELECT", "INSERT", "DELETE"},
    "metering_latestchunk": {"SELECT", "INSERT", "UPDATE"},
    "metering_reading": {"SELECT", "INSERT"},
    "metering_readingconflict": {"SELECT", "INSERT"},
    "metering_series": {"SELECT"},
    "metering_seriesday": {"SELECT", "INSERT", "UPDATE"},
    "metering_siteday": {"SELECT", "INSERT", "UPDATE"},
    "metering_seriesfinding": {"SELECT", "INSERT", "DELETE"},
    "metering_seriesmonth": {"SELECT", "INSERT", "UPDATE"},
}


@pytest.fixture(scope="module")
def theirs(database: str, django_db_blocker: DjangoDbBlocker) -> int:
    """The organization that has a row in every table."""
    with django_db_blocker.unblock():
        return everything.organization().pk


@pytest.fixture(scope="module")
def mine(database: str, django_db_blocker: DjangoDbBlocker) -> int:
    """The organization that looks around."""
    with django_db_blocker.unblock():
        return identity_factory.organization().pk


def owner_rows(query: str, *parameters: str | int | bool | list[str]) -> list[tuple[object, ...]]:
    with connections["owner"].cursor() as cursor:
        cursor.execute(query, parameters)
        return list(cursor.fetchall())


def tables(*, leaves: bool) -> list[str]:
    """All tables with an organization: those that are named, or the partitions behind them."""
    found = owner_rows(
        "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
        " AND a.attname = 'organization_id' AND NOT a.attisdropped AND c.relispartition = %s ORDER BY 1",
        leaves,
    )
    return [str(row[0]) for row in found]


def count(cursor: CursorWrapper, table: str, organization_id: int) -> int:
    query = sql.SQL("SELECT count(*) FROM {} WHERE organization_id = %s").format(sql.Identifier(table))
    cursor.execute(query, [organization_id])
    return int(cursor.fetchone()[0])


@contextmanager
def looking_around(organization_id: int) -> Iterator[CursorWrapper]:
    """The application's connection in the scope of one organization; what it did is undone."""
    with scoping.scope([organization_id], actor=ACTOR), connection.cursor() as cursor:
        yield cursor
        connection.set_rollback(True)


@pytest.mark.spec("X-05/1")
class TestEveryTable:
    def test_holds_a_row_of_theirs(self, theirs: int) -> None:
        with connections["owner"].cursor() as cursor:
            empty = [table for table in tables(leaves=False) if not count(cursor, table, theirs)]

        assert empty == []

    def test_without_an_organization_is_nobodys(self) -> None:
        ours = {model._meta.db_table for model in walls.guarded_models()} - set(tables(leaves=False))

        assert ours == {ORGANIZATION, *NOBODYS}

    def test_is_empty_for_another_organization_by_raw_sql(self, theirs: int, mine: int) -> None:
        seen = []
        with looking_around(mine) as cursor:
            for table in tables(leaves=False):
                cursor.execute(
                    sql.SQL("SELECT count(*) FROM {} WHERE organization_id <> %s").format(sql.Identifier(table)), [mine]
                )
                if cursor.fetchone() != (0,):
                    seen.append(table)
            cursor.execute("SELECT id FROM identity_organization")
            organizations = cursor.fetchall()

        assert (seen, organizations) == ([], [(mine,)])

    def test_is_empty_for_another_organization_by_the_orm(self, theirs: int, mine: int) -> None:
        with looking_around(mine):
            seen = [
                model._meta.db_table
                for model in walls.tenant_models()
                if model._default_manager.filter(organization_id=theirs).exists()
            ]

        assert seen == []

    def test_is_empty_outside_a_scope(self, theirs: int) -> None:
        with connection.cursor() as cursor:
            seen = [table for table in tables(leaves=False) if count(cursor, table, theirs)]

        assert seen == []

    def test_is_not_changed_by_another_organization(self, theirs: int, mine: int) -> None:
        changed = []
        for table in tables(leaves=False):
            name = sql.Identifier(table)
            for statement in ("UPDATE {} SET organization_id = organization_id", "DELETE FROM {}"):
                try:
                    with looking_around(mine) as cursor:
                        cursor.execute(sql.SQL(statement + " WHERE organization_id = %s").format(name), [theirs])
                        if cursor.rowcount:
                            changed.append((table, statement))
                except DatabaseError as error:
                    if not isinstance(error.__cause__, psycopg.errors.InsufficientPrivilege):
                        raise

        assert changed == []

    def test_takes_no_row_for_another_organization(self, theirs: int, mine: int) -> None:
        """A copy of their own row, so that nothing else can be wrong with it."""
        taken = []
        for table in tables(leaves=False):
            name = sql.Identifier(table)
            with connections["owner"].cursor() as cursor:
                cursor.execute(
                    sql.SQL("SELECT to_jsonb(t) FROM {} t WHERE organization_id = %s LIMIT 1").format(name), [theirs]
                )
                row = cursor.fetchone()[0]
                cursor.execute(
                    "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
                    " AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
                    [table],
                )
                columns = sql.SQL(", ").join(sql.Identifier(each) for (each,) in cursor.fetchall())
            insert = sql.SQL("INSERT INTO {0} ({1}) SELECT {1} FROM jsonb_populate_record(NULL::{0}, %s)").format(
                name, columns
            )
            try:
                with looking_around(mine) as cursor:
                    cursor.execute(insert, [row if isinstance(row, str) else json.dumps(row)])
                    taken.append(table)
            except DatabaseError as error:
                if not isinstance(error.__cause__, psycopg.errors.InsufficientPrivilege):
                    raise

        assert taken == []


class TestEveryPartition:
    def test_is_refused_to_application_and_bulk(self, theirs: int, mine: int) -> None:
        leaves = tables(leaves=True)
        with connections["owner"].cursor() as cursor:
            holding = [leaf for leaf in leaves if count(cursor, leaf, theirs)]
        assert {leaf.split("_y")[0] for leaf in holding} == {"metering_reading", "metering_seriesday"}

        for alias in ("default", "bulk"):
            for leaf in leaves:
                for statement in ("SELECT * FROM {}", "TABLE {}", "DELETE FROM {}"):
                    with (
                        pytest.raises(DatabaseError, match="permission denied"),
                        looking_around(mine),
                        connections[alias].cursor() as cursor,
                    ):
                        cursor.execute(sql.SQL(statement).format(sql.Identifier(leaf)))


class TestEveryForeignKey:
    def test_between_tenant_tables_keeps_to_the_organization(self) -> None:
        """Besides each key of one column there is one with the organization."""
        loose = owner_rows(
            "WITH theirs AS (SELECT attrelid FROM pg_attribute WHERE attname = 'organization_id'),"
            " keys AS (SELECT k.conrelid, k.confrelid, c.relname,"
            "   array_agg(a.attname::text ORDER BY a.attname::text) AS columns"
            "  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid"
            "  CROSS JOIN unnest(k.conkey) AS place JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = place"
            "  WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace"
            "   AND k.conrelid IN (SELECT attrelid FROM theirs) AND k.confrelid IN (SELECT attrelid FROM theirs)"
            "  GROUP BY k.oid, k.conrelid, k.confrelid, c.relname)"
            " SELECT one.relname, one.columns[1] FROM keys one WHERE cardinality(one.columns) = 1 AND NOT EXISTS ("
            "  SELECT 1 FROM keys two WHERE two.conrelid = one.conrelid AND two.confrelid = one.confrelid"
            "  AND two.columns @> (one.columns || 'organization_id'::text))"
        )

        assert set(loose) - unbound.COLUMNS.keys() == set()

    def test_leads_each_row_to_its_organization(self) -> None:
        """By itself, or by another row that it must name; bulk rows and the books are written in a scope only."""
        lost = owner_rows(
            "SELECT c.relname FROM pg_class c WHERE c.relname = ANY(%s) AND NOT EXISTS ("
            " SELECT 1 FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'organization_id'"
            " WHERE k.conrelid = c.oid AND k.contype = 'f' AND a.attnum = ANY(k.conkey) AND NOT EXISTS ("
            "  SELECT 1 FROM pg_attribute n"
            "  WHERE n.attrelid = c.oid AND n.attnum = ANY(k.conkey) AND NOT n.attnotnull))",
            tables(leaves=False),
        )

        assert {str(table) for (table,) in lost} - BULK.keys() == {"ledger_ledgertransaction", "ledger_ledgerentry"}

    def test_is_not_checked_a_second_time_without_the_organization(self) -> None:
        twice = owner_rows(
            "SELECT one.conrelid::regclass::text, one.conname FROM pg_constraint one JOIN pg_constraint two"
            " ON two.conrelid = one.conrelid AND two.confrelid = one.confrelid AND two.contype = 'f'"
            " AND two.conkey @> one.conkey AND cardinality(two.conkey) = 2 AND cardinality(one.conkey) = 1"
            " WHERE one.contype = 'f' AND one.connamespace = 'public'::regnamespace"
        )

        assert list(twice) == []

    def test_is_there_for_every_column_that_names_a_row(self) -> None:
        named = owner_rows(
            "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
            " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
            " AND c.relname = ANY(%s) AND a.attname LIKE '%%\\_id' AND NOT a.attisdropped"
            " AND a.attname NOT IN ('organization_id', 'public_id') AND a.atttypid = 'bigint'::regtype"
            " AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'f'"
            "  AND a.attnum = ANY(k.conkey))",
            tables(leaves=False),
        )

        assert {(str(table), str(column)) for table, column in named} - unbound.COLUMNS.keys() == set()


class TestEveryRole:
    def test_bulk_has_the_listed_rights_and_no_others(self) -> None:
        granted: dict[str, set[str]] = {}
        for table, privilege in owner_rows(
            "SELECT c.relname, p.name FROM pg_class c CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE',"
            "  'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS p(name)"
            " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
            " AND has_table_privilege('meterbook_bulk', c.oid, p.name)"
        ):
            granted.setdefault(str(table), set()).add(str(privilege))

        assert granted == BULK

    @pytest.mark.parametrize("role", ["meterbook_app", "meterbook_bulk", "meterbook_maintenance"])
    def test_may_not_make_truncate_or_own_anything(self, role: str) -> None:
        rights = owner_rows(
            "SELECT has_schema_privilege(%s, 'public', 'CREATE'),"
            " (SELECT count(*) FROM pg_class WHERE relowner = %s::regrole AND relnamespace = 'public'::regnamespace),"
            " (SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
            "   AND relname !~ '^procrastinate' AND has_table_privilege(%s, oid, 'TRUNCATE')),"
            " (SELECT count(*) FROM pg_auth_members WHERE member = %s::regrole)",
            *[role] * 4,
        )

        assert rights == [(False, 0, 0, 0)]


class TestEveryFunction:
    def test_that_borrows_rights_may_be_called_by_the_listed_roles_only(self) -> None:
        callers: dict[str, set[str]] = {}
        for name, role in owner_rows(
            "SELECT p.proname, r.rolname FROM pg_proc p"
            " JOIN pg_roles r ON r.rolname ~ '^meterbook_' AND NOT r.rolsuper AND r.oid <> p.proowner"
            " WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef AND p.prorettype <> 'trigger'::regtype"
            " AND has_function_privilege(r.oid, p.oid, 'EXECUTE')"
        ):
            callers.setdefault(str(name), set()).add(str(role))

        assert callers == CALLABLE

    def test_looks_for_tables_among_ours_before_temporary_ones(self) -> None:
        """Temporary tables come first unless they are named last: whoever may make one could put it before ours."""
        searched = owner_rows(
            "SELECT p.proname, s.setting FROM pg_proc p"
            " LEFT JOIN LATERAL unnest(p.proconfig) AS s(setting) ON s.setting LIKE 'search_path=%%'"
            " WHERE p.pronamespace = 'public'::regnamespace AND (p.prosecdef OR s.setting IS NOT NULL)"
        )

        assert searched
        assert [name for name, path in searched if path != "search_path=pg_catalog, public, pg_temp"] == []

    def test_cannot_be_led_to_a_temporary_table(self, theirs: int, mine: int) -> None:
        with looking_around(mine) as cursor:
            cursor.execute("CREATE TEMP TABLE identity_organization AS SELECT 4711 AS id")
            cursor.execute("GRANT SELECT ON pg_temp.identity_organization TO PUBLIC")
            cursor.execute("SELECT id FROM foundation_organization_ids() AS id")
            found = {row[0] for row in cursor.fetchall()}

        assert found >= {theirs, mine}

    def test_keeps_the_books_where_they_are(self, mine: int) -> None:
        """Posting runs with the owner's rights: a table of the poster's own must not take the balances."""
        account = ledger.account(organization=identity_models.Organization(pk=mine))
        other = ledger.account(organization=identity_models.Organization(pk=mine))

        with scoping.scope([mine], actor=ACTOR):
            with connection.cursor() as cursor:
                cursor.execute("CREATE TEMP TABLE ledger_balance ON COMMIT DROP AS TABLE public.ledger_balance")
                cursor.execute("GRANT ALL ON pg_temp.ledger_balance TO PUBLIC")
            posting.post(actor=ACTOR, at=ledger.AT, plan=ledger.plan((account, "5"), (other, "-5")))

        kept = owner_rows("SELECT sum(amount) FROM ledger_balance WHERE account_id = %s", account.pk)
        assert kept == [(Decimal(5),)]


class TestThisTest:
    def test_notices_an_open_table(self, theirs: int, mine: int, database: str, server: databases.TestServer) -> None:
        with server.admin(database) as admin:
            admin.execute("ALTER TABLE sites_site DISABLE ROW LEVEL SECURITY")
            try:
                with pytest.raises(AssertionError, match="sites_site"):
                    TestEveryTable().test_is_empty_for_another_organization_by_raw_sql(theirs, mine)
            finally:
                admin.execute("ALTER TABLE sites_site ENABLE ROW LEVEL SECURITY")
