"""What the intervals of a series would be if it counted otherwise; nothing is stored."""

from __future__ import annotations

import dataclasses
from datetime import date, datetime
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from meterbook.foundation import bulk, scoping
from meterbook.metering import ratios
from meterbook.metering.deriving import readings, setups
from meterbook.metering.validation import derivation
from meterbook.metering.validation.inputs import (
    DAY,
    MICROSECONDS,
    Correction,
    CorrectionKind,
    Factor,
    Installation,
    Window,
    tolerance,
)

_MINUTE = 60 * MICROSECONDS


@dataclasses.dataclass(frozen=True)
class Supposition:
    """That a series counts `times` as much in [start, end) as it does.

    With `is_test` a test of the meter says so (`is_withdrawn`: the one of that time says nothing any more), else its
    multiplier was another; `shown` is what the register showed at the start, where a multiplier changes there.
    """

    series_id: int
    start: datetime
    end: datetime
    times: Fraction
    is_test: bool
    shown: int | None = None
    is_withdrawn: bool = False


@dataclasses.dataclass(frozen=True)
class Supposed:
    """UTC days from `first` on: `values` int64 and `quality` uint8 of shape (days, slots), `step` in minutes."""

    series_id: int
    first: date
    step: int
    values: NDArray[np.int64]
    quality: NDArray[np.uint8]


def suppose(supposition: Supposition) -> Supposed:
    """This will derive the UTC days that a supposition touches as if it held; in the running scope.

    :raises KeyError: when the organization has no such series
    """
    organization_id = scoping.current().organization_id
    setup = setups.load(organization_id=organization_id, series_ids=[supposition.series_id])[supposition.series_id]
    start, end = setups.microseconds(supposition.start), setups.microseconds(supposition.end)
    installations, corrections = setup.installations, setup.corrections
    if supposition.is_test:
        kind = CorrectionKind.WITHDRAW_RATIO if supposition.is_withdrawn else CorrectionKind.RATIO
        corrections = (*corrections, Correction(kind, start, None, end, ratio=supposition.times))
    else:
        installations = tuple(_multiplied(each, start, end, supposition) for each in installations)
    first, until = start // DAY, -(-end // DAY)
    slots = DAY // (setup.step * _MINUTE)
    step = setup.step * _MINUTE
    window = Window(start=first * DAY, slots=(until - first) * slots, step=step, tolerance=tolerance(step))
    with bulk.transact() as connection:
        given = readings.fetch_series(connection, organization_id, supposition.series_id)
    values, quality = derivation.trace(given, installations, corrections).intervals(window)
    return Supposed(
        series_id=supposition.series_id,
        first=setups.instant(first * DAY).date(),
        step=setup.step,
        values=values.reshape(until - first, slots),
        quality=quality.reshape(until - first, slots),
    )


def _multiplied(installation: Installation, start: int, end: int, supposition: Supposition) -> Installation:
    if installation.start > start or (installation.end is not None and installation.end <= start):
        return installation
    own = [
        ratios.Change(each.at, Fraction(each.numerator, each.denominator), each.register)
        for each in installation.factors
    ]
    wanted = [ratios.Ratio(start, end, supposition.times)]
    factors = []
    for each in ratios.overlay(own, wanted, end=installation.end):
        times = each.factor * each.corrected_by
        shown = supposition.shown if each.at == start and each.shown is None else each.shown
        factors.append(Factor(each.at, times.numerator, times.denominator, shown))
    return dataclasses.replace(installation, factors=tuple(factors))
