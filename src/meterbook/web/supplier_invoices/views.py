"""The list of suppliers' invoices, and one of them: what follows, who bears each line, its versions and files."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from meterbook.billing import invoice_words, permissions
from meterbook.billing.pools import invoice_reading, invoices
from meterbook.billing.pools.definition import LineKind
from meterbook.billing.queries import pools as pool_queries
from meterbook.billing.queries import recovering
from meterbook.billing.queries import supplier_invoices as invoice_queries
from meterbook.identity.values import Module
from meterbook.metering.values import SERVICE_CAPTIONS, Service
from meterbook.web import access
from meterbook.web.billing import shared_words
from meterbook.web.billing import words as bill_words
from meterbook.web.sites import choice
from meterbook.web.supplier_invoices import forms

MOST_SHARERS = 10_000


@dataclass(frozen=True)
class InvoiceLine:
    """An invoice in the list, in words."""

    row: invoice_queries.InvoiceRow
    service: str | Promise
    days: str
    quantity: str
    total: str


@dataclass(frozen=True)
class CostLine:
    """A line of an invoice and who bears it."""

    kind: str
    text: str
    quantity: str
    price: str
    amount: str
    pool: str
    tenants: str
    landlord: str
    waiting: str
    sheet: str


@dataclass(frozen=True)
class SavedVersion:
    """What an invoice said, since when."""

    row: invoice_queries.VersionRow
    total: str


@require_GET
@access.page(permission=permissions.VIEW_BILL, module=Module.BILLING, by_site=True)
def invoices_page(request: access.Request) -> HttpResponse:
    """This will list the invoices of the sites that the switch of the top bar shows."""
    found = invoice_queries.list_invoices(site_ids=choice.site_ids(request, permissions.VIEW_BILL))
    lines = [
        InvoiceLine(
            row=each,
            service=service(each.service),
            days=shared_words.days(each.first_day, each.until_day),
            quantity=_quantity(each),
            total=bill_words.amount(str(each.total), each.currency),
        )
        for each in found
    ]
    context = {"lines": lines, "may_manage": request.access.allows_somewhere(permissions.MANAGE_POOL)}
    return render(request, "supplier_invoices/list.html", context)


@require_GET
@access.page(permission=permissions.VIEW_BILL, module=Module.BILLING, by_site=True)
def invoice(request: access.Request, supplier_invoice: uuid.UUID) -> HttpResponse:
    """This will show an invoice: `?sharers=12` divides its tiers among so many."""
    return show(request, find(request, supplier_invoice, permissions.VIEW_BILL))


@require_GET
@access.page(permission=permissions.VIEW_BILL, module=Module.BILLING, by_site=True)
def data(request: access.Request, supplier_invoice: uuid.UUID) -> HttpResponse:
    """This will give out the newest document of an invoice."""
    row = find(request, supplier_invoice, permissions.VIEW_BILL)
    document = invoice_queries.versions_of(invoice_id=row.id)[0].document
    headers = {"Content-Disposition": f'attachment; filename="invoice-{row.public_id}.json"'}
    text = json.dumps(document, ensure_ascii=False, indent=2)
    return HttpResponse(text, content_type="application/json; charset=utf-8", headers=headers)


@require_GET
@access.page(permission=permissions.VIEW_BILL, module=Module.BILLING, by_site=True)
def file(request: access.Request, invoice_file: uuid.UUID) -> HttpResponse:
    """This will give out the paper of an invoice, to be saved."""
    try:
        row, site_id, content = invoice_queries.get_file(public_id=invoice_file)
    except invoice_queries.InvoiceNotFound as error:
        raise Http404(str(error)) from error
    if not request.access.allows(permissions.VIEW_BILL, site_id):
        raise Http404(_("There is no such file."))
    ending = row.name.rsplit(".", 1)[-1]
    headers = {"Content-Disposition": f'attachment; filename="invoice-{row.public_id}.{ending}"'}
    return HttpResponse(content, content_type=row.media_type, headers=headers)


def find(request: access.Request, public_id: uuid.UUID, permission: str) -> invoice_queries.InvoiceRow:
    """This will return an invoice of a site where the reader may do what the page does.

    :raises Http404: when there is none
    """
    try:
        found = invoice_queries.get_invoice(public_id=public_id)
    except invoice_queries.InvoiceNotFound as error:
        raise Http404(str(error)) from error
    if not request.access.allows(permission, found.site_id):
        raise Http404(_("There is no such supplier's invoice."))
    return found


def service(code: str) -> str | Promise:
    """This will name the service of an invoice."""
    return SERVICE_CAPTIONS[Service(code)] if code in set(Service) else _("Something else")


def show(
    request: access.Request,
    row: invoice_queries.InvoiceRow,
    *,
    reason: forms.ReasonForm | None = None,
    file_fault: str = "",
) -> HttpResponse:
    """This will show an invoice with its forms; those that were sent tell what is wrong."""
    versions = invoice_queries.versions_of(invoice_id=row.id)
    document = versions[0].document
    recovery = recovering.of_invoice(row, document)
    names = pool_queries.names_of(codes={each.pool for each in recovery.lines if each.pool})
    context = {
        "row": row,
        "service": service(row.service),
        "days": shared_words.days(row.first_day, row.until_day),
        "charged": shared_words.days(row.charged_first, row.charged_until),
        "is_charged_otherwise": (row.first_day, row.until_day) != (row.charged_first, row.charged_until),
        "quantity": _quantity(row),
        "lines": [
            _line(each, recovered, row.currency, names.get(recovered.pool))
            for each, recovered in zip(document["lines"], recovery.lines, strict=False)
        ],
        "sums": {
            name: bill_words.amount(str(getattr(recovery, name)), row.currency)
            for name in ("paid", "tenants", "landlord", "waiting", "by_tariff", "recovered", "difference")
        },
        "is_above": recovery.difference > 0,
        "has_tariff": recovery.by_tariff != 0,
        **_derived(request, document),
        "versions": [SavedVersion(each, bill_words.amount(each.document["total"], row.currency)) for each in versions],
        "files": invoice_queries.files_of(invoice_id=row.id),
        "zone": choice.clock_zone(request),
        "reason_form": reason or forms.ReasonForm(None),
        "file_fault": file_fault,
        "may_manage": request.access.allows(permissions.MANAGE_POOL, row.site_id),
    }
    is_wrong = bool((reason and reason.errors) or file_fault)
    return render(request, "supplier_invoices/invoice.html", context, status=422 if is_wrong else 200)


def _derived(request: access.Request, document: Mapping[str, Any]) -> dict[str, Any]:
    text = request.GET.get("sharers", "")
    sharers = min(max(int(text), 1), MOST_SHARERS) if text.isascii() and text.isdigit() and len(text) < 6 else 1
    made, _problems = invoice_reading.read(document)
    if made is None:
        return {}
    found = invoices.derive(made, sharers=sharers)
    unit = invoice_words.unit(made.unit)
    return {
        "sharers": sharers,
        "unit": unit,
        "energy_price": "" if found.energy_price is None else _price(found.energy_price),
        "overall_price": "" if found.overall_price is None else _price(found.overall_price),
        "tiers": [
            (
                _("above") if each.up_to is None else _("up to %(most)s") % {"most": bill_words.tidy(str(each.up_to))},
                _price(each.price),
            )
            for each in found.tiers
        ],
    }


def _price(value: Decimal) -> str:
    return bill_words.tidy(str(value))


def _quantity(row: invoice_queries.InvoiceRow) -> str:
    if row.quantity is None:
        return ""
    return f"{bill_words.tidy(f'{row.quantity.normalize():f}')}\u00a0{invoice_words.unit(row.unit)}"


def _line(
    plain: Mapping[str, Any], recovered: recovering.RecoveredLine, currency: str, pool: tuple[str, uuid.UUID] | None
) -> CostLine:
    quantity = ""
    if plain.get("quantity"):
        quantity = f"{bill_words.tidy(plain['quantity'])}\u00a0{invoice_words.unit(plain.get('unit', ''))}".strip()
    money = {
        name: bill_words.amount(str(getattr(recovered, name)), currency)
        for name in ("amount", "tenants", "landlord", "waiting")
    }
    return CostLine(
        kind=str(invoice_words.LINE_KINDS[LineKind(recovered.kind)]),
        text=recovered.text,
        quantity=quantity,
        price=bill_words.tidy(plain["price"]) if plain.get("price") else "",
        pool=pool[0] if pool else "",
        sheet=recovered.sheet,
        amount=money["amount"],
        tenants=money["tenants"],
        landlord=money["landlord"],
        waiting=money["waiting"] if recovered.waiting else "",
    )
