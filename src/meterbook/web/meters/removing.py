"""Take a meter away in three steps on one page: when and why, its final readings, and what follows."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from meterbook.identity.values import Module
from meterbook.journeys import add_meter, exchange_meter, hanging_meters, noting_assets
from meterbook.metering import operations as metering_operations
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.web import access, amounts, typed
from meterbook.web.meters import asset_forms, exchanging, exchanging_forms, finding, instants
from meterbook.web.templatetags import meterbook as tags

WHEN, READINGS, SURE = "when", "readings", "sure"
OLD = exchanging.OLD
# A register that a device told so shortly before stands in the field: it is what the display shows.
FRESH = timedelta(minutes=2)


class RemoveForm(typed.Form):
    """When a meter is taken away, and why."""

    reason = forms.CharField(
        label=gettext_lazy("Why it is removed"),
        max_length=200,
        help_text=gettext_lazy("Such as: shop closed. It stays on record."),
    )

    def __init__(
        self,
        data: object = None,
        *,
        detail: metering_queries.MeterDetail,
        at: datetime,
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=initial)  # type: ignore[arg-type]  # what a request's POST is
        self.detail = detail
        self.fields["removed_at"] = instants.InstantField(
            label=_("Removed at"),
            zone=detail.zone,
            until=at,
            help_text=_("By the clock at the meter. It counts until then."),
        )
        self.order_fields(["removed_at", "reason"])

    def clean(self) -> dict[str, Any]:
        """This will refuse a time before the meter was hung."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        at, current = given.get("removed_at"), self.detail.current
        if at is not None and current is not None and at <= current.starts_at:
            shown = tags.local(current.starts_at, self.detail.zone)
            self.add_error(
                "removed_at", _("It hangs there only since %(start)s; take a later time.") % {"start": shown}
            )
        return given


@dataclass(frozen=True)
class Steps:
    """The forms as far as they were filled in; `readings` is None until the first one is valid."""

    when: RemoveForm
    readings: exchanging_forms.ReadingsForm | None
    photos: asset_forms.PhotosForm


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.MANAGE_METER, module=Module.METERING, by_site=True, by_single=True)
def remove(request: access.Request, meter: uuid.UUID) -> HttpResponse:
    """This will ask when and why, then for the readings, show what follows, and remove the meter."""
    detail = finding.find_changeable(request, meter, permissions.MANAGE_METER)
    if detail.current is None or detail.is_virtual:
        messages.info(request, _("No meter hangs at this meter point."))
        return redirect("meter", request.organization.public_id, detail.public_id)
    step = request.POST.get("step", "")
    if not step or request.POST.get("back"):
        return _show(request, detail, _begun(request, detail), WHEN)
    if request.POST.get(OLD) != str(detail.current.meter_public_id):
        messages.error(request, _("Another meter hangs there by now: look at its page, then begin again."))
        return redirect("meter", request.organization.public_id, detail.public_id)
    steps = _steps(request, detail, step)
    if steps.readings is None:
        return _show(request, detail, steps, WHEN, status=422)
    if step == WHEN:
        fresh = _readings(detail, steps.when.cleaned_data["removed_at"], None)
        return _show(request, detail, Steps(steps.when, fresh, steps.photos), READINGS)
    if not steps.readings.is_valid():
        return _show(request, detail, steps, READINGS, status=422)
    if step == READINGS:
        return _show(request, detail, steps, SURE)
    if not steps.photos.is_valid():
        return _show(request, detail, steps, SURE, status=422)
    return _remove(request, detail, steps, steps.readings)


def _begun(request: access.Request, detail: metering_queries.MeterDetail) -> Steps:
    kept = {key: value for key, value in request.POST.items() if isinstance(value, str)}
    initial = kept or {"removed_at": instants.shown(request.at, detail.zone)}
    return Steps(RemoveForm(detail=detail, at=request.at, initial=initial), None, _photos(detail))


def _steps(request: access.Request, detail: metering_queries.MeterDetail, step: str) -> Steps:
    form = RemoveForm(request.POST, detail=detail, at=request.at)
    photos = _photos(detail, request) if step == SURE else _photos(detail)
    if not form.is_valid():
        return Steps(form, None, photos)
    return Steps(form, _readings(detail, form.cleaned_data["removed_at"], request.POST), photos)


def _photos(detail: metering_queries.MeterDetail, request: access.Request | None = None) -> asset_forms.PhotosForm:
    went = detail.current.serial_number if detail.current else ""
    if request is None:
        return asset_forms.PhotosForm(went=went)
    return asset_forms.PhotosForm(request.POST, request.FILES, went=went)


def _readings(
    detail: metering_queries.MeterDetail, removed_at: datetime, given: object
) -> exchanging_forms.ReadingsForm:
    form = exchanging_forms.ReadingsForm(given, detail=detail, exchanged_at=removed_at, registers=())
    for series, register in form.finals if given is None else ():
        known = form.latest[series.code]
        if known is not None and removed_at - known.at <= FRESH:
            shown = Decimal(known.raw).scaleb(-register.decimals)
            form.initial[f"final_{series.code}"] = amounts.written(shown)
    return form


def _remove(
    request: access.Request,
    detail: metering_queries.MeterDetail,
    steps: Steps,
    readings: exchanging_forms.ReadingsForm,
) -> HttpResponse:
    given = steps.when.cleaned_data
    try:
        with transaction.atomic():
            hanging_meters.remove(
                actor=request.actor,
                at=request.at,
                point_id=detail.public_id,
                meter_id=uuid.UUID(request.POST[OLD]),
                removed_at=given["removed_at"],
                finals=readings.final_values(),
                reason=given["reason"],
                noted=noting_assets.Noted(went=steps.photos.cleaned_data["photo_went"]),
            )
    except add_meter.MeterRefused as error:
        steps.when.add_error(error.field if error.field in steps.when.fields else None, str(error))
        return _show(request, detail, steps, WHEN, status=422)
    except (
        exchange_meter.ChangedMeanwhile,
        exchange_meter.NothingToExchange,
        metering_operations.ClosingMissing,
    ) as error:
        steps.when.add_error(None, str(error))
        return _show(request, detail, steps, WHEN, status=409)
    messages.success(request, _("The meter was removed; the point stays, and another one can be installed there."))
    return redirect("meter", request.organization.public_id, detail.public_id)


def _show(
    request: access.Request, detail: metering_queries.MeterDetail, steps: Steps, step: str, *, status: int = 200
) -> HttpResponse:
    current, readings = detail.current, steps.readings
    context: dict[str, Any] = {
        "detail": detail,
        "step": step,
        "number": (WHEN, READINGS, SURE).index(step) + 1,
        "form": steps.when,
        "readings": readings,
        "photos": steps.photos,
        "old": current.meter_public_id if current else "",
        "serial": current.serial_number if current else "",
        "kept": [] if step == WHEN else exchanging.hidden(steps.when),
        "kept_readings": exchanging.hidden(readings) if step == SURE and readings is not None else [],
    }
    if step == SURE and readings is not None:
        context |= {
            "given": steps.when.cleaned_data,
            "uses": readings.uses(),
            "finals": [(field.label, readings[field.html_name].value()) for field, _mark in readings.final_fields()],
        }
    return render(request, "meters/remove.html", context, status=status)
