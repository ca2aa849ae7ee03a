"""MQTT brokers: the list with the state of each connection, and what is typed to add or change one."""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from meterbook.acquisition import brokers as acquisition_brokers
from meterbook.acquisition import networks, permissions
from meterbook.acquisition import operations as acquisition_operations
from meterbook.identity.values import Module
from meterbook.web import access, once
from meterbook.web.brokers import forms, shown
from meterbook.web.sites import choice

may_see = access.page(permission=permissions.VIEW_DEVICE, module=Module.METERING, by_site=True)
may_change = access.page(permission=permissions.MANAGE_DEVICE, module=Module.METERING, by_site=True)


@dataclass(frozen=True)
class Line:
    """A broker as the list shows it; `href` is empty for who may not change it."""

    row: acquisition_brokers.BrokerRow
    mark: shown.BrokerMark
    href: str
    topology_href: str


@require_GET
@may_see
def brokers(request: access.Request) -> HttpResponse:
    """This will show the brokers of the chosen site with the state of each connection."""
    rows = acquisition_brokers.list_brokers(site_ids=choice.site_ids(request, permissions.VIEW_DEVICE))
    context = {
        "lines": [_line(request, each) for each in rows],
        "may_manage": request.access.allows_somewhere(permissions.MANAGE_DEVICE),
        "now": request.at,
    }
    return render(request, "brokers/list.html", context)


@require_http_methods(["GET", "POST"])
@may_change
@once.carried_out_once
def new(request: access.Request) -> HttpResponse:
    """This will ask for a broker, and add it."""
    form = forms.NewForm(
        request.POST if request.method == "POST" else None,
        sites=choice.visible_sites(request, permissions.MANAGE_DEVICE),
        usual=choice.usual_site(request, permissions.MANAGE_DEVICE),
    )
    if form.is_bound and form.is_valid():
        try:
            acquisition_operations.create_broker(
                actor=request.actor,
                at=request.at,
                site=form.site_row().public_id,
                facts=form.facts(),
                allowed=_allowed(),
            )
        except acquisition_operations.BrokerMisconfigured as error:
            form.blame(error)
        except networks.NetworksMisspelled as error:
            form.add_error("host", str(error))
        else:
            messages.success(request, _("The broker is added. Whether it lets us in shows here within half a minute."))
            return redirect("brokers", request.organization.public_id)
    return render(request, "brokers/form.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@may_change
def change(request: access.Request, broker: uuid.UUID) -> HttpResponse:
    """This will show how a broker is entered and how that goes, and change it."""
    row = _find(request, broker)
    form = forms.ChangeForm(request.POST if request.method == "POST" else None, row=row)
    if form.is_bound and form.is_valid():
        try:
            acquisition_operations.change_broker(
                actor=request.actor, at=request.at, bus=broker, facts=form.facts(), allowed=_allowed()
            )
        except acquisition_operations.BrokerMisconfigured as error:
            form.blame(error)
        except networks.NetworksMisspelled as error:
            form.add_error("host", str(error))
        else:
            messages.success(request, _("The broker was changed; we enter it anew within half a minute."))
            return redirect("brokers", request.organization.public_id)
    context = {"form": form, "row": row, "mark": shown.mark(row, request.at), "now": request.at}
    return render(request, "brokers/form.html", context, status=422 if form.errors else 200)


def _find(request: access.Request, broker: uuid.UUID) -> acquisition_brokers.BrokerRow:
    try:
        row = acquisition_brokers.get_broker(bus=broker)
    except acquisition_brokers.BrokerNotFound as error:
        raise Http404(str(error)) from error
    if not request.access.allows(permissions.MANAGE_DEVICE, row.bus.site_id):
        raise Http404(_("There is no such broker."))
    return row


def _line(request: access.Request, row: acquisition_brokers.BrokerRow) -> Line:
    organization = request.organization.public_id
    may_manage = request.access.allows(permissions.MANAGE_DEVICE, row.bus.site_id)
    return Line(
        row=row,
        mark=shown.mark(row, request.at),
        href=reverse("broker", args=[organization, row.bus.public_id]) if may_manage else "",
        topology_href=f"{reverse('topology', args=[organization])}?bus={row.bus.public_id}",
    )


def _allowed() -> networks.AllowedNetworks:
    return networks.AllowedNetworks.from_environment(os.environ, is_demo=settings.IS_DEMO)
