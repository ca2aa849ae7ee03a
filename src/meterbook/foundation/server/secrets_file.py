"""The passwords of the database roles: made once, kept in `secrets.json` (0600) of the data folder."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from meterbook.foundation.server import account as accounts

NAME = "secrets.json"
ROLES = ("owner", "app", "bulk", "maintenance")


@dataclass
class Secrets:
    """How to reach the database. `superuser` is the password of the embedded server's own administrator."""

    host: str = ""
    port: str = ""
    database: str = "meterbook"
    superuser: str = field(default="", repr=False)
    passwords: dict[str, str] = field(default_factory=dict, repr=False)


def load(data_dir: Path) -> Secrets:
    """This will read the file; without one it answers secrets that hold nothing yet."""
    try:
        found = json.loads((data_dir / NAME).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Secrets()
    return Secrets(**found)


def complete(found: Secrets) -> Secrets:
    """This will make every password that is missing."""
    found.superuser = found.superuser or secrets.token_urlsafe(24)
    for role in ROLES:
        found.passwords.setdefault(role, secrets.token_urlsafe(24))
    return found


def save(data_dir: Path, kept: Secrets, account: accounts.Account | None) -> None:
    """This will write the file whole or not at all, readable by its owner only."""
    unfinished = data_dir / f"{NAME}.{os.getpid()}.new"
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(asdict(kept), file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    accounts.give(unfinished, account)
    unfinished.replace(data_dir / NAME)
