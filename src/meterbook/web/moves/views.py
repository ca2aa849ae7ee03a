"""Move-in and move-out as one page each, step by step; what was answered stays, whoever goes on and whenever."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django import forms as django_forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from meterbook.billing.queries import pools as pool_queries
from meterbook.customers import letting, permissions
from meterbook.customers import queries as customer_queries
from meterbook.identity.values import Module
from meterbook.journeys import moving_in, moving_out, operations
from meterbook.journeys import queries as journey_queries
from meterbook.journeys.queries import JourneyRow
from meterbook.journeys.values import JOURNEY_KIND_CAPTIONS, STEP_CAPTIONS, STEPS, JourneyKind, JourneyState, Step
from meterbook.metering import operations as metering_operations
from meterbook.sites import queries as site_queries
from meterbook.web import access, once
from meterbook.web.moves import asked, summary, who
from meterbook.web.moves.steps import HANDLERS
from meterbook.web.sites import choice

guard = access.page(permission=permissions.MANAGE_CUSTOMER, module=Module.BILLING, by_site=True)
MOST_VACANT = 50
OPEN_FIRST = {JourneyKind.MOVE_IN: Step.UNIT, JourneyKind.MOVE_OUT: Step.ACCOUNT}


@dataclass(frozen=True)
class Panel:
    """A step as the page shows it: `state` is done, current or todo."""

    step: Step
    number: int
    caption: str | Promise
    state: str
    words: str
    href: str


@require_GET
@guard
def moves(request: access.Request) -> HttpResponse:
    """This will show what was begun and not finished, and the vacant units: `?q=`."""
    site = choice.chosen_site(request)
    shared = pool_queries.shared_meters(on=request.at.date())
    found = letting.places(at=request.at, site_id=site.id if site else None, shared=shared)
    zones = {each.id: each.zone for each in site_queries.list_sites()}
    vacant = [each for each in found if each.is_vacant]
    organization = request.organization.public_id
    context = {
        "open": [
            (each, JOURNEY_KIND_CAPTIONS[each.kind], STEP_CAPTIONS[each.next_step], _href(request, each.public_id))
            for each in journey_queries.open_journeys()
        ],
        "vacant": [(each, zones[each.site_id]) for each in vacant[:MOST_VACANT]],
        "left": max(0, len(vacant) - MOST_VACANT),
        "places": len(found),
        "zone": choice.clock_zone(request),
        "openings_href": reverse("openings", args=[organization]),
        "unbilled_href": reverse("unbilled", args=[organization]),
        "accounts_href": reverse("accounts", args=[organization]),
        "meters_href": reverse("meters", args=[organization]),
    }
    return render(request, "moves/moves.html", context)


@require_POST
@guard
@once.carried_out_once
def begin(request: access.Request) -> HttpResponse:
    """This will begin a move: `kind`, and `place` where the unit is known already."""
    kind = request.POST.get("kind", "")
    if kind not in set(JourneyKind):
        messages.error(request, _("Choose move-in or move-out."))
        return redirect("moves", request.organization.public_id)
    key = request.POST.get("place", "")
    place = next(iter(letting.places(at=request.at, key=key)), None) if key else None
    answer = None
    if place is not None:
        answer = who.unit_answer(place) if kind == JourneyKind.MOVE_IN else who.leaving_answer(place)
    begun = operations.start_journey(
        actor=request.actor,
        at=request.at,
        kind=JourneyKind(kind),
        facts={} if answer is None else {OPEN_FIRST[JourneyKind(kind)].value: answer.given},
        title="" if answer is None else answer.title,
    )
    return HttpResponseRedirect(_href(request, begun.public_id))


@require_http_methods(["GET", "POST"])
@guard
def move(request: access.Request, journey: uuid.UUID) -> HttpResponse:
    """This will show the step that comes next, or the one that is asked for (`?step=`), and take its answer."""
    if request.method == "POST" and request.POST.get("step") == Step.SUMMARY:
        return _finish(request, journey)
    row = _find(journey)
    if row.state is not JourneyState.OPEN:
        return _over(request, row)
    step = _step(row, request.POST.get("step") or request.GET.get("step", ""))
    if request.method == "POST" and step in HANDLERS:
        return _answer(request, row, step)
    try:
        return _page(request, row, step)
    except customer_queries.AccountNotFound as error:
        raise Http404(str(error)) from error


@require_POST
@guard
def leave(request: access.Request, journey: uuid.UUID) -> HttpResponse:
    """This will leave a move for good."""
    _find(journey)
    try:
        operations.cancel_journey(actor=request.actor, at=request.at, journey=journey)
    except operations.JourneyClosed as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("It was left; nothing was changed."))
    return redirect("moves", request.organization.public_id)


def _answer(request: access.Request, row: JourneyRow, step: Step) -> HttpResponse:
    try:
        answer = HANDLERS[step].take(request, row)
    except asked.Unanswered as fault:
        return _page(request, row, step, form=fault.form)
    try:
        operations.answer(
            actor=request.actor,
            at=request.at,
            journey=row.public_id,
            version=_version(request),
            step=step,
            given=answer.given,
            title=answer.title,
        )
    except (operations.JourneyChanged, operations.JourneyClosed) as error:
        messages.error(request, str(error))
        return _page(request, _find(row.public_id), step, status=409)
    return HttpResponseRedirect(_href(request, row.public_id))


def _finish(request: access.Request, journey: uuid.UUID) -> HttpResponse:
    """Nothing may have looked at readings before: a partition may have to be made for one that was typed."""
    row = _find(journey)
    run = moving_in.finish_move_in if row.kind is JourneyKind.MOVE_IN else moving_out.finish_move_out
    is_again = row.state is JourneyState.DONE
    try:
        account = run(actor=request.actor, at=request.at, journey=journey, version=_version(request))
    except operations.JourneyIncomplete as waiting:
        return HttpResponseRedirect(f"{_href(request, journey)}?step={waiting.step}")
    except operations.JourneyRefused as refused:
        messages.error(request, str(refused))
        return _page(request, row, refused.step)
    except (
        operations.JourneyChanged,
        operations.JourneyClosed,
        metering_operations.StoreBusy,
    ) as error:
        messages.error(request, str(error))
        return redirect("move", request.organization.public_id, journey)
    if not is_again:
        said = (
            _("Moved in: the account pays from then on.")
            if row.kind is JourneyKind.MOVE_IN
            else _("Moved out: the contracts end then, and the next bill run makes the final bill.")
        )
        messages.success(request, said)
    return redirect("account", request.organization.public_id, account)


def _page(
    request: access.Request,
    row: JourneyRow,
    step: Step,
    *,
    form: django_forms.Form | None = None,
    status: int = 200,
) -> HttpResponse:
    zone = asked.zone_of(request, row)
    context: dict[str, Any] = {
        "journey": row,
        "kind_caption": JOURNEY_KIND_CAPTIONS[row.kind],
        "panels": _panels(request, row, step, zone),
        "step": step,
        "step_caption": STEP_CAPTIONS[step],
        "is_move_in": row.kind is JourneyKind.MOVE_IN,
        "list_href": reverse("moves", args=[request.organization.public_id]),
        "here": _href(request, row.public_id),
        "zone": zone,
    }
    if step is Step.SUMMARY:
        show = summary.move_in if row.kind is JourneyKind.MOVE_IN else summary.move_out
        context |= {"template": "moves/_summary.html", **show(request, row)}
    else:
        handler = HANDLERS[step]
        context |= {"template": handler.template, **handler.show(request, row, form)}
    faulty = form is not None and bool(form.errors)
    return render(request, "moves/move.html", context, status=422 if faulty else status)


def _panels(request: access.Request, row: JourneyRow, current: Step, zone: ZoneInfo) -> list[Panel]:
    panels = []
    for number, step in enumerate(STEPS[row.kind], 1):
        is_done = step in row.answered
        state = "current" if step is current else "done" if is_done else "todo"
        panels.append(
            Panel(
                step=step,
                number=number,
                caption=STEP_CAPTIONS[step],
                state=state,
                words=summary.words(row, step, zone) if is_done else "",
                href=f"{_href(request, row.public_id)}?step={step}" if is_done else "",
            )
        )
    return panels


def _over(request: access.Request, row: JourneyRow) -> HttpResponse:
    account = row.result
    context = {
        "journey": row,
        "kind_caption": JOURNEY_KIND_CAPTIONS[row.kind],
        "is_done": row.state is JourneyState.DONE,
        "zone": choice.clock_zone(request),
        "account_href": "" if account is None else reverse("account", args=[request.organization.public_id, account]),
        "list_href": reverse("moves", args=[request.organization.public_id]),
    }
    return render(request, "moves/over.html", context)


def _step(row: JourneyRow, wanted: str) -> Step:
    """The step that is asked for when everything before it was answered; else the one that comes next."""
    steps = STEPS[row.kind]
    following = row.next_step
    if wanted not in set(Step) or Step(wanted) not in steps:
        return following
    return Step(wanted) if steps.index(Step(wanted)) <= steps.index(following) else following


def _find(journey: uuid.UUID) -> JourneyRow:
    try:
        return journey_queries.get_journey(public_id=journey)
    except journey_queries.JourneyNotFound as error:
        raise Http404(str(error)) from error


def _version(request: access.Request) -> int:
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _href(request: access.Request, journey: uuid.UUID) -> str:
    return reverse("move", args=[request.organization.public_id, journey])
