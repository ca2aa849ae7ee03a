"""What people do with gateways: add and change them, draw codes, choose meters, exchange keys, revoke, settle."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from meterbook.acquisition import gateways as acquisition_gateways
from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition import permissions
from meterbook.acquisition.gateway_values import GatewayState
from meterbook.acquisition.gateways import GatewayRow
from meterbook.identity.values import Module
from meterbook.installation import queries as installation_queries
from meterbook.kernel import clock
from meterbook.web import access, once, parameters
from meterbook.web.gateways import forms, shown
from meterbook.web.people import shown as people_shown
from meterbook.web.sites import choice

LONGEST_REASON = 300
FEW, MOST_SHOWN = 20, 60  # meters to choose from without a search, and at once
REFUSALS = (
    acquisition_operations.GatewayMisconfigured,
    acquisition_operations.GatewayRevoked,
    acquisition_operations.LimitReached,
    acquisition_operations.MeterNotFree,
)
guarded = access.page(permission=permissions.MANAGE_DEVICE, module=Module.METERING, by_site=True)


@require_http_methods(["GET", "POST"])
@guarded
@once.carried_out_once
def new(request: access.Request) -> HttpResponse:
    """This will ask for the site, name and profile of a gateway, add it, and show its code this once."""
    form = forms.NewForm(
        request.POST if request.method == "POST" else None,
        sites=choice.visible_sites(request, permissions.MANAGE_DEVICE),
        usual=choice.usual_site(request, permissions.MANAGE_DEVICE),
    )
    if form.is_bound and form.is_valid():
        try:
            made = acquisition_operations.create_gateway(
                actor=request.actor, at=request.at, site=form.site_row().public_id, **form.given()
            )
        except acquisition_operations.GatewayMisconfigured as error:
            form.add_error("name", str(error))
        else:
            return _code_shown(request, shown.find(request, made.public_id, to_change=True), overlap_days=0)
    return render(request, "gateways/new.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@guarded
@once.carried_out_once
def change(request: access.Request, gateway: uuid.UUID) -> HttpResponse:
    """This will ask for another name or profile of a gateway, and change it."""
    row = shown.find(request, gateway, to_change=True)
    form = forms.ChangeForm(request.POST if request.method == "POST" else None, row=row)
    if form.is_bound and form.is_valid():
        try:
            acquisition_operations.change_gateway(
                actor=request.actor,
                at=request.at,
                public_id=gateway,
                orders_by_sequence=form.cleaned_data["orders_by_sequence"],
                **form.given(),
            )
        except acquisition_operations.LimitReached as error:
            form.add_error("most_meters", str(error))
        except acquisition_operations.GatewayMisconfigured as error:
            form.add_error("name", str(error))
        else:
            messages.success(request, _("The gateway was changed."))
            return _back(request, row)
    return render(request, "gateways/change.html", {"form": form, "row": row}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@guarded
@once.carried_out_once
def code(request: access.Request, gateway: uuid.UUID) -> HttpResponse:
    """This will ask for how long the former device may go on, draw a code, and show it this once."""
    row = shown.find(request, gateway, to_change=True)
    form = forms.CodeForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            return _code_shown(request, row, overlap_days=form.days())
        except REFUSALS as error:
            form.add_error(None, str(error))
    context = {"form": form, "row": row, "is_again": row.state is not GatewayState.WAITING}
    return render(request, "gateways/code.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@guarded
@once.carried_out_once
def meters(request: access.Request, gateway: uuid.UUID) -> HttpResponse:
    """This will ask which meters of its site a gateway reads, and add them."""
    row = shown.find(request, gateway, to_change=True)
    free = acquisition_gateways.list_candidates(site_id=row.site_id)
    chosen, problem = set(request.POST.getlist("meters")), ""
    if request.method == "POST":
        wanted = [each.public_id for each in free if str(each.public_id) in chosen]
        if not wanted:
            problem = _("Choose at least one meter.")
        else:
            try:
                acquisition_operations.add_meters(actor=request.actor, at=request.at, public_id=gateway, meters=wanted)
            except REFUSALS as error:
                problem = str(error)
            else:
                messages.success(request, _("The gateway may deliver these meters now."))
                return _back(request, row)
    asked = parameters.search(request)
    found = [each for each in free if str(each.public_id) in chosen or _fits(each, asked.casefold().split())]
    context = {
        "row": row,
        "free": found[:MOST_SHOWN],
        "more": max(0, len(found) - MOST_SHOWN),
        "is_long": len(free) > FEW,
        "words": asked,
        "chosen": chosen,
        "problem": problem,
    }
    return render(request, "gateways/meters.html", context, status=422 if problem else 200)


@require_POST
@guarded
def remove_meter(request: access.Request, gateway: uuid.UUID) -> HttpResponse:
    """This will end that a gateway reads a meter; `meter` names it."""
    row = shown.find(request, gateway, to_change=True)
    known = {str(each.public_id): each for each in acquisition_gateways.list_meters(gateway_id=row.id)}
    meter = known.get(request.POST.get("meter", ""))
    if meter is None:
        messages.info(request, _("The gateway does not read that meter."))
        return _back(request, row)
    acquisition_operations.remove_meter(actor=request.actor, at=request.at, public_id=gateway, meter=meter.public_id)
    messages.success(request, _("The gateway no longer reads meter %(number)s.") % {"number": meter.serial_number})
    return _back(request, row)


@require_POST
@guarded
def exchange_key(request: access.Request, gateway: uuid.UUID) -> HttpResponse:
    """This will ask a gateway to exchange its key."""
    row = shown.find(request, gateway, to_change=True)
    try:
        acquisition_operations.ask_for_rotation(actor=request.actor, at=request.at, public_id=gateway)
    except acquisition_operations.GatewayRevoked as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The gateway is asked for a new key with its next message."))
    return _back(request, row)


@require_http_methods(["GET", "POST"])
@guarded
def revoke(request: access.Request, gateway: uuid.UUID) -> HttpResponse:
    """This will ask whether a gateway ends now, and why, and end it."""
    row = shown.find(request, gateway, to_change=True)
    reason = parameters.written(request.POST.get("reason", ""), LONGEST_REASON)
    if request.method == "POST" and reason:
        acquisition_operations.revoke_gateway(actor=request.actor, at=request.at, public_id=gateway, reason=reason)
        messages.success(request, _("The gateway “%(name)s” is refused from now on.") % {"name": row.name})
        return _back(request, row)
    is_lacking = request.method == "POST"
    context = {"row": row, "is_reason_lacking": is_lacking}
    return render(request, "gateways/revoke.html", context, status=422 if is_lacking else 200)


@require_http_methods(["GET", "POST"])
@guarded
def settle(request: access.Request, gateway: uuid.UUID) -> HttpResponse:
    """This will ask what somebody found out about the security events of a gateway, and settle them."""
    row = shown.find(request, gateway, to_change=True)
    reason = parameters.written(request.POST.get("reason", ""), LONGEST_REASON)
    if request.method == "POST" and reason:
        acquisition_operations.settle_incidents(actor=request.actor, at=request.at, public_id=gateway, reason=reason)
        messages.success(request, _("The security events are settled; their alarms end."))
        return _back(request, row)
    is_lacking = request.method == "POST"
    incidents = [each for each in acquisition_gateways.list_incidents(gateway_id=row.id) if each.settled_at is None]
    context = {"row": row, "incidents": incidents, "is_reason_lacking": is_lacking, "now": request.at}
    return render(request, "gateways/settle.html", context, status=422 if is_lacking else 200)


def _fits(row: acquisition_gateways.MeterRow, words: list[str]) -> bool:
    text = f"{row.point_code} {row.point_name} {row.serial_number}".casefold()
    return all(each in text for each in words)


def _code_shown(request: access.Request, row: GatewayRow, *, overlap_days: int) -> HttpResponse:
    made = acquisition_operations.issue_code(
        actor=request.actor,
        at=request.at,
        real_at=clock.real_now(),
        public_id=row.public_id,
        overlap_days=overlap_days,
    )
    address = installation_queries.public_address()
    context = {
        "row": row,
        "code": made.code,
        "expires_at": made.expires_at,
        "address": address,
        "picture": people_shown.qr(f"{address}/push/v1/enrol#{made.code}"),
        "zone": choice.clock_zone(request),
    }
    response = render(request, "gateways/enrol.html", context)
    response.headers["Cache-Control"] = "no-store"
    return once.done(response)


def _back(request: access.Request, row: GatewayRow) -> HttpResponse:
    return redirect("gateway", request.organization.public_id, row.public_id)
