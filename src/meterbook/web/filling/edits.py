"""What people changed about a meter's readings, with the original; withdraw an estimate, decide what waits."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from meterbook.billing import permissions as billing_permissions
from meterbook.identity.values import Module
from meterbook.journeys import changed_inputs, filling
from meterbook.kernel.period import Period
from meterbook.kernel.quantity import Unit
from meterbook.metering import operations as metering_operations
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.metering.validation.inputs import CorrectionKind
from meterbook.metering.values import SOURCE_CAPTIONS
from meterbook.web import access, typed
from meterbook.web import estimate_words as words
from meterbook.web.counting import correcting, overview
from meterbook.web.meters import captions, finding

guard = access.page(permission=permissions.CORRECT_READING, module=Module.METERING, by_site=True, by_single=True)
_ENDED = (metering_queries.EstimateState.REPLACED, metering_queries.EstimateState.WITHDRAWN)


class ReasonForm(typed.Form):
    """Why an estimate is withdrawn."""

    reason = forms.CharField(max_length=300)


@dataclass(frozen=True)
class Line:
    """One edit or estimate as the page shows it."""

    row: metering_queries.EditRow
    what: str
    before: str
    after: str
    detail: str
    state: str
    may_withdraw: bool

    @property
    def until(self) -> datetime | None:
        """When the time ends that it is about."""
        return self.row.until


@dataclass(frozen=True)
class Waiting:
    """A change that waits for a second person."""

    row: metering_queries.ProposalRow
    what: str
    before: str
    number: str
    bills: str
    is_own: bool


@require_safe
@guard
def edits(request: access.Request, meter: uuid.UUID) -> HttpResponse:
    """This will list the edits, estimates and conflicts of a meter, the latest first."""
    detail = finding.find_changeable(request, meter, permissions.CORRECT_READING)
    rows = metering_queries.list_edits(series=detail.series)
    waiting = metering_queries.list_proposals(meter_point=detail.public_id)
    conflicts = metering_queries.list_conflicts(series=detail.series)
    context = {
        "detail": detail,
        "may_fill": not detail.is_virtual,
        "lines": [_line(each) for each in rows],
        "waiting": [_waiting(request, detail, each) for each in waiting],
        "conflicts": [(each, str(SOURCE_CAPTIONS[each.source])) for each in conflicts],
    }
    return render(request, "filling/edits.html", context)


@require_POST
@guard
def withdraw(request: access.Request, meter: uuid.UUID, estimate: uuid.UUID) -> HttpResponse:
    """This will take an estimate away, or ask a second person to agree."""
    detail = finding.find_changeable(request, meter, permissions.CORRECT_READING)
    if not metering_queries.is_estimate_of(meter_point=detail.public_id, estimate=estimate):
        raise Http404(_("There is no such estimate."))
    back = redirect("meter_edits", request.organization.public_id, detail.public_id)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say why; it stays on record."))
        return back
    try:
        made = filling.withdraw(
            actor=request.actor,
            at=request.at,
            meter_point=detail.public_id,
            estimate=estimate,
            reason=form.cleaned_data["reason"],
        )
    except metering_operations.EstimateGone as error:
        messages.error(request, str(error))
        return back
    if made.is_waiting:
        messages.success(request, _("It waits for a second person: bills were made from this time."))
    else:
        messages.success(request, _("The estimate is withdrawn; its days are derived anew within seconds."))
    return back


@require_POST
@guard
def decide(request: access.Request, meter: uuid.UUID, proposal: uuid.UUID) -> HttpResponse:
    """This will approve or refuse what another person asked for."""
    detail = finding.find_changeable(request, meter, permissions.CORRECT_READING)
    if not metering_queries.is_proposal_of(meter_point=detail.public_id, proposal=proposal):
        raise Http404(_("There is no such change."))
    is_approved = request.POST.get("verdict") == "approve"
    try:
        filling.decide(
            actor=request.actor,
            at=request.at,
            meter_point=detail.public_id,
            proposal=proposal,
            is_approved=is_approved,
        )
    except (
        metering_operations.IntervalsOutdated,
        metering_operations.ProposalGone,
        metering_operations.SecondPersonNeeded,
        metering_queries.GapRefused,
        *correcting.REFUSALS,
    ) as error:
        messages.error(request, str(error))
    else:
        told = (
            _("Approved; the days are derived anew within seconds.") if is_approved else _("Refused; nothing changed.")
        )
        messages.success(request, told)
    return redirect("meter_edits", request.organization.public_id, detail.public_id)


def _line(row: metering_queries.EditRow) -> Line:
    is_estimate = row.kind in (CorrectionKind.ESTIMATE, CorrectionKind.APPORTION)
    what = words.method(row.method) if is_estimate else str(captions.CORRECTIONS[row.kind])
    after = ""
    if is_estimate:
        after = _number(row.used, row)
    elif row.kind in (CorrectionKind.SET, CorrectionKind.INTERVALS):
        after = _number(row.shown, row)
    return Line(
        row=row,
        what=what,
        before=_number(row.original, row),
        after=after,
        detail=_detail(row),
        state=_state(row),
        may_withdraw=is_estimate and row.state not in _ENDED,
    )


def _detail(row: metering_queries.EditRow) -> str:
    if row.kind in metering_queries.COUNT_KINDS:
        return overview.told(row.made_of)
    if row.kind is CorrectionKind.INTERVALS:
        return _by_file(row.made_of)
    if row.method is None:
        return ""
    told = [words.made_of(row.method, row.made_of, row.series)]
    if row.kind is CorrectionKind.ESTIMATE and "is_usual" in row.made_of:
        told.append(words.spread(is_usual=row.made_of["is_usual"] is True))
    return " ".join(each for each in told if each)


def _state(row: metering_queries.EditRow) -> str:
    if row.state is None:
        return ""
    said = str(words.STATES[row.state])
    if row.used_now is None or row.state is metering_queries.EstimateState.WITHDRAWN:
        return said
    return _("%(state)s: estimated %(used)s, now %(now)s") % {
        "state": said,
        "used": _number(row.used, row),
        "now": _number(row.used_now, row),
    }


def _number(number: Decimal | None, row: metering_queries.EditRow) -> str:
    if number is None:
        return ""
    return words.shown(number, row.series.decimals, row.series.unit.symbol)


def _waiting(
    request: access.Request, detail: metering_queries.MeterDetail, row: metering_queries.ProposalRow
) -> Waiting:
    facts: dict[str, Any] = {"method": words.method(row.method)}
    what = _("Estimate: %(method)s") % facts if row.method else str(captions.CORRECTIONS[row.kind])
    if row.kind in metering_queries.COUNT_KINDS:
        what = f"{what}: {overview.told(row.made_of)}"
    before, symbol = _written(row.before), Unit(row.unit).symbol
    number = _written(row.shown) if row.used is None else words.shown(row.used, row.decimals, symbol)
    may_view = request.access.allows(billing_permissions.VIEW_BILL, detail.site_id)
    bills = changed_inputs.of_reading(meter_point_id=row.point_id, at=row.at, may_view=may_view)
    if row.kind is CorrectionKind.INTERVALS:
        what = f"{what}: {_by_file(row.made_of)}"
    if "was" in row.made_of and row.until is not None:
        before, number = (words.shown(Decimal(str(row.made_of[name])), row.decimals, symbol) for name in ("was", "now"))
        bills = changed_inputs.of_time(meter_point_id=row.point_id, period=Period(row.at, row.until), may_view=may_view)
    is_own = row.author_id is not None and row.author_id == request.actor.id
    return Waiting(row, what, before, number, bills, is_own=is_own)


def _written(stored: str) -> str:
    """A number with its unit as it is stored, "1300.00 kWh", in the page's language."""
    number, _space, unit = stored.partition(" ")
    try:
        value = Decimal(number)
    except InvalidOperation:
        return stored
    return words.shown(value, max(0, -int(value.as_tuple().exponent)), unit)


def _by_file(made_of: Mapping[str, object]) -> str:
    """How much of a meter a corrected file said otherwise."""
    count = made_of.get("intervals")
    words_of = ngettext("%(count)s value, by “%(file)s”", "%(count)s values, by “%(file)s”", int(str(count or 0)))
    return words_of % {"count": count, "file": made_of.get("name", "")}
