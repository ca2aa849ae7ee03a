"""The operator's list of disputes, and the page of one."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from meterbook.billing import permissions
from meterbook.billing import queries as billing_queries
from meterbook.billing.dispute_values import DisputeReason, DisputeState
from meterbook.billing.operations import disputing
from meterbook.billing.queries import disputes as dispute_queries
from meterbook.documents import uploads
from meterbook.identity.values import Module
from meterbook.web import access, once
from meterbook.web.disputes import checklist, forms
from meterbook.web.sites import choice

see = access.page(permission=permissions.VIEW_BILL, module=Module.BILLING, by_site=True)
act = access.page(permission=permissions.MANAGE_RUN, module=Module.BILLING, by_site=True)
REFUSALS = (
    disputing.BillNotDisputable,
    disputing.DisputePresent,
    disputing.StepNotPossible,
    disputing.TooManyFiles,
    disputing.WordsMissing,
    uploads.UploadRefused,
)


@require_safe
@see
def disputes(request: access.Request) -> HttpResponse:
    """This will list the disputes: open ones by deadline, then those that are closed."""
    found = dispute_queries.list_disputes(site_ids=choice.site_ids(request, permissions.VIEW_BILL))
    context = {
        "open": [_shown(request, each) for each in found if each.is_open],
        "closed": [_shown(request, each) for each in found if not each.is_open],
        **forms.captions(),
    }
    return render(request, "disputes/list.html", context)


@require_safe
@see
def dispute(request: access.Request, dispute: uuid.UUID) -> HttpResponse:
    """This will show a dispute: where it stands, what to look at, and what was said."""
    return render(request, "disputes/dispute.html", _page(request, find(dispute)))


@require_http_methods(["GET", "POST"])
@act
@once.carried_out_once
def new(request: access.Request, bill: uuid.UUID) -> HttpResponse:
    """This will open a dispute for a customer who called or wrote."""
    data = request.POST if request.method == "POST" else None
    form = forms.OpenForm(data)
    try:
        found = billing_queries.get_bill(public_id=bill)
        if data is not None and form.is_valid():
            made = disputing.open_dispute(
                actor=request.actor,
                at=request.at,
                bill=bill,
                reason=DisputeReason(form.cleaned_data["reason"]),
                words=form.cleaned_data["words"],
                lines=data.getlist("line"),
                files=forms.files_of(request),
                is_by_tenant=False,
            )
            return redirect("dispute", request.organization.public_id, made.public_id)
    except billing_queries.BillNotFound as error:
        raise Http404(str(error)) from error
    except REFUSALS as error:
        form.add_error(None, str(error))
    context = {
        "form": form,
        "bill": found,
        "lines": forms.lines_of(found.content, [] if data is None else data.getlist("line")),
    }
    return render(request, "disputes/new.html", context, status=200 if data is None else 422)


@require_POST
@act
def step(request: access.Request, dispute: uuid.UUID) -> HttpResponse:
    """This will take a dispute to its next step."""
    found, state = find(dispute), forms.state_of(request.POST.get("state", ""))
    form = forms.StepForm(request.POST)
    if state is None or not form.is_valid():
        messages.error(request, _("The dispute stands elsewhere meanwhile. Reload the page."))
        return redirect("dispute", request.organization.public_id, dispute)
    try:
        disputing.move_dispute(
            actor=request.actor,
            at=request.at,
            dispute=found.public_id,
            state=state,
            words=form.cleaned_data["words"],
            is_upheld=request.POST.get("is_upheld") == "yes" if state is DisputeState.PROPOSED else None,
        )
    except REFUSALS as error:
        form.add_error("words", str(error))
        return render(request, "disputes/dispute.html", {**_page(request, found), "step_form": form}, status=422)
    messages.success(request, _("Noted; the customer sees it."))
    return redirect("dispute", request.organization.public_id, dispute)


@require_POST
@act
@once.carried_out_once
def write(request: access.Request, dispute: uuid.UUID) -> HttpResponse:
    """This will add a message, or a note for the operator's people alone."""
    found, form = find(dispute), forms.WriteForm(request.POST)
    if form.is_valid():
        try:
            disputing.write_in_dispute(
                actor=request.actor,
                at=request.at,
                dispute=found.public_id,
                words=form.cleaned_data["words"],
                files=forms.files_of(request),
                is_shared=not request.POST.get("is_internal"),
            )
        except REFUSALS as error:
            form.add_error("words", str(error))
        else:
            return redirect("dispute", request.organization.public_id, dispute)
    return render(request, "disputes/dispute.html", {**_page(request, found), "form": form}, status=422)


@require_safe
@see
def file(request: access.Request, dispute: uuid.UUID, enclosure: uuid.UUID) -> HttpResponse:
    """This will give out a file of a dispute."""
    try:
        row, content = dispute_queries.file_of(dispute_id=find(dispute).id, file=enclosure)
    except dispute_queries.DisputeNotFound as error:
        raise Http404(str(error)) from error
    return attachment(row, content)


def attachment(row: dispute_queries.FileRow, content: bytes) -> HttpResponse:
    """This will answer with a file that is saved, never shown in the page."""
    response = HttpResponse(content, content_type=row.media_type)
    ending = row.name.rsplit(".", 1)[-1]
    response.headers["Content-Disposition"] = f'attachment; filename="dispute-{row.public_id}.{ending}"'
    return response


def find(public_id: uuid.UUID) -> dispute_queries.DisputeRow:
    """This will return the dispute, or answer "not found"."""
    try:
        return dispute_queries.get_dispute(public_id=public_id)
    except dispute_queries.DisputeNotFound as error:
        raise Http404(str(error)) from error


def _shown(request: access.Request, row: dispute_queries.DisputeRow) -> tuple[dispute_queries.DisputeRow, str]:
    tone = "alarm" if row.is_late(request.at) else "warn" if row.is_soon(request.at) else ""
    return row, tone


def _page(request: access.Request, found: dispute_queries.DisputeRow) -> dict[str, object]:
    bill = billing_queries.get_bill(public_id=found.bill_public_id)
    chosen = [each for each in forms.lines_of(bill.content) if each.place in found.lines]
    return {
        "found": found,
        "standing": found.standing_at(request.at),
        "tone": _shown(request, found)[1],
        "entries": dispute_queries.entries_of(dispute_id=found.id),
        "lines": chosen,
        "checks": checklist.collect(request, bill),
        "may_act": permissions.MANAGE_RUN in request.permissions,
        "form": forms.WriteForm(),
        "step_form": forms.StepForm(),
        "now": request.at,
        **forms.captions(),
    }
