"""Secrets in links: given out once, stored only as a digest."""

from __future__ import annotations

import hashlib
import secrets

BYTES = 32  # 256 bits of chance: nobody guesses one, so a plain digest is enough
LONGEST = 100


def make() -> str:
    """This will return a new token as it stands in a link: 43 letters, digits, "-" and "_"."""
    return secrets.token_urlsafe(BYTES)


def digest(token: str) -> str:
    """This will return what is stored of a token: 64 hexadecimal digits of SHA-256."""
    return hashlib.sha256(token[:LONGEST].encode(errors="replace")).hexdigest()
