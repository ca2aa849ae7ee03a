"""Exchange a meter in three steps on one page: the new meter, the readings of both, and what follows."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from meterbook.acquisition import permissions as acquisition_permissions
from meterbook.acquisition import queries as acquisition_queries
from meterbook.identity.values import Module
from meterbook.journeys import add_meter, exchange_meter, hung_registers, noting_assets
from meterbook.metering import operations as metering_operations
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.web import access
from meterbook.web.meters import asset_forms, exchanging_forms, finding, history, instants

METER, READINGS, SURE = "meter", "readings", "sure"
OLD = "old"


@dataclass(frozen=True)
class Steps:
    """The forms as far as they were filled in; `readings` is None until the first one is valid."""

    meter: exchanging_forms.NewMeterForm
    readings: exchanging_forms.ReadingsForm | None
    photos: asset_forms.PhotosForm


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.MANAGE_METER, module=Module.METERING, by_site=True, by_single=True)
def exchange(request: access.Request, meter: uuid.UUID) -> HttpResponse:
    """This will ask for the new meter, then for the readings, show what follows, and exchange the meter."""
    detail = finding.find_changeable(request, meter, permissions.MANAGE_METER)
    if detail.current is None:
        messages.info(request, _("No meter hangs at this meter point; set one up instead."))
        return redirect("meter", request.organization.public_id, detail.public_id)
    device = _device(request, detail)
    step = request.POST.get("step", "")
    if not step or request.POST.get("back"):
        return _ask_meter(request, detail, device)
    if request.POST.get(OLD) != str(detail.current.meter_public_id):
        messages.error(request, _("Another meter hangs there by now: look at its page, then begin again."))
        return redirect("meter", request.organization.public_id, detail.public_id)
    steps = _steps(request, detail, device)
    if steps.readings is None or not steps.meter.is_valid():
        return _show(request, detail, steps, METER, status=422)
    if step == METER:
        fresh = exchanging_forms.ReadingsForm(
            detail=detail, exchanged_at=_given(steps)["exchanged_at"], registers=steps.readings.registers
        )
        return _show(request, detail, Steps(steps.meter, fresh, steps.photos), READINGS)
    if not steps.readings.is_valid():
        return _show(request, detail, steps, READINGS, status=422)
    if step == READINGS:
        return _show(request, detail, steps, SURE)
    if not steps.photos.is_valid():
        return _show(request, detail, steps, SURE, status=422)
    return _exchange(request, detail, steps)


def _device(request: access.Request, detail: metering_queries.MeterDetail) -> acquisition_queries.DeviceRow | None:
    """Who may not manage devices exchanges meters whose readings come from files."""
    device = finding.find_device(detail)
    may = finding.may(request, detail, acquisition_permissions.MANAGE_DEVICE)
    return device if device is not None and device.is_enabled and may else None


def _ask_meter(
    request: access.Request, detail: metering_queries.MeterDetail, device: acquisition_queries.DeviceRow | None
) -> HttpResponse:
    current = detail.current
    kept = {key: value for key, value in request.POST.items() if isinstance(value, str)}
    initial: dict[str, Any] = kept or {
        "exchanged_at": instants.shown(request.at, detail.zone),
        "model_code": current.model_code if current else "",
        "multiplier": str(current.multipliers[-1].factor) if current and current.multipliers else "1",
        "unit_id": device.unit_id if device and not device.secondary else None,
    }
    form = exchanging_forms.NewMeterForm(detail=detail, device=device, at=request.at, initial=initial)
    return _show(request, detail, Steps(form, None, asset_forms.PhotosForm()), METER)


def _steps(
    request: access.Request,
    detail: metering_queries.MeterDetail,
    device: acquisition_queries.DeviceRow | None,
) -> Steps:
    form = exchanging_forms.NewMeterForm(request.POST, detail=detail, device=device, at=request.at)
    if not form.is_valid():
        return Steps(form, None, asset_forms.PhotosForm())
    registers = hung_registers.registers_of(
        form.cleaned_data["model_code"], detail.service, kept=hung_registers.kept_registers(detail)
    )
    readings = exchanging_forms.ReadingsForm(
        request.POST, detail=detail, exchanged_at=form.cleaned_data["exchanged_at"], registers=registers
    )
    serials = {
        "went": detail.current.serial_number if detail.current else "",
        "came": form.cleaned_data["serial_number"],
    }
    if request.POST.get("step") != SURE:
        return Steps(form, readings, asset_forms.PhotosForm(**serials))
    return Steps(form, readings, asset_forms.PhotosForm(request.POST, request.FILES, **serials))


def _given(steps: Steps) -> dict[str, Any]:
    return steps.meter.cleaned_data


def _exchange(request: access.Request, detail: metering_queries.MeterDetail, steps: Steps) -> HttpResponse:
    given, readings, photos = _given(steps), steps.readings, steps.photos.cleaned_data
    try:
        with transaction.atomic():
            exchange_meter.exchange(
                actor=request.actor,
                at=request.at,
                point_id=detail.public_id,
                old_meter_id=uuid.UUID(request.POST[OLD]),
                exchanged_at=given["exchanged_at"],
                finals=readings.final_values() if readings else {},
                new=new_meter(given, readings),
                reason=given["reason"],
                noted=noting_assets.Noted(seals=given["seals"], came=photos["photo_came"], went=photos["photo_went"]),
            )
    except add_meter.MeterRefused as error:
        steps.meter.add_error(error.field if error.field in steps.meter.fields else None, str(error))
        return _show(request, detail, steps, METER, status=422)
    except (exchange_meter.ChangedMeanwhile, metering_operations.ClosingMissing) as error:
        steps.meter.add_error(None, str(error))
        return _show(request, detail, steps, METER, status=409)
    messages.success(request, _("The meter was exchanged; %(serial)s counts now.") % {"serial": given["serial_number"]})
    return redirect("meter", request.organization.public_id, detail.public_id)


def new_meter(given: dict[str, Any], readings: exchanging_forms.ReadingsForm | None) -> exchange_meter.NewMeter:
    """This will return the meter that was typed, with what it showed first."""
    return exchange_meter.NewMeter(
        serial_number=given["serial_number"],
        model_code=given["model_code"],
        multiplier=given["multiplier"],
        rated_per_hour=given["rated_per_hour"],
        unit_id=given.get("unit_id"),
        secondary=given.get("secondary") or "",
        openings=readings.opening_values() if readings else {},
    )


def _show(
    request: access.Request, detail: metering_queries.MeterDetail, steps: Steps, step: str, *, status: int = 200
) -> HttpResponse:
    current, readings = detail.current, steps.readings
    context: dict[str, Any] = {
        "detail": detail,
        "step": step,
        "number": (METER, READINGS, SURE).index(step) + 1,
        "form": steps.meter,
        "readings": readings,
        "photos": steps.photos,
        "old": current.meter_public_id if current else "",
        "old_serial": current.serial_number if current else "",
        "kept": [] if step == METER else hidden(steps.meter),
        "kept_readings": hidden(readings) if step == SURE and readings is not None else [],
    }
    if step == SURE and readings is not None and current is not None:
        context |= {
            "given": _given(steps),
            "model": history.model_name(_given(steps)["model_code"]),
            "uses": readings.uses(),
            "finals": [(field.label, readings[field.html_name].value()) for field, _mark in readings.final_fields()],
            "openings": [(field.label, field.value()) for field in readings.opening_fields()],
        }
    return render(request, "meters/exchange.html", context, status=status)


def hidden(form: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - any of our forms
    """This will return what a form was given, to be sent again with the next step."""
    return [(field.html_name, str(field.value())) for field in form if field.value() not in (None, "", False)]
