"""The list of virtual meters; a formula with what each of its rows gave on a day."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from meterbook.identity.values import Module
from meterbook.kernel import civil, rounding
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.metering import values as metering_values
from meterbook.web import access, parameters
from meterbook.web.meters import finding
from meterbook.web.sites import choice
from meterbook.web.virtual import words


@dataclass(frozen=True)
class Line:
    """A virtual meter in the list."""

    row: metering_queries.VirtualRow
    purpose: str
    service: str
    role: str


@dataclass(frozen=True)
class Term:
    """One row of a formula in words; `name` empty for a constant, `href` for what the reader may not open."""

    sign: str
    factor: str
    name: str
    code: str
    href: str
    hours: str
    heat: str = ""
    used: Decimal | None = None
    missing: int = 0
    due: int = 0


@dataclass(frozen=True)
class Version:
    """A formula with its days."""

    shown: metering_queries.FormulaShown
    first: date
    is_present: bool
    terms: tuple[Term, ...]


@require_GET
@access.page(permission=permissions.VIEW_METER, module=Module.METERING, by_site=True)
def listed(request: access.Request) -> HttpResponse:
    """This will list the virtual meters of the sites that the switch of the top bar shows."""
    rows = metering_queries.list_virtual(site_ids=choice.site_ids(request, permissions.VIEW_METER))
    lines = [
        Line(
            row=each,
            purpose=str(metering_values.VIRTUAL_PURPOSE_CAPTIONS[each.purpose]),
            service=str(metering_values.SERVICE_CAPTIONS[each.service]),
            role=str(metering_values.POINT_ROLE_CAPTIONS[each.role])
            if each.role is not metering_values.PointRole.OTHER
            else "",
        )
        for each in sorted(rows, key=lambda row: (row.site_name, row.purpose, row.name, row.id))
    ]
    context = {"lines": lines, "may_manage": request.access.allows_somewhere(permissions.MANAGE_METER)}
    return render(request, "virtual/list.html", context)


@require_GET
@access.page(permission=permissions.VIEW_METER, module=Module.METERING, by_site=True, by_single=True)
def formula(request: access.Request, virtual: uuid.UUID) -> HttpResponse:
    """This will show the formulas of a virtual meter, and what each row gave on `?day=`, yesterday without it."""
    detail = finding.find_point(request, virtual, is_assigned_enough=True)
    row, shown = find_virtual(detail.public_id)
    today = civil.local_date(request.at, detail.zone)
    day = _day(request, today)
    period = metering_queries.bounds(metering_queries.View.DAY, day, detail.zone)
    uses = metering_queries.uses_of_inputs(meter_point=detail.public_id, period=period, at=request.at)
    series = detail.find_series(row.series_code)
    run = None if series is None else metering_queries.get_intervals(series=series, period=period)
    present = [each for each in shown if each.is_in_force and each.starts_at <= request.at][-1:]
    context = {
        "detail": detail,
        "row": row,
        "service": metering_values.SERVICE_CAPTIONS[row.service],
        "purpose": metering_values.VIRTUAL_PURPOSE_CAPTIONS[row.purpose],
        "versions": [
            Version(
                each,
                civil.local_date(each.starts_at, detail.zone),
                each in present,
                tuple(_term(request, term) for term in each.terms),
            )
            for each in reversed(shown)
        ],
        "uses": [_used(request, each) for each in uses],
        "total": None
        if run is None or series is None or run.missing == len(run)
        else Decimal(run.total).scaleb(-series.decimals, context=rounding.EXACT),
        "missing": 0 if run is None else run.missing,
        "slots": 0 if run is None else len(run),
        "unit": row.unit.symbol,
        "decimals": 3 if series is None else series.decimals,
        "day": day,
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1) if day < today else None,
        "feeds": [
            each for each in metering_queries.fed_by(meter_point=detail.public_id) if _may_see(request, each.site_id)
        ],
        "may_manage": finding.may(request, detail, permissions.MANAGE_METER),
    }
    return render(request, "virtual/formula.html", context)


def find_virtual(
    meter_point: uuid.UUID,
) -> tuple[metering_queries.VirtualRow, tuple[metering_queries.FormulaShown, ...]]:
    """This will return a virtual meter with its formulas, or answer "not found"."""
    try:
        return metering_queries.get_virtual(meter_point=meter_point)
    except metering_queries.VirtualNotFound as error:
        raise Http404(_("There is no such virtual meter.")) from error


def _may_see(request: access.Request, site_id: int | None) -> bool:
    return site_id is not None and request.access.allows(permissions.VIEW_METER, site_id)


def _term(request: access.Request, term: metering_queries.TermRow) -> Term:
    is_seen = _may_see(request, term.site_id)
    return Term(
        sign="−" if term.factor < 0 else "+",
        factor=words.factor(term.factor),
        name="" if term.meter_point is None else term.name if is_seen else _("A meter of another site"),
        code=term.code if is_seen else "",
        href=reverse("meter", args=[request.organization.public_id, term.meter_point]) if is_seen else "",
        hours=words.hours(term.hours),
        heat=_heat(request, term),
    )


def _heat(request: access.Request, term: metering_queries.TermRow) -> str:
    """What the water of a row is multiplied by, in words; nothing for a row that counts."""
    if term.heat is None:
        return ""
    sides = (term.heat.flow, term.heat.returned)
    flow, returned = (each.code if _may_see(request, each.site_id) else _("another site") for each in sides)
    return words.heat(flow, returned, term.heat.density, term.heat.specific_heat)


def _used(request: access.Request, use: metering_queries.InputUse) -> Term:
    told = _term(request, use.term)
    return replace(told, used=use.used, missing=use.missing, due=use.due)


def _day(request: access.Request, today: date) -> date:
    """The day of the address; what is none, or lies ahead, is yesterday."""
    field = parameters.DayField(required=False)
    try:
        day = field.clean(request.GET.get("day", ""))
    except forms.ValidationError:
        day = None
    return day if day is not None and day <= today else today - timedelta(days=1)
