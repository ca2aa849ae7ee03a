"""The system user that the server and our processes run as when Meterbook is started by root.

PostgreSQL refuses to run as root, and our own processes have no need of its rights.
"""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meterbook.foundation.server import errors

DEFAULT_NAME = "meterbook"


class AccountMissing(errors.ServerError):
    """The system user could not be made; make it by hand."""

    code = "ACCOUNT_MISSING"


@dataclass(frozen=True)
class Account:
    """A system user."""

    name: str
    uid: int
    gid: int

    def popen(self) -> dict[str, Any]:
        """This will return the arguments with which `subprocess` starts a program as this user and nobody else."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def wanted(environ: Mapping[str, str]) -> Account | None:
    """This will return the user to run as: MB_USER (made when missing) for root, None for anybody else.

    :raises AccountMissing: when root cannot make the user
    """
    if os.geteuid() != 0:
        return None
    name = environ.get("MB_USER", DEFAULT_NAME)
    try:
        found = pwd.getpwnam(name)
    except KeyError:
        found = _make(name)
    if found.pw_uid == 0:
        raise AccountMissing("MB_USER names root, which PostgreSQL refuses; name an ordinary user.")
    return Account(name=name, uid=found.pw_uid, gid=found.pw_gid)


def _make(name: str) -> pwd.struct_passwd:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    command = [useradd or "useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    command += ["--shell", "/usr/sbin/nologin", name]
    hint = f"Make the user (for example `useradd --system {name}`), or name an existing one in MB_USER."
    if useradd is None:
        raise AccountMissing(f"This machine has no useradd to make the user “{name}”. {hint}")
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # fixed arguments
    try:
        return pwd.getpwnam(name)
    except KeyError:
        raise AccountMissing(f"The user “{name}” could not be made: {done.stderr.strip()} {hint}") from None


def closed_folder(path: Path, account: Account | None) -> Path | None:
    """This will return the first folder on the way to `path` that the account may not enter, or None when it may all.

    Symbolic links are followed; folders that do not exist yet do not count.
    """
    if account is None:
        return None
    resolved = path.resolve()
    for folder in [*reversed(resolved.parents), resolved]:
        try:
            found = folder.stat()
        except FileNotFoundError:
            return None
        if not stat.S_ISDIR(found.st_mode):
            continue
        bits = found.st_mode & stat.S_IXOTH
        if found.st_uid == account.uid:
            bits = found.st_mode & stat.S_IXUSR
        elif found.st_gid == account.gid:
            bits = found.st_mode & stat.S_IXGRP
        if not bits:
            return folder
    return None


def give(path: Path, account: Account | None) -> None:
    """This will make the account the owner of one file or folder; without an account nothing is needed."""
    if account is not None:
        os.chown(path, account.uid, account.gid)


def become(account: Account) -> None:
    """This will drop root's rights for good: this process becomes the account."""
    os.setgroups([])
    os.setgid(account.gid)
    os.setuid(account.uid)
