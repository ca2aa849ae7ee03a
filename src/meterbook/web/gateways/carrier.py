"""Which way the batches of a gateway come: through a broker, or over HTTPS alone."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django import forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from meterbook.acquisition import brokers, carriers, permissions, values
from meterbook.acquisition import operations as acquisition_operations
from meterbook.identity.values import Module
from meterbook.web import access, once, typed
from meterbook.web.gateways import shown

guarded = access.page(permission=permissions.MANAGE_DEVICE, module=Module.METERING, by_site=True)


class CarrierForm(typed.Form):
    """The broker, and how the gateway reaches it."""

    broker = forms.ChoiceField(
        label=gettext_lazy("Batches come through"),
        required=False,
        help_text=gettext_lazy("What cannot go through the broker goes over HTTPS, so that nothing waits for it."),
    )
    host = forms.CharField(
        label=gettext_lazy("Address of the broker for the gateway"),
        max_length=253,
        required=False,
        help_text=gettext_lazy("Where the gateway reaches it under another one than we do. Empty: the same."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    port = forms.IntegerField(
        label=gettext_lazy("Port of the broker for the gateway"),
        min_value=values.PORTS[0],
        max_value=values.PORTS[-1],
        required=False,
        help_text=gettext_lazy("Empty: the same."),
    )

    def __init__(
        self, data: QueryDict | None, *, row: carriers.CarrierRow | None, found: Sequence[brokers.BrokerRow]
    ) -> None:
        initial = {}
        if row is not None:
            initial = {"broker": str(row.bus), "host": row.own_host, "port": row.own_port or None}
        super().__init__(data, initial=initial)
        choices = [(str(each.bus.public_id), f"{each.bus.name} ({each.bus.address})") for each in found]
        self.fields["broker"].choices = [("", _("HTTPS alone")), *choices]  # type: ignore[attr-defined]


@require_http_methods(["GET", "POST"])
@guarded
@once.carried_out_once
def carrier(request: access.Request, gateway: uuid.UUID) -> HttpResponse:
    """This will ask which way the batches of a gateway come, and set it."""
    row = shown.find(request, gateway, to_change=True)
    held = carriers.find(gateway_id=row.id)
    found = brokers.list_brokers(site_ids=request.access.sites(permissions.MANAGE_DEVICE))
    form = CarrierForm(request.POST if request.method == "POST" else None, row=held, found=found)
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        try:
            acquisition_operations.set_carrier(
                actor=request.actor,
                at=request.at,
                public_id=gateway,
                broker=uuid.UUID(given["broker"]) if given["broker"] else None,
                host=given["host"] or "",
                port=given["port"] or 0,
            )
        except acquisition_operations.CarrierMisconfigured as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        except acquisition_operations.GatewayRevoked as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The gateway is told within half a minute, over HTTPS."))
            return redirect("gateway", request.organization.public_id, gateway)
    context = {"form": form, "row": row, "has_brokers": bool(found)}
    return render(request, "gateways/carrier.html", context, status=422 if form.errors else 200)
