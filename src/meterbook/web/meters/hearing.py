"""Correct how a meter that sends by itself is heard."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from meterbook.acquisition import brokers, catalogue
from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition import queries as acquisition_queries
from meterbook.metering import queries as metering_queries
from meterbook.web import access
from meterbook.web.brokers import shown
from meterbook.web.meters import hearing_forms


class SubscriptionForm(hearing_forms.HearingForm):
    """The topic, and where the values stand."""

    def __init__(self, data: QueryDict | None, *, row: brokers.SubscriptionRow, model_code: str) -> None:
        initial = {
            "topic": row.topic,
            "channel": row.channel,
            "mapping": row.text if row.is_own else "",
            "expected_seconds": row.expected_seconds,
        }
        super().__init__(data, initial=initial)
        for name in self.fields.keys() - set(hearing_forms.HEARING):
            del self.fields[name]
        self._model = catalogue.current().load(model_code)

    def clean(self) -> dict[str, Any]:
        """This will look at what depends on the model."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        self.check_hearing(given, self._model)
        return given

    def shown_fields(self) -> list[forms.BoundField]:
        """This will return the fields in their order."""
        return self.hearing_fields()


def connection(
    request: access.Request, detail: metering_queries.MeterDetail, device: acquisition_queries.DeviceRow
) -> HttpResponse:
    """This will show how the meter is heard, and change it."""
    row = brokers.find_subscription(device_id=device.id, model_code=device.model_code)
    if row is None:
        raise Http404(_("There is no such meter."))
    broker = brokers.get_broker(bus=device.bus.public_id)
    data = request.POST if request.method == "POST" else None
    form = SubscriptionForm(data, row=row, model_code=device.model_code)
    if form.is_bound and form.is_valid():
        try:
            acquisition_operations.change_subscription(
                actor=request.actor, at=request.at, device=device.public_id, facts=form.subscription()
            )
        except acquisition_operations.SubscriptionMisconfigured as error:
            form.add_error(error.field, str(error))
        else:
            messages.success(request, _("The connection was changed; the next message is read so."))
            return redirect("meter", request.organization.public_id, detail.public_id)
    context = {
        "detail": detail,
        "form": form,
        "row": row,
        "broker": broker,
        "mark": shown.mark(broker, request.at),
        "device": device,
    }
    return render(request, "meters/subscription.html", context, status=422 if form.errors else 200)
