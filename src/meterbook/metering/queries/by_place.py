"""What places used, each meter point counted where it hung at the time. Needs a running scope."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from meterbook.foundation import scoping
from meterbook.kernel import rounding
from meterbook.kernel.period import Period
from meterbook.kernel.quantity import Unit
from meterbook.metering import local_quarters, models, quarters, values
from meterbook.metering.quarters import A_DAY
from meterbook.sites import models as site_models
from meterbook.sites import queries as site_queries
from meterbook.sites.values import NodeKind

Integers = NDArray[np.int64]
COUNTED_ROLES = (values.PointRole.COMMON, values.PointRole.TENANT)  # main and check meters would count it twice


@dataclass(frozen=True)
class PlaceUse:
    """The use of a place; `node_id` None is what hung at no place of that kind. `points` counts meter points."""

    node_id: int | None
    code: str
    name: str
    used: Decimal
    unit: Unit
    points: int


@dataclass(frozen=True)
class _Hanging:
    point_id: int
    node_id: int | None
    starts_at: datetime | None
    ends_at: datetime | None

    def covers(self, instant: datetime) -> bool:
        return (self.starts_at is None or self.starts_at <= instant) and (
            self.ends_at is None or instant < self.ends_at
        )


def use_by_place(
    *, site_id: int, period: Period, service: values.Service, kind: NodeKind = NodeKind.FLOOR
) -> list[PlaceUse]:
    """This will return what the floors (or buildings, zones, units) of a site used of a service, by code.

    A meter that was moved counts until then at its old place and from then on at its new one, and so does a place that
    was moved with its meters. Common and tenant points are counted.

    :param period: begins and ends at quarters of an hour, as local days do
    """
    hangings = _hangings(site_id, service)
    sums = _sums({each.point_id for each in hangings}, period, service)
    cuts = [each.ends_at for each in hangings if each.ends_at] + [
        each.ends_at for each in site_queries.former_placements(site_id=site_id)
    ]
    nodes = _nodes(site_id)
    used: dict[int | None, int] = defaultdict(int)
    points: dict[int | None, set[int]] = defaultdict(set)
    for part in period.split(cuts):
        parents = site_queries.parents_at(site_id=site_id, instant=part.start)
        for each in hangings:
            if each.covers(part.start):
                place = _of_kind(each.node_id, parents, nodes, kind)
                points[place].add(each.point_id)
                used[place] += _between(sums.get(each.point_id), part, period)
    catalogue = values.series_type(values.COUNTED_SERIES[service])
    found = [
        PlaceUse(
            node_id=place,
            code=nodes[place][1] if place is not None else "",
            name=nodes[place][2] if place is not None else "",
            used=Decimal(total).scaleb(-catalogue.decimals, context=rounding.EXACT),
            unit=catalogue.unit,
            points=len(points[place]),
        )
        for place, total in used.items()
    ]
    return sorted(found, key=lambda each: (each.node_id is None, each.code))


def _hangings(site_id: int, service: values.Service) -> list[_Hanging]:
    organizations = scoping.current().organizations
    chosen = models.MeterPoint.objects.filter(
        organization_id__in=organizations, site_id=site_id, service=service.value, role__in=COUNTED_ROLES
    )
    former = models.PointPlacement.objects.filter(organization_id__in=organizations, meter_point__in=chosen)
    found: list[_Hanging] = []
    since: dict[int, datetime] = {}
    for point_id, node_id, during in former.values_list("meter_point_id", "node_id", "during"):
        found.append(_Hanging(point_id, node_id, during.lower, during.upper))
        since[point_id] = max(since.get(point_id, during.upper), during.upper)
    found += [_Hanging(pk, node_id, since.get(pk), None) for pk, node_id in chosen.values_list("pk", "node_id")]
    return found


def _nodes(site_id: int) -> dict[int, tuple[str, str, str]]:
    rows = site_models.SiteNode.objects.filter(
        organization_id__in=scoping.current().organizations, site_id=site_id
    ).values_list("pk", "kind", "code", "name")
    return {pk: (kind, code, name) for pk, kind, code, name in rows}


def _of_kind(
    node_id: int | None,
    parents: Mapping[int, int | None],
    nodes: Mapping[int, tuple[str, str, str]],
    kind: NodeKind,
) -> int | None:
    while node_id is not None and nodes[node_id][0] != kind:
        node_id = parents[node_id]
    return node_id


def _sums(point_ids: set[int], period: Period, service: values.Service) -> dict[int, Integers]:
    """By meter point, what was used before each quarter of the period's UTC days: shape (96 x days + 1,)."""
    first = local_quarters.index(period.start) // A_DAY
    until = -(-local_quarters.index(period.end) // A_DAY)
    days = [local_quarters.day(place) for place in range(first, until)]
    organizations = scoping.current().organizations
    series = dict(
        models.Series.objects.filter(
            organization_id__in=organizations, meter_point_id__in=point_ids, code=values.COUNTED_SERIES[service]
        ).values_list("pk", "meter_point_id")
    )
    rows = list(
        models.SeriesDay.objects.filter(
            organization_id__in=organizations, series_id__in=series, day__gte=days[0], day__lte=days[-1], revision=0
        ).values_list("series_id", "day", "step", "values", "quality")
    )
    decoded = quarters.decode([(row[2], bytes(row[3]), None if row[4] is None else bytes(row[4])) for row in rows])
    grids: dict[int, Integers] = {}
    for (series_id, day, *_rest), use in zip(rows, decoded.use, strict=True):
        grid = grids.setdefault(series[series_id], np.zeros((len(days), A_DAY), np.int64))
        grid[local_quarters.day_index(day) - first] += use
    return {
        point_id: np.concatenate([np.zeros(1, np.int64), np.cumsum(grid.ravel())]) for point_id, grid in grids.items()
    }


def _between(sums: Integers | None, part: Period, period: Period) -> int:
    if sums is None:
        return 0
    offset = local_quarters.index(period.start) // A_DAY * A_DAY
    return int(sums[local_quarters.index(part.end) - offset] - sums[local_quarters.index(part.start) - offset])
