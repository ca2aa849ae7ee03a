"""The keys of the installation: from the environment, else made once and kept in the data folder.

`secret_key` signs sessions and anchors and is part of a backup; `vault_key` encrypts secrets and is not.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path


def load(environ: Mapping[str, str], data_dir: Path, *, name: str = "secret_key") -> str:
    """This will return MB_SECRET_KEY, or the key kept in `secret_key` (0600) of the data folder, made when missing.

    :param name: the file in the data folder; in capitals after MB_ the variable that goes before it

    Without a data folder (a command that needs no database, a check) the key lives as long as the process.
    """
    given = environ.get(f"MB_{name.upper()}")
    if given:
        return given
    path = data_dir / name
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
