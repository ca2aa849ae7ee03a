"""Set up a meter on one page."""

from __future__ import annotations

import os
import uuid

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from meterbook.acquisition import networks
from meterbook.acquisition import permissions as acquisition_permissions
from meterbook.identity.values import Module
from meterbook.journeys import add_meter
from meterbook.metering import permissions
from meterbook.web import access
from meterbook.web.meters import adding_forms
from meterbook.web.sites import choice


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.MANAGE_METER, module=Module.METERING, by_site=True)
def new(request: access.Request) -> HttpResponse:
    """This will show the form of a new meter, and set it up. Who may not manage devices describes meters of files."""
    sites = choice.visible_sites(request, permissions.MANAGE_METER)
    devices_at = request.access.sites(acquisition_permissions.MANAGE_DEVICE)
    chosen = choice.chosen_site(request)
    form = adding_forms.MeterForm(
        request.POST if request.method == "POST" else None,
        sites=sites,
        connectable=[each for each in sites if devices_at is None or each.id in devices_at],
        initial={"site": str(chosen.public_id)} if chosen is not None else None,
    )
    if form.is_bound and form.is_valid():
        point = _add(request, form)
        if point is not None:
            messages.success(request, _told(form) % {"name": form.cleaned_data["name"]})
            return redirect("meter", request.organization.public_id, point)
    context = {"form": form, "sites": sites}
    return render(request, "meters/new.html", context, status=422 if form.errors else 200)


def _add(request: access.Request, form: adding_forms.MeterForm) -> uuid.UUID | None:
    try:
        return add_meter.add_meter(
            actor=request.actor,
            at=request.at,
            plan=form.plan(),
            starts_at=form.starts_at(request.at),
            allowed=networks.AllowedNetworks.from_environment(os.environ, is_demo=settings.IS_DEMO),
        )
    except add_meter.MeterRefused as error:
        form.add_error(error.field, str(error))
    except networks.NetworksMisspelled as error:
        form.add_error("host", str(error))
    return None


def _told(form: adding_forms.MeterForm) -> str:
    if form.is_connected:
        return _("“%(name)s” is set up. “Read now” tells at once whether the meter answers.")
    return _("“%(name)s” is set up. Its values appear as soon as you import its readings.")
