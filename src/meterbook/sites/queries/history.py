"""Where places lay at an instant of the past."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from meterbook.foundation import scoping
from meterbook.sites import models


@dataclass(frozen=True)
class Placement:
    """A place was in `parent_id` (None: the top) from `starts_at` (None: the first) until `ends_at`."""

    node_id: int
    parent_id: int | None
    starts_at: datetime | None
    ends_at: datetime


def former_placements(*, site_id: int) -> list[Placement]:
    """This will return where places of a site lay before they were moved, the oldest move first."""
    rows = models.NodePlacement.objects.filter(
        organization_id__in=scoping.current().organizations, node__site_id=site_id
    ).values_list("node_id", "parent_id", "during")
    found = [Placement(node_id, parent_id, during.lower, during.upper) for node_id, parent_id, during in rows]
    return sorted(found, key=lambda each: (each.ends_at, each.node_id))


def parents_at(*, site_id: int, instant: datetime) -> dict[int, int | None]:
    """This will return what each place of a site lay in at an instant, by id; archived places too."""
    nodes = models.SiteNode.objects.filter(organization_id__in=scoping.current().organizations, site_id=site_id)
    found: dict[int, int | None] = dict(nodes.values_list("pk", "parent_id"))
    for each in former_placements(site_id=site_id):
        if (each.starts_at is None or each.starts_at <= instant) and instant < each.ends_at:
            found[each.node_id] = each.parent_id
    return found
