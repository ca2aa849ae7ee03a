"""Change a line: its name and address, what is spoken, how long an answer may take, whether it is asked at all."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from meterbook.acquisition import networks, permissions, values
from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition import topology as acquisition_topology
from meterbook.acquisition.topology import LineDetail
from meterbook.identity.values import Module
from meterbook.web import access
from meterbook.web.commissioning import reach
from meterbook.web.meters import line_forms


class ChangeForm(line_forms.LineForm):
    """What holds for all meters of a line."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    host = forms.CharField(
        label=gettext_lazy("Address or serial port"),
        max_length=253,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    port = forms.IntegerField(
        label=gettext_lazy("Port"),
        min_value=values.PORTS[0],
        max_value=values.PORTS[-1],
        required=False,
        help_text=gettext_lazy("Empty: 502 with Modbus, 10001 with M-Bus, 23 with DSMR and SML."),
    )
    timeout_ms = forms.IntegerField(
        label=gettext_lazy("Time-out"),
        min_value=values.TIMEOUTS_MS[0],
        max_value=values.TIMEOUTS_MS[-1],
        help_text=gettext_lazy(
            "In ms, usually 1000. A dead meter holds up the others for so long; a slow one needs more."
        ),
    )
    retries = forms.IntegerField(
        label=gettext_lazy("Asked again"),
        min_value=values.RETRIES[0],
        max_value=values.RETRIES[-1],
        help_text=gettext_lazy("How often after a question that failed, before the meter is left alone for a while."),
    )
    is_enabled = forms.BooleanField(
        label=gettext_lazy("Ask the meters of this line"),
        required=False,
        help_text=gettext_lazy("While it is off nobody asks them, and no alarm is raised about the line."),
    )
    field_order = ("name", "protocol", "host", "port", "timeout_ms", "retries", "is_enabled")

    def __init__(self, data: QueryDict | None, *, detail: LineDetail) -> None:
        initial = {
            "name": detail.name,
            "host": detail.host,
            "port": detail.port or None,
            "timeout_ms": detail.timeout_ms,
            "retries": detail.retries,
            "is_enabled": detail.is_enabled,
            **line_forms.written(detail.protocol, detail.line),
        }
        super().__init__(data, initial=initial)
        del self.fields["secondary"]  # a meter's, not the line's
        family = values.MODEL_PROTOCOL_OF
        alike = [each for each in values.ASKED if family[each] == family[detail.protocol]]
        self.fields["protocol"].choices = [(each.value, values.BUS_PROTOCOL_CAPTIONS[each]) for each in alike]  # type: ignore[attr-defined]
        if detail.gateway_name:
            self.fields["protocol"].help_text = _(
                "As the converter is set. A serial port is one of the gateway itself."
            )
            self.fields["host"].help_text = _("In the gateway's own network, such as 192.168.10.4, or /dev/ttyUSB0.")

    def facts(self) -> acquisition_operations.LineFacts:
        """This will return what was chosen."""
        given: dict[str, Any] = self.cleaned_data
        return acquisition_operations.LineFacts(
            name=given["name"],
            protocol=line_forms.protocol_of(given),
            host=given["host"],
            port=line_forms.port_of(given),
            line=line_forms.line_of(given),
            timeout_ms=given["timeout_ms"],
            retries=given["retries"],
            is_enabled=given["is_enabled"],
        )


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.MANAGE_DEVICE, module=Module.METERING, by_site=True)
def change(request: access.Request, bus: uuid.UUID) -> HttpResponse:
    """This will show what holds for a line, and change it for all meters on it."""
    try:
        detail = acquisition_topology.get_line(bus=bus, site_ids=request.access.sites(permissions.MANAGE_DEVICE))
    except acquisition_topology.BusNotFound as error:
        raise Http404(_("There is no such bus.")) from error
    form = ChangeForm(request.POST if request.method == "POST" else None, detail=detail)
    if form.is_bound and form.is_valid() and _change(request, bus, form):
        messages.success(request, _("The line was changed; its meters are asked anew within half a minute."))
        return redirect("bus_health", request.organization.public_id, bus)
    organization = request.organization.public_id
    health_href = reverse("bus_health", args=[organization, bus])
    context = {
        "form": form,
        "detail": detail,
        "back": health_href,
        "steps": [(reverse("topology", args=[organization]), _("Topology")), (health_href, detail.name)],
    }
    return render(request, "topology/change.html", context, status=422 if form.errors else 200)


def _change(request: access.Request, bus: uuid.UUID, form: ChangeForm) -> bool:
    try:
        acquisition_operations.change_bus(
            actor=request.actor, at=request.at, bus=bus, facts=form.facts(), allowed=reach.allowed()
        )
    except acquisition_operations.ConnectionRefused as error:
        form.add_error(error.field, str(error))
    except networks.NetworksMisspelled as error:
        form.add_error("host", str(error))
    return not form.errors
