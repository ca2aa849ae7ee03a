"""The pages of a tenant: what is used, owed and billed, and who looked at it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from meterbook.arrears.asking import Asked
from meterbook.billing import operations as billing_operations
from meterbook.billing import queries as billing_queries
from meterbook.customers import granularity, permissions
from meterbook.customers import queries as customer_queries
from meterbook.customers.values import LOOK_WAY_CAPTIONS
from meterbook.documents import queries as document_queries
from meterbook.identity.values import Module
from meterbook.journeys import asking
from meterbook.kernel.money import Money
from meterbook.ledger import queries as ledger_queries
from meterbook.metering import queries as metering_queries
from meterbook.metering.values import SERVICE_CAPTIONS
from meterbook.web import access
from meterbook.web.billing import shared
from meterbook.web.meters import chart, downloads, sheet
from meterbook.web.tenant import certificates, month, overdue, ownership, use

MOST_BILLS = 24
SEE = permissions.SEE_OWN_ACCOUNT


@dataclass(frozen=True)
class AccountCard:
    """An account with what it owes; `balance` is never negative: `is_credit` says which way it is."""

    row: customer_queries.AccountRow
    balance: Money
    is_owing: bool
    is_credit: bool
    bills: tuple[billing_queries.BillRow, ...]
    asked: Asked
    overdue: frozenset[uuid.UUID]


@require_GET
@access.page(permission=SEE, module=Module.BILLING, by_site=True)
def home(request: access.Request) -> HttpResponse:
    """This will show a tenant's first page."""
    held = ownership.find(request)
    found = month.collect(request, held.points)
    context: dict[str, Any] = {
        "held": held,
        "cards": [_card(each, request.at) for each in held.accounts],
        "borne": shared.borne([each.id for each in held.accounts]),
        "month": found,
        "now": request.at,
        "tab": "home",
    }
    first = next((each for each in held.points if each.is_running(request.at)), None)
    if first is not None:
        context |= _usage(request, held, first.public_id, view=metering_queries.View.MONTH)
    return render(request, "tenant/home.html", context)


@require_GET
@access.page(permission=SEE, module=Module.BILLING, by_site=True)
def meter(request: access.Request, meter: uuid.UUID) -> HttpResponse:
    """This will show what one own meter used: `?view=month&day=2026-06-15`."""
    held = ownership.find(request)
    context = _usage(request, held, meter, view=metering_queries.View.MONTH)
    context |= {"tests": certificates.collect(request, context["point"], context["detail"])}
    return render(request, "tenant/use.html", {**context, "held": held, "now": request.at, "tab": "use"})


@require_GET
@access.page(permission=SEE, module=Module.BILLING, by_site=True)
def data(request: access.Request, meter: uuid.UUID) -> HttpResponseBase:
    """This will give out the bars of a period as CSV."""
    with downloads.in_language_of(ownership.point(ownership.find(request), meter)[1]):
        return downloads.csv_of(*_file(request, meter))


@require_GET
@access.page(permission=SEE, module=Module.BILLING, by_site=True)
def workbook(request: access.Request, meter: uuid.UUID) -> HttpResponseBase:
    """This will give out the same as a workbook."""
    with downloads.in_language_of(ownership.point(ownership.find(request), meter)[1]):
        return downloads.workbook_of(*_file(request, meter))


@require_GET
@access.page(permission=SEE, module=Module.BILLING, by_site=True)
def bill(request: access.Request, bill: uuid.UUID) -> HttpResponse:
    """This will give out the PDF of an own bill."""
    held = ownership.find(request)
    file = billing_operations.issue_pdf(actor=request.actor, at=request.at, bill=ownership.bill(held, bill).public_id)
    if file is None:
        raise Http404(_("There is no such bill."))
    row, content = document_queries.file_content(public_id=file.public_id)
    headers = {"Content-Disposition": f'attachment; filename="{row.name}"'}
    return HttpResponse(content, content_type=row.media_type, headers=headers)


@require_GET
@access.page(permission=SEE, module=Module.BILLING, by_site=True)
def looks(request: access.Request) -> HttpResponse:
    """This will show who looked at the tenant's use in detail."""
    held = ownership.find(request)
    found = granularity.looks_at(account_ids=[each.id for each in held.accounts])
    context = {
        "held": held,
        "looks": [(each, LOOK_WAY_CAPTIONS[each.way]) for each in found],
        "zone": held.zone if held.accounts else None,
        "tab": "looks",
        "now": request.at,
    }
    return render(request, "tenant/looks.html", context)


def _card(row: customer_queries.AccountRow, at: datetime) -> AccountCard:
    balance = ledger_queries.balance(row.receivable_id)
    bills = tuple(billing_queries.account_bills(account_id=row.id, limit=MOST_BILLS))
    return AccountCard(
        row=row,
        balance=Money(abs(balance.amount), balance.currency),
        is_owing=balance.amount > 0,
        is_credit=balance.amount < 0,
        bills=bills,
        asked=asking.of_account(row, at=at),
        overdue=overdue.of_account(row, bills, at=at),
    )


def _usage(
    request: access.Request, held: ownership.Own, meter: uuid.UUID, *, view: metering_queries.View
) -> dict[str, Any]:
    point, detail = ownership.point(held, meter)
    found = use.read(request, point, detail, view=view)
    newest = use.newest_day(request, point, detail, found)
    is_moved = newest is not None and not {"view", "day"} & set(request.GET)
    if is_moved:
        # Nobody asked for the present month, and nothing is in it: what is known is shown instead, and said so.
        present, found = found.bar, use.read(request, point, detail, view=view, day=newest)
    return {
        "present": present if is_moved else None,
        "newest_href": found.asked.href(view=view, day=newest) if newest is not None and not is_moved else "",
        "point": point,
        "detail": detail,
        "service": SERVICE_CAPTIONS[point.service],
        "bar": found.bar,
        "zone": detail.zone,
        "usage": chart.build(found=found, zone=detail.zone, at=request.at, marks=(), service=detail.service.lower()),
    }


def _file(request: access.Request, meter: uuid.UUID) -> tuple[metering_queries.MeterDetail, Any, sheet.Sheet]:
    point, detail = ownership.point(ownership.find(request), meter)
    found = use.read(request, point, detail, view=metering_queries.View.MONTH)
    if found.usage is None:
        raise Http404(use.outside(point, detail))
    return detail, found, sheet.build(found, zone=detail.zone)
