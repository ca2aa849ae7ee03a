"""Correct what a meter counted: the form, then which bills would change by how much, then the correction."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from meterbook.billing import permissions as billing_permissions
from meterbook.identity.values import Module
from meterbook.journeys import counting as journey
from meterbook.kernel.period import Period
from meterbook.metering import operations as metering_operations
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.metering.operations import counting
from meterbook.web import access, once
from meterbook.web.counting import bills, forms, overview
from meterbook.web.meters import exchanging, finding, instants

guard = access.page(permission=permissions.CORRECT_READING, module=Module.METERING, by_site=True, by_single=True)
REFUSALS = (
    counting.MultiplierUnchanged,
    counting.RatioPresent,
    counting.SegmentGone,
    journey.TestUnfit,
    journey.TimeUnfit,
    journey.TooFarBack,
    metering_operations.ClosingMissing,
    metering_operations.CorrectionIncomplete,
    metering_operations.OutsideInstallation,
    metering_operations.RegistersArePrimary,
)


@require_http_methods(["GET", "POST"])
@guard
@once.carried_out_once
def by_test(request: access.Request, meter: uuid.UUID) -> HttpResponse:
    """This will correct what a meter counted by a test that it failed (B-24)."""
    detail = finding.find_changeable(request, meter, permissions.CORRECT_READING)
    tests = overview.failed(detail)
    data = request.POST if request.method == "POST" else None
    initial = {"ends_at": instants.shown(request.at, detail.zone)}
    form = forms.TestForm(data, detail=detail, tests=tests, at=request.at, initial=initial)

    def plan(given: dict[str, Any]) -> journey.Plan:
        return journey.plan_by_test(
            actor=request.actor,
            at=request.at,
            meter_point=detail.public_id,
            test=uuid.UUID(given["test"]),
            period=Period(given["starts_at"], given["ends_at"]),
        )

    title = _("Correct by a test")
    return _answer(request, detail, form, plan, title, is_empty=not tests)


@require_http_methods(["GET", "POST"])
@guard
@once.carried_out_once
def multiplier(request: access.Request, meter: uuid.UUID) -> HttpResponse:
    """This will put a multiplier right that was entered wrongly (B-02)."""
    detail = finding.find_changeable(request, meter, permissions.CORRECT_READING)
    data = request.POST if request.method == "POST" else None
    form = forms.RecountForm(data, detail=detail)

    def plan(given: dict[str, Any]) -> journey.Plan:
        since = datetime.fromisoformat(given["since"])
        return journey.plan_multiplier(
            actor=request.actor,
            at=request.at,
            installation=journey.installed(meter_point=detail.public_id, instant=since),
            recount=counting.Recount(since, given["multiplier"], False, {}, {"protocol": given["protocol"]}),
        )

    title = _("Correct a wrong multiplier")
    return _answer(request, detail, form, plan, title, is_empty=not forms.segments(detail))


@require_POST
@guard
def withdraw(request: access.Request, meter: uuid.UUID, count_change: uuid.UUID) -> HttpResponse:
    """This will take back a correction by a test."""
    detail = finding.find_changeable(request, meter, permissions.CORRECT_READING)
    bills.row_of(detail, count_change)
    form = forms.ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say why; it stays on record."))
        return redirect("meter_count", request.organization.public_id, detail.public_id)
    try:
        found = journey.plan_withdrawal(
            actor=request.actor, at=request.at, meter_point=detail.public_id, correction=count_change
        )
        _carry_out(request, found, form.cleaned_data["reason"])
    except REFUSALS as error:
        messages.error(request, str(error))
    return redirect("meter_count", request.organization.public_id, detail.public_id)


def _answer(
    request: access.Request,
    detail: metering_queries.MeterDetail,
    form: forms.ReasonForm,
    plan: Callable[[dict[str, Any]], journey.Plan],
    title: str,
    *,
    is_empty: bool,
) -> HttpResponse:
    found: journey.Plan | None = None
    if form.is_bound and "back" not in request.POST and form.is_valid():
        try:
            found = plan(form.cleaned_data)
            if "sure" in request.POST:
                _carry_out(request, found, form.cleaned_data["reason"])
                return redirect("meter_count", request.organization.public_id, detail.public_id)
        except REFUSALS as error:
            found = None
            form.add_error(None, str(error))
    context = {
        "detail": detail,
        "title": title,
        "form": form,
        "is_empty": is_empty,
        "plan": found,
        "words": "" if found is None else overview.told(found.facts["made_of"]),
        "kept": [] if found is None else exchanging.hidden(form),
        "may_view_bills": request.access.allows(billing_permissions.VIEW_BILL, detail.site_id),
    }
    return render(request, "counting/correct.html", context, status=422 if form.errors else 200)


def _carry_out(request: access.Request, plan: journey.Plan, reason: str) -> None:
    made = journey.carry_out(actor=request.actor, at=request.at, plan=plan, reason=reason)
    if made.is_waiting:
        messages.success(request, _("It waits for a second person: what a meter counts is never changed by one alone."))
    else:
        messages.success(request, _("It is corrected; the days are derived anew within seconds."))
