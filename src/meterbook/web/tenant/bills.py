"""A tenant's own bill, which opens down to every reading that it was made from; other people's are "not found"."""

from __future__ import annotations

import uuid

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from meterbook.billing import queries as billing_queries
from meterbook.billing.queries import corrections as correction_queries
from meterbook.billing.queries import credit_notes as note_queries
from meterbook.billing.queries import disputes as dispute_queries
from meterbook.customers import permissions
from meterbook.identity.values import Module
from meterbook.web import access
from meterbook.web import verify_links as links
from meterbook.web.billing import differences, evidence, glass, insides, paper, parts, shared
from meterbook.web.tenant import overdue, ownership

SEE = permissions.SEE_OWN_ACCOUNT
MOST_BILLS = 120  # of an account that are looked through for those that are not paid


@require_GET
@access.page(permission=SEE, module=Module.BILLING, by_site=True)
def bill(request: access.Request, bill: uuid.UUID) -> HttpResponse:
    """This will show an own bill."""
    held, opened = _open(request, bill)
    organization = request.organization.public_id
    versions = note_queries.versions_of(bill=bill)
    is_credited = any(each.is_this and not each.is_standing for each in versions)
    context = {
        "held": held,
        "tab": "bills",
        "bill": opened.bill,
        "paper": paper.read(opened.content),
        "shared": shared.read(opened.content),
        "base_href": opened.base,
        "is_own": True,
        "tariff_hrefs": {},
        "checked": links.of(bill),
        "pdf_href": reverse("tenant_bill", args=[organization, bill]),
        "data_href": reverse("tenant_bill_data", args=[organization, bill]),
        "dispute_href": _dispute_href(request, bill, is_credited=is_credited),
        "versions": versions,
        "lines": differences.lines(correction_queries.differences_of(replacement=bill)) if versions else [],
        "is_credited": is_credited,
        "is_overdue": _is_overdue(request, held, bill),
    }
    return render(request, "tenant/bill.html", context)


@require_GET
@access.page(permission=SEE, module=Module.BILLING, by_site=True)
def line(request: access.Request, bill: uuid.UUID, point: int, charge: int, line: int) -> HttpResponse:
    """This will show what a line of an own bill was made from, its days and intervals."""
    return insides.show_line(request, _open(request, bill)[1], (point, charge, line))


@require_GET
@access.page(permission=SEE, module=Module.BILLING, by_site=True)
def part(request: access.Request, bill: uuid.UUID, part: str) -> HttpResponse:
    """This will show what a tax, a shared cost or a settlement of an own bill came from; of others' use nothing."""
    return parts.show(request, _open(request, bill)[1], part)


@require_GET
@access.page(permission=SEE, module=Module.BILLING, by_site=True)
def reading(request: access.Request, bill: uuid.UUID, point: int, instant: str) -> HttpResponse:
    """This will show a reading behind an own bill as it came in; with `?photo=1` the photo of the display."""
    held, opened = _open(request, bill)
    if "photo" in request.GET:
        return evidence.photo_of(request, opened, point, instant)
    context = evidence.collect(request, opened, point, instant)
    return render(request, "tenant/reading.html", {**context, "held": held, "tab": "bills"})


@require_GET
@access.page(permission=SEE, module=Module.BILLING, by_site=True)
def data(request: access.Request, bill: uuid.UUID) -> HttpResponse:
    """This will give out the canonical JSON of an own bill: its SHA-256 is the digest of the content."""
    _held, opened = _open(request, bill)
    headers = {"Content-Disposition": f'attachment; filename="{opened.bill.number}.json"'}
    content = billing_queries.bill_bytes(public_id=bill)
    return HttpResponse(content, content_type="application/json", headers=headers)


def _is_overdue(request: access.Request, held: ownership.Own, bill: uuid.UUID) -> bool:
    """Whether the day by which it was to be paid is over and the account still owes it."""
    account = ownership.bill(held, bill).account_public_id
    row = next(each for each in held.accounts if each.public_id == account)
    bills = billing_queries.account_bills(account_id=row.id, limit=MOST_BILLS)
    return bill in overdue.of_account(row, bills, at=request.at)


def _dispute_href(request: access.Request, bill: uuid.UUID, *, is_credited: bool) -> str:
    """The dispute that is open about a bill, else where one is opened; the list for a bill that was credited."""
    organization = request.organization.public_id
    dispute = dispute_queries.latest_of_bill(bill=bill)
    if dispute is not None and dispute.is_open:
        return reverse("own_dispute", args=[organization, dispute.public_id])
    if is_credited:
        return reverse("own_disputes", args=[organization])
    return reverse("own_dispute_new", args=[organization, bill])


def _open(request: access.Request, public_id: uuid.UUID) -> tuple[ownership.Own, glass.Opened]:
    held = ownership.find(request)
    row = ownership.bill(held, public_id)
    base = reverse("tenant_bill_page", args=[request.organization.public_id, row.public_id])
    return held, glass.Opened(billing_queries.get_bill(public_id=row.public_id), base, is_own=True)
