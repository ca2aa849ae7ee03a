"""The bill list, and a bill that opens down to the readings it was made from."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from meterbook.billing import permissions
from meterbook.billing import queries as billing_queries
from meterbook.customers import permissions as customer_permissions
from meterbook.documents import queries as document_queries
from meterbook.documents import values as document_values
from meterbook.identity.values import Module
from meterbook.kernel import currency as currencies
from meterbook.ledger import permissions as ledger_permissions
from meterbook.ledger import queries as ledger_queries
from meterbook.metering import permissions as metering_permissions
from meterbook.tariffs import permissions as tariff_permissions
from meterbook.tariffs import queries as tariff_queries
from meterbook.web import access, parameters
from meterbook.web.billing import paper, words
from meterbook.web.templatetags import meterbook as tags

PAGE = 50


@dataclass(frozen=True)
class Month:
    """A month to choose from."""

    code: str
    caption: str
    is_chosen: bool


@dataclass(frozen=True)
class Posted:
    """One entry of the bill in the ledger; one of debit and credit is empty."""

    code: str
    name: str
    debit: str
    credit: str


@require_GET
@access.page(permission=permissions.VIEW_BILL, module=Module.BILLING)
def bills(request: access.Request) -> HttpResponse:
    """This will show the bills: `?search=`, `?month=2026-10`, `?page=2`."""
    search, asked = parameters.search(request, "search"), request.GET.get("month", "")
    month = words.month_of(asked)
    page = parameters.page_number(request)
    found = billing_queries.list_bills(search=search, month=month, offset=(page - 1) * PAGE)
    pages = max(1, -(-found.count // PAGE))
    context = {
        "found": found,
        "search": search,
        "months": [
            Month(f"{each:%Y-%m}", formats.date_format(each, "YEAR_MONTH_FORMAT"), each == month)
            for each in billing_queries.bill_months()
        ],
        "is_filtered": bool(search or month),
        "page": page,
        "pages": pages,
        "previous_href": _page_href(search, month, page - 1) if page > 1 else "",
        "next_href": _page_href(search, month, page + 1) if page < pages else "",
        "runs_href": reverse("runs", args=[request.organization.public_id]),
    }
    return render(request, "billing/bills.html", context)


@require_GET
@access.page(permission=permissions.VIEW_BILL, module=Module.BILLING)
def bill(request: access.Request, bill: uuid.UUID) -> HttpResponse:
    """This will show a bill, or the draft of one."""
    found = find(bill)
    organization = request.organization.public_id
    read = paper.read(found.content)
    file = document_queries.find_file(source_id=bill, kind=document_values.DocumentKind.BILL)
    may_view_account = customer_permissions.VIEW_CUSTOMER in request.permissions
    context = {
        "bill": found,
        "paper": read,
        "heading": found.number or _("Draft for %(customer)s") % {"customer": read.customer},
        "file": file,
        "bills_href": reverse("bills", args=[organization]),
        "run_href": reverse("run", args=[organization, found.run_public_id]),
        "account_href": reverse("account", args=[organization, found.account_public_id]) if may_view_account else "",
        "pdf_href": reverse("bill_pdf", args=[organization, bill]) if found.is_issued else "",
        "data_href": reverse("bill_data", args=[organization, bill]),
        "lines_href": reverse("bill_line", args=[organization, bill, 0, 0, 0])[: -len("0/0/0")],
        "tariff_hrefs": _tariff_hrefs(request, found.issued_at.date() if found.issued_at else request.at.date()),
        "may_view_meters": metering_permissions.VIEW_METER in request.permissions,
        "postings": _postings(request, found),
    }
    return render(request, "billing/bill.html", context)


def find(bill: uuid.UUID) -> billing_queries.BillDetail:
    """This will return the bill or draft, or answer "not found"."""
    try:
        return billing_queries.get_bill(public_id=bill)
    except billing_queries.BillNotFound as error:
        raise Http404(_("There is no such bill.")) from error


def _page_href(search: str, month: date | None, page: int) -> str:
    asked = {"search": search, "month": f"{month:%Y-%m}" if month else "", "page": page if page > 1 else ""}
    return "?" + urlencode({key: value for key, value in asked.items() if value})


def _tariff_hrefs(request: access.Request, on: date) -> dict[str, str]:
    """By code; only for those who may look at tariffs."""
    if tariff_permissions.VIEW_TARIFF not in request.permissions:
        return {}
    return {
        each.code: reverse("tariff", args=[request.organization.public_id, each.public_id])
        for each in tariff_queries.list_tariffs(on=on)
    }


def _postings(request: access.Request, bill: billing_queries.BillDetail) -> list[Posted]:
    if bill.transaction_id is None or ledger_permissions.VIEW_LEDGER not in request.permissions:
        return []
    places = currencies.minor_units(bill.total.currency)
    found = []
    for each in ledger_queries.get_transaction(bill.transaction_id).entries:
        shown = tags.number(abs(each.amount.amount), places)
        is_debit = each.amount.amount >= 0
        found.append(Posted(each.account_code, each.account_name, shown if is_debit else "", "" if is_debit else shown))
    return found
