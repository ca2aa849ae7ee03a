"""A reading as it came in: the register's own number, who or what brought it, and what people said of it later.

Nothing here is calculated but the register's decimal point: it is the end of every way down from a bill (M-088).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from meterbook.foundation import scoping
from meterbook.kernel.period import Period
from meterbook.kernel.quality import Quality
from meterbook.metering import models, values
from meterbook.metering import queries as metering_queries
from meterbook.metering.validation.inputs import CorrectionKind, tolerance
from meterbook.reporting.queries import origins

NEIGHBORS = 4  # readings shown before and after


@dataclass(frozen=True)
class Register:
    """The register of the meter that hung there, and what one of its steps counts."""

    meter: metering_queries.InstallationRow
    code: str
    unit: str
    decimals: int
    opening: int | None
    closing: int | None
    multiplier: Fraction

    def shown(self, raw: int) -> Decimal:
        """This will return what the register displays: 1234567 with two decimals is 12345.67."""
        return Decimal(raw).scaleb(-self.decimals)


@dataclass(frozen=True)
class RawReading:
    """One stored reading, never changed: `raw` is an integer of the register's resolution."""

    at: datetime
    raw: int
    quality: Quality
    source: values.Source
    received_at: datetime


@dataclass(frozen=True)
class LaterFact:
    """What a person said of a reading, or noted in its place; `raw` None where it names no number."""

    kind: CorrectionKind
    at: datetime
    until: datetime | None
    raw: int | None
    reason: str
    author: str
    approved_by: str
    method: str
    recorded_at: datetime


@dataclass(frozen=True)
class Contradiction:
    """Another number that was offered for the same instant and source; it counts nowhere."""

    raw: int
    source: values.Source
    received_at: datetime


@dataclass(frozen=True)
class Evidence:
    """Everything that is kept of one instant of a counter.

    `readings` are those of the instant, the one that counts first; where a device was read some seconds beside it, that
    one, which counts for the instant; empty: nobody read it then. `around` are the stored readings before and after,
    oldest first. `asset` is the meter as a thing.
    """

    at: datetime
    series: metering_queries.SeriesRow
    register: Register | None
    readings: tuple[RawReading, ...]
    around: tuple[RawReading, ...]
    facts: tuple[LaterFact, ...]
    contradictions: tuple[Contradiction, ...]
    origin: origins.Origin
    asset: metering_queries.Asset | None

    @property
    def reading(self) -> RawReading | None:
        """The one that counts."""
        return self.readings[0] if self.readings else None


def evidence_of(
    *,
    detail: metering_queries.MeterDetail,
    series: metering_queries.SeriesRow,
    at: datetime,
    within: Period,
    is_ending: bool = False,
) -> Evidence:
    """This will collect what is kept of an instant of a series, in a fixed number of queries.

    :param within: readings around the instant are shown from this time only, both ends included
    :param is_ending: where a meter was exchanged at the instant, the one that left
    """
    register = register_of(detail=detail, series=series, at=at, is_ending=is_ending)
    readings = _readings(series, at) or _beside(series, at)
    read_at = readings[0].at if readings else at
    asset = None
    if register is not None:
        asset = next(iter(metering_queries.assets_of(installations=[register.meter])), None)
    return Evidence(
        at=at,
        series=series,
        register=register,
        readings=readings,
        around=_around(series, read_at, within),
        facts=_facts(series, read_at),
        contradictions=_contradictions(series, read_at),
        origin=origins.origin_of(
            series_id=series.id,
            at=read_at,
            meter_id=register.meter.meter_id if register is not None else None,
            source=readings[0].source if readings else None,
            received_at=readings[0].received_at if readings else None,
        ),
        asset=asset,
    )


def raw_values(*, series_id: int, period: Period) -> dict[datetime, RawReading]:
    """This will return the stored readings of a period, both ends included, by instant: of several the one that counts.

    In one query.
    """
    rows = _stored(series_id).filter(at__gte=period.start, at__lte=period.end).order_by("at", "-source")
    return {each.at: each for each in map(_row, rows)}


def reading_at(*, series_id: int, at: datetime) -> RawReading | None:
    """This will return the stored reading of an instant that counts, None where nobody read then."""
    row = _stored(series_id).filter(at=at).order_by("source").first()
    return None if row is None else _row(row)


def counting_at(*, series: metering_queries.SeriesRow, at: datetime) -> RawReading | None:
    """This will return the reading that counts for a boundary of intervals: of that instant, or a moment beside it."""
    found = _readings(series, at) or _beside(series, at)
    return found[0] if found else None


def register_of(
    *,
    detail: metering_queries.MeterDetail,
    series: metering_queries.SeriesRow,
    at: datetime,
    is_ending: bool = False,
) -> Register | None:
    """This will return the register that fed a series at an instant; before the first meter, the first one's.

    None where the series has no register, such as a virtual meter's. Asks the database nothing.

    :param is_ending: where a meter or its multiplier was exchanged at the instant, what was before
    """
    found = None
    for each in sorted(detail.installations, key=lambda row: row.starts_at):
        if found is None or each.starts_at < at or (each.starts_at == at and not is_ending):
            found = each
    row = None if found is None else next((each for each in found.registers if each.series_id == series.id), None)
    if found is None or row is None:
        return None
    factor = Fraction(1)
    for place, segment in enumerate(found.multipliers):
        if place == 0 or segment.starts_at < at or (segment.starts_at == at and not is_ending):
            factor = segment.factor
    return Register(found, row.code, row.unit, row.decimals, row.opening, row.closing, factor)


def _stored(series_id: int):  # type: ignore[no-untyped-def]  # noqa: ANN202 - a query set of five columns
    found = models.Reading.objects.filter(organization_id=scoping.current().organization_id, series_id=series_id)
    return found.values_list("at", "value", "quality", "source", "received_at")


def _row(row: tuple[datetime, int, int, int, datetime]) -> RawReading:
    at, value, quality, source, received_at = row
    return RawReading(at, value, Quality(quality), values.Source(source), received_at)


def _readings(series: metering_queries.SeriesRow, at: datetime) -> tuple[RawReading, ...]:
    return tuple(map(_row, _stored(series.id).filter(at=at).order_by("source")))


def _beside(series: metering_queries.SeriesRow, at: datetime) -> tuple[RawReading, ...]:
    """The reading nearest to a boundary, as near as derivation takes it for the boundary's own."""
    most = timedelta(microseconds=tolerance(series.step * 60_000_000))
    rows = _stored(series.id).filter(at__gte=at - most, at__lte=at + most).order_by("at", "source")
    near = [_row(each) for each in rows]
    return tuple(sorted(near, key=lambda each: (abs(each.at - at), each.source))[:1])


def _around(series: metering_queries.SeriesRow, at: datetime, within: Period) -> tuple[RawReading, ...]:
    before = _stored(series.id).filter(at__lt=at, at__gte=within.start).order_by("-at", "source")[:NEIGHBORS]
    after = _stored(series.id).filter(at__gt=at, at__lte=within.end).order_by("at", "source")[:NEIGHBORS]
    return (*reversed([_row(each) for each in before]), *map(_row, after))


def _facts(series: metering_queries.SeriesRow, at: datetime) -> tuple[LaterFact, ...]:
    """Of the instant itself, and estimates of a time that it ends or lies in."""
    kept = models.Correction.objects.filter(organization_id=scoping.current().organization_id, series_id=series.id)
    found: Sequence[models.Correction] = [
        *kept.filter(at=at).order_by("recorded_at", "id"),
        *kept.filter(at__lt=at, until__gte=at).order_by("recorded_at", "id"),
    ]
    return tuple(
        LaterFact(
            kind=CorrectionKind(each.kind),
            at=each.at,
            until=each.until,
            raw=each.value,
            reason=each.reason,
            author=each.author,
            approved_by=each.approved_by,
            method=each.method,
            recorded_at=each.recorded_at,
        )
        for each in found
    )


def _contradictions(series: metering_queries.SeriesRow, at: datetime) -> tuple[Contradiction, ...]:
    found = models.ReadingConflict.objects.filter(
        organization_id=scoping.current().organization_id, series_id=series.id, at=at
    ).order_by("received_at", "id")
    return tuple(Contradiction(each.offered_value, values.Source(each.source), each.received_at) for each in found)
