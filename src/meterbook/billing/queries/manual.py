"""For whom a bill can be made by hand, and up to when they were billed. Needs a running scope."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from meterbook.billing import models, values
from meterbook.customers import models as customer_models
from meterbook.foundation import scoping
from meterbook.metering import models as metering_models

MOST = 20


@dataclass(frozen=True)
class Payer:
    """An account, or (`is_unit`) a unit whose payers get the bill; `billed_until` None: never billed yet.

    `since` is when its first contract began.
    """

    public_id: uuid.UUID
    is_unit: bool
    code: str
    name: str
    site_id: int
    site_name: str
    zone: ZoneInfo
    since: datetime | None
    billed_until: datetime | None


def find_payers(*, words: str, site_ids: Collection[int] | None) -> list[Payer]:
    """This will return the accounts and units that a part of a number, a name or a code finds; 20 at most.

    :param site_ids: only there; None: everywhere
    """
    escaped = words.strip()
    if not escaped:
        return []
    accounts = _accounts(site_ids).filter(
        Q(number__icontains=escaped) | Q(customer__name__icontains=escaped), mode="POSTPAID"
    )
    points = _points(site_ids).filter(Q(node__code__icontains=escaped) | Q(node__name__icontains=escaped))
    units = {each.node_id: each for each in points.order_by("node__code", "-id")[: MOST * 4]}
    return [
        *(_of_account(each) for each in accounts.order_by("number", "id")[:MOST]),
        *(_of_unit(each) for each in list(units.values())[:MOST]),
    ][:MOST]


def get_payer(*, account: uuid.UUID | None, unit: uuid.UUID | None, site_ids: Collection[int] | None) -> Payer | None:
    """This will return an account or a unit; None where there is none at these sites."""
    if account is not None:
        found = _accounts(site_ids).filter(public_id=account).first()
        return None if found is None else _of_account(found)
    if unit is not None:
        point = _points(site_ids).filter(node__public_id=unit).order_by("-id").first()
        return None if point is None else _of_unit(point)
    return None


def _accounts(site_ids: Collection[int] | None) -> QuerySet[customer_models.Account]:
    rows = customer_models.Account.objects.filter(organization_id=scoping.current().organization_id)
    rows = rows.select_related("customer", "site")
    return rows if site_ids is None else rows.filter(site_id__in=list(site_ids))


def _points(site_ids: Collection[int] | None) -> QuerySet[metering_models.MeterPoint]:
    rows = metering_models.MeterPoint.objects.filter(
        organization_id=scoping.current().organization_id,
        node__isnull=False,
        service__in=[each.value for each in values.BILLED_SERIES],
    ).select_related("node", "site")
    return rows if site_ids is None else rows.filter(site_id__in=list(site_ids))


def _of_account(account: customer_models.Account) -> Payer:
    contracts = customer_models.Contract.objects.filter(organization_id=account.organization_id, account=account)
    since = contracts.order_by("during").first()
    return Payer(
        public_id=account.public_id,
        is_unit=False,
        code=account.number,
        name=account.customer.name,
        site_id=account.site_id,
        site_name=account.site.name,
        zone=ZoneInfo(account.site.time_zone),
        since=None if since is None else since.during.lower,
        billed_until=_billed_until(Q(account=account)),
    )


def _of_unit(point: metering_models.MeterPoint) -> Payer:
    node = point.node
    if node is None:
        raise ValueError(f"{point.code} stands in no unit; it was not asked for.")
    return Payer(
        public_id=node.public_id,
        is_unit=True,
        code=node.code,
        name=node.name,
        site_id=point.site_id,
        site_name=point.site.name,
        zone=ZoneInfo(point.site.time_zone),
        since=None,
        billed_until=_billed_until(Q(meter_point__node_id=node.pk)),
    )


def _billed_until(whose: Q) -> datetime | None:
    shares = models.RunShare.objects.filter(whose, organization_id=scoping.current().organization_id)
    latest = shares.order_by("-during__endswith").first()
    return None if latest is None else latest.during.upper
