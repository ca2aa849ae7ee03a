"""What was chosen on the page about encryption. It lies beside the certificates: `serve` needs no database to read it.

A choice that does not hold any more (a certificate that ended) locks nobody out: our own authority takes its place.
"""

from __future__ import annotations

import enum
import tempfile
from datetime import datetime
from pathlib import Path

from meterbook.foundation.tls import authority, files, given

CHOICE, GIVEN = "choice", "given"


class Mode(enum.StrEnum):
    """How pages are served."""

    OFF = "OFF"
    OWN = "OWN"
    GIVEN = "GIVEN"


def read(data_dir: Path) -> Mode | None:
    """This will return what was chosen; None: nothing, or it cannot be read."""
    try:
        return Mode((data_dir / authority.FOLDER / CHOICE).read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        return None


def keep(data_dir: Path, mode: Mode) -> None:
    """This will note the choice for the next start."""
    folder = _folder(data_dir)
    files.write(folder / CHOICE, f"{mode}\n".encode("ascii"), files.PRIVATE)


def pair(data_dir: Path) -> files.Pair:
    """This will return where the certificate and key lie that were given on the page."""
    folder = data_dir / authority.FOLDER
    return files.Pair(folder / f"{GIVEN}.crt", folder / f"{GIVEN}.key")


def take(data_dir: Path, certificate: bytes, key: bytes, *, at: datetime) -> files.Facts:
    """This will check a certificate and its key and put them where `serve` finds them.

    :raises files.CertificateRefused: when they cannot be used; what lay there stays
    """
    with tempfile.TemporaryDirectory(dir=_folder(data_dir), prefix=".given-") as unchecked:
        tried = files.Pair(Path(unchecked) / "crt", Path(unchecked) / "key")
        files.write(tried.certificate, certificate, files.PRIVATE)
        files.write(tried.key, key, files.PRIVATE)
        found = given.check(tried, at=at)
    there = pair(data_dir)
    files.write(there.key, key, files.PRIVATE)
    files.write(there.certificate, certificate, files.PUBLIC)
    return found


def facts(data_dir: Path, *, at: datetime) -> files.Facts:
    """This will return what the certificate that was given says, once it was checked.

    :raises files.CertificateRefused: when it cannot be used now
    """
    return given.check(pair(data_dir), at=at)


def _folder(data_dir: Path) -> Path:
    folder = data_dir / authority.FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
