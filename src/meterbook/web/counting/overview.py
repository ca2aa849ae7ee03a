"""What a meter counted wrongly: its multipliers, the tests that it failed, and what was corrected for them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from meterbook.identity.values import Module
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.metering.validation.inputs import CorrectionKind
from meterbook.web import access
from meterbook.web.counting import forms
from meterbook.web.meters import captions, finding

guard = access.page(permission=permissions.CORRECT_READING, module=Module.METERING, by_site=True, by_single=True)


@dataclass(frozen=True)
class Change:
    """One correction of what a meter counted, as the page shows it."""

    row: metering_queries.CountChange
    what: str
    words: str

    @property
    def may_withdraw(self) -> bool:
        """Whether it can be taken back: a ratio that stands."""
        return self.row.kind is CorrectionKind.RATIO and self.row.is_standing


@require_safe
@guard
def count(request: access.Request, meter: uuid.UUID) -> HttpResponse:
    """This will list the multipliers, failed tests and corrections of a meter."""
    detail = finding.find_changeable(request, meter, permissions.CORRECT_READING)
    waiting = metering_queries.list_proposals(meter_point=detail.public_id)
    context = {
        "detail": detail,
        "multipliers": [words for _key, _row, words in forms.segments(detail)],
        "tests": [forms.test_words(each) for each in failed(detail)],
        "changes": [
            Change(each, str(captions.CORRECTIONS[each.kind]), told(each.made_of))
            for each in metering_queries.count_changes(meter_point=detail.public_id)
        ],
        "waiting": sum(each.kind in metering_queries.COUNT_KINDS for each in waiting),
    }
    return render(request, "counting/count.html", context)


def failed(detail: metering_queries.MeterDetail) -> list[metering_queries.TestRow]:
    """This will return the tests that meters of a point failed and that were not withdrawn, newest first."""
    held = metering_queries.assets_of(installations=detail.installations)
    return [each for asset in held for each in asset.tests if not each.test.is_passed and each.withdrawn_at is None]


def told(made_of: object) -> str:
    """This will say what a correction is made of: × 100/97 by test A-12, or × 40 → × 60 by protocol 7."""
    facts = made_of if isinstance(made_of, dict) else {}
    if "ratio" in facts:
        return _("× %(ratio)s by test %(certificate)s (error %(error)s %%)") % facts
    if "multiplier" in facts:
        words = _("× %(before)s → × %(multiplier)s") % facts
        return f"{words} · {facts['protocol']}" if facts.get("protocol") else words
    return ""
