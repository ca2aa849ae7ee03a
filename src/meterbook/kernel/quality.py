"""How much a value can be trusted: ESPI codes (spec 4.3), and one of our own for "nothing there"."""

from __future__ import annotations

import enum


class Quality(enum.IntEnum):
    """One code for every reading and every interval; stored as one byte."""

    VALID = 0  # measured: readings at both ends
    EDITED = 7  # a person put the value there, and gave a reason
    ESTIMATED = 8  # no reading at the end; taken from an estimate
    INTERPOLATED = 9  # the register difference is measured, its shape in time is not
    QUESTIONABLE = 10  # held: not billed until a person releases it
    DERIVED = 11
    PROJECTED = 12
    MIXED = 13  # only a part of the interval is covered so far
    RAW = 14
    VALIDATED = 17  # was held, and released by a person
    VERIFIED = 18
    REVENUE = 19
    MISSING = 255


# The amount itself is not known: no reading encloses it (spec 4.4).
ESTIMATED = frozenset({Quality.ESTIMATED, Quality.PROJECTED})
# A screen hatches these: nobody measured them in this interval. What is apportioned between two readings (INTERPOLATED)
# is measured as a sum: a total between readings is actual, whatever its intervals show (decision 0012).
UNMEASURED = ESTIMATED | {Quality.INTERPOLATED}
# A bill must not contain these.
UNBILLABLE = frozenset({Quality.QUESTIONABLE, Quality.MIXED, Quality.MISSING})
