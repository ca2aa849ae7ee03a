"""Correct how a meter is reached, after a look at what it answers."""

from __future__ import annotations

import os
import uuid
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from meterbook.acquisition import networks
from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition import permissions as acquisition_permissions
from meterbook.acquisition import queries as acquisition_queries
from meterbook.acquisition import senders as acquisition_senders
from meterbook.acquisition.library import orders
from meterbook.acquisition.values import ASKED, BUS_PROTOCOL_CAPTIONS, MODEL_PROTOCOL_OF
from meterbook.identity.values import Module
from meterbook.metering import queries as metering_queries
from meterbook.web import access
from meterbook.web.meters import adding_forms, finding, hearing, line_forms


class ConnectionForm(line_forms.LineForm):
    """The gateway and its line, the meter's address there, and the order of its bytes."""

    gateway_name = forms.CharField(label=gettext_lazy("Name of the gateway"), max_length=100)
    host = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=253,
        help_text=gettext_lazy("Of the gateway; it changes for all meters behind it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    port = forms.IntegerField(
        label=gettext_lazy("Port"), min_value=adding_forms.PORTS[0], max_value=adding_forms.PORTS[-1], required=False
    )
    unit_id = forms.IntegerField(
        label=gettext_lazy("Unit address"),
        min_value=adding_forms.UNITS[0],
        max_value=adding_forms.UNITS[-1],
        required=False,
        help_text=gettext_lazy("As it is set at the meter, 1 to 247; with M-Bus 0 to 250."),
    )
    byte_order = forms.ChoiceField(
        label=gettext_lazy("Order of the bytes"),
        required=False,
        choices=[
            ("", gettext_lazy("As the model says")),
            *((each.value, "-".join(each.value)) for each in orders.ByteOrder),
        ],
        help_text=gettext_lazy("In which this meter sends its numbers; a wrong one shows impossible values."),
    )
    field_order = ("gateway_name", "protocol", "host", "port", "unit_id", "secondary", "byte_order")

    def __init__(
        self, data: QueryDict | None, *, device: acquisition_queries.DeviceRow, is_line_own: bool = True
    ) -> None:
        bus = self.bus = device.bus
        initial = {
            "gateway_name": bus.name,
            "host": bus.host,
            "port": bus.port or None,
            "unit_id": None if device.secondary else device.unit_id,
            "secondary": device.secondary,
            "byte_order": device.byte_order,
            **line_forms.written(bus.protocol, bus.line),
        }
        super().__init__(data, initial=initial)
        self._spoken = bus.protocol
        alike = [each for each in ASKED if MODEL_PROTOCOL_OF[each] == MODEL_PROTOCOL_OF[bus.protocol]]
        self.fields["protocol"].choices = [(each.value, BUS_PROTOCOL_CAPTIONS[each]) for each in alike]  # type: ignore[attr-defined]
        if MODEL_PROTOCOL_OF[bus.protocol] != "MODBUS":
            del self.fields["byte_order"]
        if not bus.protocol.is_mbus:
            del self.fields["secondary"]
        self.is_line_own = is_line_own
        if not is_line_own:
            for name in ("gateway_name", "protocol", "host", "port", *line_forms.DETAILS):
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        """This will look at what depends on what is spoken."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        given["protocol"] = given.get("protocol") or self._spoken.value
        if not given.get("secondary") and given.get("unit_id") is None and "unit_id" not in self.errors:
            self.add_error("unit_id", _("Give the address that is set at the meter."))
        protocol = line_forms.protocol_of(given)
        has_port = protocol.is_serial or not self.is_line_own
        if not has_port and given.get("port") is None and "port" not in self.errors:
            self.add_error("port", _("Give the port, such as 502 with Modbus or 10001 with M-Bus."))
        self.check_address(protocol)
        return given


@require_http_methods(["GET", "POST"])
@access.page(permission=acquisition_permissions.MANAGE_DEVICE, module=Module.METERING, by_site=True, by_single=True)
def connection(request: access.Request, meter: uuid.UUID) -> HttpResponse:
    """This will show how the meter is reached, and correct it."""
    detail = finding.find_changeable(request, meter, acquisition_permissions.MANAGE_DEVICE)
    device = finding.find_device(detail)
    if device is None:
        return render(request, "meters/connection.html", {"detail": detail})
    sender = acquisition_senders.find_of_device(device_id=device.id)
    if sender is not None:
        return redirect("sender", request.organization.public_id, sender)
    if not device.bus.protocol.is_asked:
        return hearing.connection(request, detail, device)
    form = ConnectionForm(
        request.POST if request.method == "POST" else None,
        device=device,
        is_line_own=_is_line_own(request, detail, device),
    )
    if form.is_bound and form.is_valid() and _change(request, device, form):
        messages.success(request, _("The connection was changed; the meter is asked anew within half a minute."))
        return redirect("meter", request.organization.public_id, detail.public_id)
    context = {"detail": detail, "device": device, "form": form}
    return render(request, "meters/connection.html", context, status=422 if form.errors else 200)


def _is_line_own(
    request: access.Request, detail: metering_queries.MeterDetail, device: acquisition_queries.DeviceRow
) -> bool:
    """Who manages single meters leaves the line alone as long as others hang behind it, too."""
    if request.access.allows(acquisition_permissions.MANAGE_DEVICE, detail.site_id):
        return True
    ids = request.access.meters(acquisition_permissions.MANAGE_DEVICE)
    points = [metering_queries.get_meter(public_id=each.public_id) for each in metering_queries.points_by_id(ids=ids)]
    own = {each.current.meter_public_id for each in points if each.current is not None}
    behind = acquisition_queries.list_devices(bus_id=device.bus.id)
    return all(each.meter_public_id in own for each in behind if each.is_enabled)


def _change(request: access.Request, device: acquisition_queries.DeviceRow, form: ConnectionForm) -> bool:
    given = form.cleaned_data
    try:
        acquisition_operations.change_connection(
            actor=request.actor,
            at=request.at,
            device=device.public_id,
            gateway_name=given.get("gateway_name", form.bus.name),
            host=given.get("host", form.bus.host),
            port=line_forms.port_of(given) if form.is_line_own else form.bus.port,
            unit_id=given["unit_id"] or 0,
            byte_order=orders.ByteOrder(given["byte_order"]) if given.get("byte_order") else None,
            secondary=given.get("secondary") or "",
            protocol=line_forms.protocol_of(given),
            line=line_forms.line_of(given) if form.is_line_own else None,
            allowed=networks.AllowedNetworks.from_environment(os.environ, is_demo=settings.IS_DEMO),
        )
    except acquisition_operations.ConnectionRefused as error:
        form.add_error(error.field, str(error))
    except networks.NetworksMisspelled as error:
        form.add_error("host", str(error))
    return not form.errors
