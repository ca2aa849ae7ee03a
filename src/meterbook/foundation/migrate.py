"""Bring a database to the present schema: Django's migrations as the owner, then the walls."""

from __future__ import annotations

from django.core.management import call_command
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from meterbook.foundation import walls

OWNER = "owner"
LOCK = 4_762_301  # one migration at a time, whoever starts it


def run(*, verbosity: int = 0) -> None:
    """This will migrate the database and renew its walls; two at once wait for each other.

    :raises django.db.utils.OperationalError: when the server is not there, or a lock is not had within its time-out
    """
    wrapper = connections[OWNER]
    with wrapper.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    try:
        if _is_behind(wrapper):
            call_command("migrate", database=OWNER, verbosity=verbosity, interactive=False)
        walls.apply(wrapper.connection)
    finally:
        with wrapper.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
        wrapper.close()


def _is_behind(wrapper: BaseDatabaseWrapper) -> bool:
    """Whether a migration waits. Django's command, without any, still makes all models of all migrations: seconds."""
    executor = MigrationExecutor(wrapper)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def known() -> set[str]:
    """This will return "app.name" of every migration that this release has."""
    return {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations or {}}
