"""Decide about one bill: keep it or propose its correction; approve or reject what is proposed."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django import forms as django_forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from meterbook.billing import permissions
from meterbook.billing import queries as billing_queries
from meterbook.billing.correction_values import (
    CORRECTION_STATE_CAPTIONS,
    DEPENDENCE_CAPTIONS,
    CorrectionState,
    Outcome,
)
from meterbook.billing.operations import chaining, correcting, crediting
from meterbook.billing.queries import corrections as correction_queries
from meterbook.billing.queries import credit_notes as note_queries
from meterbook.identity.values import Module
from meterbook.web import access, once, parameters, typed
from meterbook.web.billing import differences as differing
from meterbook.web.corrections import changed_sheets

REASON_LENGTH = 1_000
REFUSALS = (
    chaining.EarlierFirst,
    correcting.BillCredited,
    correcting.BillSettled,
    correcting.CorrectionDecided,
    correcting.CorrectionPresent,
    correcting.NotCalculable,
    correcting.NothingToCorrect,
    correcting.SecondPersonNeeded,
    correcting.UnderChargeTooOld,
    crediting.CorrectionOutdated,
)


class ReasonForm(typed.Form):
    """Why a bill is kept or corrected."""

    reason = django_forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=REASON_LENGTH,
        widget=django_forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("It stands on the credit note and is kept with the bill."),
    )


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.MANAGE_RUN, module=Module.BILLING, by_site=True)
@once.carried_out_once
def correct(request: access.Request, bill: uuid.UUID) -> HttpResponse:
    """This will compare a bill with what it would be now, and keep it or propose its correction."""
    data = request.POST if request.method == "POST" else None
    form = ReasonForm(data)
    try:
        found = correcting.look(bill=bill, at=request.at)
        if data is not None and form.is_valid():
            decide = correcting.keep_bill if "keep" in data else correcting.propose_correction
            made = decide(actor=request.actor, at=request.at, bill=bill, reason=form.cleaned_data["reason"])
            return redirect("correction", request.organization.public_id, made.public_id)
    except billing_queries.BillNotFound as error:
        raise Http404(str(error)) from error
    except correcting.BillCredited as error:
        messages.info(request, str(error))
        return redirect("bill", request.organization.public_id, bill)
    except REFUSALS as error:
        form.add_error(None, str(error))
    shown = correction_queries.differences(found.plain, found.before.currency)
    neighbors = note_queries.neighbors_of(bill=bill)
    row = billing_queries.get_bill(public_id=bill)
    names = {number: name for _account, number, name in neighbors}
    names[str(row.content["account"]["number"])] = str(row.content["customer"]["name"])
    context = {
        "form": form,
        "bill": row,
        "found": found,
        "is_same": found.outcome is Outcome.SAME,
        "is_held": found.outcome is Outcome.HELD,
        "change": None if found.now is None else found.now - found.before,
        "differences": shown,
        "lines": differing.lines(shown),
        "decided": [
            (each, CORRECTION_STATE_CAPTIONS[each.state]) for each in correction_queries.corrections_of(bill=bill)
        ],
        "following": _chain(bill),
        "neighbors": neighbors,
        "changed_sheets": changed_sheets.of_bill(bill, names),
    }
    return render(request, "corrections/correct.html", context, status=200 if data is None else 422)


@require_safe
@access.page(permission=permissions.VIEW_BILL, module=Module.BILLING, by_site=True)
def correction(request: access.Request, correction: uuid.UUID) -> HttpResponse:
    """This will show a decision, and ask for the approval that it waits for."""
    found = _find(correction)
    is_open = found.state is CorrectionState.PROPOSED
    is_own = found.proposed_by_id == request.actor.id
    context = {
        "found": found,
        "versions": note_queries.versions_of(bill=found.bill_public_id) if found.credit_note else [],
        "is_internal": found.is_internal,
        "caption": CORRECTION_STATE_CAPTIONS[found.state],
        "is_open": is_open,
        "may_approve": is_open and permissions.APPROVE_RUN in request.permissions,
        "is_barred": is_open
        and is_own
        and correcting.needs_another(actor=request.actor, at=request.at, site_id=found.site_id),
        "change": None if found.now is None else found.now - found.before,
        "lines": differing.lines(found.differences),
        "differences": found.differences,
        "following": _chain(found.bill_public_id) if found.state is CorrectionState.ISSUED else [],
    }
    return render(request, "corrections/correction.html", context)


@require_POST
@access.page(permission=permissions.APPROVE_RUN, module=Module.BILLING, by_site=True)
def approve(request: access.Request, correction: uuid.UUID) -> HttpResponse:
    """This will credit the bill and issue the new one."""
    is_internal = _find(correction).is_internal

    def act() -> str:
        note = correcting.approve_correction(actor=request.actor, at=request.at, correction=correction)
        if is_internal:
            facts = {"number": note.bill.number, "new": note.replacement.number if note.replacement else "–"}
            return _("Statement %(number)s was taken back; charged instead: %(new)s.") % facts
        if note.replacement is None:
            return _("Credit note %(note)s was issued; nothing is billed instead.") % {"note": note.number}
        facts = {"note": note.number, "bill": note.replacement.number}
        return _("Credit note %(note)s and bill %(bill)s were issued.") % facts

    return _done(request, correction, act)


@require_POST
@access.page(permission=permissions.APPROVE_RUN, module=Module.BILLING, by_site=True)
def reject(request: access.Request, correction: uuid.UUID) -> HttpResponse:
    """This will leave the bill as it is."""
    _find(correction)
    reason = parameters.written(request.POST.get("reason", ""), REASON_LENGTH)
    if not reason:
        messages.error(request, _("Write why it is rejected; the reason is kept."))
        return redirect("correction", request.organization.public_id, correction)

    def act() -> str:
        correcting.reject_correction(actor=request.actor, at=request.at, correction=correction, reason=reason)
        return _("The correction was rejected; the bill stays as it is.")

    return _done(request, correction, act)


def _chain(bill: uuid.UUID) -> list[tuple[chaining.Link, str]]:
    """The later bills that rest on a bill, each with why, in words."""
    return [
        (each, ", ".join(str(DEPENDENCE_CAPTIONS[why]) for why in each.why)) for each in chaining.chain_of(bill=bill)
    ]


def _find(public_id: uuid.UUID) -> correction_queries.CorrectionRow:
    try:
        return correction_queries.get_correction(public_id=public_id)
    except correction_queries.CorrectionNotFound as error:
        raise Http404(str(error)) from error


def _done(request: access.Request, correction: uuid.UUID, act: Callable[[], str]) -> HttpResponse:
    try:
        told = act()
    except REFUSALS as error:
        messages.error(request, str(error))
    else:
        messages.success(request, told)
    return redirect("correction", request.organization.public_id, correction)
