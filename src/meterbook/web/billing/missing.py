"""What is done about missing readings from the list of a run itself: estimate them, or wait and let the others go."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from meterbook.billing import operations as billing_operations
from meterbook.billing import permissions, values
from meterbook.billing import queries as billing_queries
from meterbook.identity.values import Module
from meterbook.journeys import keeping_calendars
from meterbook.metering import permissions as metering_permissions
from meterbook.web import access, parameters
from meterbook.web import estimate_words as words
from meterbook.web.billing import deciding, runs
from meterbook.web.billing.words import SPREAD
from meterbook.web.templatetags import meterbook as tags

MOST_SHOWN = 50
USUAL_DAYS = 3


@dataclass(frozen=True)
class Guess:
    """What a meter of an account would be estimated at, and by which method; or why it cannot be."""

    customer: str
    account: str
    meter: str
    span: str
    number: str
    method: str | Promise
    why_not: str


@require_POST
@access.page(permission=metering_permissions.CORRECT_READING, module=Module.BILLING, by_site=True)
def estimate(request: access.Request, run: uuid.UUID) -> HttpResponse:
    """This will show what the missing readings of the chosen accounts are estimated at, and estimate them."""
    row = runs.find(run)
    site_id = billing_queries.site_id_of_run(public_id=run)
    if not request.access.allows(metering_permissions.CORRECT_READING, site_id):
        raise Http404(_("There is no such run."))
    chosen = deciding.chosen(request, run)
    reason = parameters.written(request.POST.get("reason", ""), deciding.REASON_LENGTH)
    is_sure = bool(request.POST.get("sure"))
    if not chosen:
        messages.error(request, _("Choose at least one account whose readings are missing."))
        return redirect("run", request.organization.public_id, run)
    if is_sure and reason:
        try:
            filled = keeping_calendars.estimate_accounts(
                actor=request.actor, at=request.at, run=run, account_ids=chosen, reason=reason
            )
        except (billing_operations.NotInReview, keeping_calendars.NothingEstimated) as error:
            messages.error(request, str(error))
        else:
            said = ngettext(
                "%(count)s gap is estimated; the account is checked again within a minute.",
                "%(count)s gaps are estimated; the accounts are checked again within a minute.",
                filled,
            )
            messages.success(request, said % {"count": tags.number(filled)})
        return redirect("run", request.organization.public_id, run)
    guesses = [
        _guess(row, each)
        for each in keeping_calendars.guesses(
            actor=request.actor, at=request.at, run=run, account_ids=chosen[:MOST_SHOWN]
        )
    ]
    context = {
        **_heading(request, row),
        "guesses": guesses,
        "chosen": chosen,
        "others": len(chosen) - min(len(chosen), MOST_SHOWN),
        "is_lacking": is_sure,
        "may_estimate_any": any(each.number for each in guesses),
    }
    return render(request, "billing/estimate.html", context, status=422 if is_sure else 200)


@require_POST
@access.page(permission=permissions.MANAGE_RUN, module=Module.BILLING, by_site=True)
def wait(request: access.Request, run: uuid.UUID) -> HttpResponse:
    """This will put the chosen accounts aside until their readings come, so many days at most; the others go on."""
    row = runs.find(run)
    chosen = deciding.chosen(request, run)
    if not chosen:
        messages.error(request, _("Choose at least one account whose readings are missing."))
        return redirect("run", request.organization.public_id, run)
    typed = request.POST.get("days", str(USUAL_DAYS)).strip()
    days = int(typed) if typed.isdecimal() and typed.isascii() and len(typed) < 3 else None
    is_given = days is not None and 1 <= days <= values.MOST_GRACE_DAYS
    if request.POST.get("sure") and days is not None and is_given:
        try:
            billing_operations.put_aside(
                actor=request.actor,
                at=request.at,
                run=run,
                account_ids=chosen,
                why=values.AsideReason.READINGS,
                until_at=request.at + timedelta(days=days),
                reason=_("Waits for readings."),
            )
        except (billing_operations.NotInReview, billing_operations.MemberNotFound) as error:
            messages.error(request, str(error))
        else:
            said = ngettext(
                "%(count)s account waits; a run of its own starts when its readings are there.",
                "%(count)s accounts wait; runs of their own start when their readings are there.",
                len(chosen),
            )
            messages.success(request, said % {"count": tags.number(len(chosen))})
        return redirect("run", request.organization.public_id, run)
    context = {
        **_heading(request, row),
        "named": billing_queries.members_by_account(run_public_id=run, account_ids=chosen[:MOST_SHOWN]),
        "others": len(chosen) - min(len(chosen), MOST_SHOWN),
        "chosen": chosen,
        "days": typed,
        "most_days": values.MOST_GRACE_DAYS,
        "is_lacking": bool(request.POST.get("sure")),
    }
    return render(request, "billing/wait.html", context, status=422 if request.POST.get("sure") else 200)


def _guess(row: billing_queries.RunRow, each: keeping_calendars.Guess) -> Guess:
    seen = each.seen
    why_not = str(each.why_not)
    number, method, span = "", "", ""
    if seen is not None:
        first, zone = seen.first, ZoneInfo(row.zone)
        span = SPREAD.join(tags.local(at, zone) for at in (seen.gap.period.start, seen.gap.period.end))
        if first is not None and first.used is not None and not why_not:
            number, method = words.quantity(first.used, seen.gap.series), str(words.METHODS[first.method])
    return Guess(each.customer_name, each.account_number, each.meter_name, span, number, method, why_not)


def _heading(request: access.Request, row: billing_queries.RunRow) -> dict[str, object]:
    organization = request.organization.public_id
    return {
        "run": row,
        "title": runs.title(row),
        "runs_href": reverse("runs", args=[organization]),
        "run_href": reverse("run", args=[organization, row.public_id]),
    }
