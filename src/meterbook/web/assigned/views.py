"""My meters: what single meters and accounts are assigned to the reader, with their bills of now and before (M-003)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from meterbook.billing import operations as billing_operations
from meterbook.billing import permissions as billing_permissions
from meterbook.billing import queries as billing_queries
from meterbook.customers import queries as customer_queries
from meterbook.documents import queries as document_queries
from meterbook.identity.values import Module
from meterbook.metering import permissions as metering_permissions
from meterbook.metering import queries as metering_queries
from meterbook.metering.values import SERVICE_CAPTIONS
from meterbook.web import access, tables

MOST_BILLS = 24


@dataclass(frozen=True)
class Card:
    """A meter or an account with its bills, the newest first."""

    title: str
    detail: str
    meter: metering_queries.AssignedPoint | None
    bills: tuple[billing_queries.BillRow, ...]


@require_GET
@access.page(permission=metering_permissions.VIEW_METER, module=Module.METERING, by_site=True, by_single=True)
def assigned(request: access.Request) -> HttpResponse:
    """This will show every assigned meter and account with the bills of now and before."""
    return render(request, "assigned/page.html", {"cards": _cards(request)})


@require_GET
@access.page(permission=billing_permissions.VIEW_BILL, module=Module.BILLING, by_single=True)
def bill(request: access.Request, bill: uuid.UUID) -> HttpResponse:
    """This will give out the PDF of a bill of what is assigned; any other one is "not found"."""
    is_seen = request.access.allows(billing_permissions.VIEW_BILL)
    if not is_seen and bill not in {each.public_id for card in _cards(request) for each in card.bills}:
        raise Http404(_("There is no such bill."))
    try:
        file = billing_operations.issue_pdf(actor=request.actor, at=request.at, bill=bill)
    except billing_queries.BillNotFound as error:
        raise Http404(_("There is no such bill.")) from error
    if file is None:
        raise Http404(_("There is no such bill."))
    row, content = document_queries.file_content(public_id=file.public_id)
    headers = {"Content-Disposition": f'attachment; filename="{row.name}"'}
    return HttpResponse(content, content_type=row.media_type, headers=headers)


@require_GET
@access.page(permission=billing_permissions.VIEW_BILL, module=Module.BILLING, by_single=True)
def bills_file(request: access.Request) -> HttpResponse:
    """This will give out the bills of what is assigned as a workbook."""
    captions = (
        _("Meter or account"), _("Number"), _("From"), _("Until"), _("Date"), _("Due"), _("Net"), _("Total"),
        _("Currency"),
    )  # fmt: skip
    rows = [
        (
            card.title,
            each.number,
            each.first_day.isoformat(),
            each.until_day.isoformat(),
            each.bill_date.isoformat(),
            each.due_date.isoformat() if each.due_date else "",
            each.net.amount,
            each.total.amount,
            each.total.currency,
        )
        for card in _cards(request)
        for each in card.bills
    ]
    return tables.file(tables.XLSX, "bills", captions, rows)


def _cards(request: access.Request) -> list[Card]:
    sees_bills = request.organization.has_module(Module.BILLING)
    billed = request.access.meters(billing_permissions.VIEW_BILL) if sees_bills else frozenset()
    cards = [
        Card(
            title=f"{each.name} ({each.code})",
            detail=f"{SERVICE_CAPTIONS[each.service]} · {each.site_name}",
            meter=each,
            bills=tuple(billing_queries.point_bills(meter_point_id=each.id, limit=MOST_BILLS))
            if each.id in billed
            else (),
        )
        for each in metering_queries.points_by_id(ids=request.access.meters(metering_permissions.VIEW_METER))
    ]
    if sees_bills:
        accounts = customer_queries.accounts_by_id(ids=request.access.accounts(billing_permissions.VIEW_BILL))
        cards += [
            Card(
                title=_("Account %(number)s") % {"number": each.number},
                detail=each.site_name,
                meter=None,
                bills=tuple(billing_queries.account_bills(account_id=key, limit=MOST_BILLS)),
            )
            for key, each in sorted(accounts.items(), key=lambda found: found[1].number)
        ]
    return cards
