"""What a pool is, "meterbook-pool/1": where its cost comes from, by which key it is shared and by whom. Pure."""

from __future__ import annotations

import enum
import uuid
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

FORMAT = "meterbook-pool/1"
MOST_MEMBERS, MOST_PARTS, MOST_METERS = 2_000, 4, 500
Names = tuple[tuple[str, str], ...]  # by language ("es"), sorted


class Kind(enum.StrEnum):
    """What is shared."""

    COMMON_AREA = "COMMON_AREA"
    LOSSES = "LOSSES"
    PUMPS = "PUMPS"
    ELEVATOR = "ELEVATOR"
    FIXED_CHARGE = "FIXED_CHARGE"
    SEWER = "SEWER"
    PLANT = "PLANT"
    HEATING = "HEATING"
    OTHER = "OTHER"


class Source(enum.StrEnum):
    """Where the cost of a period comes from."""

    METER = "METER"  # what a meter or virtual meter counted, priced
    AMOUNT = "AMOUNT"  # entered for the period
    INVOICE = "INVOICE"  # a line of a supplier's invoice
    LOSS = "LOSS"  # what a main meter counted beyond those behind it, priced


class Key(enum.StrEnum):
    """By what a cost is shared."""

    AREA = "AREA"
    HEADCOUNT = "HEADCOUNT"
    EQUAL = "EQUAL"
    USAGE = "USAGE"
    PERCENT = "PERCENT"
    WEIGHTS = "WEIGHTS"
    CAPACITY = "CAPACITY"
    HOURS = "HOURS"


class LineKind(enum.StrEnum):
    """What a line of a supplier's invoice is for."""

    ENERGY = "ENERGY"
    DEMAND = "DEMAND"
    FIXED = "FIXED"
    TAX = "TAX"
    OTHER = "OTHER"


class Division(enum.StrEnum):
    """Whether the lines of a cost are divided as one sum, or each by itself."""

    TOGETHER = "TOGETHER"
    EACH = "EACH"


class Rule(enum.StrEnum):
    """A rule of law that limits how a cost may be divided."""

    NONE = "NONE"
    HEATING_COSTS = "HEATING_COSTS"  # 30 to 50 percent by area, and the other 50 to 70 by use (B-53)


class LossPolicy(enum.StrEnum):
    """Who bears a loss (B-62)."""

    SHARED = "SHARED"
    LANDLORD = "LANDLORD"
    CAPPED = "CAPPED"  # shared up to so many percent of the main meter, the rest is the landlord's


class Vacancy(enum.StrEnum):
    """Who bears the share of days without a tenant (B-33)."""

    LANDLORD = "LANDLORD"
    REDISTRIBUTED = "REDISTRIBUTED"


class Leaving(enum.StrEnum):
    """Who bears it when the share of a member who left comes out differently later (B-65)."""

    FORMER_MEMBER = "FORMER_MEMBER"  # its bill is credited and made anew, when all are billed again
    LANDLORD = "LANDLORD"  # its share stays as it was billed


class Rounding(enum.StrEnum):
    """Where the smallest units go that rounding leaves over (B-60)."""

    LARGEST_REMAINDER = "LARGEST_REMAINDER"
    LANDLORD = "LANDLORD"


class Fault(enum.StrEnum):
    """What can be wrong with a definition; the words are `words.FAULTS`."""

    FORMAT = "FORMAT"
    REQUIRED = "REQUIRED"
    UNKNOWN = "UNKNOWN"
    NUMBER = "NUMBER"
    NEGATIVE = "NEGATIVE"
    PERCENT_SUM = "PERCENT_SUM"
    PART_SUM = "PART_SUM"
    SECONDARY = "SECONDARY"
    MEMBERS = "MEMBERS"
    VALUE = "VALUE"
    OVERLAP = "OVERLAP"
    DAYS = "DAYS"
    LANDLORD_PRICE = "LANDLORD_PRICE"
    TOO_MANY = "TOO_MANY"
    TAX = "TAX"
    TEXT = "TEXT"
    LINES = "LINES"
    EACH = "EACH"
    ABOVE = "ABOVE"
    HEATING_COSTS = "HEATING_COSTS"


# Keys that members carry themselves; the others are read from their place or their meters.
CARRIED = frozenset({Key.PERCENT, Key.WEIGHTS})
OF_PLACES = frozenset({Key.AREA, Key.HEADCOUNT, Key.CAPACITY})
MEASURED = frozenset({Key.USAGE, Key.HOURS})
# What stands in where nobody used anything (B-63).
SECONDARY = frozenset({Key.AREA, Key.HEADCOUNT, Key.EQUAL, Key.CAPACITY, Key.WEIGHTS})


@dataclass(frozen=True)
class Problem:
    """A fault, where it stands ("members/3/value"), and what belongs into its words."""

    path: str
    fault: Fault
    data: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Cost:
    """Where the cost comes from; what the source does not need is None or empty.

    `price` is money a unit, `unit` what it is a price of; `tariff` prices instead of it. `cap` is percent of the main.
    `is_never_above`: what a meter's price makes is at most what the lines of suppliers' invoices are.
    """

    source: Source
    meter_point: uuid.UUID | None = None
    meters: tuple[uuid.UUID, ...] = ()
    price: Fraction | None = None
    unit: str = ""
    tariff: uuid.UUID | None = None
    policy: LossPolicy = LossPolicy.SHARED
    cap: Fraction | None = None
    is_never_above: bool = False


@dataclass(frozen=True)
class Part:
    """A part of the cost with its own key; `percent` of the parts together are 100.

    Where each line is divided by itself, `of` names the kinds of lines that the part is for; empty: all others.
    """

    percent: Fraction
    key: Key
    secondary: Key | None = None
    of: tuple[LineKind, ...] = ()


@dataclass(frozen=True)
class Member:
    """A unit or a meter point that takes part on days [first_day, until_day); None: no end.

    `value` is its percent, its weight, or a key value that goes before that of the place. `pool`, a code, bears its
    share instead of whoever is there: a later stage.
    """

    unit: uuid.UUID | None
    meter_point: uuid.UUID | None
    value: Fraction | None = None
    first_day: date | None = None
    until_day: date | None = None
    pool: str = ""

    @property
    def place(self) -> uuid.UUID | None:
        """What it is found by."""
        return self.unit or self.meter_point


@dataclass(frozen=True)
class Tax:
    """The tax on each share; rate 0.21 is 21 %."""

    code: str
    name: str
    rate: Fraction
    names: Names = ()


@dataclass(frozen=True)
class Definition:
    """A pool. `members` empty: every unit of the site, or below `place`.

    `service` is whose meters tell usage and payer; `cap` is the most that one member bears of a part, in money. `names`
    are what bills in these languages say instead of `name`.
    """

    name: str
    kind: Kind
    stage: int
    cost: Cost
    parts: tuple[Part, ...]
    members: tuple[Member, ...]
    place: uuid.UUID | None
    service: str
    vacancy: Vacancy
    rounding: Rounding
    cap: Fraction | None
    tax: Tax | None
    division: Division = Division.TOGETHER
    rule: Rule = Rule.NONE
    leaving: Leaving = Leaving.FORMER_MEMBER
    names: Names = ()

    def leaves_out(self, *, is_vacancy: bool) -> bool:
        """This will tell whether the others bear the share of an empty unit."""
        return is_vacancy and self.vacancy is Vacancy.REDISTRIBUTED

    def part_of(self, kind: str) -> Part:
        """This will return the part that divides lines of a kind, where each line is divided by itself."""
        return next((each for each in self.parts if kind in each.of), self._rest())

    def _rest(self) -> Part:
        return next((each for each in self.parts if not each.of), self.parts[-1])
