"""The rows that the page of a bill shows."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils.functional import Promise

from meterbook.web.billing import history, lines
from meterbook.web.meters import captions


@dataclass(frozen=True)
class Charge:
    """The lines of one tariff version over a part of the time."""

    tariff: str
    version: int
    code: str
    span: str
    net: str
    lines: tuple[lines.Line, ...]


@dataclass(frozen=True)
class RegisterReading:
    """What a register showed at an end of a segment."""

    caption: str
    at: str
    value: str
    unit: str
    chip: captions.Chip
    source: str | Promise
    instant: str  # as addresses have it


@dataclass(frozen=True)
class Segment:
    """A meter with one multiplier between two readings."""

    serial: str
    model: str
    register: str
    readings: tuple[RegisterReading, RegisterReading]
    difference: str
    register_unit: str
    multiplier: str
    corrected: str
    quantity: str
    unit: str


@dataclass(frozen=True)
class QualityPart:
    """How many intervals came in one way, of all: `share` in percent."""

    caption: str
    tone: str
    icon: str
    count: str
    share: str


@dataclass(frozen=True)
class Counter:
    """A further register of a meter point that lines were priced from; `by` are these lines by name."""

    code: str
    name: str
    by: str
    segments: tuple[Segment, ...]
    adjustment: str
    quantity: str
    unit: str
    quality: tuple[QualityPart, ...]
    estimates: tuple[str, ...]

    @property
    def query(self) -> str:
        """What follows the address of a reading: which register's it is."""
        return f"&register={self.code}"

    @property
    def has_sum(self) -> bool:
        """Whether its quantity is not that of one segment."""
        return len(self.segments) != 1 or bool(self.adjustment)


@dataclass(frozen=True)
class Point:
    """What was measured and charged at one meter point."""

    index: int
    public_id: str
    code: str
    name: str
    place: str
    service: str | Promise
    icon: str
    tone: str
    span: str
    days: int
    is_vacancy: bool
    segments: tuple[Segment, ...]
    adjustment: str
    quantity: str
    unit: str
    daily_average: str
    zone: str  # where it is another one than the bill's
    quality: tuple[QualityPart, ...]
    estimates: tuple[str, ...]
    charges: tuple[Charge, ...]
    chart: history.Chart | None
    service_net: str = ""  # of the last point of its service, where the bill has several services
    is_further: bool = False  # what is measured there stands with another service
    workings: tuple[str, ...] = ()
    registers: tuple[Counter, ...] = ()


@dataclass(frozen=True)
class Tax:
    """A tax on the sum of the rounded lines; `point` says by which day a rate that changes holds."""

    name: str
    rate: str
    base: str
    amount: str
    point: str = ""


@dataclass(frozen=True)
class Service:
    """What a service of several comes to; `taxes` names each with its amount."""

    name: str | Promise
    net: str
    taxes: str
    tax: str
    total: str


@dataclass(frozen=True)
class Settlement:
    """An estimated bill that this one settles: what was billed and what was used, and what that changes."""

    number: str
    public_id: str
    span: str
    account: str  # of whoever left; empty: of the same account
    uses: tuple[str, ...]
    lines: tuple[tuple[str, str, str, str], ...]  # name, quantity, unit, amount
    net: str


@dataclass(frozen=True)
class Paper:
    """A whole bill."""

    title: str
    edges: str
    days: int
    hours: str
    currency: str
    site: str
    zone: ZoneInfo
    account: str
    account_public_id: str
    is_landlord: bool
    customer: str
    is_estimated: bool
    is_apportioned: bool
    is_vacancy: bool
    points: tuple[Point, ...]
    net: str
    taxes: tuple[Tax, ...]
    total: str
    total_decimal: Decimal
    inputs_digest: str
    engine: str
    tariffs: str
    settlements: tuple[Settlement, ...] = ()
    services: tuple[Service, ...] = ()

    @property
    def has_many_points(self) -> bool:
        """Whether lines need the name of their meter point above them."""
        return len(self.points) > 1

    @property
    def line_count(self) -> int:
        """How many lines it has."""
        return sum(len(charge.lines) for point in self.points for charge in point.charges)
