"""A tariff version as rating sees it: frozen values made from a validated document (`reading.read`)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cached_property

from meterbook.kernel.quantity import Unit
from meterbook.kernel.rounding import RoundingMode
from meterbook.tariffs.rating.bank_terms import Bank, BankEnd
from meterbook.tariffs.rating.delta_t_terms import DeltaT
from meterbook.tariffs.rating.tax_points import TaxPoint
from meterbook.tariffs.rating.terms import (
    BY_DAYS,
    MONTH_OF_30,
    PLAIN_LADDER,
    PRORATED,
    Allowance,
    Change,
    Channel,
    Charge,
    Condition,
    Demand,
    InvoicePart,
    Ladder,
    Length,
    Linked,
    Loss,
    Minimum,
    PowerFactor,
    PriceSeries,
    Proration,
    Tier,
    Whole,
)

FORMAT = "meterbook-tariff/1"
MINUTES = 1440  # of a wall clock's day; windows of a calendar are minutes of it

Text = dict[str, str]  # language to words; "en" is always there


@dataclass(frozen=True)
class Season:
    """From its first day on, every year, until the next season begins."""

    code: str
    name: Text
    month: int
    day: int


@dataclass(frozen=True)
class CalendarDays:
    """The days of a calendar that a tariff names, by one of its versions (0: it has none)."""

    holidays: frozenset[date]
    special: frozenset[date] = frozenset()
    version: int = 0


NO_DAYS = CalendarDays(frozenset())


@dataclass(frozen=True)
class DayType:
    """Days that share windows: weekdays (Monday is 0), holidays, which come before, or `dates`, which come first.

    `is_special`: the special days of the calendar that the tariff names; they come before its holidays.
    """

    code: str
    name: Text
    weekdays: frozenset[int]
    is_holiday: bool
    dates: frozenset[date] = frozenset()
    is_special: bool = False


@dataclass(frozen=True)
class PricePeriod:
    """A part of the time with its own price, such as peak."""

    code: str
    name: Text


@dataclass(frozen=True)
class Component:
    """One charge. `price` is for each unit, unless there are `prices` (by price period), `tiers` or others below.

    Tier thresholds hold for `reference_days` days (None: a calendar month, or what `reference` names) and are prorated
    to the length of the billing period, unless that differs by no more than `exempt_days` days (B-30). `seasons` are
    those in which it is charged, empty: all. `on` are the components whose lines a percentage, minimum or cap is of.
    `is_plain`: it has nothing but what is named first, which many accounts are priced by at once.
    """

    code: str
    name: Text
    charge: Charge
    price: Decimal = Decimal(0)
    prices: tuple[tuple[str, Decimal], ...] = ()
    tiers: tuple[Tier, ...] = ()
    reference_days: int | None = 30
    exempt_days: int = 0
    is_plain: bool = True
    reference: Length = MONTH_OF_30
    period_tiers: tuple[tuple[str, tuple[Tier, ...]], ...] = ()
    ladder: Ladder = PLAIN_LADDER
    channel: Channel = Channel.IMPORT
    seasons: tuple[str, ...] = ()
    series: PriceSeries | None = None
    only_if: Condition | None = None
    package: Decimal | None = None
    package_down: bool = False
    whole: Whole | None = None
    loss: Loss | None = None
    minimum: Minimum | None = None
    allowance: Allowance | None = None
    times: str = ""
    proration: Proration = BY_DAYS
    due: date | None = None
    demand: Demand | None = None
    power_factor: PowerFactor | None = None
    percent: Decimal | None = None
    on: frozenset[str] = frozenset()
    least: Decimal | None = None
    most: Decimal | None = None
    invoice: InvoicePart | None = None
    linked: Linked | None = None
    service: str = ""  # the bill has its lines under this service, and not under that of the meter
    bank: Bank | None = None
    bank_end: BankEnd | None = None
    delta_t: DeltaT | None = None


@dataclass(frozen=True)
class Tax:
    """A rate on the sum of the rounded lines of `components`, and on the amounts of earlier `taxes`.

    `is_inclusive`: the prices hold it. `by_line`: it is rounded line by line. `is_reversed`: the customer owes it.
    `rates`: others than `rate`, each from a day on, in order; `point` says which day counts, None: the document does
    not, and each day of the period does where no legal profile says otherwise (`TariffDocument.under`).
    """

    code: str
    name: Text
    rate: Decimal
    components: frozenset[str]
    taxes: tuple[str, ...] = ()
    is_inclusive: bool = False
    by_line: bool = False
    is_reversed: bool = False
    rates: tuple[tuple[date, Decimal], ...] = ()
    point: TaxPoint | None = None

    @property
    def is_plain(self) -> bool:
        """Whether it is nothing but a rate on lines."""
        return not (self.taxes or self.is_inclusive or self.by_line or self.is_reversed or self.rates)

    def rate_on(self, day: date) -> Decimal:
        """This will return the rate that holds on a day."""
        return next((rate for first, rate in reversed(self.rates) if first <= day), self.rate)


@dataclass(frozen=True)
class TariffDocument:
    """A whole tariff version.

    `table` holds for each (season, day type) the price period of every minute of the day, as an index into `periods`;
    its rows are in the order season by season, day type by day type. `decimals` is the resolution of billed quantities
    in `unit`. `tails`: where windows over midnight take the day type of their start (B-14), the price period of the
    minutes after midnight of the next day, -1 where no window reaches; rows as in `table`. `tax_point` is what a legal
    profile said for taxes without a word of their own; None: it was not asked, or no rate changes.
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
    change: Change = PRORATED
    holiday_calendar: str = ""
    calendar_version: int = 0  # of the calendar that was read; 0: none is named, or it has no versions
    special_days: frozenset[date] = frozenset()
    tails: tuple[tuple[int, ...], ...] = ()
    tax_point: TaxPoint | None = None

    def under(self, point: TaxPoint) -> TariffDocument:
        """This will return the document by the tax point of a legal profile where it has no word of its own (B-34)."""
        if not any(each.rates for each in self.taxes):
            return self
        taxes = tuple(each if each.point else replace(each, point=point) for each in self.taxes)
        return replace(self, taxes=taxes, tax_point=point)

    @cached_property
    def is_plain(self) -> bool:
        """Whether totals of imported energy by price period are all that its components need."""
        return all(each.is_plain for each in self.components) and all(each.is_plain for each in self.taxes)

    @cached_property
    def by_season(self) -> bool:
        """Whether usage is kept apart by season: a component is charged in some of them only."""
        return any(each.seasons for each in self.components)

    def season_of(self, day: date) -> int:
        """This will return the index of the season that holds a date."""
        begun = [index for index, each in enumerate(self.seasons) if (each.month, each.day) <= (day.month, day.day)]
        return begun[-1] if begun else len(self.seasons) - 1

    def day_type_of(self, day: date) -> int:
        """This will return the index of the day type of a date; own dates first, then special days and holidays."""
        for index, each in enumerate(self.day_types):
            if day in each.dates:
                return index
        if day in self.special_days:
            for index, each in enumerate(self.day_types):
                if each.is_special:
                    return index
        if day in self.holidays:
            for index, each in enumerate(self.day_types):
                if each.is_holiday:
                    return index
        return next(index for index, each in enumerate(self.day_types) if day.weekday() in each.weekdays)

    def row_of(self, day: date) -> int:
        """This will return which row of `table` holds on a date."""
        return self.season_of(day) * len(self.day_types) + self.day_type_of(day)
