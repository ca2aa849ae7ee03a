"""What is wrong with the day of a meter point, by all checks that are about it alone."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from meterbook.kernel.quantity import Unit
from meterbook.metering.checking import days
from meterbook.metering.checking.days import Found, Integers
from meterbook.monitoring.operations import loading
from meterbook.monitoring.operations.loading import Point

WEEKEND = 5


def of_point(point: Point, day: Integers | None, is_occupied: bool | None, *, ever: bool) -> list[Found | None]:
    """This will say what is wrong with the day of a point by itself; `is_occupied` None: for a part of the day."""
    thresholds = point.thresholds
    found: list[Found | None] = [days.phases([_whole(point, code) for code in loading.VOLTAGES], thresholds)]
    if day is None:
        return found
    code, used = point.counted.code, int(day.sum())
    before = point.before(code)
    is_weekend = point.day.weekday() >= WEEKEND
    alike = [each for when, each in before.items() if (when.weekday() >= WEEKEND) == is_weekend]
    totals = [int(each.sum()) for each in before.values()]
    power = point.measured(loading.POWER)
    exported = point.on(loading.EXPORT, point.day)
    exported_before = [int(each.sum()) for each in point.before(loading.EXPORT).values()]
    standing = days.stuck(used, power, _rest(point))
    if standing is None and not ever:  # where somebody pays, days without use are told by another check
        standing = days.stood_still(used, totals, thresholds)
    return [
        *found,
        days.spike(day, alike, thresholds.spike_times),
        standing or days.nothing_used(used, totals, is_occupied=is_occupied is True, thresholds=thresholds),
        days.used_while_vacant(used, _least(point), is_vacant=is_occupied is False and ever),
        days.reversed_transformer(used, 0 if exported is None else int(exported.sum()), totals, exported_before),
    ]


def _whole(point: Point, code: str) -> Integers:
    found = point.on(code, point.day)
    return np.zeros(0, np.int64) if found is None else found


def _rest(point: Point) -> int:
    """A tenth of a unit of power."""
    series = point.series.get(loading.POWER)
    return 10**series.decimals // 10 if series else 0


def _least(point: Point) -> int:
    """What may be used in a vacant unit, in the series' scale."""
    told = point.thresholds.vacant_least
    if told is None:
        told = Fraction(1, 10) if Unit(point.counted.unit) is Unit.M3 else Fraction(1)
    return int(told * 10**point.counted.decimals)
