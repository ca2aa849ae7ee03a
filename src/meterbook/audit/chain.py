"""The arithmetic of the chain: what is hashed, and how a stored chain is checked. Pure.

    digest(0) = SHA-256("meterbook audit " + public id of the organization)
    digest(n) = SHA-256(digest(n-1) + canonical JSON of {"sequence": n, ...entry})      (digests as 32 bytes)

The canonical JSON has sorted keys, no spaces, UTF-8, integers as they are, everything else as text; instants are UTC
with microseconds. `on_behalf_of` is left out where it is empty, as it was before there were delegations. Anyone can
recompute it from an export, without Meterbook.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

Plain = None | bool | int | str | list[Any] | dict[str, Any]


class NotRecordable(TypeError):
    """The audit trail takes no floats and no objects; give integers, Decimals, text, dates, ids, lists and mappings."""


@dataclass(frozen=True)
class Entry:
    """All of an audit entry that its digest covers."""

    id: int
    organization_id: int
    public_id: uuid.UUID
    at: datetime
    recorded_at: datetime
    actor_kind: str
    actor_id: int | None
    actor_label: str
    source: str
    action: str
    subject_kind: str
    subject_id: uuid.UUID | None
    subject_label: str
    before: Plain
    after: Plain
    reason: str
    row_count: int | None
    rows_digest: str
    on_behalf_of: str = ""


def plain(value: object) -> Plain:
    """This will turn a value into what JSON keeps exactly: Decimals, instants, dates and ids become text.

    :raises NotRecordable: for floats and objects
    """
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date | uuid.UUID):
        return str(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, set | frozenset):
        return sorted((plain(each) for each in value), key=str)
    raise NotRecordable(f"{type(value).__name__}: {NotRecordable.__doc__}")


def instant(value: datetime) -> str:
    """This will return the aware instant as "2026-03-01T05:00:00.000000Z"."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def canonical(value: Plain) -> bytes:
    """This will return the one JSON text of the value."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8")


def genesis(organization: uuid.UUID) -> bytes:
    """This will return the digest that an organization's chain begins with."""
    return hashlib.sha256(f"meterbook audit {organization}".encode("ascii")).digest()


def link(previous: bytes, sequence: int, entry: Entry) -> bytes:
    """This will return the digest of the entry at that place of the chain."""
    content: dict[str, Any] = {field.name: plain(getattr(entry, field.name)) for field in fields(entry)}
    if not entry.on_behalf_of:
        del content["on_behalf_of"]
    content["sequence"] = sequence
    return hashlib.sha256(previous + canonical(content)).digest()


def link_of_stored(previous: bytes, sequence: int, entry: Entry) -> bytes | None:
    """This will return the digest of a stored entry; None: nobody has written it here, as it cannot be recorded.

    Whoever changes an entry by SQL may put a float into it.
    """
    try:
        return link(previous, sequence, entry)
    except (NotRecordable, ValueError):
        return None


def digest_of_rows(rows: Iterable[object]) -> tuple[int, str]:
    """This will return how many rows there are and the hexadecimal SHA-256 over their canonical JSON, a line each.

    For bulk operations, which write one entry: `record(..., rows=digest_of_rows(rows))`.
    """
    digest, count = hashlib.sha256(), 0
    for row in rows:
        digest.update(canonical(plain(row)) + b"\n")
        count += 1
    return count, digest.hexdigest()
