"""What a gateway reads by itself: its buses, and which meter has which address on them."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from meterbook.acquisition import gateway_plans, permissions, values
from meterbook.acquisition import gateways as acquisition_gateways
from meterbook.acquisition import operations as acquisition_operations
from meterbook.identity.values import Module
from meterbook.web import access, once, parameters, typed
from meterbook.web.gateways import shown

guarded = access.page(permission=permissions.MANAGE_DEVICE, module=Module.METERING, by_site=True)


class BusForm(typed.Form):
    """A bus as the gateway reaches it."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    protocol = forms.ChoiceField(
        label=gettext_lazy("Protocol"),
        choices=[(each.value, values.BUS_PROTOCOL_CAPTIONS[each]) for each in values.BusProtocol],
    )
    host = forms.CharField(
        label=gettext_lazy("Address or serial port"),
        max_length=253,
        help_text=gettext_lazy("In the gateway's own network, such as 192.168.10.4, or /dev/ttyUSB0."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    port = forms.IntegerField(
        label=gettext_lazy("Port"), min_value=values.PORTS[0], max_value=values.PORTS[-1], required=False
    )

    def given(self) -> dict[str, Any]:
        """This will return what was chosen as the operation wants it."""
        return {
            "name": parameters.written(self.cleaned_data["name"], 100),
            "protocol": values.BusProtocol(self.cleaned_data["protocol"]),
            "host": self.cleaned_data["host"].strip(),
            "port": self.cleaned_data["port"] or 0,
        }


class DeviceForm(typed.Form):
    """A meter on a bus of the gateway."""

    bus = forms.ChoiceField(label=gettext_lazy("Bus"))
    meter = forms.ChoiceField(label=gettext_lazy("Meter"))
    unit_id = forms.IntegerField(
        label=gettext_lazy("Unit address"),
        min_value=values.UNIT_IDS[0],
        max_value=values.UNIT_IDS[-1],
        help_text=gettext_lazy("As it is set at the meter, 1 to 247."),
    )

    def __init__(self, data: QueryDict | None, *, gateway_id: int) -> None:
        super().__init__(data)
        lines = gateway_plans.list_lines(gateway_id=gateway_id)
        read = {serial for each in lines for serial, _unit in each.devices}
        meters = acquisition_gateways.list_meters(gateway_id=gateway_id)
        free = [(str(each.public_id), each.serial_number) for each in meters if each.serial_number not in read]
        self.fields["bus"].choices = [(each.public_id, each.name) for each in lines]  # type: ignore[attr-defined]
        self.fields["meter"].choices = free  # type: ignore[attr-defined]


@require_http_methods(["GET", "POST"])
@guarded
@once.carried_out_once
def new_bus(request: access.Request, gateway: uuid.UUID) -> HttpResponse:
    """This will ask for a bus that the gateway reads, and add it."""
    row = shown.find(request, gateway, to_change=True)
    form = BusForm(request.POST if request.method == "POST" else None, initial={"port": 502})
    if form.is_bound and form.is_valid():
        try:
            acquisition_operations.create_gateway_bus(
                actor=request.actor, at=request.at, public_id=gateway, **form.given()
            )
        except (acquisition_operations.LineMisconfigured, acquisition_operations.GatewayRevoked) as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The bus was added. Choose the meters on it."))
            return redirect("gateway", request.organization.public_id, gateway)
    context = {"form": form, "row": row, "title": _("Add a bus")}
    return render(request, "gateways/line.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@guarded
@once.carried_out_once
def new_device(request: access.Request, gateway: uuid.UUID) -> HttpResponse:
    """This will ask which meter has which address on a bus of the gateway, and have it read."""
    row = shown.find(request, gateway, to_change=True)
    form = DeviceForm(request.POST if request.method == "POST" else None, gateway_id=row.id)
    if form.is_bound and form.is_valid():
        try:
            acquisition_operations.create_gateway_device(
                actor=request.actor,
                at=request.at,
                public_id=gateway,
                bus=uuid.UUID(form.cleaned_data["bus"]),
                meter=uuid.UUID(form.cleaned_data["meter"]),
                unit_id=form.cleaned_data["unit_id"],
            )
        except acquisition_operations.AddressTaken as error:
            form.add_error("unit_id", str(error))
        except (
            acquisition_operations.DeviceMisconfigured,
            acquisition_operations.LineMisconfigured,
            acquisition_operations.GatewayRevoked,
        ) as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The gateway reads the meter within half a minute."))
            return redirect("gateway", request.organization.public_id, gateway)
    context = {"form": form, "row": row, "title": _("Read a meter")}
    return render(request, "gateways/line.html", context, status=422 if form.errors else 200)
