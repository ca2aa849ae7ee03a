"""Heads of chains kept in a second place: signed lines in a file of the data folder, one file an organization.

Who can write SQL can recompute a whole chain. Such a person cannot take lines out of this file, and cannot sign new
ones without the installation's key. The signature covers the organization, so that a line cannot be moved.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.core import signing

from meterbook.audit import chain

SALT = "meterbook.audit.anchor"
FOLDER = "audit"
SUFFIX = ".anchors"


@dataclass(frozen=True)
class Anchor:
    """That the chain had this digest at this place, at that instant."""

    sequence: int
    digest: bytes
    anchored_at: datetime
    signature: str


@dataclass(frozen=True)
class BrokenLine:
    """A line of an anchor file that is not an anchor."""

    number: int


def sign(organization: uuid.UUID, sequence: int, digest: bytes) -> str:
    """This will return the signature of an anchor, made with the installation's secret key."""
    return signing.Signer(salt=SALT).signature(_signed_text(organization, sequence, digest))


def is_genuine(organization: uuid.UUID, anchor: Anchor) -> bool:
    """This will tell whether the anchor was signed here, with the present secret key or one that it replaced."""
    text = _signed_text(organization, anchor.sequence, anchor.digest)
    try:
        signing.Signer(salt=SALT).unsign(f"{text}:{anchor.signature}")
    except signing.BadSignature:
        return False
    return True


def folder() -> Path:
    """This will return the folder of the anchor files."""
    return Path(settings.DATA_DIR) / FOLDER


def path_of(organization: uuid.UUID) -> Path:
    """This will return the organization's anchor file, which may not exist yet."""
    return folder() / f"{organization}{SUFFIX}"


def append(organization: uuid.UUID, anchor: Anchor) -> None:
    """This will write one line, whole and durable.

    :raises OSError: when the data folder cannot be written
    """
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    line = {
        "sequence": anchor.sequence,
        "digest": anchor.digest.hex(),
        "anchored_at": chain.instant(anchor.anchored_at),
        "signature": anchor.signature,
    }
    handle = os.open(path_of(organization), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(handle, chain.canonical(line) + b"\n")
        os.fsync(handle)
    finally:
        os.close(handle)


def read(organization: uuid.UUID) -> Iterator[Anchor | BrokenLine]:
    """This will return the lines of the organization's file, oldest first; none when there is no file."""
    path = path_of(organization)
    if not path.exists():
        return
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            yield _parse(line, number)


def organizations_with_file() -> frozenset[uuid.UUID]:
    """This will return the public ids of all organizations that have an anchor file."""
    found = set()
    for path in folder().glob(f"*{SUFFIX}"):
        try:
            found.add(uuid.UUID(path.name.removesuffix(SUFFIX)))
        except ValueError:
            continue  # a file of another kind that somebody put there
    return frozenset(found)


def _parse(line: str, number: int) -> Anchor | BrokenLine:
    try:
        values = json.loads(line)
        return Anchor(
            sequence=int(values["sequence"]),
            digest=bytes.fromhex(values["digest"]),
            anchored_at=datetime.strptime(values["anchored_at"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC),
            signature=str(values["signature"]),
        )
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return BrokenLine(number=number)


def _signed_text(organization: uuid.UUID, sequence: int, digest: bytes) -> str:
    return f"{organization}/{sequence}/{digest.hex()}"
