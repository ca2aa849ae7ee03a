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
from meterbook.web import access, once, parameters
from meterbook.web.brokers import forms as broker_forms
from meterbook.web.gateways import shown
from meterbook.web.meters import line_forms

guarded = access.page(permission=permissions.MANAGE_DEVICE, module=Module.METERING, by_site=True)


class BusForm(line_forms.LineForm):
    """A bus as the gateway reaches it, and how its line is set."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    host = forms.CharField(
        label=gettext_lazy("Address or serial port"),
        max_length=253,
        help_text=gettext_lazy("In the gateway's own network, such as 192.168.10.4, or /dev/ttyUSB0."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    port = forms.IntegerField(
        label=gettext_lazy("Port"),
        min_value=values.PORTS[0],
        max_value=values.PORTS[-1],
        required=False,
        help_text=gettext_lazy("Empty: 502 with Modbus, 10001 with M-Bus, 23 with DSMR and SML."),
    )
    field_order = ("name", "protocol", "host", "port")

    def __init__(self, data: QueryDict | None) -> None:
        super().__init__(data)
        del self.fields["secondary"]  # a meter's, not the line's
        self.fields["protocol"].choices = [(each.value, values.BUS_PROTOCOL_CAPTIONS[each]) for each in values.ASKED]  # type: ignore[attr-defined]
        self.fields["protocol"].help_text = gettext_lazy(
            "As the converter is set. A serial port is one of the gateway itself."
        )

    def given(self) -> dict[str, Any]:
        """This will return what was chosen as the operation wants it."""
        return {
            "name": parameters.written(self.cleaned_data["name"], 100),
            "protocol": line_forms.protocol_of(self.cleaned_data),
            "host": self.cleaned_data["host"].strip(),
            "port": line_forms.port_of(self.cleaned_data),
            "line": line_forms.line_of(self.cleaned_data),
        }


class DeviceForm(line_forms.AddressForm):
    """A meter on a bus of the gateway, and its address there."""

    bus = forms.ChoiceField(label=gettext_lazy("Bus"))
    meter = forms.ChoiceField(label=gettext_lazy("Meter"))
    unit_id = forms.IntegerField(
        label=gettext_lazy("Unit address"),
        min_value=line_forms.ADDRESSES[0],
        max_value=line_forms.ADDRESSES[-1],
        required=False,
        help_text=gettext_lazy("As it is set at the meter, 1 to 247; with M-Bus 0 to 250. With DSMR and SML 0."),
    )
    field_order = ("bus", "meter", "unit_id", "secondary")

    def __init__(self, data: QueryDict | None, *, gateway_id: int) -> None:
        super().__init__(data)
        lines = [each for each in gateway_plans.list_lines(gateway_id=gateway_id) if each.protocol.is_asked]
        read = {serial for each in lines for serial, _unit in each.devices}
        meters = acquisition_gateways.list_meters(gateway_id=gateway_id)
        free = [(str(each.public_id), each.serial_number) for each in meters if each.serial_number not in read]
        self._spoken = {each.public_id: each.protocol for each in lines}
        self.fields["bus"].choices = [(each.public_id, each.name) for each in lines]  # type: ignore[attr-defined]
        self.fields["meter"].choices = free  # type: ignore[attr-defined]
        if not any(each.is_mbus for each in self._spoken.values()):
            del self.fields["secondary"]

    def clean(self) -> dict[str, Any]:
        """This will look at the address as the bus that was chosen has them."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        is_wrong = not {"unit_id", "secondary"}.isdisjoint(self.errors)
        if not given.get("secondary") and given.get("unit_id") is None and not is_wrong:
            self.add_error("unit_id", _("Give the address that is set at the meter."))
        if given.get("bus") in self._spoken:
            self.check_address(self._spoken[given["bus"]])
        return given


@require_http_methods(["GET", "POST"])
@guarded
@once.carried_out_once
def new_bus(request: access.Request, gateway: uuid.UUID) -> HttpResponse:
    """This will ask for a bus that the gateway reads, and add it."""
    row = shown.find(request, gateway, to_change=True)
    form = BusForm(request.POST if request.method == "POST" else None)
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
    context = {"form": form, "fields": form.plain_fields(), "has_line": True, "row": row, "title": _("Add a bus")}
    return render(request, "gateways/line.html", context, status=422 if form.errors else 200)


class SiteBrokerForm(broker_forms.BrokerForm):
    """A broker as the gateway enters it."""

    def __init__(self, data: QueryDict | None) -> None:
        super().__init__(data)
        del self.fields["client_id"]  # the gateway has one of its own
        self.fields["host"].help_text = _("In the gateway's own network, such as 192.168.10.5.")
        self.fields["authority"].help_text = _(
            "In PEM, when the broker's certificate is signed by an authority of your own. Empty: the authorities that "
            "the gateway trusts."
        )

    def clean(self) -> dict[str, Any]:
        """This will leave the client id to the gateway."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        return given | {"client_id": ""}


@require_http_methods(["GET", "POST"])
@guarded
@once.carried_out_once
def new_broker(request: access.Request, gateway: uuid.UUID) -> HttpResponse:
    """This will ask for a broker at the gateway's site, at which devices send, and have the gateway hear there."""
    row = shown.find(request, gateway, to_change=True)
    form = SiteBrokerForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            acquisition_operations.create_gateway_broker(
                actor=request.actor, at=request.at, public_id=gateway, facts=form.facts()
            )
        except acquisition_operations.BrokerMisconfigured as error:
            form.blame(error)
        except acquisition_operations.GatewayRevoked as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The broker was added. Add a meter, and choose this broker as its gateway."))
            return redirect("gateway", request.organization.public_id, gateway)
    context = {"form": form, "fields": form, "row": row, "title": _("Add a broker")}
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
                unit_id=form.cleaned_data["unit_id"] or 0,
                secondary=form.cleaned_data.get("secondary") or "",
            )
        except acquisition_operations.AddressTaken as error:
            form.add_error("secondary" if form.cleaned_data.get("secondary") else "unit_id", str(error))
        except (
            acquisition_operations.DeviceMisconfigured,
            acquisition_operations.LineMisconfigured,
            acquisition_operations.GatewayRevoked,
        ) as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The gateway reads the meter within half a minute."))
            return redirect("gateway", request.organization.public_id, gateway)
    context = {"form": form, "fields": form, "row": row, "title": _("Read a meter")}
    return render(request, "gateways/line.html", context, status=422 if form.errors else 200)
