"""The facts of a bill, and what comes out of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from meterbook.kernel.period import Period
from meterbook.kernel.quality import Quality
from meterbook.kernel.rounding import RoundingMode
from meterbook.tariffs.rating.converting import Converted
from meterbook.tariffs.rating.document import TariffDocument
from meterbook.tariffs.rating.lines import Rated
from meterbook.tariffs.rating.tax_points import TaxPoint

Plain = dict[str, Any]


class Register(NamedTuple):
    """What a register showed, in its own decimals; `source` None where it was worked out."""

    at: datetime
    value: int
    quality: Quality
    source: str | None


@dataclass(frozen=True)
class Segment:
    """A meter with one multiplier, between two register values; `quantity` in the meter point's scale.

    `corrected_by` is what it counts besides, because a test of the meter (`test`) found it wrong; 1 where none did.
    """

    serial: str
    model: str
    register: str
    unit: str
    decimals: int
    previous: Register
    present: Register
    difference: int
    multiplier: Fraction
    quantity: int
    corrected_by: Fraction = Fraction(1)
    test: str = ""


def quantity_of(previous: int, present: int, factor: Fraction) -> int:
    """This will return what a register counted between two values, each taken times the factor and rounded halves up.

    From 1 to 3 at 7/30 it is 1 - 0 = 1: intervals in between are cut at the same rounded values, so that they add up.
    """
    start, end = (
        (2 * value * factor.numerator + factor.denominator) // (2 * factor.denominator) for value in (previous, present)
    )
    return end - start


@dataclass(frozen=True)
class TariffFacts:
    """The tariff version that a charge was made by; `calendar` is that of its holidays by code and version, if any.

    `taxed` are the components that its taxes are on, by the code of the tax. `tax_point` is what the legal profile said
    of those whose rate changes; None: no rate does, or the bill is from before.
    """

    code: str
    name: Mapping[str, str]
    version: int
    digest: str
    mode: RoundingMode
    calendar: tuple[str, int] | None = None
    taxed: Mapping[str, frozenset[str]] = field(default_factory=dict)
    tax_point: TaxPoint | None = None

    @classmethod
    def of(cls, code: str, version: int, digest: str, document: TariffDocument) -> TariffFacts:
        """This will return what a bill says of a version of a tariff; its calendar is the one that was read (B-74)."""
        return cls(
            code=code,
            name=document.name,
            version=version,
            digest=digest,
            mode=document.mode,
            calendar=(document.holiday_calendar, document.calendar_version) if document.calendar_version else None,
            taxed={each.code: each.components for each in document.taxes},
            tax_point=document.tax_point,
        )


@dataclass(frozen=True)
class Charge:
    """One tariff version over a part of a meter point's time; `inputs` is what it took besides usage, if anything.

    `converted` is gas that was priced as energy, part by part.
    """

    period: Period
    days: int
    tariff: TariffFacts
    quantity: int
    rated: Rated
    inputs: Plain | None = None
    converted: Sequence[Converted] = ()


@dataclass(frozen=True)
class Counts:
    """Intervals by how they came; whether the first and the final one are cut out between two readings."""

    intervals: int
    estimated: int
    interpolated: int
    edited: int
    starts_between: bool = False
    ends_between: bool = False

    @property
    def measured(self) -> int:
        """All others."""
        return self.intervals - self.estimated - self.interpolated - self.edited


@dataclass(frozen=True)
class Estimate:
    """Time without readings, the method by which it was estimated, what that gave there, and in how many intervals.

    With `is_spread` the quantity is measured, and only where in the time it lies is by the method.
    """

    period: Period
    method: str
    quantity: int
    intervals: int
    is_spread: bool = False


class Reference(NamedTuple):
    """Which day blocks were used: `digest` is over their digests in the order of days."""

    series: str
    first_day: date
    until_day: date
    blocks: int
    revision: int
    digest: str


class Month(NamedTuple):
    """A month of history; `quantity` None where it is not known or not the account's."""

    first: date
    days: int
    quantity: int | None
    is_estimated: bool


@dataclass(frozen=True)
class Counter:
    """A further register of a meter point that lines were priced from: a tariff register, reactive energy, volume.

    `code` is that of its series; `components` are those of the tariffs that took it, `alone` those of them whose
    quantity is its own and not the meter point's. Quantities are in 10^-`decimals` of `unit`.
    """

    code: str
    components: Sequence[str]
    alone: Sequence[str]
    unit: str
    decimals: int
    segments: Sequence[Segment]
    quantity: int
    counts: Counts
    reference: Reference
    estimates: Sequence[Estimate] = ()


@dataclass(frozen=True)
class Point:
    """A meter point during the part of the period that the account pays for.

    `zone` None is that of the bill; `language` is what is set for documents of the meter point, or empty.
    """

    public_id: str
    code: str
    name: str
    unit_name: str | None
    service: str
    unit: str
    decimals: int
    period: Period
    days: int
    is_vacancy: bool
    segments: Sequence[Segment]
    quantity: int
    counts: Counts
    history: Sequence[Month]
    reference: Reference
    charges: Sequence[Charge]
    zone: ZoneInfo | None = None
    language: str = ""
    estimates: Sequence[Estimate] = ()
    registers: Sequence[Counter] = ()


class Heading(NamedTuple):
    """What a bill says besides its meter points; the mappings are written as they are.

    `period` is in `zone`: the one that its meter points share, else that of the site. `language` is that of the
    account, else of the site or the organization.
    """

    organization: Plain
    site: Plain
    account: Plain
    customer: Plain
    currency: str
    period: Period
    days: int
    zone: ZoneInfo
    language: str = ""

    @property
    def is_internal(self) -> bool:
        """Whether it is for a cost center: a charge-back statement, without taxes."""
        return bool(self.account.get("is_internal"))


class Content(NamedTuple):
    """A finished bill without a number. `postings` are (ledger code, signed smallest units), receivable left out.

    `nets` are the sums before taxes by the code of the tariff, so that a run is summed up without opening its bills.
    """

    data: bytes
    digest: str
    inputs_digest: str
    currency: str
    net: Decimal
    total: Decimal
    is_estimated: bool
    is_apportioned: bool
    is_vacancy: bool
    postings: tuple[tuple[str, int], ...]
    nets: tuple[tuple[str, Decimal], ...]
