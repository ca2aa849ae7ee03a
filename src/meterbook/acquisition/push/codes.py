"""Codes with which a gateway enrols: drawn, written for people, and read back as people type them."""

from __future__ import annotations

import hashlib
import secrets

# Without the letters that look like digits or make words.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH, GROUP = 16, 4  # 80 bits
_LIKE = str.maketrans({"O": "0", "I": "1", "L": "1", "U": "V"})


class CodeInvalid(ValueError):
    """A code has sixteen letters and digits, in groups of four."""


def new() -> str:
    """This will draw a code such as 7K2M-QX4D-9ZPA-3V8N."""
    drawn = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return "-".join(drawn[start : start + GROUP] for start in range(0, LENGTH, GROUP))


def digest(code: str) -> str:
    """This will return the hash that is kept of a code, however somebody typed it.

    :raises CodeInvalid: when it cannot be one
    """
    read = "".join(code.upper().split()).replace("-", "").translate(_LIKE)
    if len(read) != LENGTH or set(read) - set(ALPHABET):
        raise CodeInvalid(CodeInvalid.__doc__)
    return hashlib.sha256(read.encode()).hexdigest()
