"""From a meter to who pays for it: contracts, accounts, tariffs and bills, as far as the reader may see them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils import translation

from meterbook.billing import permissions as billing_permissions
from meterbook.billing import queries as billing_queries
from meterbook.customers import permissions as customer_permissions
from meterbook.customers import queries as customer_queries
from meterbook.identity.values import Module
from meterbook.metering import queries as metering_queries
from meterbook.tariffs import permissions as tariff_permissions
from meterbook.tariffs import queries as tariff_queries
from meterbook.web import access

BILLS_SHOWN = 8


@dataclass(frozen=True)
class Payer:
    """A contract at the meter point; an empty `tariff_href` where the reader may not open it.

    `counted_from`: when the first meter was hung, where the contract is older.
    """

    customer: str
    account: str
    account_href: str
    tariff: str
    tariff_href: str
    start: datetime
    end: datetime | None
    counted_from: datetime | None


@dataclass(frozen=True)
class Paying:
    """Who pays, the present contract first, and the latest bills with the meter point in them; None: not to be seen."""

    payers: tuple[Payer, ...] | None
    bills: tuple[billing_queries.BillRow, ...] | None


def contracts(
    request: access.Request, detail: metering_queries.MeterDetail
) -> list[customer_queries.PointContractRow] | None:
    """This will return the contracts at a meter point, newest first; None when the reader may not see them."""
    if not request.organization.has_module(Module.BILLING):
        return None
    if customer_permissions.VIEW_CUSTOMER not in request.permissions:
        return None
    return customer_queries.list_point_contracts(meter_point_public_id=detail.public_id)


def paying(
    request: access.Request,
    detail: metering_queries.MeterDetail,
    found: Sequence[customer_queries.PointContractRow] | None,
) -> Paying:
    """This will return what the page links to, from the contracts that `contracts` found."""
    organization = request.organization.public_id
    may_view_tariff = tariff_permissions.VIEW_TARIFF in request.permissions
    may_view_bills = (
        request.organization.has_module(Module.BILLING) and billing_permissions.VIEW_BILL in request.permissions
    )
    bills: list[billing_queries.BillRow] = []
    if may_view_bills and detail.series:
        bills = billing_queries.point_bills(meter_point_id=detail.series[0].meter_point_id, limit=BILLS_SHOWN)
    names = tariff_queries.names_of(codes={each.tariff_code for each in found or ()})
    hung_at = min((each.starts_at for each in detail.installations), default=None)
    return Paying(
        payers=None
        if found is None
        else tuple(
            _payer(organization, each, _said(names[each.tariff_code]), hung_at, may_view_tariff=may_view_tariff)
            for each in found
        ),
        bills=tuple(bills) if may_view_bills else None,
    )


def _payer(
    organization: uuid.UUID,
    row: customer_queries.PointContractRow,
    tariff: str,
    hung_at: datetime | None,
    *,
    may_view_tariff: bool,
) -> Payer:
    return Payer(
        customer=row.account.customer_name,
        account=row.account.number,
        account_href=reverse("account", args=[organization, row.account.public_id]),
        tariff=tariff,
        tariff_href=reverse("tariff", args=[organization, row.tariff_public_id]) if may_view_tariff else "",
        start=row.start,
        end=row.end,
        counted_from=hung_at if hung_at is not None and row.start < hung_at else None,
    )


def _said(tariff: tariff_queries.TariffName) -> str:
    return tariff.names.get((translation.get_language() or "en")[:2], tariff.names["en"])
