"""How day blocks and month rows look as bytes. Pure; everything is little-endian.

A day block holds one integer an interval, each of the same width: two, four or eight bytes, the smallest that all of
the day fit into. Its width is therefore `len(values) // slots`. Quality is one byte an interval, or None when all are
VALID.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meterbook.kernel.quality import Quality

Integers = NDArray[np.int64]
Codes = NDArray[np.uint8]

MINUTES_A_DAY = 1_440
MINUTE = 60_000_000  # microseconds
DAY = MINUTES_A_DAY * MINUTE
WIDTHS = (2, 4, 8)
DIGEST_SIZE = 16
DAYS_A_MONTH = 31
NOT_DERIVED = -1  # `missing` of a day without a block
# Columns of a month row: total, smallest and largest interval in the series' scale; the starts of those two intervals
# in microseconds since 1970; how many intervals are MISSING.
TOTAL, MIN, MAX, MIN_AT, MAX_AT, MISSING = range(6)
FIGURES = 6
_RECORDS = np.dtype("<i8")


class BlockDamaged(ValueError):
    """A stored block does not have the length that its step asks for; derive its day again."""


@dataclass(frozen=True)
class Block:
    """One encoded day."""

    step: int  # minutes
    values: bytes
    quality: bytes | None
    digest: bytes


def encode(values: Integers, quality: Codes, step: int) -> Block:
    """This will encode one UTC day.

    :param values: int64 of shape (slots,), in the series' scale
    :param quality: uint8 codes of the same shape
    :param step: minutes of an interval
    """
    width = int(widths(values[None, :])[0])
    data = values.astype(f"<i{width}").tobytes()
    codes = None if not quality.any() else quality.astype(np.uint8).tobytes()
    return Block(step, data, codes, digest(step, data, codes))


def decode(values: bytes, quality: bytes | None, step: int) -> tuple[Integers, Codes]:
    """This will return values (int64) and quality (uint8) of one day, shape (slots,) each.

    :raises BlockDamaged: when the lengths do not fit the step
    """
    slots = MINUTES_A_DAY // step
    width, rest = divmod(len(values), slots)
    if rest or width not in WIDTHS or (quality is not None and len(quality) != slots):
        raise BlockDamaged(BlockDamaged.__doc__)
    codes = np.zeros(slots, np.uint8) if quality is None else np.frombuffer(quality, np.uint8).copy()
    return np.frombuffer(values, f"<i{width}").astype(np.int64), codes


def decode_plain(packed: bytes, count: int, step: int) -> Integers:
    """This will return the values of `count` days of one width, packed one after the other: int64 (count, slots).

    :raises BlockDamaged: when the length does not fit the step
    """
    slots = MINUTES_A_DAY // step
    width, rest = divmod(len(packed), count * slots)
    if rest or width not in WIDTHS:
        raise BlockDamaged(BlockDamaged.__doc__)
    return np.frombuffer(packed, f"<i{width}").astype(np.int64).reshape(count, slots)


def widths(values: Integers) -> Integers:
    """This will return for each row of (n, slots) the smallest width in bytes that holds all its integers."""
    low, high = values.min(axis=1), values.max(axis=1)
    result = np.full(len(values), 8, np.int64)
    for width in (4, 2):
        bounds = np.iinfo(f"i{width}")
        result[(low >= bounds.min) & (high <= bounds.max)] = width
    return result


def digest(step: int, values: bytes, quality: bytes | None) -> bytes:
    """This will return 16 bytes that change whenever the block does."""
    state = hashlib.blake2b(step.to_bytes(2, "little"), digest_size=DIGEST_SIZE)
    state.update(values)
    if quality is not None:
        state.update(quality)
    return state.digest()


def figures(values: Integers, quality: Codes, days: Integers) -> Integers:
    """This will return the month row's columns for each of n days, shape (n, 6).

    Of several equal extremes the earliest counts. A day of which all is MISSING has zeros.

    :param values: int64 of shape (n, slots)
    :param quality: uint8 of the same shape
    :param days: the UTC day of each row, as days since 1970
    """
    rows = np.arange(len(values))
    step = DAY // values.shape[1]
    is_missing = quality == Quality.MISSING
    result = np.zeros((len(values), FIGURES), np.int64)
    result[:, TOTAL] = values.sum(axis=1, where=~is_missing)
    result[:, MISSING] = is_missing.sum(axis=1)
    bounds = np.iinfo(np.int64)
    is_empty = result[:, MISSING] == values.shape[1]
    for column, at_column, filled, pick in (
        (MIN, MIN_AT, np.where(is_missing, bounds.max, values), np.argmin),
        (MAX, MAX_AT, np.where(is_missing, bounds.min, values), np.argmax),
    ):
        slot = pick(filled, axis=1)
        result[:, column] = np.where(is_empty, 0, filled[rows, slot])
        result[:, at_column] = np.where(is_empty, 0, days * DAY + slot * step)
    return result


def empty_months(count: int) -> Integers:
    """This will return `count` months without a derived day, shape (count, 31, 6)."""
    result = np.zeros((count, DAYS_A_MONTH, FIGURES), np.int64)
    result[:, :, MISSING] = NOT_DERIVED
    return result


def encode_month(days: Integers) -> bytes:
    """This will encode the figures of a month, shape (31, 6); days that the month does not have stay NOT_DERIVED."""
    return days.astype(_RECORDS).tobytes()


def decode_month(data: bytes) -> Integers:
    """This will return the figures of a month, int64 of shape (31, 6).

    :raises BlockDamaged: when the length is not that of a month
    """
    month: Integers = decode_months([data])[0]
    return month


def decode_months(data: Sequence[bytes]) -> Integers:
    """This will return the figures of n months, int64 of shape (n, 31, 6).

    :raises BlockDamaged: when the length of one is not that of a month
    """
    if any(len(each) != DAYS_A_MONTH * FIGURES * _RECORDS.itemsize for each in data):
        raise BlockDamaged(BlockDamaged.__doc__)
    return np.frombuffer(b"".join(data), _RECORDS).astype(np.int64).reshape(-1, DAYS_A_MONTH, FIGURES)
