"""What registers of maximum demand showed, for tariffs whose demand goes by them (B-40, decision 0036).

A reading tells of the time since the one before it at the same meter, or since the meter was hung. What a person set
counts, and what a person took out does not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from meterbook.billing.calculating import facts, hanging, registers
from meterbook.billing.calculating.wanted import Wanted
from meterbook.foundation import many
from meterbook.kernel import rounding
from meterbook.kernel.period import Period
from meterbook.kernel.quantity import Unit
from meterbook.metering import models as metering_models
from meterbook.metering.queries import standing
from meterbook.metering.validation.inputs import CorrectionKind
from meterbook.metering.values import Source
from meterbook.tariffs.rating import registered
from meterbook.tariffs.rating.registered import Registered

Key = tuple[int, int]  # account, meter point
CODES = {Unit.KW: "power_maximum", Unit.KVA: "power_apparent_maximum"}
_BESIDE = timedelta(days=31)  # and the time of the bill: longer between two readings is no bill's own time


@dataclass(frozen=True)
class Shown:
    """A reading that counts, with where it comes from as bills write it."""

    at: datetime
    value: int
    source: str


def load(run: facts.Run, wanted: Sequence[Wanted]) -> dict[Key, tuple[Registered, ...]]:
    """This will return by account and meter point the readings that its demand is billed by, in six queries.

    Nothing is read where no tariff asks for it.
    """
    asking = [each for each in wanted if each.needs.registered]
    if not asking:
        return {}
    beside = max(each.cut.duration for each in asking) + _BESIDE
    whole = Period(min(each.cut.start for each in asking) - beside, max(each.cut.end for each in asking) + beside)
    series = _series(run, asking)
    ids = sorted({series_id for own in series.values() for _unit, series_id in own})
    hung = hanging.load(ids, whole)
    read = _readings(run, ids, whole)
    by_series = {each: told(hung.get(each, []), read.get(each, [])) for each in ids}
    found: dict[Key, tuple[Registered, ...]] = {}
    for each in asking:
        own = [
            reading
            for unit, series_id in series[each.point.id]
            if unit in each.needs.registered
            for reading in registered.of_share(by_series[series_id], each.parts, unit)
        ]
        key = each.share.account_id, each.share.meter_point_id
        found[key] = (*found.get(key, ()), *own)
    return found


def _series(run: facts.Run, wanted: Sequence[Wanted]) -> Mapping[int, list[tuple[Unit, int]]]:
    units = {code: unit for unit, code in CODES.items()}
    rows = metering_models.Series.objects.filter(
        organization_id=run.organization_id, meter_point_id__in={each.point.id for each in wanted}, code__in=units
    )
    found: dict[int, list[tuple[Unit, int]]] = defaultdict(list)
    for point_id, code, pk in rows.order_by("id").values_list("meter_point_id", "code", "id"):
        found[point_id].append((units[code], pk))
    return found


def _readings(run: facts.Run, ids: Sequence[int], whole: Period) -> dict[int, list[Shown]]:
    """Readings that count by series, in order of time: one an instant."""
    rows = standing.annotated(
        metering_models.Reading.objects.filter(
            many.among("series_id", ids),
            organization_id=run.organization_id,
            at__gte=whole.start,
            at__lte=whole.end,
        )
    )
    found: dict[int, list[Shown]] = defaultdict(list)
    seen: set[tuple[int, datetime]] = set()
    for series_id, at, shown, source, fact in rows.order_by("series_id", "at", "source").values_list(
        "series_id", "at", "shown", "source", "fact"
    ):
        if fact != CorrectionKind.EXCLUDE and (series_id, at) not in seen:
            seen.add((series_id, at))
            is_set = fact == CorrectionKind.SET
            found[series_id].append(Shown(at, shown, registers.CORRECTION if is_set else Source(source).name))
    return found


def told(meters: Sequence[hanging.Hanging], read: Sequence[Shown]) -> list[Registered]:
    """This will return each reading with the time that it tells of.

    What was noted when a multiplier changed, or the meter was taken away, counts like a reading.
    """
    found = []
    for meter in meters:
        own = [each for each in read if meter.start <= each.at and (meter.end is None or each.at < meter.end)]
        own += [
            Shown(each.at, each.shown, registers.EXCHANGE)
            for each in meter.changes
            if each.shown is not None and each.at not in {known.at for known in own}
        ]
        own.sort(key=lambda each: each.at)
        if meter.end is not None and meter.closing is not None:
            own.append(Shown(meter.end, meter.closing, registers.EXCHANGE))
        since = meter.start
        for each in own:
            if since < each.at:
                found.append(_registered(meter, since, each))
            since = each.at
    return found


def _registered(meter: hanging.Hanging, since: datetime, read: Shown) -> Registered:
    return Registered(
        since=since,
        at=read.at,
        shown=Decimal(read.value).scaleb(-meter.decimals, context=rounding.EXACT),
        unit=meter.unit,
        multiplier=_times(meter, read.at),
        meter=meter.serial,
        source=read.source,
    )


def _times(meter: hanging.Hanging, at: datetime) -> Fraction:
    """How many times the display counted just before it was read, corrected by a test where there was one."""
    change = next((each for each in reversed(meter.changes) if each.at < at), meter.changes[0])
    return change.factor * change.corrected_by
