"""Who uses most of a service this month, as home lists it. Needs a running scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.urls import reverse

from meterbook.customers import permissions as customer_permissions
from meterbook.customers import queries as customer_queries
from meterbook.customers import reaching as customer_reaching
from meterbook.identity.values import Module
from meterbook.kernel import rounding
from meterbook.kernel.rounding import RoundingMode
from meterbook.metering import queries as metering_queries
from meterbook.sites import queries as site_queries
from meterbook.web import access

MOST_SITES_OF_CONSUMERS = 5


@dataclass(frozen=True)
class ConsumerRow:
    """One of the largest consumers of the month; `bar` is 1 to 20, its share of the largest."""

    name: str
    place: str
    href: str
    value: Decimal
    share: Decimal | None
    change: Decimal | None
    bar: int


def percent(part: int, whole: int) -> Decimal | None:
    """This will return a share in percent with one decimal: 1 of 3 is 33.3; None of nothing."""
    if whole <= 0:
        return None
    return Decimal(rounding.divide(part * 1000, whole, RoundingMode.HALF_UP)).scaleb(-1, context=rounding.EXACT)


def are_too_many(sites: Sequence[site_queries.SiteRow]) -> bool:
    """This will say whether these are too many sites to rank their consumers together."""
    return len(sites) > MOST_SITES_OF_CONSUMERS


def collect(
    request: access.Request, sites: Sequence[site_queries.SiteRow], shown: metering_queries.ServiceUse
) -> tuple[ConsumerRow, ...]:
    """This will return the largest consumers of the service over the sites; none when there are too many sites."""
    if are_too_many(sites):
        return ()
    top = metering_queries.top_consumers
    found = [
        (each, site)
        for site in sites
        for each in top(site_id=site.id, zone=site.zone, service=shown.service, at=request.at)
    ]
    ranked = sorted(found, key=lambda pair: (-pair[0].figure.total, pair[0].point_id))
    largest = ranked[: metering_queries.MOST_CONSUMERS]
    most = max((each.figure.total for each, _site in largest), default=0)
    tenants: dict[int, str] = {}
    permission = customer_permissions.VIEW_CUSTOMER
    if request.organization.has_module(Module.BILLING) and request.access.allows_somewhere(permission):
        ids = [each.point_id for each, _site in largest]
        with customer_reaching.within(request.access, permission, at=request.at):
            tenants = customer_queries.tenants_at(meter_point_ids=ids, at=request.at)
    return tuple(
        ConsumerRow(
            name=tenants.get(each.point_id, each.name),
            place=" · ".join(_place(each, site.name if len(sites) > 1 else "", tenants.get(each.point_id, ""))),
            href=reverse("meter", args=[request.organization.public_id, each.public_id]),
            value=shown.number(each.figure.total),
            share=percent(each.figure.total, shown.month.total),
            change=each.figure.change,
            bar=max(1, each.figure.total * 20 // most),
        )
        for each, site in largest
    )


def _place(consumer: metering_queries.Consumer, site: str, tenant: str) -> list[str]:
    """Where a meter is, without saying anything twice."""
    named = [consumer.name] if tenant else []
    named.append(consumer.node_name or consumer.code)
    return [each for each in dict.fromkeys([*named, site]) if each]
