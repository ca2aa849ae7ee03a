"""The backup file: an uncompressed tar of the dump (compressed in itself), kept files, and the manifest at the end."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from meterbook.foundation.server import errors

DUMP, MANIFEST, FILES = "database.dump", "manifest.json", "files/"
FORMAT = 1
BLOCK = tarfile.BLOCKSIZE
PIECE = 1 << 20
LARGEST_MANIFEST_BYTES = 10_000_000


class BackupUnreadable(errors.ServerError):
    """The file is not a backup of Meterbook, or it is damaged; take another copy of it, or an older one."""

    code = "BACKUP_UNREADABLE"


@dataclass(frozen=True)
class Manifest:
    """What a backup holds. No secrets."""

    version: str
    created_at: str  # ISO 8601, UTC
    postgres: int  # major version of the server
    digest: str  # SHA-256 of the dump, hexadecimal
    size: int  # bytes of the dump
    rows: dict[str, int]  # by table
    migrations: list[str]  # "app.name", all that were applied
    files: list[str]  # kept files of the data folder
    format: int = FORMAT


class Writer:
    """Writes a backup piece by piece: the dump's length is known only when it is complete."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self.size = 0
        file.write(bytes(BLOCK))  # the dump's header comes here

    @property
    def digest(self) -> str:
        """This will return the SHA-256 of the dump so far."""
        return self._digest.hexdigest()

    def write(self, piece: bytes) -> None:
        """This will add a piece of the dump."""
        self._digest.update(piece)
        self.size += len(piece)
        self._file.write(piece)

    def finish(self, manifest: Manifest, files: dict[str, bytes]) -> None:
        """This will end the dump and add kept files and manifest."""
        self._file.write(bytes(-self.size % BLOCK))
        for name, content in files.items():
            self._add(FILES + name, content)
        self._add(MANIFEST, json.dumps(asdict(manifest), indent=1, sort_keys=True).encode())
        self._file.write(bytes(2 * BLOCK))
        self._file.seek(0)
        self._file.write(_header(DUMP, self.size))

    def _add(self, name: str, content: bytes) -> None:
        self._file.write(_header(name, len(content)))
        self._file.write(content)
        self._file.write(bytes(-len(content) % BLOCK))


def _header(name: str, size: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    return member.tobuf(tarfile.GNU_FORMAT)


def read_manifest(path: Path) -> Manifest:
    """This will read what a backup holds.

    :raises BackupUnreadable: when the file is not a whole backup
    """
    try:
        with tarfile.open(path, "r:") as tar:
            member = tar.getmember(MANIFEST)
            if member.size > LARGEST_MANIFEST_BYTES:
                raise BackupUnreadable(f"{path}: {BackupUnreadable.__doc__}")
            found = json.loads(_member(tar, MANIFEST).read())
            if found.get("format") != FORMAT:
                raise BackupUnreadable(f"{path} has the format of a newer release of Meterbook; use that release.")
            return Manifest(**found)
    except (tarfile.TarError, KeyError, ValueError, TypeError) as error:
        raise BackupUnreadable(f"{path}: {BackupUnreadable.__doc__}") from error


def check(path: Path, manifest: Manifest) -> None:
    """This will read the whole dump and compare its digest.

    :raises BackupUnreadable: when a single bit differs
    """
    digest = hashlib.sha256()
    try:
        with tarfile.open(path, "r:") as tar, _member(tar, DUMP) as dump:
            while piece := dump.read(PIECE):
                digest.update(piece)
    except (tarfile.TarError, KeyError) as error:
        raise BackupUnreadable(f"{path}: {BackupUnreadable.__doc__}") from error
    if digest.hexdigest() != manifest.digest:
        raise BackupUnreadable(
            f"{path} is damaged: its contents do not have the digest of its manifest. Take another"
            " copy of it, or an older backup."
        )


def dump_into(path: Path, target: IO[bytes]) -> None:
    """This will copy the dump out of a checked backup."""
    with tarfile.open(path, "r:") as tar, _member(tar, DUMP) as dump:
        while piece := dump.read(PIECE):
            target.write(piece)


def kept_files(path: Path, manifest: Manifest) -> dict[str, bytes]:
    """This will return the kept files by their place in the data folder."""
    with tarfile.open(path, "r:") as tar:
        return {name: _member(tar, FILES + name).read() for name in manifest.files}


def _member(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    found = tar.extractfile(name)
    return io.BytesIO() if found is None else found
