"""The electric power that sites take now, from live registers. Needs a running scope."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from meterbook.foundation import scoping
from meterbook.metering import models, values
from meterbook.metering.queries import live
from meterbook.metering.queries.series import list_series

MOST = 200  # registers that are added up one by one; a site of more is told by its intervals
STALE_INTERVALS = 2


@dataclass(frozen=True)
class LivePower:
    """The sum of the newest values of `fresh` of `expected` registers; those that are older than two intervals are out.

    `is_main`: all of them are those of main meters. `oldest_at` is the age of the sum.
    """

    value: Decimal | None
    unit: str
    decimals: int
    oldest_at: datetime | None
    fresh: int
    expected: int
    is_main: bool


def live_power(*, site_ids: Collection[int], at: datetime) -> LivePower | None:
    """This will return the power of the sites: of main meters where a site has them, else of all its counted points.

    None when there is no register of power, or more than can be added up one by one.
    """
    points = models.MeterPoint.objects.filter(
        organization_id__in=scoping.current().organizations,
        site_id__in=site_ids,
        service=values.Service.ELECTRICITY,
    )
    mains = set(points.filter(role=values.PointRole.MAIN).order_by().values_list("site_id", flat=True).distinct())
    summed = points.filter(site_id__in=mains, role=values.PointRole.MAIN) | points.filter(
        role__in=(values.PointRole.COMMON, values.PointRole.TENANT)
    ).exclude(site_id__in=mains)
    found = dict(summed.order_by("pk").values_list("pk", "site_id")[: MOST + 1])
    ids = list(found)
    if not ids or len(ids) > MOST:
        return None
    series = [each for each in list_series(meter_point_ids=ids) if each.code == "power"]
    if not series:
        return None
    steps = {each.id: timedelta(minutes=each.step) for each in series}
    fresh = [
        row
        for row in live.live_values(series=series)
        if row.value is not None and row.at is not None and at - row.at <= STALE_INTERVALS * steps[row.series_id]
    ]
    return LivePower(
        value=sum((row.value for row in fresh if row.value is not None), Decimal(0)) if fresh else None,
        unit=series[0].unit.symbol,
        decimals=1,
        oldest_at=min((row.at for row in fresh if row.at), default=None),
        fresh=len(fresh),
        expected=len(series),
        is_main={found[each.meter_point_id] for each in series} <= mains,
    )
