"""What the registers of a meter probably show when it is taken away: proposed to whoever exchanges it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from meterbook.journeys import exchange_meter
from meterbook.kernel import rounding
from meterbook.metering import queries as metering_queries
from meterbook.metering import values as metering_values
from meterbook.metering.queries import faces

Counter = tuple[metering_queries.SeriesRow, metering_queries.RegisterRow]


@dataclass(frozen=True)
class Proposal:
    """A counting register of the meter that hangs at a point, before multipliers.

    `latest` is what is known last before the exchange. `proposed` is what it shows then, as far as that is known: read
    at that instant, worked out between readings around it, or read shortly before; None: somebody must look.
    """

    series: metering_queries.SeriesRow
    register: metering_queries.RegisterRow
    latest: exchange_meter.Shown | None
    proposed: int | None

    def number(self, raw: int) -> Decimal:
        """This will return an integer of the register as its display shows it: 12345 with 2 decimals is 123.45."""
        return Decimal(raw).scaleb(-self.register.decimals, context=rounding.EXACT)


def counters(detail: metering_queries.MeterDetail) -> list[Counter]:
    """This will return the counting registers of the meter that hangs there, with their series."""
    return _registers(detail, metering_values.SeriesKind.CUMULATIVE)


def maxima(detail: metering_queries.MeterDetail) -> list[Counter]:
    """This will return the registers of maximum demand of the meter that hangs there, with their series."""
    return _registers(detail, metering_values.SeriesKind.MAXIMUM)


def _registers(detail: metering_queries.MeterDetail, kind: metering_values.SeriesKind) -> list[Counter]:
    current = detail.current
    known = {each.id: each for each in detail.series}
    rows = current.registers if current is not None else ()
    return [(known[each.series_id], each) for each in rows if known[each.series_id].kind is kind]


def proposals(*, detail: metering_queries.MeterDetail, at: datetime) -> list[Proposal]:
    """This will return a proposal for each counting register, at an instant; nothing where no meter hangs."""
    return [_proposal(detail, series, register, at) for series, register in counters(detail)]


def _proposal(
    detail: metering_queries.MeterDetail,
    series: metering_queries.SeriesRow,
    register: metering_queries.RegisterRow,
    at: datetime,
) -> Proposal:
    current = detail.current
    latest = None if current is None else exchange_meter.last_shown(meter=current, series=series, until=at)
    face = metering_queries.face_of(meter_point_id=series.meter_point_id, series_code=series.code, instant=at)
    shown = None if face is None else face.proposed(at)
    proposed = None if shown is None else shown[0]
    if proposed is None and latest is not None and at - latest.at <= faces.NEAR:
        proposed = latest.raw
    return Proposal(series, register, latest, proposed)
