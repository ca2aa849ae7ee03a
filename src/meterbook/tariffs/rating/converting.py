"""Gas: cubic meters as measured, to energy (B-51): conversion factor x calorific value, by day, exact to the end.

1,000 m3 x 0.9513 x 11.247 kWh/m3 are 10,699.2711 kWh; with 40.489 MJ/m3 they are 1,000 x 0.9513 x 40.489 / 3.6.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from meterbook.kernel import civil, quantity, rounding
from meterbook.kernel.period import Period
from meterbook.kernel.quantity import Dimension, Unit
from meterbook.tariffs.rating.plan import Plan, Scale
from meterbook.tariffs.rating.problems import UsageMisfit

PLACES = 4  # of a conversion factor that was worked out
_ZERO_CELSIUS, _NORMAL_MBAR = Fraction("273.15"), Fraction("1013.25")
P = TypeVar("P", bound=Plan)


@dataclass(frozen=True)
class Conversion:
    """What a cubic meter holds on the local days [first, until): `calorific` is energy in `unit` a normal cubic meter.

    `factor` makes normal cubic meters of those measured. `is_estimated`: a value of earlier days stands for it.
    """

    first: date
    until: date
    factor: Decimal
    calorific: Decimal
    unit: Unit
    area: str = ""
    is_estimated: bool = False

    @property
    def energy(self) -> Fraction:
        """Kilowatt hours in a cubic meter as measured."""
        return Fraction(self.factor) * Fraction(self.calorific) * quantity.factor(self.unit, Unit.KWH)


def factor_of(*, celsius: Decimal, mbar: Decimal, compressibility: Decimal = Decimal(1)) -> Decimal:
    """This will return the conversion factor of gas at a temperature and an absolute pressure, to four decimals.

    (273.15 / (273.15 + t)) x (p / 1013.25) / K, half up: 15 degrees and 1,005.5 mbar give 0.9407.
    """
    found = _ZERO_CELSIUS / (_ZERO_CELSIUS + Fraction(celsius)) * Fraction(mbar) / _NORMAL_MBAR
    return rounding.round_fraction(found / Fraction(compressibility), PLACES)


def is_gas(measured: Unit, priced: Unit) -> bool:
    """This will tell whether a volume is to be priced as energy."""
    return measured.dimension is Dimension.VOLUME and priced.dimension is Dimension.ENERGY


def convert(
    plan: P, values: NDArray[np.int64], step: timedelta, conversions: Sequence[Conversion]
) -> tuple[P, NDArray[np.int64]]:
    """This will return a plan for energy, and the intervals of shape (accounts, n) in its scale.

    Nothing is rounded: where factors change, intervals are multiplied by whole numbers in the proportion of these.

    :raises UsageMisfit: when days have no factor, or a product could leave 64 bits
    """
    parts = _parts(plan, step, values.shape[1], conversions)
    unit = _common([each.energy for each, _columns in parts])
    weights = np.ones(values.shape[1], np.int64)
    for each, columns in parts:
        weights[columns] = (each.energy / unit).numerator
    largest = int(np.abs(values).max(initial=0)) * int(weights.max(initial=1)) * max(values.shape[1], 1)
    if largest > np.iinfo(np.int64).max:
        raise UsageMisfit("The gas is too much to be converted exactly; take factors with fewer decimals.")
    scale = Scale(Unit.KWH, plan.scale.decimals, unit * quantity.factor(plan.scale.unit, Unit.M3))
    return replace(plan, scale=scale, _kept={}), values * weights


@dataclass(frozen=True)
class Converted:
    """What was measured while one conversion held: an integer in the scale of the meter, and its energy in kWh."""

    period: Period
    conversion: Conversion
    measured: int
    energy: Fraction


def told(
    plan: Plan, scale: Scale, values: NDArray[np.int64], step: timedelta, conversions: Sequence[Conversion]
) -> list[Converted]:
    """This will return what each conversion made of the intervals of one account, shape (n,), in order of time.

    :param scale: of the meter
    """
    cubic = quantity.factor(scale.unit, Unit.M3) / Fraction(10) ** scale.decimals
    found = []
    for each, columns in _parts(plan, step, len(values), conversions):
        measured = int(values[columns].sum())
        start = plan.period.start
        period = Period(start + columns.start * step, start + columns.stop * step)
        found.append(Converted(period, each, measured, measured * cubic * each.energy))
    return found


def _parts(
    plan: Plan, step: timedelta, count: int, conversions: Sequence[Conversion]
) -> list[tuple[Conversion, slice]]:
    """An interval belongs to the local day of its start."""
    found, reached = [], 0
    for each in sorted(conversions, key=lambda one: one.first):
        begin, end = (_place(plan, step, day, count) for day in (each.first, each.until))
        if begin > reached:
            break
        if end > reached:
            found.append((each, slice(reached, end)))
            reached = end
    if reached < count:
        raise UsageMisfit("The gas has no conversion factor or calorific value for all days.")
    return found


def _place(plan: Plan, step: timedelta, day: date, count: int) -> int:
    place = -((plan.period.start - civil.start_of_day(day, plan.zone)) // step)
    return min(max(place, 0), count)


def _common(energies: Sequence[Fraction]) -> Fraction:
    """The largest number of which all are whole multiples; 1 where there is none."""
    found = Fraction(0)
    for each in energies:
        found = Fraction(
            math.gcd(found.numerator * each.denominator, each.numerator * found.denominator),
            found.denominator * each.denominator,
        )
    return found or Fraction(1)
