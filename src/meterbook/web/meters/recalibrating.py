"""Note a test of a meter with its certificate, and take back one that was noted wrongly."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import formats
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from meterbook.identity.values import Module
from meterbook.journeys import keeping_assets
from meterbook.kernel import civil
from meterbook.metering import operations as metering_operations
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.web import access, once
from meterbook.web.meters import asset_forms, assets, finding


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.MANAGE_METER, module=Module.METERING, by_site=True, by_single=True)
@once.carried_out_once
def recalibrate(request: access.Request, meter: uuid.UUID) -> HttpResponse:
    """This will ask for what a test found, and keep it: the calibration holds as it says from then on."""
    detail, hung = _find(request, meter)
    today = civil.local_date(request.at, detail.zone)
    if request.method == "GET":
        return _show(request, detail, asset_forms.TestForm(today=today))
    form = asset_forms.TestForm(request.POST, request.FILES, today=today)
    if not form.is_valid():
        return _show(request, detail, form, status=422)
    try:
        with transaction.atomic():
            keeping_assets.recalibrate(
                actor=request.actor,
                at=request.at,
                point_id=detail.public_id,
                meter_id=hung.meter_public_id,
                test=form.test(),
                certificate=form.cleaned_data["certificate"],
            )
    except metering_operations.TestImpossible as error:
        form.add_error(error.field, str(error))
        return _show(request, detail, form, status=422)
    messages.success(request, _told(form))
    return redirect("meter", request.organization.public_id, detail.public_id)


def _told(form: asset_forms.TestForm) -> str:
    given = form.cleaned_data
    if given["outcome"] == asset_forms.FAILED:
        return _("The failed test was noted; bill runs warn of this meter until it is exchanged or tested again.")
    if given["last_day"] is None:
        return _("The test was noted; its calibration holds without an end.")
    day = formats.date_format(given["last_day"], "SHORT_DATE_FORMAT")
    return _("The test was noted; its calibration holds through %(day)s.") % {"day": day}


def _find(
    request: access.Request, meter: uuid.UUID
) -> tuple[metering_queries.MeterDetail, metering_queries.InstallationRow]:
    """The meter that hangs there, else the one that hung there last: it may be tested before it hangs again."""
    detail = finding.find_changeable(request, meter, permissions.MANAGE_METER)
    if not detail.installations or detail.is_virtual:
        raise Http404(_("No meter hangs at this meter point; set one up instead."))
    return detail, detail.current or detail.installations[0]


def _show(
    request: access.Request, detail: metering_queries.MeterDetail, form: asset_forms.TestForm, *, status: int = 200
) -> HttpResponse:
    hung = detail.current or detail.installations[0]
    shown = assets.collect(detail, request.at)
    context: dict[str, Any] = {
        "detail": detail,
        "form": form,
        "serial": hung.serial_number,
        "is_hanging": detail.current is not None,
        "shown": shown,
    }
    return render(request, "meters/recalibrate.html", context, status=status)


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.MANAGE_METER, module=Module.METERING, by_site=True, by_single=True)
def withdraw(request: access.Request, meter: uuid.UUID, test: uuid.UUID) -> HttpResponse:
    """This will ask why a test is taken back, and take it back."""
    detail = finding.find_changeable(request, meter, permissions.MANAGE_METER)
    row = _test(detail, test)
    form = asset_forms.WithdrawForm(request.POST if request.method == "POST" else None)
    if not form.is_bound or not form.is_valid():
        context = {"detail": detail, "form": form, "row": row}
        return render(request, "meters/withdraw_test.html", context, status=422 if form.is_bound else 200)
    try:
        with transaction.atomic():
            keeping_assets.withdraw(
                actor=request.actor,
                at=request.at,
                point_id=detail.public_id,
                test_id=test,
                reason=form.cleaned_data["reason"],
            )
    except metering_operations.TestGone as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The test was withdrawn; it stays on record."))
    return redirect("meter", request.organization.public_id, detail.public_id)


def _test(detail: metering_queries.MeterDetail, test: uuid.UUID) -> metering_queries.TestRow:
    held = metering_queries.assets_of(installations=detail.installations)
    found = next((each for asset in held for each in asset.tests if each.public_id == test), None)
    if found is None:
        raise Http404(_("There is no such test of this meter."))
    return found
