"""A bill as a file: the PDF from the store of issued files, and the content byte for byte."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from meterbook.billing import permissions
from meterbook.billing import queries as billing_queries
from meterbook.documents import operations as document_operations
from meterbook.documents import queries as document_queries
from meterbook.documents import values as document_values
from meterbook.documents.rendering import bills as bill_rendering
from meterbook.documents.rendering import words
from meterbook.identity.values import Module
from meterbook.web import access
from meterbook.web.billing import bills

PDF = "application/pdf"
KIND = document_values.DocumentKind.BILL


@require_GET
@access.page(permission=permissions.VIEW_BILL, module=Module.BILLING)
def pdf(request: access.Request, bill: uuid.UUID) -> HttpResponse:
    """This will give out the PDF of an issued bill: made when first asked for, the same bytes ever after."""
    file = document_queries.find_file(source_id=bill, kind=KIND)
    public_id = file.public_id if file is not None else _make(request, bill)
    row, content = document_queries.file_content(public_id=public_id)
    headers = {"Content-Disposition": f'attachment; filename="{row.name}"'}
    return HttpResponse(content, content_type=row.media_type, headers=headers)


@require_GET
@access.page(permission=permissions.VIEW_BILL, module=Module.BILLING)
def data(request: access.Request, bill: uuid.UUID) -> HttpResponse:
    """This will give out the canonical JSON of a bill: its SHA-256 is the digest of the content."""
    found = bills.find(bill)
    name = found.number or f"draft-{found.public_id}"
    headers = {"Content-Disposition": f'attachment; filename="{name}.json"'}
    content = billing_queries.bill_bytes(public_id=bill)
    return HttpResponse(content, content_type="application/json", headers=headers)


def _make(request: access.Request, bill: uuid.UUID) -> uuid.UUID:
    found = bills.find(bill)
    if found.number is None or found.bill_date is None or found.due_date is None:
        raise Http404(_("A draft has no PDF: it gets one when it is issued."))
    content = bill_rendering.render_bill(
        found.content,
        number=found.number,
        bill_date=found.bill_date,
        due_date=found.due_date,
        sha256=found.digest or "",
        code=found.code or "",
        language=_language(found.content),
    )
    issued = document_operations.file_document(
        actor=request.actor,
        at=request.at,
        kind=KIND,
        source_id=bill,
        name=f"{found.number}.pdf",
        media_type=PDF,
        content=content,
    )
    return issued.public_id


def _language(content: dict[str, Any]) -> str:
    """The customer's language where bills are written in it, else English."""
    wanted = str((content.get("customer") or {}).get("language", ""))[:2]
    return wanted if wanted in words.LANGUAGES else "en"
