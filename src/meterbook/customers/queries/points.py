"""Meter points: who pays for them, and when. Each read needs a running scope."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from meterbook.customers import models
from meterbook.customers.queries import accounts
from meterbook.foundation import scoping
from meterbook.metering import models as metering_models


@dataclass(frozen=True)
class PointContractRow:
    """A contract at a meter point, with who pays: `end` None while it runs."""

    account: accounts.AccountRow
    tariff_id: int
    tariff_public_id: uuid.UUID
    tariff_code: str
    start: datetime
    end: datetime | None


@dataclass(frozen=True)
class PointRow:
    """A meter point to choose from; `payer` is the account that pays for it then or later, empty where none does.

    `paid_until` is None while its contract has no end.
    """

    public_id: uuid.UUID
    code: str
    name: str
    payer: str
    paid_until: datetime | None


def list_point_contracts(*, meter_point_public_id: uuid.UUID) -> list[PointContractRow]:
    """This will return the contracts at a meter point, the newest first, in one query."""
    contracts = models.Contract.objects.filter(
        organization_id__in=scoping.current().organizations, meter_point__public_id=meter_point_public_id
    ).select_related("account__customer", "account__site", "tariff")
    return [
        PointContractRow(
            account=accounts.row_of(each.account),
            tariff_id=each.tariff_id,
            tariff_public_id=each.tariff.public_id,
            tariff_code=each.tariff.code,
            start=each.during.lower,
            end=each.during.upper,
        )
        for each in contracts.order_by("-during", "-id")
    ]


def tenants_at(*, meter_point_ids: Iterable[int], at: datetime) -> dict[int, str]:
    """This will return, by meter point, the name of the customer who pays for it at an instant, in one query."""
    contracts = models.Contract.objects.filter(
        organization_id__in=scoping.current().organizations,
        meter_point_id__in=list(meter_point_ids),
        during__contains=at,
    )
    return dict(contracts.order_by("id").values_list("meter_point_id", "account__customer__name"))


def list_points(*, site_id: int, at: datetime) -> list[PointRow]:
    """This will return the meter points of a site that a contract can name, by code, with who pays from `at` on."""
    scope = scoping.current().organizations
    points = metering_models.MeterPoint.objects.filter(organization_id__in=scope, site_id=site_id)
    contracts = models.Contract.objects.filter(
        organization_id__in=scope, meter_point__site_id=site_id, during__overlap=DateTimeTZRange(at, None, "[)")
    )
    rows = contracts.order_by("during", "id").values_list("meter_point_id", "account__number", "during")
    # Contracts of a meter point do not overlap: the one that ends last is the one to know of.
    payers = {point_id: (number, during.upper) for point_id, number, during in rows}
    return [
        PointRow(each.public_id, each.code, each.name, *payers.get(each.pk, ("", None)))
        for each in points.order_by("sort_code", "id")
    ]
