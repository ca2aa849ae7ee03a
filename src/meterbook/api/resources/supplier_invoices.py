"""Suppliers' invoices: what the utility charged, who bears it, its versions and its paper."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpResponse
from ninja import File, Form, Router
from ninja.files import UploadedFile

from meterbook.api import entry, paging, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import invoice_shapes as shapes
from meterbook.api.resources import reach
from meterbook.billing import invoice_files, permissions
from meterbook.billing.operations import supplier_invoices as invoice_operations
from meterbook.billing.pools import invoice_reading, invoices
from meterbook.billing.queries import recovering
from meterbook.billing.queries import supplier_invoices as invoice_queries
from meterbook.documents import attachments
from meterbook.identity.values import Module

router = Router(tags=["Suppliers' invoices"])
VIEW, MANAGE = permissions.VIEW_BILL, permissions.MANAGE_POOL
Query = invoice_queries.InvoiceRow


@endpoint(
    router,
    "GET",
    "/supplier-invoices",
    permission=VIEW,
    module=Module.BILLING,
    answers=paging.Page[shapes.SupplierInvoiceListed],
    by_site=True,
)
def list_supplier_invoices(
    request: entry.Request,
    site: uuid.UUID | None = None,
    cursor: values.Cursor | None = None,
    limit: values.Limit = paging.LIMIT,
) -> paging.Page[shapes.SupplierInvoiceListed]:
    """This will return suppliers' invoices in the order of their making."""
    allowed = request.caller.access.sites(VIEW)
    if site is not None:
        allowed = frozenset({reach.site(request, site, VIEW).id})
    rows = invoice_queries.invoices_after(site_ids=allowed, after_id=paging.after(request, cursor), limit=limit + 1)
    return paging.page(
        request, [(each.id, each) for each in rows], limit, lambda row: shapes.SupplierInvoiceListed(**_listed(row))
    )


@endpoint(
    router,
    "POST",
    "/supplier-invoices",
    permission=MANAGE,
    module=Module.BILLING,
    answers=shapes.SupplierInvoiceTold,
    status=201,
    by_site=True,
)
def enter_supplier_invoice(request: entry.Request, given: shapes.NewSupplierInvoice) -> shapes.SupplierInvoiceTold:
    """This will keep an invoice of a supplier."""
    site = reach.site(request, given.site, MANAGE)
    made = invoice_operations.enter_invoice(
        actor=request.caller.actor, at=request.caller.at, site=site.public_id, document=given.document
    )
    return _told(invoice_queries.get_invoice(public_id=made.public_id))


@endpoint(
    router,
    "POST",
    "/supplier-invoices/import",
    permission=MANAGE,
    module=Module.BILLING,
    answers=shapes.InvoicesEntered,
    status=201,
    by_site=True,
    most_bytes=entry.MOST_UPLOAD_BYTES,
)
def import_supplier_invoices(
    request: entry.Request, file: Annotated[UploadedFile, File()], given: Annotated[shapes.InvoiceImport, Form()]
) -> shapes.InvoicesEntered:
    """This will enter the invoices of a CSV, XLSX or JSON file, all or none."""
    site = reach.site(request, given.site, MANAGE)
    documents = invoice_files.read(file.read(invoice_files.MOST_BYTES + 1), mark=given.decimal_mark)
    made = invoice_operations.enter_invoices(
        actor=request.caller.actor, at=request.caller.at, site=site.public_id, documents=documents
    )
    found = [invoice_queries.get_invoice(public_id=each.public_id) for each in made]
    return shapes.InvoicesEntered(items=[shapes.SupplierInvoiceListed(**_listed(each)) for each in found])


@endpoint(
    router,
    "GET",
    "/supplier-invoices/{uuid:supplier_invoice}",
    permission=VIEW,
    module=Module.BILLING,
    answers=shapes.SupplierInvoiceTold,
    by_site=True,
)
def get_supplier_invoice(request: entry.Request, supplier_invoice: uuid.UUID) -> shapes.SupplierInvoiceTold:
    """This will return an invoice with who bears each of its lines."""
    return _told(_find(request, supplier_invoice, VIEW))


@endpoint(
    router,
    "POST",
    "/supplier-invoices/{uuid:supplier_invoice}/versions",
    permission=MANAGE,
    module=Module.BILLING,
    answers=shapes.SupplierInvoiceTold,
    by_site=True,
)
def correct_supplier_invoice(
    request: entry.Request, supplier_invoice: uuid.UUID, given: shapes.NewInvoiceVersion
) -> shapes.SupplierInvoiceTold:
    """This will keep a further version of an invoice."""
    _find(request, supplier_invoice, MANAGE)
    invoice_operations.correct_invoice(
        actor=request.caller.actor,
        at=request.caller.at,
        invoice=supplier_invoice,
        document=given.document,
        reason=given.reason,
    )
    return _told(invoice_queries.get_invoice(public_id=supplier_invoice))


@endpoint(
    router,
    "POST",
    "/supplier-invoices/{uuid:supplier_invoice}/withdraw",
    permission=MANAGE,
    module=Module.BILLING,
    answers=shapes.SupplierInvoiceTold,
    by_site=True,
)
def withdraw_supplier_invoice(
    request: entry.Request, supplier_invoice: uuid.UUID, given: shapes.InvoiceWithdrawal
) -> shapes.SupplierInvoiceTold:
    """This will let an invoice count no more."""
    _find(request, supplier_invoice, MANAGE)
    invoice_operations.withdraw_invoice(
        actor=request.caller.actor, at=request.caller.at, invoice=supplier_invoice, reason=given.reason
    )
    return _told(invoice_queries.get_invoice(public_id=supplier_invoice))


@endpoint(
    router,
    "POST",
    "/supplier-invoices/{uuid:supplier_invoice}/files",
    permission=MANAGE,
    module=Module.BILLING,
    answers=shapes.SupplierInvoiceTold,
    status=201,
    by_site=True,
    most_bytes=entry.MOST_UPLOAD_BYTES,
)
def attach_supplier_invoice_file(
    request: entry.Request, supplier_invoice: uuid.UUID, file: Annotated[UploadedFile, File()]
) -> shapes.SupplierInvoiceTold:
    """This will keep the paper of an invoice, a PDF or a picture."""
    _find(request, supplier_invoice, MANAGE)
    invoice_operations.attach_invoice_file(
        actor=request.caller.actor,
        at=request.caller.at,
        invoice=supplier_invoice,
        name=values.file_name(file.name or "", 200),
        content=file.read(attachments.MOST_BYTES + 1),
    )
    return _told(invoice_queries.get_invoice(public_id=supplier_invoice))


@endpoint(
    router,
    "GET",
    "/supplier-invoices/files/{uuid:invoice_file}",
    permission=VIEW,
    module=Module.BILLING,
    answers=None,
    by_site=True,
)
def get_supplier_invoice_file(request: entry.Request, invoice_file: uuid.UUID) -> HttpResponse:
    """This will return the bytes of a file of an invoice."""
    row, site_id, content = invoice_queries.get_file(public_id=invoice_file)
    if not request.caller.access.allows(VIEW, site_id):
        raise problems.not_found()
    headers = {"Content-Disposition": f'attachment; filename="invoice-{row.public_id}"'}
    return HttpResponse(content, content_type=row.media_type, headers=headers)


def _find(request: entry.Request, public_id: uuid.UUID, permission: str) -> Query:
    found = invoice_queries.get_invoice(public_id=public_id)
    if not request.caller.access.allows(permission, found.site_id):
        raise problems.not_found()
    return found


def _listed(row: Query) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "site": row.site_public_id,
        "supplier": row.supplier,
        "number": row.number,
        "service": row.service,
        "first_day": row.first_day.isoformat(),
        "until_day": row.until_day.isoformat(),
        "total": values.Money(amount=f"{row.total:f}", currency=row.currency),
        "quantity": _written(row.quantity),
        "unit": row.unit,
        "version": row.version,
        "is_withdrawn": row.is_withdrawn,
    }


def _told(row: Query) -> shapes.SupplierInvoiceTold:
    versions = invoice_queries.versions_of(invoice_id=row.id)
    document = versions[0].document
    recovery = recovering.of_invoice(row, document)
    made, _problems = invoice_reading.read(document)
    derived = invoices.derive(made) if made is not None else invoices.Derived(None, None, ())
    return shapes.SupplierInvoiceTold(
        **_listed(row),
        document=document,
        energy_price=_written(derived.energy_price),
        overall_price=_written(derived.overall_price),
        lines=[
            shapes.InvoiceLineTold(
                kind=each.kind,
                text=each.text,
                amount=f"{each.amount:f}",
                pool=each.pool,
                tenants=f"{each.tenants:f}",
                landlord=f"{each.landlord:f}",
                waiting=f"{each.waiting:f}",
                sheet=uuid.UUID(each.sheet) if each.sheet else None,
            )
            for each in recovery.lines
        ],
        recovered=values.Money(amount=f"{recovery.recovered:f}", currency=row.currency),
        by_tariff=values.Money(amount=f"{recovery.by_tariff:f}", currency=row.currency),
        versions=[
            shapes.InvoiceVersionTold(
                number=each.number,
                digest=each.digest,
                is_withdrawn=each.is_withdrawn,
                reason=each.reason,
                saved_at=each.saved_at.isoformat(),
                saved_by=each.saved_by,
            )
            for each in versions
        ],
        files=[
            shapes.InvoiceFileTold(
                id=each.public_id, name=each.name, media_type=each.media_type, size=each.size, sha256=each.digest
            )
            for each in invoice_queries.files_of(invoice_id=row.id)
        ],
    )


def _written(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"
