"""How finely somebody of the landlord's may look at what a tenant uses, and noting that they did (L-50)."""

from __future__ import annotations

import uuid
from datetime import datetime
from zoneinfo import ZoneInfo

from meterbook.customers import granularity
from meterbook.customers.values import LookWay
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from meterbook.kernel.period import Period
from meterbook.metering import queries as metering_queries
from meterbook.web import access

FINE = (metering_queries.Grain.STEP, metering_queries.Grain.HOUR)


def narrow(
    request: access.Request,
    detail: metering_queries.MeterDetail,
    span: metering_queries.Span,
    against: metering_queries.Against | None,
    other: metering_queries.MeterDetail | None,
) -> bool:
    """This will tell whether only days may be shown of a meter or of what it is compared with; else note the look."""
    looked = [(detail.public_id, span.period)]
    if against is not None:
        looked.append(((other or detail).public_id, against.span.period))
    found = [
        granularity.sight(access=request.access, meter_point=point, period=period, at=request.at)
        for point, period in looked
    ]
    if any(each.is_limited for each in found):
        return True
    # The curve of a few days has every interval, whatever its bars.
    contracts = sorted({contract for each in found for contract in each.contract_ids})
    if contracts and (span.grain in FINE or span.is_fine) and request.seen_as is None:
        way = LookWay.FILE if "." in request.path else LookWay.PAGE
        _note(request.actor, request.at, contracts, zone=detail.zone, way=way)
    return False


def opens_intervals(
    request: access.Request, *, meter_point: uuid.UUID, period: Period, zone: ZoneInfo, is_note: bool
) -> bool:
    """This will tell whether single intervals of a meter point in a period may be shown.

    :param is_note: they are shown now, so that the look is noted
    """
    found = granularity.sight(access=request.access, meter_point=meter_point, period=period, at=request.at)
    if is_note and not found.is_limited and found.contract_ids and request.seen_as is None:
        _note(request.actor, request.at, list(found.contract_ids), zone=zone, way=LookWay.PAGE)
    return not found.is_limited


def _note(actor: Actor, at: datetime, contract_ids: list[int], *, zone: ZoneInfo, way: LookWay) -> None:
    granularity.note_look(actor=actor, at=at, contract_ids=contract_ids, day=civil.local_date(at, zone), way=way)
