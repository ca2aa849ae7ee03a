"""Fill a gap: what can be done about a time without readings, each method with its number, and the choice."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from meterbook.billing import permissions as billing_permissions
from meterbook.identity.values import Module
from meterbook.journeys import filling
from meterbook.kernel import civil
from meterbook.metering import operations as metering_operations
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.metering.estimating.inputs import Lack, Method, Outcome
from meterbook.web import access, amounts, once, parameters, typed
from meterbook.web import estimate_words as words
from meterbook.web.filling import memory
from meterbook.web.meters import finding, instants

PLACES = 6
LONGEST_REASON = 300
_MONTH = re.compile(r"(?a:(\d{4})-(\d{2})(?:-01)?)")


class FillForm(typed.Form):
    """How far, by which method, and why; the number is for the method that takes one."""

    def __init__(self, *args: Any, zone: ZoneInfo, at: datetime, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        self.fields["until"] = instants.InstantField(
            zone=zone,
            until=at,
            label=gettext_lazy("Up to"),
            help_text=gettext_lazy("Begins at the last known register; ends where an interval ends."),
        )
        self.fields["method"] = forms.ChoiceField(
            choices=[(each.value, each.value) for each in Method if each is not Method.INTERPOLATION],
            label=gettext_lazy("Method"),
            error_messages={"required": gettext_lazy("Choose a method.")},
        )
        self.fields["given"] = amounts.NumberField(
            places=PLACES, least=Decimal(0), required=False, label=gettext_lazy("Used in that time")
        )
        self.fields["is_defective"] = forms.BooleanField(
            required=False,
            label=gettext_lazy("The meter is defective, or was tampered with"),
            help_text=gettext_lazy("Only then may it be estimated here. It stays on record."),
        )
        self.fields["reason"] = forms.CharField(
            max_length=LONGEST_REASON,
            label=gettext_lazy("Why"),
            help_text=gettext_lazy("Such as: the bus was down, the meter was broken. It stays on record."),
            error_messages={"required": gettext_lazy("Say why; it stays on record.")},
        )

    def clean(self) -> dict[str, Any]:
        """This will ask for the number where the method needs one."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("method") == Method.MANUAL and given.get("given") is None and "given" not in self.errors:
            self.add_error("given", _("Write the number."))
        return given


@dataclass(frozen=True)
class Choice:
    """A method as the page offers it; `number` empty and `why_not` said where it gives none."""

    method: Method
    caption: str
    number: str
    detail: str
    why_not: str
    is_chosen: bool
    is_off: bool = False

    @property
    def is_offered(self) -> bool:
        """Whether it can be chosen: it gives a number, or takes one; a straight line is there already."""
        if self.method is Method.INTERPOLATION:
            return False
        return bool(self.number) or (self.is_own and not self.is_off)

    @property
    def is_own(self) -> bool:
        """Whether the person writes the number."""
        return self.method is Method.MANUAL


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.CORRECT_READING, module=Module.METERING, by_site=True, by_single=True)
@once.carried_out_once
def gap(request: access.Request, meter: uuid.UUID) -> HttpResponse:
    """This will show what can be done about a gap: `?day=2026-11-20`, `?month=2026-11`, `?until=2026-11-20T14:00`."""
    detail = finding.find_changeable(request, meter, permissions.CORRECT_READING)
    if request.method == "POST":
        return _fill(request, detail)
    until = asked_until(request, detail)
    form = FillForm(zone=detail.zone, at=request.at, initial={"until": instants.shown(until, detail.zone)})
    return _show(request, detail, form, until)


def asked_until(request: access.Request, detail: metering_queries.MeterDetail) -> datetime:
    """This will read up to when the address asks, no later than the last interval that has ended."""
    given = request.GET
    until = request.at
    month = _MONTH.fullmatch(given.get("month", ""))
    try:
        if given.get("until"):
            until = instants.InstantField(zone=detail.zone, until=request.at).clean(given["until"]) or request.at
        elif given.get("day"):
            until = civil.day_bounds(date.fromisoformat(given["day"]), detail.zone).end
        elif month is not None:
            until = civil.month_bounds(date(int(month[1]), int(month[2]), 1), detail.zone).end
    except (ValueError, OverflowError, forms.ValidationError):
        until = request.at
    if not parameters.EARLIEST_YEAR <= until.year <= parameters.LATEST_YEAR:
        until = request.at
    return filling.floored(min(until, request.at), detail.main_series)


def _fill(request: access.Request, detail: metering_queries.MeterDetail) -> HttpResponse:
    form = FillForm(request.POST, zone=detail.zone, at=request.at)
    if not form.is_valid():
        until = form.cleaned_data.get("until") or request.at
        return _show(request, detail, form, filling.floored(until, detail.main_series), status=422)
    given = form.cleaned_data
    until = filling.floored(given["until"], detail.main_series)
    method = Method(given["method"])
    try:
        made = filling.fill(
            actor=request.actor,
            at=request.at,
            meter_point=detail.public_id,
            until=until,
            method=method,
            reason=given["reason"],
            given=given["given"] if method is Method.MANUAL else None,
            is_defective=given["is_defective"],
        )
    except (filling.MethodNotApplicable, metering_operations.EstimateTooMuch, metering_queries.GapRefused) as error:
        is_number = isinstance(error, metering_operations.EstimateTooMuch) and method is Method.MANUAL
        is_rule = isinstance(error, filling.EstimateForbidden)
        form.add_error("given" if is_number else "is_defective" if is_rule else None, str(error))
        return _show(request, detail, form, until, status=422)
    if made.is_waiting:
        messages.success(request, _("It waits for a second person: bills were made from this time."))
        return redirect("meter_edits", request.organization.public_id, detail.public_id)
    told = _("The gap is filled; its days are derived anew within seconds.")
    if method is Method.PROFILE:
        told = _("It is spread by the usual shape; its days are derived anew within seconds.")
    messages.success(request, told)
    page = reverse("meter", args=[request.organization.public_id, detail.public_id])
    day = civil.local_date(made.start, detail.zone)
    return redirect(f"{page}?{urlencode({'view': 'month', 'day': day.isoformat()})}")


def _show(
    request: access.Request,
    detail: metering_queries.MeterDetail,
    form: FillForm,
    until: datetime,
    *,
    status: int = 200,
) -> HttpResponse:
    own = form.cleaned_data.get("given") if form.is_bound and hasattr(form, "cleaned_data") else None
    try:
        found = filling.preview(
            actor=request.actor, at=request.at, meter_point=detail.public_id, until=until, given=own
        )
    except metering_queries.GapRefused as error:
        return _nothing(request, detail, str(error), until=until, status=status)
    chosen = str(form["method"].value() or (found.first.method if found.first else Method.MANUAL))
    listed = [_choice(each, found, chosen) for each in found.outcomes]
    may_view = billing_permissions.VIEW_BILL in request.permissions and request.organization.has_module(Module.BILLING)
    context = {
        **_ways(request, detail, until),
        "detail": detail,
        "form": form,
        "preview": found,
        "unit": found.gap.series.unit.symbol,
        "choices": [each for each in listed if each.is_offered],
        "others": [each for each in listed if not each.is_offered and each.why_not],
        "difference": None if found.gap.difference is None else words.quantity(found.gap.difference, found.gap.series),
        "spread": words.spread(is_usual=found.shape_is_usual),
        "minimum_href": _minimum_href(request, detail),
        "bills": found.bills if may_view else (),
        "bill_count": len(found.bills),
    }
    return render(request, "filling/gap.html", context, status=status)


def _choice(outcome: Outcome, found: filling.Preview, chosen: str) -> Choice:
    series = found.gap.series
    return Choice(
        method=outcome.method,
        caption=_("A number of your own") if outcome.method is Method.MANUAL else words.method(outcome.method),
        number="" if outcome.used is None or outcome.method is Method.MANUAL else words.quantity(outcome.used, series),
        detail=words.made_of(outcome.method, outcome.made_of, series),
        why_not="" if outcome.lack is None else words.why_not(outcome.lack, outcome.made_of),
        is_chosen=outcome.method.value == chosen,
        is_off=outcome.lack is Lack.OFF,
    )


def _minimum_href(request: access.Request, detail: metering_queries.MeterDetail) -> str:
    may = request.access.allows(permissions.MANAGE_METER, detail.site_id)
    return reverse("meter_minimum", args=[request.organization.public_id, detail.public_id]) if may else ""


def _nothing(
    request: access.Request,
    detail: metering_queries.MeterDetail,
    why: str,
    *,
    until: datetime | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {**_ways(request, detail, until or request.at), "detail": detail, "why": why}
    return render(request, "filling/nothing.html", context, status=status)


def _ways(request: access.Request, detail: metering_queries.MeterDetail, until: datetime) -> dict[str, Any]:
    """The other things that can be done about a gap: look at it, enter what the meter shows, have it asked."""
    organization = request.organization.public_id
    day = civil.local_date(until - timedelta.resolution, detail.zone)
    page = reverse("meter", args=[organization, detail.public_id])
    may_enter = finding.may(request, detail, permissions.ENTER_READING)
    enter = reverse("readings_enter", args=[organization])
    device = finding.find_device(detail)
    return {
        "day": day,
        "day_href": f"{page}?{urlencode({'view': 'day', 'day': day.isoformat()})}",
        "enter_href": f"{enter}?{urlencode({'q': detail.code})}" if may_enter and device is None else "",
        "device": device,
        "memory": memory.panel(request, detail) if device is not None else None,
        "edits_href": reverse("meter_edits", args=[organization, detail.public_id]),
    }
