"""How cold or hot a time was, in degree days: exact tenths of a degree Celsius."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import date, timedelta

DEFAULT_BASE = 180  # tenths of a degree, above which nobody heats
COLDEST, HOTTEST = -900, 700  # tenths of a degree that a day of a place where people live can have on average


class Follows(enum.StrEnum):
    """What use follows besides the calendar."""

    NOTHING = ""
    COLD = "COLD"
    HEAT = "HEAT"


def degree_days(
    temperatures: Mapping[date, int], *, first: date, until: date, follows: Follows, base: int
) -> int | None:
    """This will sum by how many tenths of a degree each day of [first, until) was below (COLD) or above (HEAT) a base.

    Days of 5.0 and 20.0 degrees under a base of 18.0 are 130: the warm day counts nothing. None unless each day's
    temperature is known.
    """
    total, day = 0, first
    while day < until:
        tenths = temperatures.get(day)
        if tenths is None:
            return None
        total += max(0, base - tenths if follows is Follows.COLD else tenths - base)
        day += timedelta(days=1)
    return total
