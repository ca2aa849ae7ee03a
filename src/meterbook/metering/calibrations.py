"""How long a meter's calibration holds: from its tests to the days that none of them covers. Pure.

The newest test decides. One that was passed holds from its day on, through its last day where it has one; after one
that was failed nothing holds. What was before the first test nobody knows, so nothing is said of it.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date


class CalibrationState(enum.StrEnum):
    """What is known of a meter's calibration on a day."""

    UNKNOWN = "UNKNOWN"
    VALID = "VALID"
    EXPIRED = "EXPIRED"
    FAILED = "FAILED"


@dataclass(frozen=True)
class Tested:
    """A test of a meter: what it says holds on the days [tested_on, until_day); `until_day` None: no end was given."""

    tested_on: date
    until_day: date | None
    is_passed: bool


@dataclass(frozen=True)
class Lapse:
    """Days [first, until) without a calibration that holds; `until` None: no later test ends them."""

    first: date
    until: date | None
    is_failed: bool


def state_on(tests: Sequence[Tested], day: date) -> CalibrationState:
    """This will return what the tests say of a day; of several on one day the later in the sequence decides.

    Tested on 1 June 2020 with 31 May 2026 as the last day: VALID on that day, EXPIRED on 1 June 2026.
    """
    known = [each for each in _ordered(tests) if each.tested_on <= day]
    if not known:
        return CalibrationState.UNKNOWN
    if not known[-1].is_passed:
        return CalibrationState.FAILED
    until = known[-1].until_day
    return CalibrationState.VALID if until is None or day < until else CalibrationState.EXPIRED


def lapses(tests: Sequence[Tested], first: date, until: date) -> tuple[Lapse, ...]:
    """This will return the stretches without a calibration that touch the days [first, until), whole, in order.

    A lapse begins before `first` where the calibration ran out before it: its own first day is told.
    """
    ordered = _ordered(tests)
    ends: list[date | None] = [each.tested_on for each in ordered[1:]]
    found = []
    for test, following in zip(ordered, [*ends, None], strict=True):
        begins = test.until_day if test.is_passed else test.tested_on
        is_over = following is not None and begins is not None and following <= begins
        if begins is None or is_over or begins >= until or (following is not None and following <= first):
            continue
        found.append(Lapse(begins, following, is_failed=not test.is_passed))
    return tuple(found)


def _ordered(tests: Iterable[Tested]) -> list[Tested]:
    """By day; of several on one day the later in the sequence stays, as it corrects the others."""
    by_day = {each.tested_on: each for each in tests}
    return [by_day[day] for day in sorted(by_day)]
