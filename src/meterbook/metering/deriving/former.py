"""Day blocks as they were before the derivation changes them: a domain above keeps them, and says so here.

Bills are made from blocks. What a bill was made from must stay, so that it can be made again from the same.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

import psycopg


class Keep(Protocol):
    """Looks at `derived_day`, which holds what is about to be stored, beside the blocks that are there."""

    def __call__(self, connection: psycopg.Connection[Any], *, at: datetime) -> None:
        """This will keep the blocks that are about to change, in the transaction that changes them."""


_keeping: list[Keep] = []


def register(keep: Keep) -> None:
    """This will have a domain keep blocks; once, when the application starts."""
    if keep not in _keeping:
        _keeping.append(keep)


def before_change(connection: psycopg.Connection[Any], *, at: datetime) -> None:
    """This will let everybody keep what they need of the blocks that are about to change."""
    for keep in _keeping:
        keep(connection, at=at)
