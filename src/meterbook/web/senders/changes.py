"""What people do with devices that send by HTTP: add and change them, draw tokens, revoke their addresses."""

from __future__ import annotations

import uuid

from django import forms as django_forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition import permissions, senders
from meterbook.identity.values import Module
from meterbook.journeys import add_meter, add_sender
from meterbook.kernel import clock
from meterbook.metering import permissions as metering_permissions
from meterbook.web import access, once, parameters, typed
from meterbook.web.senders import forms, shown
from meterbook.web.sites import choice

LONGEST_REASON = 300
guarded = access.page(permission=permissions.MANAGE_DEVICE, module=Module.METERING, by_site=True)


class TokenForm(typed.Form):
    """Whether the former token works on for a day."""

    keeps_former = django_forms.BooleanField(
        label=gettext_lazy("The former token works for one day more"),
        required=False,
        initial=True,
        help_text=gettext_lazy("So that nothing is lost until the new one is typed at the device."),
    )

    def __init__(self, data: QueryDict | None, *, row: senders.SenderRow) -> None:
        super().__init__(data)
        if row.revoked_at is not None:
            del self.fields["keeps_former"]


@require_http_methods(["GET", "POST"])
@guarded
@once.carried_out_once
def new(request: access.Request) -> HttpResponse:
    """This will ask for a meter that sends by HTTP, set it up, and show its address with the token this once."""
    sites = [
        each
        for each in choice.visible_sites(request, permissions.MANAGE_DEVICE)
        if request.access.allows(metering_permissions.MANAGE_METER, each.id)
    ]
    usual = choice.usual_site(request, permissions.MANAGE_DEVICE)
    form = forms.NewForm(
        request.POST if request.method == "POST" else None,
        sites=sites,
        usual=usual if usual in sites else None,
        free=senders.list_free_meters(site_ids=request.access.sites(permissions.MANAGE_DEVICE)),
    )
    if form.is_bound and form.is_valid():
        try:
            made = add_sender.add_sender(actor=request.actor, at=request.at, plan=form.plan(), starts_at=request.at)
        except add_meter.MeterRefused as error:
            form.blame(error.field, str(error))
        else:
            return _told(request, made.public_id, made.token)
    return render(request, "senders/new.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@guarded
@once.carried_out_once
def change(request: access.Request, sender: uuid.UUID) -> HttpResponse:
    """This will ask for another mapping or interval, and change it."""
    row = shown.find(request, sender, to_change=True)
    form = forms.ChangeForm(request.POST if request.method == "POST" else None, row=row)
    if form.is_bound and form.is_valid():
        try:
            token = acquisition_operations.change_sender(
                actor=request.actor, at=request.at, public_id=sender, facts=form.facts()
            )
        except acquisition_operations.SenderMisconfigured as error:
            form.blame(error.field, str(error))
        else:
            if token is not None:
                return _told(request, sender, token)
            messages.success(request, _("The device was changed; its next message is read so."))
            return _back(request, sender)
    context = {"form": form, "row": row}
    return render(request, "senders/change.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@guarded
@once.carried_out_once
def token(request: access.Request, sender: uuid.UUID) -> HttpResponse:
    """This will ask whether the former token works on for a day, draw a new one, and show it this once."""
    row = shown.find(request, sender, to_change=True)
    form = TokenForm(request.POST if request.method == "POST" else None, row=row)
    if form.is_bound and form.is_valid():
        try:
            made = acquisition_operations.rotate_sender(
                actor=request.actor,
                at=request.at,
                real_at=clock.real_now(),
                public_id=sender,
                keeps_former=form.cleaned_data.get("keeps_former", False),
            )
        except (acquisition_operations.SenderMisconfigured, acquisition_operations.AddressTaken) as error:
            form.add_error(None, str(error))
        else:
            return _told(request, sender, made.token)
    return render(request, "senders/token.html", {"form": form, "row": row}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@guarded
def revoke(request: access.Request, sender: uuid.UUID) -> HttpResponse:
    """This will ask whether a device's address ends now, and why, and end it."""
    row = shown.find(request, sender, to_change=True)
    reason = parameters.written(request.POST.get("reason", ""), LONGEST_REASON)
    if request.method == "POST" and reason:
        acquisition_operations.revoke_sender(actor=request.actor, at=request.at, public_id=sender, reason=reason)
        messages.success(request, _("The address is refused from now on."))
        return _back(request, sender)
    is_lacking = request.method == "POST"
    context = {"row": row, "is_reason_lacking": is_lacking}
    return render(request, "senders/revoke.html", context, status=422 if is_lacking else 200)


def _told(request: access.Request, sender: uuid.UUID, drawn: str) -> HttpResponse:
    """The address, with its token this once; one without a token has nothing to hide."""
    row = shown.find(request, sender, to_change=True)
    context = {"row": row, "address": shown.address(row), "token": drawn}
    response = render(request, "senders/address.html", context)
    response.headers["Cache-Control"] = "no-store"
    return once.done(response)


def _back(request: access.Request, sender: uuid.UUID) -> HttpResponse:
    return redirect("sender", request.organization.public_id, sender)
