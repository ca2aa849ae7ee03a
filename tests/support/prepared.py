"""An installation that was made and migrated once, kept from run to run while the schema stays what it is."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from tests.support import processes

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCE, KEPT = ROOT / "src" / "meterbook", ROOT / ".cache" / "prepared"
MOST_KEPT = 4


def make(folder: Path) -> None:
    """This will make the installation in a folder that is not there, from the kept one or anew.

    Kept is what was made from the same migrations, models and rights, with the same versions of everything installed.
    """
    kept = KEPT / _digest()
    if kept.is_dir():
        kept.touch()
        processes.copy(kept, folder)
        return
    made = processes.run("migrate", data_dir=folder)
    assert made.returncode == 0, made.stderr
    _keep(folder, kept)


def _digest() -> str:
    paths = [each for each in SOURCE.rglob("*.py") if _is_schema(each.relative_to(SOURCE))]
    found = hashlib.sha256()
    for each in [*sorted(paths), ROOT / "requirements" / "dev.txt"]:
        found.update(f"{each.relative_to(ROOT)}\0".encode() + each.read_bytes())
    return found.hexdigest()[:20]


def _is_schema(path: Path) -> bool:
    words = {"migrations", "foundation", "settings.py", "registry.py"}
    return bool(words & set(path.parts)) or any("models" in each for each in path.parts)


def _keep(folder: Path, kept: Path) -> None:
    """Other runs may do the same now: the first one's stays."""
    KEPT.mkdir(parents=True, exist_ok=True)
    coming = KEPT / f"coming-{os.getpid()}"
    processes.copy(folder, coming)
    try:
        coming.rename(kept)
    except OSError:
        shutil.rmtree(coming, ignore_errors=True)
    known = sorted(KEPT.iterdir(), key=lambda each: each.stat().st_mtime, reverse=True)
    for each in known[MOST_KEPT:]:
        shutil.rmtree(each, ignore_errors=True)
