"""Codes by which anybody may check a document: 128 random bits, written in letters that are not mistaken for others."""

from __future__ import annotations

import base64
import binascii
import secrets
import uuid

BYTES = 16
LENGTH = 26  # letters and digits of base 32 (RFC 4648)
GROUP = 5
_PADDING = "======"
# The alphabet has no 0, 1, 8, 9: whoever types one means the letter that looks like it.
_MEANT = str.maketrans({"0": "O", "1": "I", "8": "B", "-": "", " ": ""})


def make(count: int) -> list[uuid.UUID]:
    """This will return so many codes of 128 random bits each, in the form in which they are kept."""
    drawn = secrets.token_bytes(BYTES * count)
    return [uuid.UUID(bytes=drawn[each : each + BYTES]) for each in range(0, len(drawn), BYTES)]


def written(code: uuid.UUID) -> str:
    """This will return a code as it stands in addresses: 26 letters and digits."""
    return base64.b32encode(code.bytes).decode("ascii").rstrip("=")


def printed(code: uuid.UUID) -> str:
    """This will return a code as people read it: groups of five."""
    text = written(code)
    return "-".join(text[each : each + GROUP] for each in range(0, LENGTH, GROUP))


def read(text: str) -> uuid.UUID | None:
    """This will return what somebody typed or scanned as a code; None where it can be none."""
    meant = text.strip().upper().translate(_MEANT)
    if len(meant) != LENGTH:
        return None
    try:
        found = uuid.UUID(bytes=base64.b32decode(meant + _PADDING))
    except (binascii.Error, ValueError):
        return None
    return found if written(found) == meant else None
