"""The four database roles of architecture 8 and the database itself; running it again changes nothing but passwords."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import sql

from meterbook.foundation.server import errors, secrets_file

OWNER = "meterbook_owner"
# The owner makes tables and dumps them; the bulk role writes readings past row security; the others have plain rights.
ATTRIBUTES = {"owner": "", "app": "", "bulk": "BYPASSRLS", "maintenance": ""}
LOCK_TIMEOUT = "10s"  # a migration that waits for a lock makes everybody behind it wait
# Work is divided among processes of ours: queries that start further ones, or compile themselves, only slow them down.
SETTINGS = {"max_parallel_workers_per_gather": "0", "jit": "off"}

Connect = Callable[[str], psycopg.Connection[Any]]


class AdministratorTooWeak(errors.ServerError):
    """The user of DATABASE_URL may not make roles and databases; name an administrator of the server."""

    code = "ADMINISTRATOR_TOO_WEAK"


class RolesTaken(errors.ServerError):
    """The server has Meterbook's roles already, but this data folder does not know their passwords."""

    code = "ROLES_TAKEN"


def bootstrap(connect: Connect, secrets: secrets_file.Secrets, *, maintenance_database: str = "postgres") -> None:
    """This will make roles, database, extension and rights that are missing, and set the roles' passwords.

    :param connect: opens an autocommit connection of a server administrator to a database by name
    :param maintenance_database: a database that exists already
    :raises AdministratorTooWeak: when the administrator may not do so
    """
    try:
        with connect(maintenance_database) as connection:
            for role, attributes in ATTRIBUTES.items():
                _ensure_role(connection, f"meterbook_{role}", attributes, secrets.passwords[role])
            ensure_database(connection, secrets.database)
        with connect(secrets.database) as connection:
            prepare_database(connection, secrets.database)
    except psycopg.errors.InsufficientPrivilege as error:
        raise AdministratorTooWeak(
            f"The database administrator lacks a right: {error.diag.message_primary}. DATABASE_URL must name one who"
            " may create databases, roles and roles with BYPASSRLS (a superuser, or since PostgreSQL 16 one with"
            " CREATEROLE, CREATEDB and BYPASSRLS)."
        ) from error


def are_present(connection: psycopg.Connection[Any]) -> bool:
    """This will tell whether the server knows Meterbook's owner role."""
    return connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [OWNER]).fetchone() is not None


def _ensure_role(connection: psycopg.Connection[Any], name: str, attributes: str, password: str) -> None:
    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone()
    # Encrypted here, so that a server that logs statements does not log the password.
    encrypted = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
    connection.execute(
        sql.SQL("{} ROLE {} LOGIN {} PASSWORD {}").format(
            sql.SQL("ALTER" if known else "CREATE"), sql.Identifier(name), sql.SQL(attributes), sql.Literal(encrypted)
        )
    )
    for setting, value in SETTINGS.items():
        connection.execute(
            sql.SQL("ALTER ROLE {} SET {} = {}").format(
                sql.Identifier(name), sql.Identifier(setting), sql.Literal(value)
            )
        )


def ensure_database(connection: psycopg.Connection[Any], name: str) -> None:
    """This will make the database, owned by the owner role, when it is missing."""
    if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
        return
    is_superuser = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    if is_superuser != (True,):
        # Who is no superuser may give a database only to a role of which it is a member.
        connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(OWNER)))
    connection.execute(
        sql.SQL("CREATE DATABASE {} OWNER {} ENCODING 'UTF8' TEMPLATE template0").format(
            sql.Identifier(name), sql.Identifier(OWNER)
        )
    )


def prepare_database(connection: psycopg.Connection[Any], name: str) -> None:
    """This will give a database its extension and rights: only our roles connect, only the owner makes tables."""
    database = sql.Identifier(name)
    connection.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    connection.execute(sql.SQL("ALTER SCHEMA public OWNER TO {}").format(sql.Identifier(OWNER)))
    connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
    for role in ATTRIBUTES:
        grant = sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}")
        connection.execute(grant.format(database, sql.Identifier(f"meterbook_{role}")))
    connection.execute(
        sql.SQL("ALTER ROLE {} IN DATABASE {} SET lock_timeout = {}").format(
            sql.Identifier(OWNER), database, sql.Literal(LOCK_TIMEOUT)
        )
    )
