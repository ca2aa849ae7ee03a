"""Row security, grants and triggers for every table, applied by the owner after each migration.

The walls are derived from the models (`foundation.models.Guarded`), so that no table can be forgotten: a table without
walls has no grants, and the application sees nothing of it. Applying them again changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import psycopg
from django.apps import apps
from django.db import models as orm
from psycopg import sql

from meterbook.foundation import models

APP, BULK, MAINTENANCE = "meterbook_app", "meterbook_bulk", "meterbook_maintenance"

# One InitPlan, fails closed: never a function in a policy (performance-notes 18).
POLICY = "organization_id = any((select nullif(current_setting('meterbook.organizations', true), '')::int[])::int[])"
POLICY_NAME = "tenant"
# Beside it, where rows belong to single accounts: who is limited sees those within reach (`scoping.limit`). Nobody is
# limited where the setting is empty. Arrays of ids, again as InitPlans: a subquery here would be priced at every row.
REACH_NAME = "reach"
REACH_SETTING = "(select nullif(current_setting('meterbook.reach_{part}', true), ''))"
KNOWN = "SELECT 1 FROM pg_constraint WHERE conrelid = %s::regclass AND conname = %s"
ORGANIZATION_TABLE = "identity_organization"
# Temporary tables are searched first unless they are named: the application may make one, and a function that borrows
# the owner's rights would write into it instead of ours.
SEARCH_PATH = "pg_catalog, public, pg_temp"
# The organization row itself is seen by its own id.
ORGANIZATION_POLICY = POLICY.replace("organization_id", "id", 1)

SETUP = """
CREATE OR REPLACE FUNCTION foundation_refuse_change() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed or removed; record a correction instead', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE OR REPLACE FUNCTION foundation_organization_ids() RETURNS SETOF int LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp AS 'SELECT id::int FROM identity_organization ORDER BY id';
REVOKE ALL ON FUNCTION foundation_organization_ids() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION foundation_organization_ids() TO meterbook_app;
GRANT USAGE ON SCHEMA public TO meterbook_app, meterbook_bulk, meterbook_maintenance;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO meterbook_app, meterbook_bulk;
"""


def apply(connection: psycopg.Connection[Any]) -> None:
    """This will bring grants, policies and triggers of all tables to what the models declare, as the owner."""
    with connection.transaction():
        connection.execute(SETUP)
        _fix_search_paths(connection)
        present = _tables(connection)
        for model in guarded_models():
            if model._meta.db_table in present:
                _guard(connection, model)
        # Tables of Django, allauth and procrastinate hold no tenant data; the application uses them as they are.
        for other in apps.get_models(include_auto_created=True):
            if not issubclass(other, models.Guarded) and other._meta.db_table in present:
                _grant(connection, other._meta.db_table, APP, models.READ_WRITE)


def guarded_models() -> list[type[models.Guarded]]:
    """This will return every concrete model of ours, sorted by table."""
    found = [model for model in apps.get_models(include_auto_created=True) if issubclass(model, models.Guarded)]
    return sorted(found, key=lambda model: model._meta.db_table)


def tenant_models() -> list[type[models.TenantTable]]:
    """This will return every concrete model whose rows belong to an organization, sorted by table."""
    return [model for model in guarded_models() if issubclass(model, models.TenantTable)]


def _guard(connection: psycopg.Connection[Any], model: type[models.Guarded]) -> None:
    table = model._meta.db_table
    if issubclass(model, models.TenantTable):
        _secure(connection, table, POLICY)
        if model.reached_by:
            _secure(connection, table, reach_policy(model), name=REACH_NAME, kind="RESTRICTIVE")
        if model.has_foreign_keys:
            _bind_to_organization(connection, model)
    elif table == ORGANIZATION_TABLE:
        _secure(connection, table, ORGANIZATION_POLICY)
    if model.append_only:
        _refuse_changes(connection, table)
    _grant(connection, table, APP, model.privileges)
    _grant(connection, table, BULK, model.bulk_privileges)


def reach_policy(model: type[models.TenantTable]) -> str:
    """This will return the condition that lets a limited reader see a row: one of its columns is within reach.

    Written as "true is not null" so that the planner expects nearly all rows to be seen, as all but tenants see them;
    of "a or b" it expects one row in twenty, and joins whole tables row by row.
    """
    first = REACH_SETTING.format(part=model.reached_by[0][1])
    within = (f"{column} = any(({REACH_SETTING.format(part=part)})::bigint[])" for column, part in model.reached_by)
    return f"(case when {first} is null then true when {' or '.join(within)} then true end) is not null"


def _secure(
    connection: psycopg.Connection[Any], table: str, policy: str, *, name: str = POLICY_NAME, kind: str = "PERMISSIVE"
) -> None:
    found = connection.execute(
        "SELECT c.relrowsecurity, obj_description(p.oid, 'pg_policy') FROM pg_class c"
        " LEFT JOIN pg_policy p ON p.polrelid = c.oid AND p.polname = %s WHERE c.oid = %s::regclass",
        [name, table],
    ).fetchone()
    if found == (True, policy):
        return
    on, called = sql.Identifier(table), sql.Identifier(name)
    connection.execute(sql.SQL("ALTER TABLE {} ENABLE ROW LEVEL SECURITY").format(on))
    connection.execute(sql.SQL("DROP POLICY IF EXISTS {} ON {}").format(called, on))
    connection.execute(
        sql.SQL("CREATE POLICY {} ON {} AS {} USING ({}) WITH CHECK ({})").format(
            called, on, sql.SQL(kind), sql.SQL(policy), sql.SQL(policy)
        )
    )
    connection.execute(sql.SQL("COMMENT ON POLICY {} ON {} IS {}").format(called, on, sql.Literal(policy)))


def _fix_search_paths(connection: psycopg.Connection[Any]) -> None:
    found = connection.execute(
        "SELECT p.oid::regprocedure::text FROM pg_proc p"
        " LEFT JOIN LATERAL unnest(p.proconfig) AS s(setting) ON s.setting LIKE 'search_path=%%'"
        " WHERE p.pronamespace = 'public'::regnamespace AND p.proowner = current_user::regrole"
        " AND (p.prosecdef OR s.setting IS NOT NULL) AND s.setting IS DISTINCT FROM %s",
        [f"search_path={SEARCH_PATH}"],
    ).fetchall()
    for (signature,) in found:
        connection.execute(f"ALTER FUNCTION {signature} SET search_path = {SEARCH_PATH}")


def _refuse_changes(connection: psycopg.Connection[Any], table: str) -> None:
    if _exists(connection, "SELECT 1 FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname = 'append_only'", [table]):
        return
    connection.execute(
        sql.SQL(
            "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {} FOR EACH ROW"
            " EXECUTE FUNCTION foundation_refuse_change()"
        ).format(sql.Identifier(table))
    )


def _bind_to_organization(connection: psycopg.Connection[Any], model: type[models.TenantTable]) -> None:
    """Foreign keys of PostgreSQL ignore row security: without this a row could point into another organization."""
    table = model._meta.db_table
    bound = list(_bound_fields(model))
    name = f"{table[:40]}_organization_fk"
    if all(field.null for field, _other in bound):
        _constrain(connection, table, name, ["organization_id"], ORGANIZATION_TABLE, ["id"])
    else:  # whatever the row must name has its organization
        _drop(connection, table, name)
    copied = model.copied
    if copied is not None:
        _refer(connection, table, f"{table[:25]}_same_{copied.table[:22]}", copied)
    for field, other in bound:
        name = f"{table[:25]}_{field.column[:22]}_same_org"
        if copied is not None and field.column in copied.columns:
            _drop(connection, table, name)
        else:
            own = models.Copied((field.column,), other, ("id",), f"{other[:45]}_within_org")
            _refer(connection, table, name, own)
        _drop_covered(connection, table, field.column, other)


def _refer(connection: psycopg.Connection[Any], table: str, name: str, copied: models.Copied) -> None:
    """A foreign key with the organization, and the index of the other table that it needs."""
    keys = ("organization_id", *copied.keys)
    connection.execute(
        sql.SQL("CREATE UNIQUE INDEX IF NOT EXISTS {} ON {} ({})").format(
            sql.Identifier(copied.known_by), sql.Identifier(copied.table), sql.SQL(", ").join(map(sql.Identifier, keys))
        )
    )
    _constrain(connection, table, name, ("organization_id", *copied.columns), copied.table, keys)


def _bound_fields(model: type[models.TenantTable]) -> Iterator[tuple[orm.ForeignKey[Any, Any], str]]:
    """The fields that name a row of a tenant table, and which table."""
    for field in model._meta.concrete_fields:
        target = field.related_model
        if isinstance(field, orm.ForeignKey) and isinstance(target, type) and issubclass(target, models.TenantTable):
            yield field, target._meta.db_table


def _drop_covered(connection: psycopg.Connection[Any], table: str, column: str, other: str) -> None:
    """Django's own foreign key says less than the one with the organization, and costs each new row as much again."""
    found = connection.execute(
        "SELECT c.conname FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attname = %s"
        " WHERE c.conrelid = %s::regclass AND c.confrelid = %s::regclass AND c.contype = 'f'"
        " AND c.condeferrable AND c.conkey = ARRAY[a.attnum]",
        [column, table, other],
    ).fetchall()
    for (name,) in found:
        _drop(connection, table, name)


def _drop(connection: psycopg.Connection[Any], table: str, name: str) -> None:
    if _exists(connection, KNOWN, [table, name]):
        connection.execute(
            sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(sql.Identifier(table), sql.Identifier(name))
        )


def _constrain(
    connection: psycopg.Connection[Any], table: str, name: str, columns: Sequence[str], other: str, keys: Sequence[str]
) -> None:
    if _exists(connection, KNOWN, [table, name]):
        return
    connection.execute(
        sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {} ({})").format(
            sql.Identifier(table),
            sql.Identifier(name),
            sql.SQL(", ").join(map(sql.Identifier, columns)),
            sql.Identifier(other),
            sql.SQL(", ").join(map(sql.Identifier, keys)),
        )
    )


def _grant(connection: psycopg.Connection[Any], table: str, role: str, privileges: Iterable[str]) -> None:
    wanted = set(privileges)
    present = {
        row[0]
        for row in connection.execute(
            "SELECT privilege_type FROM information_schema.role_table_grants"
            " WHERE table_schema = 'public' AND table_name = %s AND grantee = %s",
            [table, role],
        )
    }
    name, to = sql.Identifier(table), sql.Identifier(role)
    if present - wanted:
        connection.execute(sql.SQL("REVOKE ALL ON {} FROM {}").format(name, to))
        present = set()
    if wanted - present:
        listed = sql.SQL(", ").join(sql.SQL(each) for each in sorted(wanted))
        connection.execute(sql.SQL("GRANT {} ON {} TO {}").format(listed, name, to))


def _tables(connection: psycopg.Connection[Any]) -> set[str]:
    return {row[0] for row in connection.execute("SELECT relname FROM pg_class WHERE relkind IN ('r', 'p')")}


def _exists(connection: psycopg.Connection[Any], query: str, parameters: Sequence[object]) -> bool:
    return connection.execute(query, parameters).fetchone() is not None
