"""Where the database is: Django's DATABASES from the environment and the data folder. Starts nothing.

The embedded server is found by `secrets.json` in the data folder. `DATABASE_URL` names an external one and an
administrator of it: postgresql://user:password@host:port/database?sslmode=require. Meterbook uses the administrator
once, to make its own roles (`meterbook migrate`), and from then on signs in as those, with the passwords of
`secrets.json`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import conninfo

from meterbook.foundation.server import errors, folder, secrets_file

ROLES = {"default": "app", "owner": "owner", "bulk": "bulk", "maintenance": "maintenance"}
URL_VARIABLE = "DATABASE_URL"


class UrlUnreadable(errors.ServerError):
    """DATABASE_URL is not an address such as postgresql://user:password@host:5432/meterbook."""

    code = "URL_UNREADABLE"


@dataclass(frozen=True)
class Target:
    """What DATABASE_URL says; `options` are further settings of the driver, such as sslmode."""

    host: str
    port: str
    database: str
    user: str
    password: str = field(repr=False)
    options: dict[str, Any]


def data_dir(environ: Mapping[str, str]) -> Path:
    """This will return the data folder: MB_DATA_DIR, else ./meterbook-data."""
    return Path(environ.get("MB_DATA_DIR", "meterbook-data")).absolute()


def databases(environ: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """This will return Django's four connections.

    :raises UrlUnreadable: when DATABASE_URL is not an address of a PostgreSQL server
    """
    path = data_dir(environ)
    try:
        kept = secrets_file.load(path)
    except PermissionError:
        kept = secrets_file.Secrets()  # another user's folder: commands without a database work all the same
    target = parse(environ[URL_VARIABLE]) if environ.get(URL_VARIABLE) else None
    return {
        alias: {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": target.host if target else kept.host or str(folder.socket_folder(path)),
            "PORT": target.port if target else kept.port or folder.PORT,
            "USER": f"meterbook_{role}",
            "PASSWORD": kept.passwords.get(role, ""),
            "NAME": target.database if target else kept.database,
            "OPTIONS": dict(target.options) if target else {},
        }
        for alias, role in ROLES.items()
    }


def parse(url: str) -> Target:
    """This will read DATABASE_URL.

    :raises UrlUnreadable: when it is not an address of a PostgreSQL server
    """
    try:
        found: dict[str, Any] = dict(conninfo.conninfo_to_dict(url))
    except psycopg.ProgrammingError as error:
        raise UrlUnreadable(f"{UrlUnreadable.__doc__} ({error})") from error
    return Target(
        host=str(found.pop("host", "")),
        port=str(found.pop("port", folder.PORT)),
        database=str(found.pop("dbname", "meterbook")),
        user=str(found.pop("user", "postgres")),
        password=str(found.pop("password", "")),
        options=found,
    )


def connect(role: str, environ: Mapping[str, str]) -> psycopg.Connection[Any]:
    """This will open a connection of one role ("owner", "app", ...), for code that runs without Django."""
    settings = databases(environ)["default"]
    return psycopg.connect(
        host=settings["HOST"],
        port=settings["PORT"],
        user=f"meterbook_{role}",
        password=secrets_file.load(data_dir(environ)).passwords.get(role, ""),
        dbname=settings["NAME"],
        **settings["OPTIONS"],
    )
