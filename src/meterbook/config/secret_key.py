"""The key that signs sessions: from the environment, else made once and kept in the data folder."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path


def load(environ: Mapping[str, str], data_dir: Path) -> str:
    """This will return MB_SECRET_KEY, or the key kept in `secret_key` (0600) of the data folder, made when missing.

    Without a data folder (a command that needs no database, a check) the key lives as long as the process.
    """
    given = environ.get("MB_SECRET_KEY")
    if given:
        return given
    path = data_dir / "secret_key"
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        made = secrets.token_urlsafe(50)
    if data_dir.is_dir() and os.access(data_dir, os.W_OK):
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
                file.write(made)
        except FileExistsError:
            return path.read_text(encoding="ascii").strip()
    return made
