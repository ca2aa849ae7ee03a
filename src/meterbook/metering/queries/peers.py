"""Other meter points of the same service, to compare one with."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db.models import Q

from meterbook.foundation import scoping
from meterbook.metering import models, values


@dataclass(frozen=True)
class PeerRow:
    """A meter point to choose."""

    public_id: uuid.UUID
    code: str
    name: str
    site_name: str


def list_peers(
    *, of: uuid.UUID, service: values.Service, search: str, site_ids: frozenset[int] | None, limit: int = 8
) -> list[PeerRow]:
    """This will return meter points of a service whose code or name holds the words, by code, in one query.

    :param of: the point that is left out
    :param site_ids: where to look; None is everywhere
    """
    points = models.MeterPoint.objects.filter(
        organization_id__in=scoping.current().organizations, service=service
    ).exclude(public_id=of)
    if site_ids is not None:
        points = points.filter(site_id__in=site_ids)
    if search:
        points = points.filter(Q(code__icontains=search) | Q(name__icontains=search))
    found = points.select_related("site").order_by("sort_code", "id")[:limit]
    return [PeerRow(each.public_id, each.code, each.name, each.site.name) for each in found]
