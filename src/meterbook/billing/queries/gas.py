"""Supply areas of gas with their values, and what of them holds on which days."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _

from meterbook.billing import models
from meterbook.billing.gas_values import GasKind, GasOrigin, OnMissingValue
from meterbook.foundation import scoping
from meterbook.kernel.quantity import Unit
from meterbook.sites import models as site_models

VALUES = 500  # shown of an area


class GasAreaNotFound(LookupError):
    """There is no such supply area in this organization."""


@dataclass(frozen=True)
class GasAreaRow:
    """A supply area; `known_until` is the first day without a calorific value after the newest one."""

    id: int
    public_id: uuid.UUID
    code: str
    name: str
    factor: Decimal | None
    on_missing: OnMissingValue
    sites: tuple[tuple[uuid.UUID, str], ...]
    known_until: date | None


@dataclass(frozen=True)
class GasValueRow:
    """A value for the local days [first_day, until_day); `is_newest`: no later one covers all of them."""

    kind: GasKind
    first_day: date
    until_day: date
    value: Decimal
    unit: Unit
    number: int
    origin: GasOrigin
    worked_out: dict[str, str]
    author: str
    entered_at: datetime
    is_newest: bool

    @property
    def last_day(self) -> date:
        """The final one of the days."""
        return self.until_day - timedelta(days=1)


def list_areas() -> list[GasAreaRow]:
    """This will return the supply areas of the organization, by code."""
    rows = list(models.GasArea.objects.filter(organization_id=scoping.current().organization_id).order_by("code", "id"))
    return _rows(rows)


def get_area(*, public_id: uuid.UUID) -> GasAreaRow:
    """This will return one supply area.

    :raises GasAreaNotFound: when there is none
    """
    rows = models.GasArea.objects.filter(organization_id=scoping.current().organization_id, public_id=public_id)
    found = _rows(list(rows))
    if not found:
        raise GasAreaNotFound(_("There is no such supply area."))
    return found[0]


def list_values(*, area_id: int) -> list[GasValueRow]:
    """This will return the values of an area with all their versions, the newest days first."""
    rows = models.GasValue.objects.filter(organization_id=scoping.current().organization_id, area_id=area_id)
    found = list(rows.order_by("-days", "kind", "-number", "-id")[:VALUES])
    return [
        GasValueRow(
            kind=GasKind(each.kind),
            first_day=each.days.lower,
            until_day=each.days.upper,
            value=each.value,
            unit=Unit(each.unit),
            number=each.number,
            origin=GasOrigin(each.origin),
            worked_out=each.worked_out,
            author=each.author,
            entered_at=each.entered_at,
            is_newest=not any(_covers(other, each) for other in found),
        )
        for each in found
    ]


def _covers(other: models.GasValue, value: models.GasValue) -> bool:
    is_later = other.kind == value.kind and other.pk > value.pk
    return is_later and other.days.lower <= value.days.lower and value.days.upper <= other.days.upper


def _rows(areas: Sequence[models.GasArea]) -> list[GasAreaRow]:
    owner = scoping.current().organization_id
    ids = {site_id for each in areas for site_id in each.site_ids}
    places = site_models.Site.objects.filter(organization_id=owner, pk__in=ids).order_by("name", "id")
    sites = {pk: (public_id, name) for pk, public_id, name in places.values_list("id", "public_id", "name")}
    newest = models.GasValue.objects.filter(
        organization_id=owner, area__in=areas, kind=GasKind.CALORIFIC.value
    ).order_by("days")
    until: dict[int, date] = {}
    for area_id, days in newest.values_list("area_id", "days"):
        until[area_id] = max(until.get(area_id, days.upper), days.upper)
    return [
        GasAreaRow(
            id=each.pk,
            public_id=each.public_id,
            code=each.code,
            name=each.name,
            factor=each.factor,
            on_missing=OnMissingValue(each.on_missing),
            sites=tuple(place for pk, place in sites.items() if pk in each.site_ids),
            known_until=until.get(each.pk),
        )
        for each in areas
    ]
