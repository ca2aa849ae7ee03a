"""Who pays for which meter point now, place by place: what can be let, and who is there. Each needs a running scope."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from meterbook.customers import models
from meterbook.foundation import scoping
from meterbook.kernel import order
from meterbook.metering import models as metering_models
from meterbook.metering import values as metering_values


@dataclass(frozen=True)
class Payer:
    """A contract at a meter point, with who pays; `ends_at` None while no end was agreed."""

    contract_id: int
    contract_public_id: uuid.UUID
    account_id: int
    account_public_id: uuid.UUID
    account_number: str
    customer_name: str
    starts_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True)
class PointOf:
    """A meter point that tenants pay for, with its newest contract or None; `is_paid` says that one runs."""

    id: int
    public_id: uuid.UUID
    code: str
    name: str
    service: metering_values.Service
    place_id: int | None
    place_name: str
    site_id: int
    newest: Payer | None
    is_paid: bool
    zone: ZoneInfo


@dataclass(frozen=True)
class Place:
    """A unit with its meter points, or a single meter point that belongs to none; `key` names it in forms."""

    key: str
    name: str
    site_id: int
    points: tuple[PointOf, ...]

    @property
    def is_vacant(self) -> bool:
        """Whether nobody pays for any of its meter points."""
        return not any(each.is_paid for each in self.points)

    @property
    def payers(self) -> str:
        """The names of who pays now, each once."""
        names = [each.newest.customer_name for each in self.points if each.is_paid and each.newest is not None]
        return ", ".join(dict.fromkeys(names))

    @property
    def vacant_since(self) -> datetime | None:
        """When the newest contract ended; None when somebody pays or nobody ever did."""
        ends = [each.newest.ends_at for each in self.points if each.newest is not None and not each.is_paid]
        return max((each for each in ends if each is not None), default=None) if self.is_vacant else None


def places(
    *, at: datetime, site_id: int | None = None, search: str = "", key: str = "", shared: Collection[uuid.UUID] = ()
) -> list[Place]:
    """This will return units with meter points of tenants as people order them, in two queries.

    :param search: a part of the name or code of a unit or meter point, or of who pays
    :param key: only the place of that `Place.key`
    :param shared: meter points for which all pay who share a cost; they are left out
    """
    points = _points().exclude(public_id__in=shared)
    if site_id is not None:
        points = points.filter(site_id=site_id)
    if key:
        points = points.filter(_named(key))
    listed = list(points)
    newest = payers(point_ids=[each.pk for each in listed])
    grouped: dict[str, list[PointOf]] = defaultdict(list)
    for each in listed:
        payer = newest.get(each.pk)
        grouped[_key(each)].append(
            PointOf(
                id=each.pk,
                public_id=each.public_id,
                code=each.code,
                name=each.name,
                service=metering_values.Service(each.service),
                place_id=each.node_id,
                place_name=each.node.name if each.node else "",
                site_id=each.site_id,
                newest=payer,
                is_paid=payer is not None and payer.starts_at <= at and (payer.ends_at is None or at < payer.ends_at),
                zone=each.zone,
            )
        )
    found = [
        Place(name, own[0].place_name or f"{own[0].code} {own[0].name}", own[0].site_id, tuple(own))
        for name, own in grouped.items()
    ]
    words = search.casefold()
    kept = [each for each in found if not words or words in _text(each)]
    return sorted(kept, key=lambda each: (order.natural(each.name), each.key))


def payers(*, point_ids: Collection[int]) -> Mapping[int, Payer]:
    """This will return, by meter point, its newest contract with who pays, in one query."""
    contracts = (
        models.Contract.objects.filter(
            organization_id=scoping.current().organization_id, meter_point_id__in=list(point_ids)
        )
        .order_by("meter_point_id", "-during", "-id")
        .distinct("meter_point_id")
        .select_related("account__customer")
    )
    return {
        each.meter_point_id: Payer(
            each.pk,
            each.public_id,
            each.account_id,
            each.account.public_id,
            each.account.number,
            each.account.customer.name,
            each.during.lower,
            each.during.upper,
        )
        for each in contracts
    }


def _points() -> QuerySet[metering_models.MeterPoint]:
    points = metering_models.MeterPoint.objects.filter(
        organization_id=scoping.current().organization_id, role=metering_values.PointRole.TENANT
    )
    reach = scoping.reach()
    if reach is not None:
        points = points.filter(site_id__in=reach.sites)
    return points.select_related("node", "site").order_by("sort_code", "id")


def _key(point: metering_models.MeterPoint) -> str:
    return f"u{point.node.public_id}" if point.node else f"p{point.public_id}"


def _named(key: str) -> Q:
    kind, text = key[:1], key[1:]
    try:
        public_id = uuid.UUID(text)
    except ValueError:
        return Q(pk=None)
    if kind == "u":
        return Q(node__public_id=public_id)
    return Q(public_id=public_id, node__isnull=True) if kind == "p" else Q(pk=None)


def _text(place: Place) -> str:
    parts = [place.name, place.payers, *(f"{each.code} {each.name}" for each in place.points)]
    return " ".join(parts).casefold()
