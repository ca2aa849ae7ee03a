"""A tariff version as rating sees it: frozen values made from a validated document (`reading.read`)."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from meterbook.kernel.quantity import Unit
from meterbook.kernel.rounding import RoundingMode

FORMAT = "meterbook-tariff/1"
MINUTES = 1440  # of a wall clock's day; windows of a calendar are minutes of it

Text = dict[str, str]  # language to words; "en" is always there


class Charge(enum.StrEnum):
    """What a component charges for."""

    ENERGY = "ENERGY"  # each unit used
    FIXED_DAILY = "FIXED_DAILY"  # each calendar day
    FIXED_MONTHLY = "FIXED_MONTHLY"  # each calendar month, by days where it is not whole


@dataclass(frozen=True)
class Season:
    """From its first day on, every year, until the next season begins."""

    code: str
    name: Text
    month: int
    day: int


@dataclass(frozen=True)
class DayType:
    """Days that share windows: weekdays (Monday is 0), or holidays, which come before weekdays."""

    code: str
    name: Text
    weekdays: frozenset[int]
    is_holiday: bool


@dataclass(frozen=True)
class PricePeriod:
    """A part of the time with its own price, such as peak."""

    code: str
    name: Text


@dataclass(frozen=True)
class Tier:
    """Units up to `up_to` (None: all others) at a price; thresholds count from zero, for the reference length."""

    up_to: Decimal | None
    price: Decimal


@dataclass(frozen=True)
class Component:
    """One charge. `price` is for each unit, unless an ENERGY component has `prices` (by price period) or `tiers`.

    Tier thresholds hold for `reference_days` days (None: a calendar month) and are prorated to the length of the
    billing period, unless that differs from the reference by no more than `exempt_days` days (B-30).
    """

    code: str
    name: Text
    charge: Charge
    price: Decimal = Decimal(0)
    prices: tuple[tuple[str, Decimal], ...] = ()
    tiers: tuple[Tier, ...] = ()
    reference_days: int | None = 30
    exempt_days: int = 0


@dataclass(frozen=True)
class Tax:
    """A rate on the sum of the rounded lines of `components`."""

    code: str
    name: Text
    rate: Decimal
    components: frozenset[str]


@dataclass(frozen=True)
class TariffDocument:
    """A whole tariff version.

    `table` holds for each (season, day type) the price period of every minute of the day, as an index into `periods`;
    its rows are in the order season by season, day type by day type. `decimals` is the resolution of billed quantities
    in `unit`.
    """

    code: str
    name: Text
    currency: str
    unit: Unit
    decimals: int
    mode: RoundingMode
    seasons: tuple[Season, ...]
    day_types: tuple[DayType, ...]
    holidays: frozenset[date]
    periods: tuple[PricePeriod, ...]
    table: tuple[tuple[int, ...], ...]
    components: tuple[Component, ...]
    taxes: tuple[Tax, ...]

    def season_of(self, day: date) -> int:
        """This will return the index of the season that holds a date."""
        begun = [index for index, each in enumerate(self.seasons) if (each.month, each.day) <= (day.month, day.day)]
        return begun[-1] if begun else len(self.seasons) - 1

    def day_type_of(self, day: date) -> int:
        """This will return the index of the day type of a date; holidays come first."""
        if day in self.holidays:
            for index, each in enumerate(self.day_types):
                if each.is_holiday:
                    return index
        return next(index for index, each in enumerate(self.day_types) if day.weekday() in each.weekdays)

    def row_of(self, day: date) -> int:
        """This will return which row of `table` holds on a date."""
        return self.season_of(day) * len(self.day_types) + self.day_type_of(day)
