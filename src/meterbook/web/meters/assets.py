"""The meter as a thing: what its page shows of it, and the page where that is changed."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from meterbook.identity.values import Module
from meterbook.journeys import keeping_assets
from meterbook.kernel import civil
from meterbook.metering import assets as metering_assets
from meterbook.metering import operations as metering_operations
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.metering.calibrations import CalibrationState
from meterbook.web import access
from meterbook.web.meters import asset_forms, finding, instants

SOON = timedelta(days=92)
TONES = {
    CalibrationState.UNKNOWN: ("", "question"),
    CalibrationState.VALID: ("ok", "check"),
    CalibrationState.EXPIRED: ("warn", "alert"),
    CalibrationState.FAILED: ("alarm", "alert"),
}


@dataclass(frozen=True)
class Chip:
    """A state in words with its tone and icon."""

    caption: str
    tone: str
    icon: str


@dataclass(frozen=True)
class TestLine:
    """A test as the page lists it; the last day that it holds for."""

    row: metering_queries.TestRow
    serial_number: str
    last_day: date | None


@dataclass(frozen=True)
class PhotoLine:
    """A photo with what it shows."""

    row: metering_queries.FileRow
    caption: str
    serial_number: str


@dataclass(frozen=True)
class Shown:
    """What is known of the meter that hangs there and of those before it; `asset` None where none hangs."""

    asset: metering_queries.Asset | None
    approval: str
    calibration: Chip | None
    last_day: date | None
    is_soon: bool
    is_battery_over: bool
    equipment: metering_assets.Equipment
    tests: tuple[TestLine, ...]
    photos: tuple[PhotoLine, ...]
    plates: tuple[metering_queries.PlateRow, ...]
    equipments: tuple[metering_queries.EquipmentRow, ...]


def chip(state: CalibrationState, *, is_soon: bool = False) -> Chip:
    """This will write the state of a calibration; one that ends soon is told so."""
    tone, icon = TONES[state]
    if is_soon:
        return Chip(_("Calibration ends soon"), "warn", "clock")
    return Chip(str(metering_assets.STATE_CAPTIONS[state]), tone, icon)


def collect(detail: metering_queries.MeterDetail, at: datetime) -> Shown:
    """This will read what the meter's page shows of it as a thing, in a fixed number of queries."""
    today = civil.local_date(at, detail.zone)
    held = metering_queries.assets_of(installations=detail.installations)
    equipments = metering_queries.equipment_of(meter_point=detail.public_id)
    current = held[0] if held and detail.current is not None else None
    latest = current.latest_test if current is not None else None
    until = latest.test.until_day if latest is not None and latest.test.is_passed else None
    is_soon = until is not None and today < until <= today + SOON
    state = current.state_on(today) if current is not None else None
    battery = current.plate.battery_until if current is not None else None
    return Shown(
        asset=current,
        approval=_approval(current.plate) if current is not None else "",
        calibration=None if state is None else chip(state, is_soon=is_soon),
        last_day=None if until is None else until - timedelta(days=1),
        is_soon=is_soon,
        is_battery_over=battery is not None and battery < today,
        equipment=equipments[0].equipment if equipments else metering_assets.Equipment(),
        tests=tuple(_line(each, asset.serial_number) for asset in held for each in asset.tests),
        photos=tuple(_photo(each, asset.serial_number) for asset in held for each in asset.files),
        plates=current.plates if current is not None else (),
        equipments=equipments,
    )


def _approval(plate: metering_assets.Plate) -> str:
    if plate.approval is metering_assets.Approval.NONE:
        return plate.approval_number
    parts = (str(metering_assets.APPROVAL_CAPTIONS[plate.approval]), plate.approval_number)
    return ", ".join(part for part in parts if part)


def _line(row: metering_queries.TestRow, serial_number: str) -> TestLine:
    until = row.test.until_day
    return TestLine(row, serial_number, None if until is None else until - timedelta(days=1))


def _photo(row: metering_queries.FileRow, serial_number: str) -> PhotoLine:
    return PhotoLine(row, str(metering_assets.FILE_KIND_CAPTIONS[row.kind]), serial_number)


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.MANAGE_METER, module=Module.METERING, by_site=True, by_single=True)
def edit(request: access.Request, meter: uuid.UUID) -> HttpResponse:
    """This will show what is known of a meter as a thing, and note what is typed."""
    detail = _find(request, meter)
    known = collect(detail, request.at)
    if request.method == "GET":
        plate = known.asset.plate if known.asset is not None else metering_assets.Plate()
        initial = {
            "starts_at": instants.shown(request.at, detail.zone),
            **asset_forms.asset_shown(plate, known.equipment),
        }
        form = asset_forms.AssetForm(detail=detail, at=request.at, initial=initial)
        return _show(request, detail, form)
    if request.POST.get("meter", "") != _seen(detail):
        messages.error(request, _("Another meter hangs there by now: look at its page, then begin again."))
        return redirect("meter", request.organization.public_id, detail.public_id)
    form = asset_forms.AssetForm(request.POST, detail=detail, at=request.at)
    if not form.is_valid():
        return _show(request, detail, form, status=422)
    return _keep(request, detail, form)


def _seen(detail: metering_queries.MeterDetail) -> str:
    """Which meter the form was shown for."""
    return str(detail.current.meter_public_id) if detail.current is not None else ""


def _find(request: access.Request, meter: uuid.UUID) -> metering_queries.MeterDetail:
    detail = finding.find_changeable(request, meter, permissions.MANAGE_METER)
    if detail.is_virtual:
        raise Http404(_("A virtual meter is computed from others; nothing hangs there."))
    return detail


def _keep(request: access.Request, detail: metering_queries.MeterDetail, form: asset_forms.AssetForm) -> HttpResponse:
    given = form.cleaned_data
    try:
        with transaction.atomic():
            is_new = keeping_assets.describe(
                actor=request.actor,
                at=request.at,
                point_id=detail.public_id,
                meter_id=detail.current.meter_public_id if detail.current else None,
                starts_at=given["starts_at"],
                plate=form.plate() if detail.current else None,
                equipment=form.equipment(),
                reason=given["reason"],
            )
    except metering_operations.FactsAhead as error:
        form.add_error("starts_at", str(error))
        return _show(request, detail, form, status=422)
    if is_new:
        messages.success(request, _("What is known of the meter was noted."))
    else:
        messages.info(request, _("Nothing changed: this is known already."))
    return redirect("meter", request.organization.public_id, detail.public_id)


def _show(
    request: access.Request,
    detail: metering_queries.MeterDetail,
    form: asset_forms.AssetForm,
    *,
    status: int = 200,
) -> HttpResponse:
    around = ("location", *asset_forms.TRANSFORMERS)
    context: dict[str, Any] = {
        "detail": detail,
        "form": form,
        "own": [each for each in form if each.name not in (*around, "starts_at", "reason")],
        "serial": detail.current.serial_number if detail.current else "",
        "seen": _seen(detail),
    }
    return render(request, "meters/asset.html", context, status=status)


@require_GET
@access.page(permission=permissions.VIEW_METER, module=Module.METERING, by_site=True, by_single=True)
def file(request: access.Request, meter: uuid.UUID, asset_file: uuid.UUID) -> HttpResponse:
    """This will give a photo or a certificate of a meter that hangs or hung at the point out."""
    detail = finding.find_point(request, meter, is_assigned_enough=True)
    return given_out(asset_file, [each.meter_public_id for each in detail.installations])


def given_out(file: uuid.UUID, meters: list[uuid.UUID]) -> HttpResponse:
    """This will answer a file about one of these meters: pictures to be shown, all else to be saved.

    :raises Http404: when it is about no meter of these
    """
    try:
        row, content, name = metering_queries.get_asset_file(public_id=file, meter_public_ids=meters)
    except metering_queries.AssetFileNotFound as error:
        raise Http404(_("There is no such file.")) from error
    is_photo = row.is_picture and row.kind is not metering_assets.FileKind.CERTIFICATE
    headers = {
        "Content-Disposition": f'{"inline" if is_photo else "attachment"}; filename="{name}"',
        "Cache-Control": "private, max-age=3600",
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(content, content_type=row.media_type, headers=headers)
