"""How much meter points used in stretches of time that differ from point to point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from meterbook.foundation import scoping
from meterbook.kernel import rounding
from meterbook.kernel.period import Period
from meterbook.kernel.quantity import Unit
from meterbook.metering import local_quarters, models, quarters, values


@dataclass(frozen=True)
class Use:
    """A quantity: `total` is an integer of 10^-`decimals` `unit`."""

    total: int
    unit: Unit
    decimals: int

    @property
    def number(self) -> Decimal:
        """The number of units."""
        return Decimal(self.total).scaleb(-self.decimals, context=rounding.EXACT)


def used_in(*, periods: Mapping[int, Sequence[Period]]) -> dict[int, Use]:
    """This will sum the counted series of meter points over their periods, in two queries; none: the point is left out.

    :param periods: by meter point id; they begin and end at quarters of an hour
    """
    organization_id = scoping.current().organization_id
    wanted = {point: parts for point, parts in periods.items() if parts}
    if not wanted:
        return {}
    found = models.Series.objects.filter(
        organization_id=organization_id,
        meter_point_id__in=wanted,
        code__in=set(values.COUNTED_SERIES.values()),
    ).select_related("meter_point")
    series = {
        each.pk: each
        for each in found.order_by("id")
        if each.code == values.COUNTED_SERIES[values.Service(each.meter_point.service)]
    }
    first = min(part.start for parts in wanted.values() for part in parts).date()
    final = max(part.end for parts in wanted.values() for part in parts).date()
    stored = models.SeriesDay.objects.filter(
        organization_id=organization_id, series_id__in=series, day__gte=first, day__lte=final, revision=0
    ).values_list("series_id", "day", "step", "values", "quality")
    rows = list(stored)
    use = quarters.decode(
        [(step, bytes(data), None if codes is None else bytes(codes)) for _id, _day, step, data, codes in rows]
    ).use
    totals = dict.fromkeys(series, 0)
    for (series_id, day, *_rest), row in zip(rows, use, strict=True):
        for part in wanted[series[series_id].meter_point_id]:
            start, end = _inside(part, day)
            totals[series_id] += int(row[start:end].sum())
    return {each.meter_point_id: Use(totals[pk], Unit(each.unit), each.decimals) for pk, each in series.items()}


def _inside(period: Period, day: date) -> tuple[int, int]:
    """Which quarters of a UTC day lie in the period."""
    begin = local_quarters.day_index(day) * quarters.A_DAY
    start, end = local_quarters.index(period.start) - begin, local_quarters.index(period.end) - begin
    return max(0, min(start, quarters.A_DAY)), max(0, min(end, quarters.A_DAY))
