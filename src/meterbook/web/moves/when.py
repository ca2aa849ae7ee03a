"""When somebody moves in or out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms as django_forms

from meterbook.journeys import moving_in, moving_out, operations
from meterbook.journeys.queries import JourneyRow
from meterbook.journeys.values import Step
from meterbook.kernel import civil
from meterbook.web import access
from meterbook.web.customers import first_days
from meterbook.web.moves import asked, forms, places


def _instant_initial(given: Mapping[str, object]) -> dict[str, object]:
    return {"day": given.get("day", ""), "time": given.get("time", "")}


def show_start(request: access.Request, row: JourneyRow, form: django_forms.Form | None) -> dict[str, Any]:
    """This will return what the step's template needs."""
    unit = places.chosen(row, at=request.at)
    initial = _instant_initial(row.facts.get(Step.START, {}))
    since = [
        each.newest.ends_at
        for each in (unit.points if unit else ())
        if each.newest is not None and each.newest.ends_at is not None
    ]
    shown = form or forms.InstantForm(initial=initial)
    if not initial["day"] and unit is not None:
        proposal = first_days.propose(points=unit.points, zone=unit.zone, at=request.at)
        shown.initial["day"] = proposal.day.isoformat()
        shown.fields["day"].help_text = proposal.words
    return {
        "form": shown,
        "vacant_since": max(since, default=None),
        "zone": unit.zone if unit else None,
        "unit": unit,
    }


def take_start(request: access.Request, row: JourneyRow) -> asked.Answer:
    """This will read what was sent back.

    :raises asked.Unanswered: when something must be corrected
    """
    unit = places.chosen(row, at=request.at)
    form = forms.InstantForm(request.POST)
    if unit is None or not form.is_valid():
        raise asked.Unanswered(form)
    starts_at = form.instant(unit.zone)
    try:
        moving_in.check_start(points=[each.public_id for each in unit.points], starts_at=starts_at)
    except operations.JourneyRefused as error:
        form.add_error("day", str(error))
        raise asked.Unanswered(form) from error
    return asked.Answer({"starts_at": starts_at.isoformat(), **_said(form)})


def _said(form: forms.InstantForm) -> asked.Given:
    day, time = form.cleaned_data["day"], form.cleaned_data["time"]
    return {"day": day.isoformat(), "time": "" if time is None else f"{time:%H:%M}"}


def show_end(request: access.Request, row: JourneyRow, form: django_forms.Form | None) -> dict[str, Any]:
    """This will return what the step's template needs."""
    initial = _instant_initial(row.facts.get(Step.END, {}))
    if not initial["day"]:
        initial["day"] = civil.local_date(request.at, asked.zone_of_leaving(row)).isoformat()
    return {"form": form or forms.InstantForm(initial=initial)}


def take_end(request: access.Request, row: JourneyRow) -> asked.Answer:
    """This will read what was sent back.

    :raises asked.Unanswered: when something must be corrected
    """
    account = asked.account_of(row)
    form = forms.InstantForm(request.POST)
    if not form.is_valid():
        raise asked.Unanswered(form)
    ends_at = form.instant(asked.zone_of_leaving(row))
    try:
        moving_out.check_end(account_id=account.id, contracts=asked.contracts_of(row), ends_at=ends_at)
    except operations.JourneyRefused as error:
        form.add_error("day", str(error))
        raise asked.Unanswered(form) from error
    return asked.Answer({"ends_at": ends_at.isoformat(), **_said(form)})
