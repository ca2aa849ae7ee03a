"""Whether an account can be billed: blocks complete, nothing questionable, a tariff for every day."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meterbook.billing.calculating import facts, spans
from meterbook.billing.values import HoldReason
from meterbook.kernel import quantity
from meterbook.kernel.period import Period
from meterbook.kernel.quality import UNBILLABLE, Quality
from meterbook.metering import models as metering_models
from meterbook.metering.values import Service
from meterbook.tariffs.rating import converting

_REASONS = {
    Quality.MISSING: HoldReason.MISSING,
    Quality.QUESTIONABLE: HoldReason.QUESTIONABLE,
    Quality.MIXED: HoldReason.INCOMPLETE,
}

Held = dict[str, Any]


def hold(reason: HoldReason, point: str = "", **data: str | int) -> Held:
    """This will return a reason as it is stored: without words, as its readers speak several languages.

    :param data: what `values.HOLD_DETAILS` says of this reason
    """
    return {"reason": reason.value, "meter_point": point, "data": data}


def of_share(chunk: facts.Chunk, share: facts.Share) -> list[Held]:
    """This will return why a share cannot be billed, whatever was measured; nothing when it can."""
    point = chunk.points[share.meter_point_id]
    if point.series is None:
        return [hold(HoldReason.NO_SERIES, point.code)]
    if share.tariff_id is None:
        return [hold(HoldReason.NO_TARIFF, point.code)]
    tariff = chunk.tariffs[share.tariff_id]
    held = []
    pieces = [
        (part, version, spans.span(part, step=point.series.step, zone=point.zone))
        for part, version in tariff.pieces(share.period, point.zone)
    ]
    if all(span is None for _part, _version, span in pieces):
        held.append(hold(HoldReason.BELOW_A_DAY, point.code))
    if tariff.currency != chunk.accounts[share.account_id].currency:
        held.append(hold(HoldReason.CURRENCY, point.code, currency=tariff.currency))
    for part, version, _span in pieces:
        if version is None:
            day = part.start.astimezone(point.zone).date().isoformat()
            held.append(hold(HoldReason.NO_VERSION, point.code, tariff=tariff.code, day=day))
        elif not _converts(point, point.series, version):
            units = {"measured": str(point.series.unit), "priced": str(version.document.unit)}
            held.append(hold(HoldReason.UNIT, point.code, **units))
    return held


def _converts(point: facts.Point, series: facts.Series, version: facts.Version) -> bool:
    if converting.is_gas(series.unit, version.document.unit):  # of other services a cubic meter has no energy
        return point.service is Service.GAS
    try:
        quantity.factor(series.unit, version.document.unit)
    except quantity.UnitMismatch:
        return False
    return True


def of_usage(codes: NDArray[np.uint8], cut: Period, *, step: int, point: facts.Point, register: str = "") -> list[Held]:
    """This will return why intervals with these quality codes, shape (n,), cannot be billed.

    :param register: the channel of a tariff where these are of another register than the one that is billed by
    """
    held = []
    further = {"register": register} if register else {}
    for code in sorted(UNBILLABLE):
        places = np.flatnonzero(codes == code)
        if len(places):
            start = _instant(cut, int(places[0]), step).astimezone(point.zone)
            end = _instant(cut, int(places[-1]) + 1, step).astimezone(point.zone)
            between = {"start": start.isoformat(" ", "minutes"), "end": end.isoformat(" ", "minutes")}
            held.append(hold(_REASONS[code], point.code, count=len(places), **between, **further))
    return held


def _instant(cut: Period, place: int, step: int) -> datetime:
    return cut.start + place * timedelta(minutes=step)


def pending(run: facts.Run, first: date, until: date) -> set[int]:
    """This will return the series with readings of these UTC days that were not derived yet."""
    marks = metering_models.DirtyDays.objects.filter(
        organization_id=run.organization_id, day__gte=first, day__lt=until
    ).values_list("series", flat=True)
    waiting: set[int] = set()
    for packed in marks:
        waiting.update(np.frombuffer(packed, "<i8").tolist())
    return waiting
