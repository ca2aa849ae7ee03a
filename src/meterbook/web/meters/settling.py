"""What waits for a person at a meter: why nothing is counted, what to do, and the decision right there."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from meterbook.identity.values import Module
from meterbook.metering import operations as metering_operations
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.metering.validation.inputs import FindingKind
from meterbook.web import access, amounts, typed
from meterbook.web.meters import finding
from meterbook.web.templatetags import meterbook as tags

Verdict = metering_operations.Verdict
MOST_PLACES = 6
SHOWS_LESS = (FindingKind.RESET_CANDIDATE, FindingKind.GLITCH)
TITLES = {
    FindingKind.RESET_CANDIDATE: gettext_lazy("The register went back"),
    FindingKind.OVER_LIMIT: gettext_lazy("More than the supply can deliver"),
    FindingKind.HELD_READING: gettext_lazy("A reading is held"),
    FindingKind.GLITCH: gettext_lazy("The register shows less than before"),
}
WHY = {
    FindingKind.RESET_CANDIDATE: gettext_lazy(
        "Nothing is counted since then, so that no usage is shown or billed, until a person says what happened: a new"
        " or cleared counter, or a meter that is read wrongly."
    ),
    FindingKind.OVER_LIMIT: gettext_lazy(
        "It is booked, but no bill takes it until a person has looked at the meter and lets it count."
    ),
    FindingKind.HELD_READING: gettext_lazy(
        "Its source says that it may be wrong, or no meter shows such a number. It does not count."
    ),
    FindingKind.GLITCH: gettext_lazy(
        "Nothing is counted until it shows more again. After three such readings you are asked whether it began anew."
    ),
}
WHY_BY_HAND = gettext_lazy(
    "Nothing is counted since then until you say what happened: a new or cleared counter, one that passed its end and"
    " went on from 0, or a wrong reading."
)
RIGHT = {
    FindingKind.GLITCH: gettext_lazy("The counter began anew"),
    FindingKind.RESET_CANDIDATE: gettext_lazy("The counter began anew"),
    FindingKind.OVER_LIMIT: gettext_lazy("It is right: let it count"),
    FindingKind.HELD_READING: gettext_lazy("It is right: let it count"),
}
WRONG = {
    FindingKind.GLITCH: gettext_lazy("The reading is wrong: leave it out"),
    FindingKind.RESET_CANDIDATE: gettext_lazy("The low readings are wrong: leave them out"),
    FindingKind.OVER_LIMIT: gettext_lazy("The reading is wrong: leave it out"),
    FindingKind.HELD_READING: gettext_lazy("The reading is wrong: leave it out"),
}


class SettleForm(typed.Form):
    """What a person says about a finding."""

    kind = forms.ChoiceField(choices=[(each.value, each.value) for each in RIGHT])
    found_at = forms.CharField(max_length=40)
    verdict = forms.ChoiceField(choices=[(each.value, each.value) for each in Verdict])
    used = amounts.NumberField(places=MOST_PLACES, least=Decimal(0), required=False)
    reason = forms.CharField(max_length=300)

    def clean_found_at(self) -> datetime:
        """This will read the instant of the finding, as the page wrote it."""
        try:
            found = datetime.fromisoformat(self.cleaned_data["found_at"])
        except ValueError as error:
            raise forms.ValidationError(_("Look at the meter again.")) from error
        if found.tzinfo is None:
            raise forms.ValidationError(_("Look at the meter again."))
        return found


@dataclass(frozen=True)
class Waiting:
    """One finding as the page shows it."""

    key: str
    kind: str
    title: str
    words: str
    why: str
    at: datetime
    found_at: str
    right: str
    wrong: str
    rolled: str
    asks_used: bool
    unit: str

    @property
    def may_be_settled(self) -> bool:
        """Whether a decision is asked for; an open glitch that no person read only tells."""
        return bool(self.right)


def words_of(found: metering_queries.OpenFinding) -> str:
    """This will say what the register did: from 1,234.50 kWh to 3.20 kWh."""
    facts = {
        "before": tags.number(found.before, found.decimals),
        "value": tags.number(found.value, found.decimals),
        "unit": found.unit.symbol,
    }
    if found.kind is FindingKind.HELD_READING:
        return _("%(value)s %(unit)s.") % facts
    return _("From %(before)s to %(value)s %(unit)s.") % facts


def collect(request: access.Request, detail: metering_queries.MeterDetail) -> dict[str, Any]:
    """This will return what waits at a meter, and whether the reader may settle it."""
    found = metering_queries.open_findings(meter_point=detail.public_id)
    return {
        "waiting": tuple(_waiting(each) for each in found),
        "may_settle": request.access.allows(permissions.CORRECT_READING, detail.site_id),
    }


def stopped(detail: metering_queries.MeterDetail, usage: metering_queries.Usage | None) -> str:
    """This will say why a period is empty although readings come; "" where nothing stops the counting."""
    if usage is None or not usage.is_empty:
        return ""
    open_ones = metering_queries.open_findings(meter_point=detail.public_id)
    found = next((each for each in open_ones if each.until is None and each.at < usage.period.end), None)
    if found is None:
        return ""
    shown = formats.date_format(found.at.astimezone(detail.zone), "SHORT_DATETIME_FORMAT")
    facts = {"title": TITLES[found.kind], "at": shown, "words": words_of(found), "why": _why(found)}
    return _("%(title)s on %(at)s. %(words)s %(why)s") % facts


def _why(found: metering_queries.OpenFinding) -> str:
    is_asked = found.kind is FindingKind.GLITCH and found.may_be_settled
    return str(WHY_BY_HAND if is_asked else WHY[found.kind])


def _waiting(found: metering_queries.OpenFinding) -> Waiting:
    is_lower = found.kind in SHOWS_LESS
    return Waiting(
        key=f"{found.kind.value.lower()}-{found.at:%Y%m%d%H%M%S}",
        kind=found.kind.value,
        title=str(TITLES[found.kind]),
        words=words_of(found),
        why=_why(found),
        at=found.at,
        found_at=found.at.isoformat(),
        right=str(RIGHT[found.kind]) if found.may_be_settled else "",
        wrong=str(WRONG[found.kind]) if found.may_be_settled else "",
        rolled=_("It passed its end and went on from 0") if is_lower and found.wrap is not None else "",
        asks_used=is_lower,
        unit=found.unit.symbol,
    )


@require_POST
@access.page(permission=permissions.CORRECT_READING, module=Module.METERING, by_site=True)
def settle(request: access.Request, meter: uuid.UUID) -> HttpResponse:
    """This will settle one finding as the person says; what is missing is told on the meter's page."""
    detail = finding.find_point(request, meter)
    if not request.access.allows(permissions.CORRECT_READING, detail.site_id):
        raise Http404(_("There is no such meter."))
    back = redirect("meter", request.organization.public_id, detail.public_id)
    form = SettleForm(request.POST)
    if not form.is_valid():
        first = next(iter(form.errors.values()))[0]
        words = _("Say why; it stays on record.") if "reason" in form.errors else str(first)
        messages.error(request, words)
        return back
    given = form.cleaned_data
    try:
        with transaction.atomic():
            metering_operations.settle(
                actor=request.actor,
                at=request.at,
                meter_point=detail.public_id,
                found_at=given["found_at"],
                kind=FindingKind(given["kind"]),
                verdict=Verdict(given["verdict"]),
                reason=given["reason"],
                used=given["used"],
            )
    except (
        metering_operations.FindingGone,
        metering_operations.TooManyReadings,
        metering_operations.CorrectionIncomplete,
    ) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("It is settled; the days since then are derived anew within seconds."))
    return back
