"""Choose the bus to commission, or add one that nothing hangs on yet."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from meterbook.acquisition import commissionings, networks, permissions
from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition import values as acquisition_values
from meterbook.foundation.tls import hosts
from meterbook.sites import queries as site_queries
from meterbook.web import access, line_words, once
from meterbook.web.commissioning import reach
from meterbook.web.meters import line_forms
from meterbook.web.sites import choice

PROTOCOLS = [(each.value, acquisition_values.BUS_PROTOCOL_CAPTIONS[each]) for each in commissionings.LINES]


@dataclass(frozen=True)
class BusLine:
    """A bus to choose from."""

    name: str
    where: str
    state: str
    tone: str
    icon: str
    href: str


class BusForm(line_forms.LineForm):
    """A bus that is not known yet."""

    site = forms.ChoiceField(label=gettext_lazy("Site"))
    gateway_name = forms.CharField(
        label=gettext_lazy("Name of the gateway"),
        max_length=100,
        help_text=gettext_lazy("Such as: Gateway, ground floor."),
    )
    host = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=253,
        help_text=gettext_lazy("IP address or name, such as 192.168.10.40, or the serial port, such as /dev/ttyUSB0."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    port = forms.IntegerField(
        label=gettext_lazy("Port"),
        min_value=acquisition_values.PORTS[0],
        max_value=acquisition_values.PORTS[-1],
        required=False,
        help_text=gettext_lazy("Empty: 502 with Modbus, 10001 with M-Bus."),
    )

    def __init__(self, data: object = None, *, sites: tuple[site_queries.SiteRow, ...]) -> None:
        super().__init__(data)  # type: ignore[arg-type]  # what a request's POST is
        del self.fields["secondary"]
        self.fields["protocol"].choices = PROTOCOLS  # type: ignore[attr-defined]
        self.fields["site"].choices = [(str(each.public_id), each.name) for each in sites]  # type: ignore[attr-defined]

    def main_fields(self) -> list[forms.BoundField]:
        """This will return the fields that everybody fills in."""
        return [self[name] for name in ("site", "gateway_name", "protocol", "host", "port")]

    def clean(self) -> dict[str, Any]:
        """This will refuse what is no address."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        is_dialed = not line_forms.protocol_of(given).is_serial
        if is_dialed and given.get("host") and hosts.read(given["host"]) is None:
            self.add_error("host", _("Give the gateway's address or name alone, such as 192.168.10.4."))
        return given


@require_http_methods(["GET", "POST"])
@reach.guarded
@once.carried_out_once
def choose(request: access.Request) -> HttpResponse:
    """This will show the buses that can be commissioned; a POST adds one and goes to it."""
    sites = choice.visible_sites(request, permissions.MANAGE_DEVICE)
    form = BusForm(request.POST if request.method == "POST" else None, sites=sites)
    if form.is_bound and form.is_valid():
        made = _add(request, form)
        if made is not None:
            return redirect("commission_bus", request.organization.public_id, made)
    names = {each.id: each.name for each in sites}
    states = commissionings.list_searchable(site_ids=choice.site_ids(request, permissions.MANAGE_DEVICE))
    lines = [_line(request, each, names) for each in states if each.bus.site_id in names]
    context = {"lines": lines, "form": form, "sites": sites}
    return render(request, "commissioning/buses.html", context, status=422 if form.errors else 200)


def _add(request: access.Request, form: BusForm) -> uuid.UUID | None:
    given = form.cleaned_data
    try:
        return acquisition_operations.add_bus(
            actor=request.actor,
            at=request.at,
            site=uuid.UUID(given["site"]),
            name=given["gateway_name"],
            host=given["host"],
            port=line_forms.port_of(given),
            protocol=line_forms.protocol_of(given),
            line=line_forms.line_of(given),
            allowed=reach.allowed(),
        )
    except acquisition_operations.ChoiceRefused as error:
        form.add_error(error.field, str(error))
    except networks.NetworksMisspelled as error:
        form.add_error("host", str(error))
    return None


def _line(request: access.Request, state: commissionings.SearchState, names: dict[int, str]) -> BusLine:
    bus = state.bus
    words = line_words.words(bus.protocol, bus.line)
    parts = (names[bus.site_id], str(acquisition_values.BUS_PROTOCOL_CAPTIONS[bus.protocol]), bus.address, words)
    tone, icon, said = "stale", "info", _("Not searched yet")
    if state.is_over:
        tone, icon, said = "ok", "check", _("Every address asked")
    elif state.is_begun:
        facts = {"asked": state.asked, "total": len(state.addresses)}
        tone, icon, said = "warn", "clock", _("%(asked)s of %(total)s addresses asked") % facts
    return BusLine(
        name=bus.name,
        where=" · ".join(each for each in parts if each),
        state=said,
        tone=tone,
        icon=icon,
        href=reverse("commission_bus", args=[request.organization.public_id, bus.public_id]),
    )
