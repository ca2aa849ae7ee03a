"""Issued bills and drafts: lists, contents, and the PDF."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Annotated, Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import Query, Router

from meterbook.api import entry, paging, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import reach
from meterbook.billing import operations as billing_operations
from meterbook.billing import permissions
from meterbook.billing import queries as billing_queries
from meterbook.documents import queries as document_queries
from meterbook.identity.values import Module
from meterbook.sites import permissions as site_permissions

router = Router(tags=["Bills"])
MonthDay = Annotated[values.DayGiven | None, Query(description="Any day of the month that bills are dated in.")]


class ListedBill(values.Told):
    """An issued bill: for the local days [first_day, until_day) of its site."""

    id: uuid.UUID
    number: str
    run: uuid.UUID
    account: uuid.UUID
    account_number: str
    customer_name: str
    site_name: str
    first_day: date
    until_day: date
    bill_date: date
    due_date: date | None
    issued_at: values.InstantTold
    net: values.Money
    total: values.Money
    is_estimated: bool
    is_vacancy: bool
    is_internal: bool


class Bill(values.Told):
    """A bill, or a draft of one (`number` null). `content` is in the format docs/reference/bill-format.md."""

    id: uuid.UUID
    run: uuid.UUID
    account: uuid.UUID
    number: str | None
    bill_date: date | None
    due_date: date | None
    issued_at: values.InstantTold | None
    total: values.Money
    content_sha256: str
    verification_code: str | None
    content: dict[str, Any]


@endpoint(
    router,
    "GET",
    "/bills",
    permission=permissions.VIEW_BILL,
    module=Module.BILLING,
    by_site=True,
    answers=paging.Page[ListedBill],
)
def list_bills(
    request: entry.Request,
    search: values.Search = "",
    month: MonthDay = None,
    site: uuid.UUID | None = None,
    account: uuid.UUID | None = None,
    mark: billing_queries.Mark | None = None,
    cursor: values.Cursor | None = None,
    limit: values.Limit = paging.LIMIT,
) -> paging.Page[ListedBill]:
    """This will return bills in the order in which they were issued."""
    narrowing = billing_queries.BillNarrowing(
        search=search,
        month=month,
        site_id=reach.site_id(request, site, site_permissions.VIEW_SITES),
        mark=mark,
        without_sites=reach.without(request, permissions.VIEW_BILL),
    )
    rows = billing_queries.bills_after(
        narrowing=narrowing, after_id=paging.after(request, cursor), limit=limit + 1, account=account
    )
    return paging.page(request, rows, limit, listed)


@endpoint(
    router,
    "GET",
    "/bills/{uuid:bill}",
    permission=permissions.VIEW_BILL,
    module=Module.BILLING,
    by_site=True,
    answers=Bill,
)
def get_bill(request: entry.Request, bill: uuid.UUID) -> Bill:
    """This will return a bill, or a draft, with its content."""
    row = billing_queries.get_bill(public_id=bill)
    return Bill(
        id=row.public_id,
        run=row.run_public_id,
        account=row.account_public_id,
        number=row.number,
        bill_date=row.bill_date,
        due_date=row.due_date,
        issued_at=values.maybe_instant(row.issued_at),
        total=values.money(row.total),
        content_sha256=row.content_digest,
        verification_code=row.code,
        content=row.content,
    )


@endpoint(
    router,
    "GET",
    "/bills/{uuid:bill}/content",
    permission=permissions.VIEW_BILL,
    module=Module.BILLING,
    by_site=True,
    answers=dict[str, Any],
)
def get_bill_content(request: entry.Request, bill: uuid.UUID) -> HttpResponse:
    """This will return the canonical content of a bill byte for byte: its SHA-256 is `content_sha256`."""
    return HttpResponse(billing_queries.bill_bytes(public_id=bill), content_type="application/json")


@endpoint(
    router,
    "GET",
    "/bills/{uuid:bill}/pdf",
    permission=permissions.VIEW_BILL,
    module=Module.BILLING,
    by_site=True,
    answers=None,
)
def get_bill_pdf(request: entry.Request, bill: uuid.UUID) -> HttpResponse:
    """This will return the PDF of an issued bill: made when first asked for, the same bytes ever after."""
    return pdf(request, bill)


def pdf(request: entry.Request, bill: uuid.UUID) -> HttpResponse:
    """This will answer with the PDF of an issued bill.

    :raises problems.Problem: when it is a draft
    """
    caller = request.caller
    file = billing_operations.issue_pdf(actor=caller.actor, at=caller.at, bill=bill)
    if file is None:
        raise problems.not_found(_("A draft has no PDF: it gets one when it is issued."))
    row, content = document_queries.file_content(public_id=file.public_id)
    headers = {"Content-Disposition": f'attachment; filename="{row.name}"'}
    return HttpResponse(content, content_type=row.media_type, headers=headers)


def listed(row: billing_queries.BillRow) -> ListedBill:
    """This will tell an issued bill as lists do."""
    return ListedBill(
        id=row.public_id,
        number=row.number,
        run=row.run_public_id,
        account=row.account_public_id,
        account_number=row.account_number,
        customer_name=row.customer_name,
        site_name=row.site_name,
        first_day=row.first_day,
        until_day=row.until_day,
        bill_date=row.bill_date,
        due_date=row.due_date,
        issued_at=values.instant(row.issued_at),
        net=values.money(row.net),
        total=values.money(row.total),
        is_estimated=row.is_estimated,
        is_vacancy=row.is_vacancy,
        is_internal=row.is_internal,
    )
