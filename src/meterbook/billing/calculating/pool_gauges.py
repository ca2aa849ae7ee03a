"""What meters counted for shared costs: sums of whole series over times, and why one cannot be taken."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from meterbook.billing import values
from meterbook.billing.calculating import checking, facts, spans, usage
from meterbook.billing.values import HoldReason
from meterbook.foundation import scoping
from meterbook.kernel import quantity
from meterbook.kernel.period import Period
from meterbook.kernel.quality import ESTIMATED, UNBILLABLE
from meterbook.kernel.quantity import Dimension, Unit
from meterbook.metering import models as metering_models
from meterbook.metering import zones as metering_zones
from meterbook.metering.values import Service

_CODES = np.array(sorted(UNBILLABLE), np.uint8)
_ESTIMATED = np.array(sorted(ESTIMATED), np.uint8)


@dataclass(frozen=True)
class Gauge:
    """A meter point with a series of it: what it used, or the hours that it ran."""

    public_id: uuid.UUID
    point_id: int
    node_id: int | None
    code: str
    name: str
    service: str
    role: str
    zone: ZoneInfo
    series: facts.Series | None


def find(
    run: facts.Run,
    *,
    public_ids: Collection[uuid.UUID] = (),
    node_ids: Collection[int] = (),
    is_hours: bool = False,
) -> list[Gauge]:
    """This will return meter points of the run's organization by their ids or places, with what is counted there.

    :param is_hours: the counter of hours is taken instead of that of the service
    """
    owner = scoping.current().organization_id
    points = metering_models.MeterPoint.objects.filter(organization_id=owner, site_id=run.site_id)
    points = points.filter(public_id__in=public_ids) if public_ids else points.filter(node_id__in=node_ids)
    rows = list(
        points.order_by("sort_code", "id").values_list(
            "id", "public_id", "node_id", "code", "name", "service", "role", "time_zone", "former_zones"
        )
    )
    series = _series(owner, [row[0] for row in rows], is_hours=is_hours)
    return [
        Gauge(
            public_id,
            pk,
            node_id,
            code,
            name,
            service,
            role,
            metering_zones.resolve(own, former, run.zone.key),
            series.get((pk, "" if is_hours else values.BILLED_SERIES.get(Service(service), ""))),
        )
        for pk, public_id, node_id, code, name, service, role, own, former in rows
    ]


def _series(owner: int, point_ids: list[int], *, is_hours: bool) -> dict[tuple[int, str], facts.Series]:
    rows = metering_models.Series.objects.filter(organization_id=owner, meter_point_id__in=point_ids)
    if is_hours:
        hours = [each.value for each in Unit if each.dimension is Dimension.TIME]
        rows = rows.filter(unit__in=hours)
    else:
        rows = rows.filter(code__in=set(values.BILLED_SERIES.values()))
    return {
        (point_id, "" if is_hours else code): facts.Series(pk, public_id, Unit(unit), decimals, step)
        for point_id, code, pk, public_id, unit, decimals, step in rows.order_by("-id").values_list(
            "meter_point_id", "code", "id", "public_id", "unit", "decimals", "step"
        )
    }


@dataclass
class Readings:
    """Intervals of many gauges, loaded in a query for each step."""

    run: facts.Run
    blocks: dict[int, usage.Blocks] = field(default_factory=dict)
    waiting: dict[int, set[int]] = field(default_factory=dict)

    @classmethod
    def load(cls, run: facts.Run, wanted: Iterable[tuple[Gauge, Period]]) -> Readings:
        """This will load what these gauges counted in these times."""
        by_step: dict[int, list[tuple[int, Period]]] = defaultdict(list)
        for gauge, period in wanted:
            if gauge.series is not None:
                found = spans.span(period, step=gauge.series.step, zone=gauge.zone)
                if found is not None:
                    by_step[gauge.series.step].append((gauge.series.id, found.cut))
        made = cls(run)
        for step, own in by_step.items():
            first, until = usage.utc_days(Period(min(cut.start for _id, cut in own), max(cut.end for _id, cut in own)))
            made.blocks[step] = usage.load(
                organization_id=run.organization_id,
                series_ids=[each for each, _cut in own],
                step=step,
                first=first,
                until=until,
            )
            made.waiting[step] = checking.pending(run, first, until)
        return made

    def faults(self, pool: str, gauge: Gauge, period: Period) -> list[checking.Held]:
        """This will return why what a gauge counted cannot be taken; nothing when it can."""
        said = {"pool": pool, "meter": gauge.code}
        if gauge.series is None:
            return [checking.hold(HoldReason.POOL_METER, gauge.code, **said)]
        found = spans.span(period, step=gauge.series.step, zone=gauge.zone)
        if found is None:
            return []
        if gauge.series.id in self.waiting[gauge.series.step]:
            return [checking.hold(HoldReason.NOT_DERIVED, gauge.code)]
        codes = self.blocks[gauge.series.step].codes(gauge.series.id, found.cut)
        if codes is not None and np.isin(codes, _CODES).any():
            return [checking.hold(HoldReason.POOL_METER, gauge.code, **said)]
        return []

    def is_estimated(self, gauge: Gauge, period: Period) -> bool:
        """This will tell whether a part of what a gauge counted is an estimate, to be replaced by readings."""
        found = None if gauge.series is None else spans.span(period, step=gauge.series.step, zone=gauge.zone)
        if gauge.series is None or found is None:
            return False
        codes = self.blocks[gauge.series.step].codes(gauge.series.id, found.cut)
        return codes is not None and bool(np.isin(codes, _ESTIMATED).any())

    def total(self, gauge: Gauge, period: Period) -> int:
        """This will return what a gauge counted, in the scale of its series."""
        return int(self.intervals(gauge, period).sum(dtype=np.int64))

    def exact(self, gauge: Gauge, period: Period, unit: Unit) -> Fraction:
        """This will return what a gauge counted, in a unit."""
        if gauge.series is None:
            return Fraction(0)
        scale = quantity.factor(gauge.series.unit, unit) / Fraction(10**gauge.series.decimals)
        return Fraction(self.total(gauge, period)) * scale

    def intervals(self, gauge: Gauge, period: Period) -> NDArray[np.int64]:
        """This will return the values of each interval, shape (n,)."""
        if gauge.series is None:
            return np.zeros(0, np.int64)
        found = spans.span(period, step=gauge.series.step, zone=gauge.zone)
        if found is None:
            return np.zeros(0, np.int64)
        loaded = self.blocks[gauge.series.step]
        return loaded.values[loaded.row_of[gauge.series.id], loaded.columns(found.cut)]
