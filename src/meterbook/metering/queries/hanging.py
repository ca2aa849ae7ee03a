"""Which meter points hang at a place. Needs a running scope."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from meterbook.foundation import scoping
from meterbook.metering import models, values


@dataclass(frozen=True)
class HangingPoint:
    """A meter point by name; `node` is the place where it hangs, None at none."""

    public_id: uuid.UUID
    site_id: int
    code: str
    name: str
    service: values.Service
    node: uuid.UUID | None


def list_hanging(*, site_id: int, node_id: int | None, most: int = 200) -> list[HangingPoint]:
    """This will return the meter points that hang directly at a place (None: at no place of the site), by name."""
    rows = models.MeterPoint.objects.filter(
        organization_id__in=scoping.current().organizations, site_id=site_id, node_id=node_id
    ).select_related("node")
    return [_row(each) for each in rows.order_by("sort_name", "id")[:most]]


def find_hanging(*, public_id: uuid.UUID) -> HangingPoint | None:
    """This will return one meter point, or None."""
    rows = models.MeterPoint.objects.filter(organization_id__in=scoping.current().organizations, public_id=public_id)
    found = rows.select_related("node").first()
    return None if found is None else _row(found)


def _row(found: models.MeterPoint) -> HangingPoint:
    return HangingPoint(
        public_id=found.public_id,
        site_id=found.site_id,
        code=found.code,
        name=found.name,
        service=values.Service(found.service),
        node=found.node.public_id if found.node else None,
    )
