"""Which days came out differently after they were over: bills may have been made from them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

Integers = NDArray[np.int64]

CHECKED_AGAIN = 40  # days after which nobody checks a day again
_NOTE = """
INSERT INTO metering_changeddays (organization_id, series, days, changed_at) VALUES (%s, %s, %s, %s)
"""
_UNCHECKED = """
INSERT INTO metering_uncheckeddays (organization_id, series, days, changed_at) VALUES (%s, %s, %s, %s)
"""


def note(connection: psycopg.Connection[Any], organization_id: int, changed: Integers, at: datetime) -> None:
    """This will keep which (series, day since 1970) pairs changed, in the transaction that stores them.

    Bills are looked for that were made from them, and the days of the last weeks are checked again. Only days that were
    over before the (UTC) day of `at`: the others are still being read.
    """
    today = (at.date() - date(1970, 1, 1)).days
    late = changed[changed[:, 1] < today]
    for statement, pairs in ((_NOTE, late), (_UNCHECKED, late[late[:, 1] >= today - CHECKED_AGAIN])):
        if len(pairs):
            connection.execute(statement, [organization_id, *packed(pairs), at])


def packed(pairs: Integers) -> tuple[bytes, bytes]:
    """This will write (series, day since 1970) pairs as they are stored: series, and days."""
    return pairs[:, 0].astype("<i8").tobytes(), pairs[:, 1].astype("<i4").tobytes()


def pairs(series: bytes, days: bytes) -> list[tuple[int, date]]:
    """This will read what `note` has written."""
    listed = np.frombuffer(days, "<i4").astype("datetime64[D]").astype(object).tolist()
    return list(zip(np.frombuffer(series, "<i8").tolist(), listed, strict=True))
