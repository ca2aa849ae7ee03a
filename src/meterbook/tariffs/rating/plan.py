"""A tariff applied to a place and a billing period: what many accounts share, worked out once."""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from meterbook.kernel import civil, quantity, rounding
from meterbook.kernel.period import Period
from meterbook.kernel.quantity import Unit
from meterbook.tariffs.rating import classes, tax_points
from meterbook.tariffs.rating.document import Component, TariffDocument
from meterbook.tariffs.rating.problems import UsageMisfit

Made = TypeVar("Made")


@dataclass(frozen=True)
class Scale:
    """How usage comes: integers of 10^-decimals of a unit, each that many `times`."""

    unit: Unit
    decimals: int
    times: Fraction = Fraction(1)


@dataclass(frozen=True)
class MonthPart:
    """The days of a billing period that lie in one calendar month: 14 of 31 for a move on the 18th."""

    month: date
    days: int
    of: int

    @property
    def is_whole(self) -> bool:
        """Whether the period holds the whole month."""
        return self.days == self.of


@dataclass(frozen=True)
class Plan:
    """A document, the zone that its clock follows, and a billing period of whole local days.

    Everything derived is cached: a batch of accounts shares one plan.
    """

    document: TariffDocument
    zone: ZoneInfo
    period: Period
    scale: Scale
    _kept: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def days(self) -> list[date]:
        """The calendar days of the period: what a daily charge counts, whatever their hours (B-12)."""
        return classes.local_days(self.period, self.zone)

    @cached_property
    def months(self) -> tuple[MonthPart, ...]:
        """The period by calendar months."""
        counted = Counter((day.year, day.month) for day in self.days)
        return tuple(
            MonthPart(date(year, month, 1), days, calendar.monthrange(year, month)[1])
            for (year, month), days in sorted(counted.items())
        )

    @cached_property
    def year_starts(self) -> tuple[datetime, ...]:
        """The instants inside the period at which a ladder over the year begins anew."""
        starts = {each.ladder.year for each in self.document.components if each.ladder.year is not None}
        return tuple(civil.start_of_day(day, self.zone) for day in self.days[1:] if (day.month, day.day) in starts)

    @cached_property
    def tax_starts(self) -> tuple[date, ...]:
        """The days inside the period from which a tax by delivery has another rate."""
        return tax_points.changes(self.document.taxes, self.days)

    def tax_parts(self, start: datetime, step: timedelta) -> list[int]:
        """This will return at which interval each part of the period begins that has its own tax rates.

        :param start: of the first interval; those before the period belong to its first part
        """
        begun = (civil.start_of_day(day, self.zone) for day in self.tax_starts)
        return [0, *(-((start - each) // step) for each in begun)]

    @property
    def class_count(self) -> int:
        """How many classes usage is kept apart by: price periods, by season and ladder year where that matters."""
        seasons = len(self.document.seasons) if self.document.by_season else 1
        return (len(self.year_starts) + 1) * seasons * len(self.document.periods)

    @cached_property
    def factor(self) -> Fraction:
        """Units of 10^-document.decimals of the document's unit in one unit of the usage.

        :raises UsageMisfit: when the two measure different things
        """
        document, scale = self.document, self.scale
        if scale.unit.dimension is not document.unit.dimension:
            raise UsageMisfit(
                f"{scale.unit.symbol} does not convert to {document.unit.symbol}, the unit of the tariff."
            )
        one = quantity.factor(scale.unit, document.unit) * scale.times
        return one * Fraction(10) ** (document.decimals - scale.decimals)

    def billed(self, total: int) -> int:
        """This will convert a total of usage to the resolution of billed quantities, rounded once (B-50)."""
        if self.factor == 1:
            return total
        return rounding.divide(total * self.factor.numerator, self.factor.denominator, self.document.mode)

    def number(self, billed: int) -> Decimal:
        """This will return a billed quantity as a decimal number of units."""
        return Decimal(billed).scaleb(-self.document.decimals, context=rounding.EXACT)

    def proration(self, component: Component) -> Fraction:
        """This will return by what a component's tier thresholds are multiplied (B-30).

        A part of a period in which no day begins counts by its hours: half a day is 1/60 of 30 days.
        """
        days = len(self.days)
        if not days:
            return self._hours(component)
        if component.reference_days is None:
            return sum((Fraction(part.days, part.of) for part in self.months), Fraction(0))
        if abs(days - component.reference_days) <= component.exempt_days:
            return Fraction(1)
        return Fraction(days, component.reference_days)

    def _hours(self, component: Component) -> Fraction:
        share = Fraction(self.period.duration // timedelta.resolution, timedelta(days=1) // timedelta.resolution)
        first = civil.local_date(self.period.start, self.zone)
        return share / (component.reference_days or calendar.monthrange(first.year, first.month)[1])

    def edges(self, component: Component) -> tuple[int, ...]:
        """This will return where the tiers of a component end, in billed units; the final tier has no end.

        100 kWh for 30 days, a period of 45 days and 3 decimals: 150000.
        """
        share, unit = self.proration(component), Fraction(10) ** self.document.decimals
        limits = [Fraction(tier.up_to) * share * unit for tier in component.tiers if tier.up_to is not None]
        return tuple(rounding.divide(limit.numerator, limit.denominator) for limit in limits)

    def kept(self, key: str, make: Callable[[], Made]) -> Made:
        """This will return what `make` makes, made once for all accounts of the plan."""
        if key not in self._kept:
            self._kept[key] = make()
        made: Made = self._kept[key]
        return made

    def classes_of(self, step: timedelta) -> classes.Classes:
        """This will class the intervals of the whole period.

        :raises UsageMisfit: when the period is not a whole number of steps
        """
        count, rest = divmod(self.period.duration, step)
        if rest:
            raise UsageMisfit(f"{self.period.start} to {self.period.end} is not a whole number of steps of {step}.")
        return self.kept(f"classes {step}", lambda: self.classify(self.period.start, step, count))

    def classify(self, start: datetime, step: timedelta, count: int) -> classes.Classes:
        """This will class intervals inside the period, each by price period, season and ladder year."""
        document = self.document
        found = classes.classify(document, self.zone, start=start, step=step, count=count, by_season=document.by_season)
        if not self.year_starts:
            return found
        width = self.class_count // (len(self.year_starts) + 1)
        places = [-((start - each) // step) for each in self.year_starts]
        year = np.searchsorted(places, np.arange(count), side="right").astype(np.int16)
        shared = tuple(
            (index, tuple((each + int(year[index]) * width, minutes) for each, minutes in parts))
            for index, parts in found.shared
        )
        return classes.Classes(found.period + year * np.int16(width), shared)


@dataclass(frozen=True)
class Runs:
    """Stretches of equal price period: `starts` for `np.add.reduceat`, `period` and `length` of each."""

    starts: NDArray[np.int64]
    period: NDArray[np.int16]
    length: NDArray[np.int64]


def runs(period: NDArray[np.int16]) -> Runs:
    """This will cut the classes of intervals into runs."""
    starts = np.flatnonzero(np.concatenate(([True], period[1:] != period[:-1]))).astype(np.int64)
    return Runs(starts, period[starts], np.diff(np.append(starts, len(period))))
