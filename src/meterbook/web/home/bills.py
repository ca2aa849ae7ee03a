"""The latest bills of the chosen site, or of all. Needs a running scope."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.urls import reverse

from meterbook.billing import permissions
from meterbook.billing import queries as billing_queries
from meterbook.customers import reaching as customer_reaching
from meterbook.identity.values import Module
from meterbook.kernel import civil
from meterbook.kernel.money import Money
from meterbook.web import access, site_modules
from meterbook.web.sites import choice

SHOWN = 7


@dataclass(frozen=True)
class BillLine:
    """One bill."""

    number: str
    customer: str
    first_day: date
    total: Money
    due_date: date | None
    is_estimated: bool
    is_due: bool
    href: str


@dataclass(frozen=True)
class Latest:
    """The newest bills, and where all are."""

    rows: tuple[BillLine, ...]
    href: str


def collect(request: access.Request) -> Latest | None:
    """This will return the latest seven bills; None for someone who may not see bills."""
    if not request.organization.has_module(Module.BILLING) or not request.access.allows_somewhere(
        permissions.VIEW_BILL
    ):
        return None
    site = choice.chosen_site(request)
    narrowing = billing_queries.BillNarrowing(
        site_id=None if site is None else site.id,
        without_sites=site_modules.sites_without(request, Module.BILLING),
    )
    with customer_reaching.within(request.access, permissions.VIEW_BILL, at=request.at):
        newest = list(billing_queries.bill_rows(narrowing=narrowing, limit=SHOWN))
    today = civil.local_date(request.at, choice.clock_zone(request))
    organization = request.organization.public_id
    return Latest(
        rows=tuple(
            BillLine(
                number=each.number,
                customer=each.customer_name,
                first_day=each.first_day,
                total=each.total,
                due_date=each.due_date,
                is_estimated=each.is_estimated,
                is_due=each.due_date is not None and each.due_date < today,
                href=reverse("bill", args=[organization, each.public_id]),
            )
            for each in newest
        ),
        href=reverse("bills", args=[organization]),
    )
