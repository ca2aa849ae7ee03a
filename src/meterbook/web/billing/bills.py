"""The bill list, and a bill that opens down to the readings it was made from."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from meterbook.billing import operations as billing_operations
from meterbook.billing import permissions
from meterbook.billing import queries as billing_queries
from meterbook.billing.queries import BillNarrowing, BillSort, Mark
from meterbook.customers import permissions as customer_permissions
from meterbook.documents import queries as document_queries
from meterbook.identity.values import Module
from meterbook.ledger import permissions as ledger_permissions
from meterbook.ledger import queries as ledger_queries
from meterbook.metering import permissions as metering_permissions
from meterbook.sites import queries as site_queries
from meterbook.tariffs import permissions as tariff_permissions
from meterbook.tariffs import queries as tariff_queries
from meterbook.web import access, parameters, site_modules, tables
from meterbook.web import verify_links as links
from meterbook.web.billing import beside, books, glass, paper, paper_parts, shared, signs, unsent, words

MOST_ROWS = 100_000  # of a file
COLUMNS = (
    tables.Column(gettext_lazy("Number"), BillSort.NUMBER, is_descending_first=True),
    tables.Column(gettext_lazy("Account"), BillSort.NAME),
    tables.Column(gettext_lazy("Issued"), BillSort.DATE, is_descending_first=True),
    tables.Column(gettext_lazy("Due"), BillSort.DUE, is_descending_first=True),
    tables.Column(gettext_lazy("Marks")),
    tables.Column(gettext_lazy("Total"), BillSort.TOTAL, "num", is_descending_first=True),
)
MARKS = {
    Mark.ESTIMATED: gettext_lazy("Estimated"),
    Mark.VACANCY: gettext_lazy("Vacancy"),
    Mark.CREDIT: gettext_lazy("Credit"),
    Mark.INTERNAL: gettext_lazy("Charge-back"),
}


@dataclass(frozen=True)
class Option:
    """One of a list to choose from."""

    code: str
    caption: str | Promise
    is_chosen: bool


@require_GET
@access.page(permission=permissions.VIEW_BILL, module=Module.BILLING, by_site=True)
def bills(request: access.Request) -> HttpResponse:
    """This will show the bills: `?search=`, `?site=`, `?month=2026-10`, `?mark=credit`, `?sort=-total`, `?page=2`."""
    narrowing, asked = _read(request)
    page = parameters.page_number(request)
    found = billing_queries.list_bills(narrowing=narrowing, offset=(page - 1) * tables.PAGE, limit=tables.PAGE)
    sites = site_queries.reached_sites()
    files = reverse("bills_file", args=[request.organization.public_id])
    context = {
        "found": found,
        "search": narrowing.search,
        "sites": [Option(str(each.public_id), each.name, each.id == narrowing.site_id) for each in sites],
        "months": [
            Option(f"{each:%Y-%m}", formats.date_format(each, "YEAR_MONTH_FORMAT"), each == narrowing.month)
            for each in billing_queries.bill_months()
        ],
        "marks": [Option(each.value, caption, each is narrowing.mark) for each, caption in MARKS.items()],
        "sort": asked["sort"],
        "is_filtered": any(value for key, value in asked.items() if key != "sort"),
        "heads": tables.heads(COLUMNS, asked, narrowing.sort, is_descending=narrowing.is_descending),
        "pages": tables.pages(asked, page, found.count),
        "csv_href": files + tables.link(asked, kind=tables.CSV),
        "xlsx_href": files + tables.link(asked, kind=tables.XLSX),
        "may_view_account": customer_permissions.VIEW_CUSTOMER in request.permissions,
        "runs_href": reverse("runs", args=[request.organization.public_id]),
    }
    return render(request, "billing/bills.html", context)


@require_GET
@access.page(permission=permissions.VIEW_BILL, module=Module.BILLING, by_site=True)
def file(request: access.Request) -> HttpResponse:
    """This will give out the bills that the list shows, all pages of it: `?kind=csv` or `?kind=xlsx`."""
    narrowing, _asked = _read(request)
    kind = tables.XLSX if request.GET.get("kind") == tables.XLSX else tables.CSV
    captions = (
        _("Number"), _("Account"), _("Customer"), _("Site"), _("From"), _("Until the day before"), _("Bill date"),
        _("Due"), _("Net"), _("Total"), _("Currency"), _("Estimated"), _("Vacancy"),
    )  # fmt: skip
    rows = (_cells(each) for each in billing_queries.bill_rows(narrowing=narrowing, limit=MOST_ROWS))
    return tables.file(kind, "bills", captions, rows)


@require_GET
@access.page(permission=permissions.VIEW_BILL, module=Module.BILLING, by_site=True, tenants_to="tenant_bill_page")
def bill(request: access.Request, bill: uuid.UUID) -> HttpResponse:
    """This will show a bill, or the draft of one."""
    looked_at = opened(request, bill)
    found, organization = looked_at.bill, request.organization.public_id
    read = paper.read(found.content)
    file = document_queries.find_file(source_id=bill, kind=billing_operations.kind_of(found.content))
    may_view_account = customer_permissions.VIEW_CUSTOMER in request.permissions
    context = {
        "bill": found,
        "paper": read,
        "shared": shared.read(found.content),
        "heading": found.number or _("Draft for %(customer)s") % {"customer": read.customer},
        "file": file,
        "checked": links.of(bill) if found.is_issued else None,
        "bills_href": list_href(request),
        "run_href": reverse("run", args=[organization, found.run_public_id]),
        "account_href": reverse("account", args=[organization, found.account_public_id]) if may_view_account else "",
        "pdf_href": reverse("bill_pdf", args=[organization, bill]) if found.is_issued else "",
        "data_href": reverse("bill_data", args=[organization, bill]),
        "base_href": looked_at.base,
        "tariff_hrefs": _tariff_hrefs(request, read),
        "may_view_meters": metering_permissions.VIEW_METER in request.permissions,
        **_books(request, found),
        **unsent.of_bill(request, found),
        "changed": billing_queries.changed_behind(public_id=found.public_id) if found.is_issued else None,
        "missing_signs": signs.of_content(found.content),
        **beside.of_bill(request, found),
    }
    return render(request, "billing/bill.html", context)


def opened(request: access.Request, bill: uuid.UUID) -> glass.Opened:
    """This will return a bill with the address of its page, or answer "not found"."""
    return glass.Opened(find(bill), reverse("bill", args=[request.organization.public_id, bill]))


def list_href(request: access.Request) -> str:
    """This will return the address of the list."""
    return reverse("bills", args=[request.organization.public_id])


def find(bill: uuid.UUID) -> billing_queries.BillDetail:
    """This will return the bill or draft, or answer "not found"."""
    try:
        return billing_queries.get_bill(public_id=bill)
    except billing_queries.BillNotFound as error:
        raise Http404(_("There is no such bill.")) from error


def _read(request: access.Request) -> tuple[BillNarrowing, dict[str, str]]:
    """What the list is asked for, and the query that asks so; what is unknown is left out."""
    code, is_descending = tables.sorting(request.GET.get("sort", ""))
    mark, month = request.GET.get("mark", ""), words.month_of(request.GET.get("month", ""))
    site = next(
        (each for each in site_queries.reached_sites() if str(each.public_id) == request.GET.get("site", "")), None
    )
    is_sorted = code in set(BillSort)
    narrowing = BillNarrowing(
        search=parameters.search(request, "search"),
        month=month,
        site_id=site.id if site else None,
        mark=Mark(mark) if mark in set(Mark) else None,
        sort=BillSort(code) if is_sorted else BillSort.DATE,
        is_descending=is_descending if is_sorted else True,
        without_sites=site_modules.sites_without(request, Module.BILLING),
    )
    return narrowing, {
        "search": narrowing.search,
        "site": str(site.public_id) if site else "",
        "month": f"{month:%Y-%m}" if month else "",
        "mark": narrowing.mark.value if narrowing.mark else "",
        "sort": request.GET["sort"] if is_sorted else "",
    }


def _cells(row: billing_queries.BillRow) -> tuple[tables.Cell, ...]:
    return (
        row.number,
        row.account_number,
        row.customer_name,
        row.site_name,
        row.first_day,
        row.until_day,
        row.bill_date,
        row.due_date,
        row.net.amount,
        row.total.amount,
        row.total.currency,
        _("yes") if row.is_estimated else "",
        _("yes") if row.is_vacancy else "",
    )


def _tariff_hrefs(request: access.Request, read: paper_parts.Paper) -> dict[str, str]:
    """By code; only for those who may look at tariffs."""
    if tariff_permissions.VIEW_TARIFF not in request.permissions:
        return {}
    codes = {charge.code for point in read.points for charge in point.charges}
    organization = request.organization.public_id
    return {
        code: reverse("tariff", args=[organization, each.public_id])
        for code, each in tariff_queries.names_of(codes=codes).items()
    }


def _books(request: access.Request, bill: billing_queries.BillDetail) -> dict[str, Any]:
    """What was posted, and what the account owed before and after; nothing for those who may not see the ledger."""
    if bill.transaction_id is None or ledger_permissions.VIEW_LEDGER not in request.permissions:
        return {"postings": [], "standing": None}
    row = ledger_queries.get_transaction(bill.transaction_id)
    return {
        "postings": books.posted(request, row.entries),
        "transaction_href": reverse("transaction", args=[request.organization.public_id, row.public_id]),
        "standing": billing_queries.standing_of(public_id=bill.public_id),
    }
