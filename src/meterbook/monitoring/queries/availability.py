"""How the meters of sites stand, place by place: in numbers, and one by one while they are few."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from meterbook.foundation import scoping
from meterbook.kernel import order
from meterbook.metering import models as metering_models
from meterbook.monitoring import values
from meterbook.monitoring.queries import found
from meterbook.sites import models as site_models
from meterbook.sites import values as site_values

MOST_CELLS = 200


@dataclass(frozen=True)
class Cell:
    """One meter point."""

    public_id: uuid.UUID
    name: str
    state: values.MeterState


@dataclass(frozen=True)
class PlaceStates:
    """A floor, or where there are many meters a building or site; `cells` is empty when there are too many to draw."""

    name: str
    counts: Mapping[values.MeterState, int]
    cells: tuple[Cell, ...]

    @property
    def total(self) -> int:
        """All meter points of the place that are read live."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class PointState:
    """A meter point of a site's tree; `node_id` None when it hangs at no place."""

    public_id: uuid.UUID
    node_id: int | None
    state: values.MeterState


@dataclass(frozen=True)
class Availability:
    """Meter points by state. `total` counts those read live, `not_live` the others."""

    counts: Mapping[values.MeterState, int]
    places: tuple[PlaceStates, ...]

    @property
    def not_live(self) -> int:
        """Points without a meter that reports by itself."""
        return self.counts.get(values.MeterState.NOT_LIVE, 0)

    @property
    def total(self) -> int:
        """Points whose meters report by themselves."""
        return sum(self.counts.values()) - self.not_live

    def count(self, state: values.MeterState) -> int:
        """This will return how many points have a state."""
        return self.counts.get(state, 0)


def availability(*, at: datetime, site_ids: Collection[int] | None = None) -> Availability:
    """This will count the meter points of sites by state, in at most three queries however many there are.

    :param site_ids: only those sites; None means all of the organization
    """
    is_one = site_ids is not None and len(site_ids) == 1
    points, groups = found.find(
        at=at, wanted=values.MeterFilter(), site_ids=site_ids, limit=MOST_CELLS + 1, by_tree=is_one
    )
    counts: Counter[values.MeterState] = Counter()
    for group in groups:
        counts[group.state] += group.count
    live = [each for each in points if each.state is not values.MeterState.NOT_LIVE]
    is_few = len(points) <= MOST_CELLS
    return Availability(
        counts=dict(counts),
        places=_drawn(live) if is_few else _counted(groups, by_tree=is_one),
    )


def point_states(*, at: datetime, site_id: int) -> list[PointState]:
    """This will return every meter point of a site with its state, by name, in two queries."""
    points, _groups = found.find(at=at, wanted=values.MeterFilter(), site_ids={site_id})
    rows = metering_models.MeterPoint.objects.filter(
        organization_id__in=scoping.current().organizations, site_id=site_id
    ).values_list("pk", "public_id", "node_id")
    placed = {pk: (public_id, node_id) for pk, public_id, node_id in rows}
    return [PointState(*placed[each.id], each.state) for each in points if each.id in placed]


def _counted(groups: Sequence[found.Group], *, by_tree: bool) -> tuple[PlaceStates, ...]:
    by_place: dict[int | None, Counter[values.MeterState]] = defaultdict(Counter)
    for group in groups:
        if group.state is not values.MeterState.NOT_LIVE:
            by_place[group.place][group.state] += group.count
    names = _names([each for each in by_place if each], by_tree=by_tree)
    named = [(names.get(place, "") if place else "", dict(counts)) for place, counts in by_place.items()]
    return tuple(
        PlaceStates(name, counts, ()) for name, counts in sorted(named, key=lambda pair: order.natural(pair[0]))
    )


def _names(ids: Collection[int], *, by_tree: bool) -> dict[int, str]:
    organizations = scoping.current().organizations
    if by_tree:
        nodes = site_models.SiteNode.objects.filter(organization_id__in=organizations, pk__in=ids)
        return dict(nodes.order_by("pk").values_list("pk", "name"))
    sites = site_models.Site.objects.filter(organization_id__in=organizations, pk__in=ids)
    return dict(sites.order_by("pk").values_list("pk", "name"))


def _drawn(points: Sequence[found.Found]) -> tuple[PlaceStates, ...]:
    states = {each.id: each.state for each in points}
    rows = metering_models.MeterPoint.objects.filter(
        organization_id__in=scoping.current().organizations, pk__in=states
    ).select_related("site", "node__parent")
    by_place: dict[tuple[str, str], list[Cell]] = defaultdict(list)
    for row in rows.order_by("sort_name", "id"):
        by_place[_floor(row.node), row.site.name].append(Cell(row.public_id, row.name, states[row.pk]))
    has_floors = {site for floor, site in by_place if floor}
    is_one = len({site for _floor_name, site in by_place}) == 1
    return tuple(
        PlaceStates(
            name=floor if is_one and site in has_floors and floor else site if not floor else f"{site}, {floor}",
            counts=dict(Counter(each.state for each in cells)),
            cells=tuple(cells),
        )
        for (floor, site), cells in sorted(
            by_place.items(), key=lambda pair: (order.natural(pair[0][1]), order.natural(pair[0][0]))
        )
    )


def _floor(node: site_models.SiteNode | None) -> str:
    """The place above a unit; any other place is its own."""
    if node is None:
        return ""
    is_unit = node.kind == site_values.NodeKind.UNIT
    return node.parent.name if is_unit and node.parent is not None else node.name
