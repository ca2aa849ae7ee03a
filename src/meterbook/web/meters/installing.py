"""Hang a meter at a point that has none, in three steps on one page: the meter, what it shows, and what follows."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from meterbook.acquisition import permissions as acquisition_permissions
from meterbook.acquisition import queries as acquisition_queries
from meterbook.acquisition import values as acquisition_values
from meterbook.identity.values import Module
from meterbook.journeys import add_meter, hanging_meters, hung_registers, noting_assets
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.web import access
from meterbook.web.meters import asset_forms, exchanging, exchanging_forms, finding, history, instants
from meterbook.web.templatetags import meterbook as tags

METER, READINGS, SURE = exchanging.METER, exchanging.READINGS, exchanging.SURE


class InstallForm(exchanging_forms.NewMeterForm):
    """The meter that comes to a point without one, and when."""

    def __init__(self, *args: Any, **named: Any) -> None:  # noqa: ANN401 - as the form of an exchange
        super().__init__(*args, **named)
        self.fields["exchanged_at"].label = gettext_lazy("Installed at")
        self.fields["exchanged_at"].help_text = gettext_lazy("By the clock at the meter. It counts from then on.")
        self.fields["reason"].label = gettext_lazy("Why it is installed")
        self.fields["reason"].help_text = gettext_lazy("Such as: new tenant. It stays on record.")
        self.fields["serial_number"].help_text = gettext_lazy(
            "As it stands on its plate. A meter that hung elsewhere before is known by it and its model."
        )
        if "unit_id" in self.fields:
            self.fields["unit_id"].required = False
            self.fields["unit_id"].help_text = gettext_lazy(
                "As it is set at the meter, 1 to 247; with M-Bus 0 to 250. Empty: nothing asks it."
            )

    def clean(self) -> dict[str, Any]:
        """This will refuse a time at which the meter before still hung there."""
        given = super().clean()
        at, ended = (
            given.get("exchanged_at"),
            self.detail.installations[0].ends_at if self.detail.installations else None,
        )
        if at is not None and ended is not None and at < ended:
            shown = tags.local(ended, self.detail.zone)
            words = _("The meter before hung there until %(end)s; take a later time.") % {"end": shown}
            self.add_error("exchanged_at", words)
        return given

    def _clean_address(self, given: dict[str, Any], protocol: acquisition_values.BusProtocol) -> None:
        """One that has no address is not asked."""
        if given.get("unit_id") is not None or given.get("secondary"):
            super()._clean_address(given, protocol)


@dataclass(frozen=True)
class Steps:
    """The forms as far as they were filled in; `readings` is None until the first one is valid."""

    meter: InstallForm
    readings: exchanging_forms.ReadingsForm | None
    photos: asset_forms.PhotosForm


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.MANAGE_METER, module=Module.METERING, by_site=True, by_single=True)
def install(request: access.Request, meter: uuid.UUID) -> HttpResponse:
    """This will ask for the meter, then for what it shows, say what follows, and hang it there."""
    detail = finding.find_changeable(request, meter, permissions.MANAGE_METER)
    if detail.current is not None:
        messages.info(request, _("A meter hangs there already; exchange it instead."))
        return redirect("meter", request.organization.public_id, detail.public_id)
    device = _device(request, detail)
    step = request.POST.get("step", "")
    if not step or request.POST.get("back"):
        kept = {key: value for key, value in request.POST.items() if isinstance(value, str)}
        form = InstallForm(detail=detail, device=device, at=request.at, initial=kept or _usual(request, detail))
        return _show(request, detail, Steps(form, None, asset_forms.PhotosForm()), METER)
    steps = _steps(request, detail, device, step)
    if steps.readings is None:
        return _show(request, detail, steps, METER, status=422)
    if step == METER:
        fresh = exchanging_forms.ReadingsForm(
            detail=detail, exchanged_at=steps.meter.cleaned_data["exchanged_at"], registers=steps.readings.registers
        )
        return _show(request, detail, Steps(steps.meter, fresh, steps.photos), READINGS)
    if not steps.readings.is_valid():
        return _show(request, detail, steps, READINGS, status=422)
    if step == READINGS:
        return _show(request, detail, steps, SURE)
    if not steps.photos.is_valid():
        return _show(request, detail, steps, SURE, status=422)
    return _install(request, detail, steps, steps.readings)


def _device(request: access.Request, detail: metering_queries.MeterDetail) -> acquisition_queries.DeviceRow | None:
    """The device of the meter that hung there last: the new one can be asked on its bus."""
    if not detail.installations or not finding.may(request, detail, acquisition_permissions.MANAGE_DEVICE):
        return None
    try:
        return acquisition_queries.get_device_of_meter(meter_public_id=detail.installations[0].meter_public_id)
    except acquisition_queries.DeviceNotFound:
        return None


def _usual(request: access.Request, detail: metering_queries.MeterDetail) -> dict[str, Any]:
    before = detail.installations[0] if detail.installations else None
    return {
        "exchanged_at": instants.shown(request.at, detail.zone),
        "model_code": before.model_code if before else "",
        "multiplier": str(before.multipliers[-1].factor) if before and before.multipliers else "1",
    }


def _steps(
    request: access.Request,
    detail: metering_queries.MeterDetail,
    device: acquisition_queries.DeviceRow | None,
    step: str,
) -> Steps:
    form = InstallForm(request.POST, detail=detail, device=device, at=request.at)
    if not form.is_valid():
        return Steps(form, None, asset_forms.PhotosForm())
    given = form.cleaned_data
    registers = hung_registers.registers_of(given["model_code"], detail.service)
    readings = exchanging_forms.ReadingsForm(
        request.POST, detail=detail, exchanged_at=given["exchanged_at"], registers=registers
    )
    came = given["serial_number"]
    if step != SURE:
        return Steps(form, readings, asset_forms.PhotosForm(came=came))
    return Steps(form, readings, asset_forms.PhotosForm(request.POST, request.FILES, came=came))


def _install(
    request: access.Request,
    detail: metering_queries.MeterDetail,
    steps: Steps,
    readings: exchanging_forms.ReadingsForm,
) -> HttpResponse:
    given = steps.meter.cleaned_data
    try:
        with transaction.atomic():
            hanging_meters.install(
                actor=request.actor,
                at=request.at,
                point_id=detail.public_id,
                installed_at=given["exchanged_at"],
                new=exchanging.new_meter(given, readings),
                reason=given["reason"],
                noted=noting_assets.Noted(seals=given["seals"], came=steps.photos.cleaned_data["photo_came"]),
            )
    except add_meter.MeterRefused as error:
        field = "exchanged_at" if error.field == "installed_at" else error.field
        steps.meter.add_error(field if field in steps.meter.fields else None, str(error))
        return _show(request, detail, steps, METER, status=422)
    messages.success(request, _("%(serial)s was installed and counts now.") % {"serial": given["serial_number"]})
    return redirect("meter", request.organization.public_id, detail.public_id)


def _show(
    request: access.Request, detail: metering_queries.MeterDetail, steps: Steps, step: str, *, status: int = 200
) -> HttpResponse:
    readings = steps.readings
    context: dict[str, Any] = {
        "detail": detail,
        "step": step,
        "number": (METER, READINGS, SURE).index(step) + 1,
        "form": steps.meter,
        "readings": readings,
        "photos": steps.photos,
        "kept": [] if step == METER else exchanging.hidden(steps.meter),
        "kept_readings": exchanging.hidden(readings) if step == SURE and readings is not None else [],
    }
    if step == SURE and readings is not None:
        given = steps.meter.cleaned_data
        context |= {
            "given": given,
            "model": history.model_name(given["model_code"]),
            "openings": [(field.label, field.value()) for field in readings.opening_fields()],
        }
    return render(request, "meters/install.html", context, status=status)
