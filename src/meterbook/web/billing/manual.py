"""A bill by hand: for one account or unit, from when to when; seen before anything is made."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from meterbook.billing import operations as billing_operations
from meterbook.billing import permissions, values
from meterbook.billing import queries as billing_queries
from meterbook.customers import queries as customer_queries
from meterbook.identity.values import Module
from meterbook.kernel import civil
from meterbook.web import access, once, parameters, typed
from meterbook.web.billing import paper, paper_parts
from meterbook.web.meters import instants

REFUSALS = (
    billing_operations.NobodyAsked,
    billing_operations.NobodyToBill,
    billing_operations.PartBilled,
    billing_operations.PeriodImpossible,
    customer_queries.NoLandlord,
)
STEP = timedelta(minutes=15)


class ManualForm(typed.Form):
    """From when to when, by the clock of the site."""

    def __init__(self, *args: Any, payer: billing_queries.Payer, at: datetime, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        self.fields["start"] = instants.InstantField(zone=payer.zone, until=at, label=gettext_lazy("From"))
        self.fields["end"] = instants.InstantField(
            zone=payer.zone,
            until=at,
            label=gettext_lazy("Until"),
            help_text=gettext_lazy("This instant is not billed any more: midnight is 00:00 of the next day."),
        )
        self.fields["due_days"] = forms.IntegerField(
            min_value=0, max_value=values.MOST_DUE_DAYS, label=gettext_lazy("Days until payment is due")
        )

    def clean(self) -> dict[str, Any]:
        """This will refuse an end that is not after the beginning."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        start, end = given.get("start"), given.get("end")
        if start and end and start >= end:
            self.add_error("end", _("It ends before it begins."))
        return given


@dataclass(frozen=True)
class Held:
    """An account that could not be billed so, and why."""

    number: str
    reasons: tuple[billing_queries.Reason, ...]


@dataclass(frozen=True)
class Shown:
    """What the bill would be."""

    papers: tuple[paper_parts.Paper, ...]
    held: tuple[Held, ...]


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.MANAGE_RUN, module=Module.BILLING, by_site=True)
@once.carried_out_once
def manual(request: access.Request) -> HttpResponse:
    """This will show what a bill would be and start its run: `?account=` or `?unit=`, `?search=`, `?start=&end=`."""
    asked = request.POST if request.method == "POST" else request.GET
    site_ids = request.access.sites(permissions.MANAGE_RUN)
    payer = billing_queries.get_payer(
        account=_id(asked.get("account", "")), unit=_id(asked.get("unit", "")), site_ids=site_ids
    )
    search = parameters.search(request, "search")
    context: dict[str, Any] = {
        "payer": payer,
        "search": search,
        "runs_href": reverse("runs", args=[request.organization.public_id]),
        "here_href": reverse("run_manual", args=[request.organization.public_id]),
    }
    if payer is None:
        context["found"] = billing_queries.find_payers(words=search, site_ids=site_ids)
        return render(request, "billing/manual.html", context)
    is_asked = request.method == "POST" or "start" in asked
    form = ManualForm(asked if is_asked else None, payer=payer, at=request.at, initial=_initial(payer, request.at))
    context["form"] = form
    if not is_asked or not form.is_valid():
        return render(request, "billing/manual.html", context, status=422 if request.method == "POST" else 200)
    wanted = billing_operations.Wanted(
        start=form.cleaned_data["start"],
        end=form.cleaned_data["end"],
        account=None if payer.is_unit else payer.public_id,
        unit=payer.public_id if payer.is_unit else None,
    )
    try:
        if request.method == "POST":
            run = billing_operations.plan_manual(
                actor=request.actor, at=request.at, wanted=wanted, due_days=form.cleaned_data["due_days"]
            )
            messages.success(request, _("The bill is being made; it is reviewed and approved like those of a run."))
            return redirect("run", request.organization.public_id, run.public_id)
        context["shown"] = _shown(billing_operations.preview_manual(actor=request.actor, at=request.at, wanted=wanted))
    except REFUSALS as error:
        form.add_error(None, str(error))
        context |= {"bill": getattr(error, "bill", None), "run": getattr(error, "run", None)}
    return render(
        request, "billing/manual.html", context, status=422 if form.errors and request.method == "POST" else 200
    )


def _shown(preview: billing_operations.Preview) -> Shown:
    return Shown(
        papers=tuple(paper.read(each) for each in preview.contents),
        held=tuple(Held(number, billing_queries.Reason.read(reasons)) for number, reasons in preview.held),
    )


def _initial(payer: billing_queries.Payer, at: datetime) -> dict[str, Any]:
    """From the end of what was billed, else from the first day of the month; to the latest midnight."""
    midnight = civil.start_of_day(civil.local_date(at, payer.zone), payer.zone)
    month = civil.start_of_day(civil.local_date(at, payer.zone).replace(day=1), payer.zone)
    start = payer.billed_until or payer.since or month
    return {
        "start": instants.shown(min(start, at), payer.zone),
        "end": instants.shown(midnight if midnight > start else at - (at - midnight) % STEP, payer.zone),
        "due_days": values.DUE_DAYS,
    }


def _id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
