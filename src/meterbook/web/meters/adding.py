"""Set up a meter on one page."""

from __future__ import annotations

import os
import uuid

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from meterbook.acquisition import networks
from meterbook.acquisition import permissions as acquisition_permissions
from meterbook.identity.values import Module
from meterbook.journeys import add_meter
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.sites import queries as site_queries
from meterbook.web import access, once
from meterbook.web.meters import adding_forms, adding_places, adding_probe
from meterbook.web.sites import choice, place_forms


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.MANAGE_METER, module=Module.METERING, by_site=True)
@once.carried_out_once
def new(request: access.Request) -> HttpResponse:
    """This will show the form of a new meter, and set it up. Who may not manage devices describes meters of files."""
    sites = choice.visible_sites(request, permissions.MANAGE_METER)
    devices_at = request.access.sites(acquisition_permissions.MANAGE_DEVICE)
    chosen = choice.chosen_site(request)
    places = adding_places.of(sites, request.GET.get("place", ""))
    form = adding_forms.MeterForm(
        request.POST if request.method == "POST" else None,
        sites=sites,
        connectable=[each for each in sites if devices_at is None or each.id in devices_at],
        at=request.at,
        initial=_suggested(request, chosen or (sites[0] if len(sites) == 1 else None)) | places.begun,
        places=places.choices,
    )
    if form.is_bound and form.is_valid():
        point = add(request, form)
        if point is not None:
            messages.success(request, _told(form) % {"name": form.cleaned_data["name"]})
            if "again" in request.POST:
                again = reverse("meter_new", args=[request.organization.public_id])
                return redirect(f"{again}?{adding_places.following(form.cleaned_data, sites)}")
            return redirect("meter", request.organization.public_id, point)
    context = {"form": form, "sites": sites, "probe": adding_probe.of_form(request, request.POST)}
    return render(request, "meters/new.html", context, status=422 if form.errors else 200)


def _suggested(request: access.Request, chosen: site_queries.SiteRow | None) -> dict[str, str]:
    """The chosen site with the code that follows, and what the library, a unit or the meter before led here with."""
    known = {}
    if chosen is not None:
        known["site"] = str(chosen.public_id)
        following = place_forms.code_after(metering_queries.newest_code(site_id=chosen.id), ())
        if following and not metering_queries.points_by_code(codes=[following]):
            known["code"] = following
    return known | adding_places.kept(request.GET)


def add(request: access.Request, form: adding_forms.MeterForm) -> uuid.UUID | None:
    """This will set up the meter of a form that is right; None when it cannot be, then the form says why."""
    try:
        return add_meter.add_meter(
            actor=request.actor,
            at=request.at,
            plan=form.plan(),
            starts_at=form.starts_at(request.at),
            allowed=networks.AllowedNetworks.from_environment(os.environ, is_demo=settings.IS_DEMO),
        )
    except add_meter.MeterRefused as error:
        form.blame(error.field, str(error))
    except networks.NetworksMisspelled as error:
        form.add_error("host", str(error))
    return None


def _told(form: adding_forms.MeterForm) -> str:
    if form.is_connected:
        return _("“%(name)s” is set up. “Read now” tells at once whether the meter answers.")
    return _("“%(name)s” is set up. Its values appear as soon as you enter its readings, or import them.")
