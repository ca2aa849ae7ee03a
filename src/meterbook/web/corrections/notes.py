"""A credit note, and its data."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from meterbook.billing import content, permissions
from meterbook.billing.operations import crediting
from meterbook.billing.queries import credit_notes as note_queries
from meterbook.billing.queries import printed_notes
from meterbook.customers import permissions as customer_permissions
from meterbook.documents import queries as document_queries
from meterbook.identity.values import Module
from meterbook.journeys import send_credit_notes
from meterbook.web import access, verify_links
from meterbook.web.billing import words
from meterbook.web.tenant import ownership


@require_safe
@access.page(permission=permissions.VIEW_BILL, module=Module.BILLING, by_site=True)
def note(request: access.Request, credit_note: uuid.UUID) -> HttpResponse:
    """This will show a credit note: line by line what it takes back, and what was billed instead."""
    found = find(credit_note)
    currency = found.total.currency
    lines = [
        (
            words.said(line["text"]),
            point["name"],
            words.tidy(line["quantity"]),
            words.unit_of(line["unit"], line["quantity"]),
            words.amount(line["amount"], currency),
        )
        for point in found.content["meter_points"]
        for charge in point["charges"]
        for line in charge["lines"]
    ]
    taxes = [(words.said(each["text"]), words.amount(each["amount"], currency)) for each in found.content["taxes"]]
    context = {
        "note": found,
        "lines": lines,
        "taxes": taxes,
        "code": content.verification_code(found.digest),
        "checked": verify_links.of(credit_note),
        "pdf_href": reverse("credit_note_pdf", args=[request.organization.public_id, credit_note]),
        "paper": printed_notes.paper_of(note=credit_note, also=send_credit_notes.unsendable()),
        "versions": note_queries.versions_of(bill=found.bill_public_id),
    }
    return render(request, "corrections/note.html", context)


@require_safe
@access.page(permission=permissions.VIEW_BILL, module=Module.BILLING, by_site=True)
def pdf(request: access.Request, credit_note: uuid.UUID) -> HttpResponse:
    """This will give out the PDF of a credit note: made when first asked for, the same bytes ever after."""
    return _file(request, find(credit_note))


@require_safe
@access.page(permission=customer_permissions.SEE_OWN_ACCOUNT, module=Module.BILLING, by_site=True)
def own_pdf(request: access.Request, credit_note: uuid.UUID) -> HttpResponse:
    """This will give out the PDF of a credit note of an own account; any other one is "not found"."""
    held, found = ownership.find(request), find(credit_note)
    if found.account_public_id not in {each.public_id for each in held.accounts}:
        raise Http404(_("There is no such credit note."))
    return _file(request, found)


def _file(request: access.Request, found: note_queries.NoteRow) -> HttpResponse:
    file = crediting.issue_pdf(actor=request.actor, at=request.at, note=found.public_id)
    row, content_of = document_queries.file_content(public_id=file.public_id)
    headers = {"Content-Disposition": f'attachment; filename="{row.name}"'}
    return HttpResponse(content_of, content_type=row.media_type, headers=headers)


@require_safe
@access.page(permission=permissions.VIEW_BILL, module=Module.BILLING, by_site=True)
def data(request: access.Request, credit_note: uuid.UUID) -> HttpResponse:
    """This will give out the canonical JSON of a credit note."""
    found = find(credit_note)
    headers = {"Content-Disposition": f'attachment; filename="{found.number}.json"'}
    return HttpResponse(
        note_queries.credit_note_bytes(public_id=credit_note), content_type="application/json", headers=headers
    )


def find(public_id: uuid.UUID) -> note_queries.NoteRow:
    """This will return the credit note, or answer "not found"."""
    try:
        return note_queries.get_credit_note(public_id=public_id)
    except note_queries.CreditNoteNotFound as error:
        raise Http404(str(error)) from error
