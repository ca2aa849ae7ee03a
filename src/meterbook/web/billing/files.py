"""A bill as a file: the PDF from the store of issued files, and the content byte for byte."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from meterbook.billing import operations as billing_operations
from meterbook.billing import permissions
from meterbook.billing import queries as billing_queries
from meterbook.documents import queries as document_queries
from meterbook.identity.values import Module
from meterbook.web import access
from meterbook.web.billing import bills


@require_GET
@access.page(permission=permissions.VIEW_BILL, module=Module.BILLING, by_site=True)
def pdf(request: access.Request, bill: uuid.UUID) -> HttpResponse:
    """This will give out the PDF of an issued bill: made when first asked for, the same bytes ever after."""
    try:
        file = billing_operations.issue_pdf(actor=request.actor, at=request.at, bill=bill)
    except billing_queries.BillNotFound as error:
        raise Http404(_("There is no such bill.")) from error
    if file is None:
        raise Http404(_("A draft has no PDF: it gets one when it is issued."))
    row, content = document_queries.file_content(public_id=file.public_id)
    headers = {"Content-Disposition": f'attachment; filename="{row.name}"'}
    return HttpResponse(content, content_type=row.media_type, headers=headers)


@require_GET
@access.page(permission=permissions.VIEW_BILL, module=Module.BILLING, by_site=True)
def data(request: access.Request, bill: uuid.UUID) -> HttpResponse:
    """This will give out the canonical JSON of a bill: its SHA-256 is the digest of the content."""
    found = bills.find(bill)
    name = found.number or f"draft-{found.public_id}"
    headers = {"Content-Disposition": f'attachment; filename="{name}.json"'}
    content = billing_queries.bill_bytes(public_id=bill)
    return HttpResponse(content, content_type="application/json", headers=headers)
