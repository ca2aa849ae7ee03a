"""Identifiers that leave the system: random, so that nobody can count or guess them."""

from __future__ import annotations

import uuid


def new_id() -> uuid.UUID:
    """This will return a new random identifier (UUID version 4)."""
    return uuid.uuid4()
