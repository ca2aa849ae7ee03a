"""The bills that a correction of what a meter counted changes, and having all of them billed anew."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from meterbook.billing import permissions
from meterbook.identity.values import Module
from meterbook.journeys import counting as journey
from meterbook.metering import queries as metering_queries
from meterbook.metering.operations import counting
from meterbook.web import access, once
from meterbook.web.counting import overview
from meterbook.web.meters import captions, finding


@require_safe
@access.page(permission=permissions.VIEW_BILL, module=Module.BILLING, by_site=True)
def bills(request: access.Request, meter: uuid.UUID, count_change: uuid.UUID) -> HttpResponse:
    """This will list the bills of the time of a correction, each beside what it would be now."""
    detail = finding.find_changeable(request, meter, permissions.VIEW_BILL)
    row = row_of(detail, count_change)
    effect = journey.changed_bills(meter_point=detail.public_id, correction=count_change, at=request.at)
    context = {
        "detail": detail,
        "row": row,
        "what": captions.CORRECTIONS[row.kind],
        "words": overview.told(row.made_of),
        "effect": effect,
        "may_rebill": request.access.allows(permissions.MANAGE_RUN, detail.site_id)
        and any(each.is_offered for each in effect.bills),
        "may_view_bills": True,
    }
    return render(request, "counting/bills.html", context)


@require_POST
@access.page(permission=permissions.MANAGE_RUN, module=Module.BILLING, by_site=True)
@once.carried_out_once
def rebill(request: access.Request, meter: uuid.UUID, count_change: uuid.UUID) -> HttpResponse:
    """This will propose a credit note and a new bill for each of them."""
    detail = finding.find_changeable(request, meter, permissions.MANAGE_RUN)
    row_of(detail, count_change)
    try:
        done = journey.rebill(actor=request.actor, at=request.at, meter_point=detail.public_id, correction=count_change)
    except counting.SegmentGone as error:
        raise Http404(str(error)) from error
    for number, why in done.refused.items():
        messages.warning(request, _("%(number)s: %(why)s") % {"number": number, "why": why})
    if done.proposed:
        words = ngettext(
            "%(count)s correction was proposed; another person approves it.",
            "%(count)s corrections were proposed; another person approves them.",
            done.proposed,
        )
        messages.success(request, words % {"count": done.proposed})
    return redirect("meter_count_bills", request.organization.public_id, detail.public_id, count_change)


def row_of(detail: metering_queries.MeterDetail, count_change: uuid.UUID) -> metering_queries.CountChange:
    listed = metering_queries.count_changes(meter_point=detail.public_id)
    found = next((each for each in listed if each.public_id == count_change), None)
    if found is None:
        raise Http404(_("There is no such correction."))
    return found
