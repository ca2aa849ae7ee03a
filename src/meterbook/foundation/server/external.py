"""A server that somebody else runs: DATABASE_URL names it and an administrator of it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from meterbook.foundation.server import account as accounts
from meterbook.foundation.server import binaries, connections, errors, roles, secrets_file


class Unreachable(errors.ServerError):
    """The server of DATABASE_URL does not answer or refuses the administrator."""

    code = "UNREACHABLE"


def bootstrap(data_dir: Path, url: str, account: accounts.Account | None, *, has_new_passwords: bool = False) -> None:
    """This will make roles and database on the server of the URL, unless this data folder's own roles open it already.

    The administrator's password is not stored. A second machine needs a copy of the first one's secrets.json.

    :param has_new_passwords: give the roles new passwords even if another data folder knows the present ones
    :raises Unreachable: when the server does not answer, or is too old
    :raises roles.RolesTaken: when another data folder knows the roles' passwords and this one does not
    :raises roles.AdministratorTooWeak: when the administrator may not make roles
    """
    target = connections.parse(url)
    kept = secrets_file.load(data_dir)
    if kept.passwords and not has_new_passwords and _opens(kept, target):
        return
    connect = partial(_connect, target)
    try:
        with connect("postgres") as connection:
            _check_version(connection)
            if roles.are_present(connection) and not kept.passwords and not has_new_passwords:
                raise roles.RolesTaken(
                    f"The server has Meterbook's roles already. Copy {secrets_file.NAME} from the data folder of the"
                    f" first machine to {data_dir}, or, if there is none, run `meterbook migrate --new-passwords`."
                )
    except psycopg.OperationalError as error:
        raise Unreachable(
            f"The server of DATABASE_URL does not let us in: {error}. Check that it runs, and its host, port, user and"
            " password."
        ) from error
    kept = secrets_file.complete(kept)
    kept.host, kept.port, kept.database = target.host, target.port, target.database
    secrets_file.save(data_dir, kept, account)
    roles.bootstrap(connect, kept)


def _connect(target: connections.Target, database: str) -> psycopg.Connection[Any]:
    return psycopg.connect(
        host=target.host,
        port=target.port,
        user=target.user,
        password=target.password,
        dbname=database,
        autocommit=True,
        **target.options,
    )


def _opens(kept: secrets_file.Secrets, target: connections.Target) -> bool:
    try:
        psycopg.connect(
            host=target.host,
            port=target.port,
            user=roles.OWNER,
            password=kept.passwords["owner"],
            dbname=target.database,
            **target.options,
        ).close()
    except psycopg.OperationalError:
        return False
    return True


def _check_version(connection: psycopg.Connection[Any]) -> None:
    major = connection.info.server_version // 10_000
    if major < binaries.OLDEST_MAJOR:
        raise Unreachable(f"The server is PostgreSQL {major}; Meterbook needs {binaries.OLDEST_MAJOR} or newer.")
