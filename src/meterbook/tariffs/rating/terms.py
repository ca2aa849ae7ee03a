"""The parts of a component: frozen values that the document holds (`docs/reference/tariff-document.md` tells each)."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from meterbook.kernel.quantity import Unit
from meterbook.kernel.rounding import RoundingMode


class Charge(enum.StrEnum):
    """What a component charges for."""

    ENERGY = "ENERGY"  # each unit used
    FIXED_DAILY = "FIXED_DAILY"  # each calendar day
    FIXED_MONTHLY = "FIXED_MONTHLY"  # each calendar month, by days where it is not whole
    FIXED_YEARLY = "FIXED_YEARLY"  # each calendar year, by days
    FIXED_PERIOD = "FIXED_PERIOD"  # each billing period, by days where the account has a part of it
    ONE_OFF = "ONE_OFF"  # once, in the first period or on a date
    DEMAND = "DEMAND"  # the highest power
    POWER_FACTOR = "POWER_FACTOR"  # a share of lines, or kvarh above a limit
    LOW_DELTA_T = "LOW_DELTA_T"  # a share of lines, or cubic meters above what the energy needed
    DISCOUNT = "DISCOUNT"
    SURCHARGE = "SURCHARGE"
    MINIMUM_BILL = "MINIMUM_BILL"  # what is missing up to an amount
    MAXIMUM_BILL = "MAXIMUM_BILL"  # what is above an amount, taken off
    PASS_THROUGH = "PASS_THROUGH"  # noqa: S105 - lines of a utility's invoice
    COST_CAP = "COST_CAP"  # never above what the utility charged for as much
    CREDIT_BANK = "CREDIT_BANK"  # what credits for energy fed in leave over is kept for later bills
    BANK_END = "BANK_END"  # what a bank of an earlier version holds is settled for good


class Channel(enum.StrEnum):
    """Which register a quantity comes from; NET is import less export, VOLUME what carried heat or cold."""

    IMPORT = "IMPORT"
    EXPORT = "EXPORT"
    NET = "NET"
    REACTIVE_IMPORT = "REACTIVE_IMPORT"
    REACTIVE_EXPORT = "REACTIVE_EXPORT"
    APPARENT = "APPARENT"
    VOLUME = "VOLUME"
    IMPORT_T1 = "IMPORT_T1"  # the registers into which the meter itself divides its energy
    IMPORT_T2 = "IMPORT_T2"
    IMPORT_T3 = "IMPORT_T3"
    IMPORT_T4 = "IMPORT_T4"


OF_METER = (Channel.IMPORT_T1, Channel.IMPORT_T2, Channel.IMPORT_T3, Channel.IMPORT_T4)


class Reference(enum.StrEnum):
    """The length that a threshold, minimum or allowance holds for, where it is not a number of days."""

    CALENDAR_MONTH = "CALENDAR_MONTH"
    CALENDAR_YEAR = "CALENDAR_YEAR"
    BILLING_PERIOD = "BILLING_PERIOD"  # never prorated, but for an account that has a part of the period


@dataclass(frozen=True)
class Length:
    """A number of days, or a named length."""

    days: int = 0
    named: Reference | None = None


MONTH_OF_30 = Length(days=30)


@dataclass(frozen=True)
class Scale:
    """Times a fact of the account, but at least `least`: thresholds for each person."""

    fact: str
    least: Decimal = Decimal(0)


@dataclass(frozen=True)
class Tier:
    """Units up to `up_to` (None: all others) at a price; thresholds count from zero, for the reference length.

    `hours`: `up_to` is these hours times the demand of the component that `hours_of` names. `prices` by price period
    stand instead of the price. `fixed` is due when the tier is entered. `package`: the price is for each one begun.
    """

    up_to: Decimal | None
    price: Decimal
    hours: Decimal | None = None
    prices: tuple[tuple[str, Decimal], ...] = ()
    fixed: Decimal = Decimal(0)
    package: Decimal | None = None


@dataclass(frozen=True)
class Ladder:
    """How tiers are climbed.

    `is_slab`: the whole quantity has the price of the tier that it reaches. `is_upper`: a quantity that equals a
    threshold belongs to the tier above. `by_time`: tiers with `prices` are filled in order of time, not in proportion.
    `year`: month and day on which a ladder over the year begins anew.
    """

    is_slab: bool = False
    is_upper: bool = False
    by_time: bool = False
    factor_decimals: int | None = None
    scale: Scale | None = None
    year: tuple[int, int] | None = None
    hours_of: str = ""


PLAIN_LADDER = Ladder()


@dataclass(frozen=True)
class PriceSeries:
    """A price for each interval: price x factor + add; `by_period`: a line for each price period."""

    code: str
    factor: Decimal = Decimal(1)
    add: Decimal = Decimal(0)
    by_period: bool = False


@dataclass(frozen=True)
class Loss:
    """The measured quantity times `factor`; `is_only`: what it adds alone."""

    factor: Decimal
    is_only: bool = False


@dataclass(frozen=True)
class Whole:
    """The quantity is rounded to a multiple of `to` before it is priced."""

    to: Decimal
    mode: RoundingMode = RoundingMode.HALF_UP


@dataclass(frozen=True)
class Minimum:
    """At least this is billed."""

    quantity: Decimal
    reference: Length
    scale: Scale | None = None


@dataclass(frozen=True)
class Allowance:
    """This is free: before tiers, or as a credit at the average price; what is left may be carried on."""

    quantity: Decimal
    reference: Length
    scale: Scale | None = None
    is_average: bool = False
    is_carried: bool = False


@dataclass(frozen=True)
class Winter:
    """No more than what was used a day on average in the winter `months`, times `percent`, in bills `in_months`.

    `is_needed`: an account without any of these months is not billed until a figure is noted for it.
    """

    months: frozenset[int]
    in_months: frozenset[int]
    percent: Decimal = Decimal(100)
    is_needed: bool = True


@dataclass(frozen=True)
class Linked:
    """A quantity that follows from what is measured (B-52, B-53): sewer from water, heat from hot water.

    (measured - what the meters that the field `less` names count), at most that of `winter`, times `factor`, at most
    `most`. `unit` is that of the result; None: that of the document.
    """

    factor: Decimal
    unit: Unit | None = None
    less: str = ""
    winter: Winter | None = None
    most: Minimum | None = None


@dataclass(frozen=True)
class Condition:
    """A component is charged only if the measured usage is above and up to these."""

    above: Decimal | None = None
    up_to: Decimal | None = None


class Take(enum.StrEnum):
    """Which demand of a period counts."""

    MAXIMUM = "MAXIMUM"
    EACH_DAY = "EACH_DAY"  # the maximum of each day, each charged by itself
    MEAN_OF_HIGHEST = "MEAN_OF_HIGHEST"
    AT_SITE_PEAK = "AT_SITE_PEAK"


class Per(enum.StrEnum):
    """What a price for a kilowatt is for."""

    PERIOD = "PERIOD"
    MONTH = "MONTH"
    DAY = "DAY"


@dataclass(frozen=True)
class Ratchet:
    """At least `percent` of the highest demand of the `months` before, of those `of_months`, in bills `in_months`.

    `with_current`: the month of the bill is one of those looked at.
    """

    percent: Decimal
    months: int
    of_months: frozenset[int]
    in_months: frozenset[int]
    with_current: bool = False


@dataclass(frozen=True)
class Excess:
    """What is above a percentage of the contracted demand has this price."""

    above: Decimal
    price: Decimal


@dataclass(frozen=True)
class Contracted:
    """What is contracted (a fact of the account): what of it is charged, and what is above."""

    fact: str
    charge: str = "HIGHER"  # CONTRACTED, MEASURED or HIGHER
    least: Decimal = Decimal(0)  # percent of it that is charged at least
    excess: tuple[Excess, ...] = ()


@dataclass(frozen=True)
class PowerFactorTarget:
    """Demand is multiplied by target / power factor where that is below the target."""

    target: Decimal
    decimals: int = 2


ALL_MONTHS = frozenset(range(1, 13))


@dataclass(frozen=True)
class Demand:
    """How the highest power is measured (B-40) and which is billed (B-41 to B-43).

    `interval` and `sliding_by` in minutes; interval 0: each interval of the data. `joins`: the meters of an account
    have one demand, of their sum (`is_coincident`) or the sum of theirs (B-42). `periods` are the price periods whose
    demand counts, empty: all hours. `unit` is that of its figures; kVA where `is_apparent`. `is_registered`: it is what
    a register of maximum demand showed when it was read, not measured from intervals.
    """

    interval: int = 0
    sliding_by: int = 0
    is_apparent: bool = False
    take: Take = Take.MAXIMUM
    highest: int = 1
    one_a_day: bool = False
    periods: tuple[str, ...] = ()
    counts_estimated: bool = False
    is_coincident: bool = True
    joins: bool = False
    decimals: int = 3
    per: Per = Per.PERIOD
    minimum: Decimal = Decimal(0)
    ratchets: tuple[Ratchet, ...] = ()
    actual_in: frozenset[int] = ALL_MONTHS
    contracted: Contracted | None = None
    power_factor: PowerFactorTarget | None = None
    unit: Unit = Unit.KW
    is_registered: bool = False

    @property
    def charged(self) -> Unit:
        """The unit of what is charged."""
        return Unit.KVA if self.is_apparent else self.unit


class Rule(enum.StrEnum):
    """How a power factor is priced (B-44)."""

    STEPS = "STEPS"
    FORMULA = "FORMULA"
    REACTIVE_ABOVE = "REACTIVE_ABOVE"


@dataclass(frozen=True)
class Slope:
    """A share of the formula, and the most percent that it gives."""

    share: Fraction
    most: Decimal | None = None


@dataclass(frozen=True)
class PowerFactor:
    """The rule of a POWER_FACTOR component.

    `steps`: percent for each `step` from a threshold down to the next one. `reference` by the day from which
    it holds. `leading`: IGNORE, ADD or SUBTRACT the reactive energy that is given back.
    """

    rule: Rule
    decimals: int = 2
    leading: str = "IGNORE"
    least_usage: Decimal = Decimal(0)
    step: Decimal = Decimal("0.01")
    steps: tuple[tuple[Decimal, Decimal], ...] = ()
    reference: tuple[tuple[date, Decimal], ...] = ()
    penalty: Slope | None = None
    bonus: Slope | None = None
    percent_decimals: int = 1
    tan_phi: Decimal = Decimal(0)


@dataclass(frozen=True)
class InvoicePart:
    """Lines of a utility's invoice (none named: all), passed on at their average price, or by a key."""

    code: str
    lines: tuple[str, ...] = ()
    by_share: bool = False
    key: str = ""


@dataclass(frozen=True)
class Proration:
    """How a part of a month is charged: by the days of the month, by `days`, by those of the bill, or whole.

    `is_mean_month`: a price for a day is charged 365/12 times a calendar month, whatever its days. `by_equal_months`:
    with `days`, as if each month had as many: from 23 February until 15 March are 22 of 30.
    """

    days: int = 0
    is_none: bool = False
    by_period: bool = False
    is_mean_month: bool = False
    by_equal_months: bool = False


BY_DAYS = Proration()


@dataclass(frozen=True)
class Change:
    """A new version of the tariff within a billing period (B-31)."""

    is_cumulative: bool = False  # tiers: the whole period is one ladder
    is_whole: bool = False  # demand: the version at the end for the whole period


PRORATED = Change()
