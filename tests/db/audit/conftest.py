"""A data folder of its own for each test, so that anchor files are spoiled in peace, and a hand that spoils."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from pytest_django import Settings

from tests.support import databases


@pytest.fixture(autouse=True)
def data_folder(settings: Settings, tmp_path: Path) -> Path:
    """The data folder, empty."""
    settings.DATA_DIR = tmp_path
    return tmp_path


@pytest.fixture
def tamper(server: databases.TestServer, database: str) -> Callable[..., None]:
    """Run SQL as the superuser, with triggers, row security and foreign keys off.

    `unique` names a unique constraint of the seals that stands in the way for the moment of the change.
    """

    def run(statement: str, *, unique: str = "", **parameters: object) -> None:
        with server.admin(database) as connection, connection.transaction():
            connection.execute("SET LOCAL session_replication_role = replica")
            definition = _lift(connection, unique) if unique else None
            changed = connection.execute(statement, parameters)
            assert changed.rowcount > 0, "the tampering met no row"
            if definition is not None:
                add = sql.SQL("ALTER TABLE audit_auditseal ADD CONSTRAINT {} ").format(sql.Identifier(unique))
                connection.execute(add + sql.SQL(definition))

    return run


def _lift(connection: psycopg.Connection[Any], constraint: str) -> str:
    found = connection.execute(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conname = %s AND conrelid = 'audit_auditseal'::regclass",
        [constraint],
    ).fetchone()
    assert found is not None, constraint
    connection.execute(sql.SQL("ALTER TABLE audit_auditseal DROP CONSTRAINT {}").format(sql.Identifier(constraint)))
    return str(found[0])
