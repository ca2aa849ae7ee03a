"""Meter points by id or code, for those to whom single ones are assigned. Needs a running scope."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from meterbook.foundation import scoping
from meterbook.metering import models, values


@dataclass(frozen=True)
class AssignedPoint:
    """A meter point as a short list shows it."""

    id: int
    public_id: uuid.UUID
    code: str
    name: str
    service: values.Service
    site_id: int
    site_name: str


def points_by_id(*, ids: Collection[int]) -> tuple[AssignedPoint, ...]:
    """This will return these meter points by name; what is none of the scope's is left out."""
    return _rows(id__in=ids) if ids else ()


def points_by_code(*, codes: Collection[str]) -> tuple[AssignedPoint, ...]:
    """This will return the meter points that have one of these codes, by name."""
    return _rows(code__in=codes) if codes else ()


def newest_code(*, site_id: int) -> str:
    """This will return the code of the meter point that was added last at a site; "" without any."""
    own = models.MeterPoint.objects.filter(organization_id=scoping.current().organization_id, site_id=site_id)
    return own.order_by("-id").values_list("code", flat=True).first() or ""


def points_by_public_id(*, public_ids: Collection[uuid.UUID]) -> tuple[AssignedPoint, ...]:
    """This will return the meter points that have one of these public ids, by name."""
    return _rows(public_id__in=public_ids) if public_ids else ()


def _rows(**narrowing: object) -> tuple[AssignedPoint, ...]:
    own = models.MeterPoint.objects.filter(organization_id=scoping.current().organization_id)
    found = own.filter(**narrowing).select_related("site").order_by("sort_name", "id")
    return tuple(
        AssignedPoint(
            id=each.pk,
            public_id=each.public_id,
            code=each.code,
            name=each.name,
            service=values.Service(each.service),
            site_id=each.site_id,
            site_name=each.site.name,
        )
        for each in found
    )
