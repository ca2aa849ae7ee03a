"""Issued documents: what anybody may check of them, and the chain of days that proves that none was changed."""

from __future__ import annotations

import math
import uuid
from dataclasses import dataclass
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from meterbook.documents import chain, codes, permissions, register_queries, registering
from meterbook.documents.values import DOCUMENT_KIND_CAPTIONS, REASON_LENGTH, REGISTERED, DocumentKind, Mark, caption_of
from meterbook.identity.values import Module
from meterbook.web import access, parameters, typed
from meterbook.web.billing import words
from meterbook.web.sites import choice

JSON_LINES = "application/x-ndjson"
ROOTS = 60


@dataclass(frozen=True)
class Line:
    """A document in the list."""

    row: register_queries.DocumentRow
    kind: str | Promise
    amount: str
    href: str
    public_href: str


class ViewForm(typed.Form):
    """Why a document is withdrawn from the public page, or shown there again."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=REASON_LENGTH)


@require_GET
@access.page(permission=permissions.VIEW_DOCUMENT, module=Module.BILLING)
def documents(request: access.Request) -> HttpResponse:
    """This will list what was issued, the newest first, by number and kind."""
    search = request.GET.get("q", "").strip()[:80].replace("\x00", "")
    kind = next((each for each in REGISTERED if each.value == request.GET.get("kind")), None)
    page = parameters.page_number(request)
    rows, count = register_queries.list_documents(search=search, kind=kind, page=page)
    pages = max(1, math.ceil(count / register_queries.PAGE))
    context = {
        "lines": [_line(request, each) for each in rows],
        "count": count,
        "search": search,
        "kind": kind.value if kind else "",
        "kinds": [(each.value, DOCUMENT_KIND_CAPTIONS[each]) for each in REGISTERED],
        "is_filtered": bool(search or kind),
        "page": page,
        "pages": pages,
        "previous_href": _query(search, kind, page - 1) if page > 1 else "",
        "next_href": _query(search, kind, page + 1) if page < pages else "",
    }
    return render(request, "issued/list.html", context)


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.MANAGE_REGISTER, module=Module.BILLING)
def view(request: access.Request, document: uuid.UUID) -> HttpResponse:
    """This will withdraw a document from the public page with a reason, or show it there again."""
    row = register_queries.find_document(source_id=document)
    if row is None:
        raise Http404(_("There is no such document."))
    form = ViewForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        mark = Mark.SHOWN if row.is_hidden else Mark.HIDDEN
        registering.mark(
            actor=request.actor, at=request.at, source_id=document, mark=mark, reason=form.cleaned_data["reason"]
        )
        done = _("The public page shows it again.") if row.is_hidden else _("The public page shows it no longer.")
        messages.success(request, done)
        return redirect("issued_documents", request.organization.public_id)
    context = {"line": _line(request, row), "form": form}
    return render(request, "issued/view.html", context, status=422 if form.errors else 200)


@require_GET
@access.page(permission=permissions.VIEW_DOCUMENT, module=Module.BILLING)
def chain_page(request: access.Request) -> HttpResponse:
    """This will show the newest roots, and whether all follow from the documents that are there."""
    report = chain.check()
    context = {
        "report": report,
        "roots": chain.list_roots(most=ROOTS),
        "zone": choice.clock_zone(request),
    }
    return render(request, "issued/chain.html", context)


@require_GET
@access.page(permission=permissions.VIEW_DOCUMENT, module=Module.BILLING)
def export(request: access.Request) -> HttpResponse:
    """This will give out the whole chain as JSON lines."""
    response = HttpResponse("".join(chain.export()), content_type=JSON_LINES)
    response.headers["Content-Disposition"] = 'attachment; filename="documents-chain.jsonl"'
    return response


def _line(request: access.Request, row: register_queries.DocumentRow) -> Line:
    return Line(
        row=row,
        kind=caption_of(row.kind, row.number),
        amount=words.amount(str(row.total), row.currency),
        href=reverse("bill", args=[request.organization.public_id, row.source_id])
        if row.kind in (DocumentKind.BILL, DocumentKind.CHARGE_BACK)
        else "",
        public_href=reverse("verify", args=[codes.written(row.code)]),
    )


def _query(search: str, kind: DocumentKind | None, page: int) -> str:
    return "?" + urlencode({"q": search, "kind": kind.value if kind else "", "page": page})
