"""Which quality is worse: what is computed from several intervals has that of the worst of them. Pure."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from meterbook.kernel.quality import Quality

Codes = NDArray[np.uint8]
Flags = NDArray[np.bool_]

# From the best to the worst: what is measured, what a person changed, what is measured as a sum only, what nobody
# measured, what must not be billed. Codes do not lie in this order.
_ORDER = (
    Quality.VALID,
    Quality.REVENUE,
    Quality.VERIFIED,
    Quality.VALIDATED,
    Quality.RAW,
    Quality.DERIVED,
    Quality.EDITED,
    Quality.INTERPOLATED,
    Quality.ESTIMATED,
    Quality.PROJECTED,
    Quality.QUESTIONABLE,
    Quality.MIXED,
    Quality.MISSING,
)
RANK = np.full(256, len(_ORDER) - 1, np.uint8)
RANK[list(_ORDER)] = np.arange(len(_ORDER), dtype=np.uint8)
CODE = np.array(_ORDER, np.uint8)


def worst(*codes: Codes) -> Codes:
    """This will return the worst of each place of arrays of one shape."""
    found: Codes = CODE[functools.reduce(np.maximum, [RANK[each] for each in codes])]
    return found


def worst_of(codes: Codes, size: int, *, known: Flags | None = None) -> Codes:
    """This will return the worst of each `size` intervals that follow each other.

    :param known: bool of shape (n, size): only these are looked at; where there are none, it is MISSING
    """
    rank = RANK[codes].reshape(-1, size)
    if known is None:
        found: Codes = CODE[rank.max(axis=1)]
        return found
    found = CODE[np.where(known, rank, 0).max(axis=1)]
    found[~known.any(axis=1)] = Quality.MISSING
    return found


def spread(codes: Codes, size: int) -> Codes:
    """This will return the quality of intervals that were divided into `size` parts: INTERPOLATED, or worse."""
    found: Codes = np.repeat(CODE[np.maximum(RANK[codes], RANK[Quality.INTERPOLATED])], size)
    return found
