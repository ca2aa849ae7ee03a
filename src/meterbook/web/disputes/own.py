"""A tenant's disputes: say what is wrong with an own bill, follow it, answer what is proposed."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from meterbook.billing import queries as billing_queries
from meterbook.billing.dispute_values import DisputeReason, DisputeState
from meterbook.billing.operations import disputing
from meterbook.billing.queries import credit_notes as note_queries
from meterbook.billing.queries import disputes as dispute_queries
from meterbook.customers import permissions
from meterbook.identity.values import Module
from meterbook.web import access, once
from meterbook.web.disputes import forms, views
from meterbook.web.tenant import ownership

MOST_BILLS = 24
see = access.page(permission=permissions.SEE_OWN_ACCOUNT, module=Module.BILLING, by_site=True)


@require_safe
@see
def disputes(request: access.Request) -> HttpResponse:
    """This will list the tenant's disputes, and the bills that one can be opened about."""
    held = ownership.find(request)
    found = dispute_queries.list_disputes(account_ids=[each.id for each in held.accounts])
    taken = {each.bill_public_id for each in found if each.is_open}
    bills = [
        each
        for account in held.accounts
        for each in billing_queries.account_bills(account_id=account.id, limit=MOST_BILLS)
    ]
    credited = note_queries.credited_among(public_ids=[each.public_id for each in bills])
    free = [each for each in bills if each.public_id not in taken | credited]
    notes = [
        each for account in held.accounts for each in note_queries.list_credit_notes(account_id=account.id, limit=24)
    ]
    context = {
        "notes": notes,
        "held": held,
        "disputes": found,
        "bills": free,
        "tab": "",
        "now": request.at,
        **forms.captions(),
    }
    return render(request, "disputes/own_list.html", context)


@require_http_methods(["GET", "POST"])
@see
@once.carried_out_once
def new(request: access.Request, bill: uuid.UUID) -> HttpResponse:
    """This will open a dispute about an own bill."""
    held = ownership.find(request)
    row = ownership.bill(held, bill)
    data = request.POST if request.method == "POST" else None
    form = forms.OpenForm(data)
    if data is not None and form.is_valid():
        try:
            made = disputing.open_dispute(
                actor=request.actor,
                at=request.at,
                bill=row.public_id,
                reason=DisputeReason(form.cleaned_data["reason"]),
                words=form.cleaned_data["words"],
                lines=data.getlist("line"),
                files=forms.files_of(request),
                is_by_tenant=True,
            )
        except views.REFUSALS as error:
            form.add_error(None, str(error))
        else:
            return redirect("own_dispute", request.organization.public_id, made.public_id)
    content = billing_queries.get_bill(public_id=row.public_id).content
    lines = forms.lines_of(content, [] if data is None else data.getlist("line"))
    context = {"held": held, "form": form, "bill": row, "lines": lines, "tab": "", "now": request.at}
    return render(request, "disputes/own_new.html", context, status=200 if data is None else 422)


@require_safe
@see
def dispute(request: access.Request, dispute: uuid.UUID) -> HttpResponse:
    """This will show an own dispute: where it stands, until when it is answered, and what was said."""
    held, found = _own(request, dispute)
    return render(request, "disputes/own_dispute.html", _page(request, held, found))


@require_POST
@see
def answer(request: access.Request, dispute: uuid.UUID) -> HttpResponse:
    """This will accept or not accept what was proposed."""
    held, found = _own(request, dispute)
    form = forms.WriteForm(request.POST)
    state = DisputeState.ACCEPTED if request.POST.get("answer") == "accept" else DisputeState.REJECTED
    if form.is_valid():
        try:
            disputing.move_dispute(
                actor=request.actor,
                at=request.at,
                dispute=found.public_id,
                state=state,
                words=form.cleaned_data["words"],
                is_by_tenant=True,
            )
        except views.REFUSALS as error:
            form.add_error("words", str(error))
        else:
            messages.success(request, _("Thank you. Your answer was handed on."))
            return redirect("own_dispute", request.organization.public_id, dispute)
    context = {**_page(request, held, found), "answer_form": form}
    return render(request, "disputes/own_dispute.html", context, status=422)


@require_POST
@see
@once.carried_out_once
def write(request: access.Request, dispute: uuid.UUID) -> HttpResponse:
    """This will add a message to an own dispute."""
    held, found = _own(request, dispute)
    form = forms.WriteForm(request.POST)
    if form.is_valid():
        try:
            disputing.write_in_dispute(
                actor=request.actor,
                at=request.at,
                dispute=found.public_id,
                words=form.cleaned_data["words"],
                files=forms.files_of(request),
                is_by_tenant=True,
            )
        except views.REFUSALS as error:
            form.add_error("words", str(error))
        else:
            return redirect("own_dispute", request.organization.public_id, dispute)
    return render(request, "disputes/own_dispute.html", {**_page(request, held, found), "form": form}, status=422)


@require_safe
@see
def file(request: access.Request, dispute: uuid.UUID, enclosure: uuid.UUID) -> HttpResponse:
    """This will give out a file of an own dispute."""
    _held, found = _own(request, dispute)
    try:
        row, content = dispute_queries.file_of(dispute_id=found.id, file=enclosure, is_tenant=True)
    except dispute_queries.DisputeNotFound as error:
        raise Http404(str(error)) from error
    return views.attachment(row, content)


def _own(request: access.Request, public_id: uuid.UUID) -> tuple[ownership.Own, dispute_queries.DisputeRow]:
    """Any other one is "not found"."""
    held, found = ownership.find(request), views.find(public_id)
    if found.account_id not in {each.id for each in held.accounts}:
        raise Http404(_("There is no such dispute."))
    return held, found


def _page(request: access.Request, held: ownership.Own, found: dispute_queries.DisputeRow) -> dict[str, object]:
    content = billing_queries.get_bill(public_id=found.bill_public_id).content
    return {
        "held": held,
        "found": found,
        "standing": found.standing_at(request.at),
        "entries": dispute_queries.entries_of(dispute_id=found.id, is_tenant=True),
        "lines": [each for each in forms.lines_of(content) if each.place in found.lines],
        "versions": [] if found.is_open else note_queries.versions_of(bill=found.bill_public_id),
        "form": forms.WriteForm(),
        "answer_form": forms.WriteForm(),
        "tab": "",
        "now": request.at,
        **forms.captions(),
    }
