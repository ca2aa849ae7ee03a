"""The guided page of a swap test on the phone, its protocol, and the list of tests."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition import queries as acquisition_queries
from meterbook.documents import uploads
from meterbook.fieldwork import operations as fieldwork_operations
from meterbook.fieldwork import permissions, values
from meterbook.fieldwork import queries as fieldwork_queries
from meterbook.fieldwork import watching as fieldwork_watching
from meterbook.fieldwork.deciding import Reaction
from meterbook.identity.values import Module
from meterbook.metering import permissions as metering_permissions
from meterbook.sites import queries as site_queries
from meterbook.sites.values import NodeKind
from meterbook.web import access, once, typed
from meterbook.web.jobs import views as job_views
from meterbook.web.sites import choice
from meterbook.web.swap import words

guard = access.page(permission=permissions.DO_JOBS, module=Module.METERING, by_site=True)
STEPS = {
    "off": fieldwork_operations.say_off,
    "on": fieldwork_operations.say_on,
    "end": fieldwork_operations.end_swap_test,
    "stop": fieldwork_operations.stop_swap_test,
}
TONES = {Reaction.FELL: "about", Reaction.VARIES: "", Reaction.UNSEEN: "warn"}


class BeginForm(typed.Form):
    """The unit that will be switched off, and the meters to look at."""

    place = django_forms.ChoiceField(label=gettext_lazy("Unit that will be switched off"))
    line = django_forms.ChoiceField(
        label=gettext_lazy("Meters to look at"),
        required=False,
        help_text=gettext_lazy("Take one line where the site has many meters: fewer are read faster."),
    )

    def __init__(self, data: object = None, *, site: site_queries.SiteRow, initial: object = None) -> None:
        super().__init__(data, initial=initial)  # type: ignore[arg-type]  # what a request's POST is
        nodes = sorted(site_queries.list_nodes(site_id=site.id), key=lambda each: each.kind is not NodeKind.UNIT)
        self.fields["place"].choices = [(str(each.public_id), f"{each.name} · {each.code}") for each in nodes]  # type: ignore[attr-defined]
        lines = acquisition_queries.list_buses(site_id=site.id)
        self.fields["line"].choices = [  # type: ignore[attr-defined]
            ("", _("All electricity meters of the site")),
            *((str(each.public_id), each.name) for each in lines),
        ]


class SeenForm(typed.Form):
    """What a manager did about a suspicion."""

    note = django_forms.CharField(label=gettext_lazy("What was done"), max_length=values.MOST_WORDS)


@dataclass(frozen=True)
class Line:
    """A meter of a test: what it showed, or while the test runs, what it shows now."""

    row: fieldwork_queries.LookedAt
    tone: str
    now: Decimal | None = None
    unit: str = ""
    at: Any = None


@require_safe
@guard
def swap_tests(request: access.Request) -> HttpResponse:
    """This will list the swap tests, the newest first."""
    tests = fieldwork_queries.list_swap_tests(site_ids=choice.site_ids(request, permissions.DO_JOBS))
    return render(request, "swap/list.html", {"tests": tests})


@require_http_methods(["GET", "POST"])
@guard
@once.carried_out_once
def new(request: access.Request) -> HttpResponse:
    """This will ask which unit is switched off, and begin the test; `place` and `job` fill it in."""
    place, job = _id(request, "place"), _id(request, "job")
    site = _site(request, place)
    if site is None:
        return render(request, "swap/site.html", {"sites": choice.visible_sites(request, permissions.DO_JOBS)})
    data = request.POST if request.method == "POST" else None
    form = BeginForm(data, site=site, initial={"place": str(place or "")})
    if data is not None and form.is_valid():
        given = form.cleaned_data
        try:
            test = fieldwork_operations.begin_swap_test(
                actor=request.actor,
                at=request.at,
                node=uuid.UUID(given["place"]),
                bus=uuid.UUID(given["line"]) if given["line"] else None,
                job=job,
            )
        except (
            fieldwork_operations.NothingToWatch,
            fieldwork_operations.LineElsewhere,
            fieldwork_queries.JobNotFound,
            site_queries.PlaceNotFound,
        ) as error:
            form.add_error(None, str(error))
        else:
            choice.note_used(request, site.public_id)
            return redirect("swap_test", request.organization.public_id, test.public_id)
    status = 422 if data is not None else 200
    return render(
        request, "swap/new.html", {"form": form, "site": site, "here": request.get_full_path()}, status=status
    )


@require_safe
@access.page(permission=metering_permissions.VIEW_METER, module=Module.METERING, by_site=True)
def swap_test(request: access.Request, swap_test: uuid.UUID) -> HttpResponse:
    """This will show a test: what to do while it runs, its protocol when it is over."""
    found = find(request, swap_test, metering_permissions.VIEW_METER)
    return render(request, "swap/test.html", context_of(request, found))


@require_POST
@guard
def beat(request: access.Request, swap_test: uuid.UUID) -> HttpResponse:
    """This will take what the meters show now, have them read faster, and answer the page's inside."""
    found = find(request, swap_test, permissions.DO_JOBS)
    if found.is_running:
        acquisition_operations.watch_series(
            actor=request.actor,
            at=request.at,
            series_ids=[each.series_id for each in found.meters],
            site_ids=[found.site_id],
        )
        fieldwork_operations.take_samples(actor=request.actor, at=request.at, swap_test=swap_test)
        found = fieldwork_queries.get_swap_test(public_id=swap_test)
    context = context_of(request, found)
    answer = render(request, "swap/_test.html", context)
    number = str(context["step"].number) if context["step"] else ""
    if request.POST.get("number", "") != number:
        # Another step: the whole page is shown anew. While it stays, its button is not taken from under a finger.
        answer["HX-Refresh"] = "true"
    return answer


@require_POST
@guard
def step(request: access.Request, swap_test: uuid.UUID) -> HttpResponse:
    """This will note that the unit is off, or on again; or give the test up."""
    find(request, swap_test, permissions.DO_JOBS)
    carry_out = STEPS.get(request.POST.get("step", ""))
    if carry_out is not None:
        try:
            carry_out(actor=request.actor, at=request.at, swap_test=swap_test)
        except fieldwork_operations.SwapTestMovedOn as error:
            messages.error(request, str(error))
    return redirect("swap_test", request.organization.public_id, swap_test)


@require_POST
@guard
@once.carried_out_once
def photo(request: access.Request, swap_test: uuid.UUID) -> HttpResponse:
    """This will keep a photo beside a test."""
    find(request, swap_test, permissions.DO_JOBS)
    try:
        content = job_views.picture(request.FILES.get("photo"))
        if content is None:
            messages.error(request, _("Choose a photo first."))
        else:
            fieldwork_operations.keep_swap_photo(
                actor=request.actor, at=request.at, swap_test=swap_test, content=content
            )
            messages.success(request, _("The photo was added."))
    except (uploads.UploadRefused, fieldwork_operations.SwapTestMovedOn) as error:
        messages.error(request, str(error))
    return redirect("swap_test", request.organization.public_id, swap_test)


@require_POST
@access.page(permission=permissions.MANAGE_JOBS, module=Module.METERING, by_site=True)
def seen(request: access.Request, swap_test: uuid.UUID) -> HttpResponse:
    """This will note what a manager did about a suspicion."""
    found = find(request, swap_test, permissions.MANAGE_JOBS)
    form = SeenForm(request.POST)
    if not form.is_valid():
        return render(request, "swap/test.html", context_of(request, found, seen=form), status=422)
    try:
        fieldwork_operations.look_at_swap_test(
            actor=request.actor, at=request.at, swap_test=swap_test, note=form.cleaned_data["note"]
        )
    except fieldwork_operations.SwapTestMovedOn as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Noted."))
    return redirect("swap_test", request.organization.public_id, swap_test)


def find(request: access.Request, swap_test: uuid.UUID, permission: str) -> fieldwork_queries.SwapTestRow:
    """This will return a test at a site where the reader holds the permission, else "not found"."""
    try:
        found = fieldwork_queries.get_swap_test(public_id=swap_test)
    except fieldwork_queries.SwapTestNotFound as error:
        raise Http404(str(error)) from error
    if not request.access.allows(permission, found.site_id):
        raise Http404(_("There is no such swap test."))
    return found


def context_of(
    request: access.Request, test: fieldwork_queries.SwapTestRow, *, seen: SeenForm | None = None
) -> dict[str, Any]:
    """This will return what the page of a test shows."""
    may_manage = request.access.allows(permissions.MANAGE_JOBS, test.site_id)
    may_do = request.access.allows(permissions.DO_JOBS, test.site_id)
    slow, until = words.slow(test, request.at) if test.is_running else ("", None)
    tone, icon = words.TONES[test.verdict] if test.verdict else ("", "")
    lines = _live(test) if test.is_running else [_line(each) for each in test.meters]
    first = [each for each in lines if test.is_running or each.row.is_own or each.row.has_fallen]
    return {
        "test": test,
        "step": words.instruction(test) if test.is_running else None,
        "slow": slow,
        "slow_until": until,
        "lines": sorted(first, key=lambda each: not each.row.is_own) or lines,
        "others": [each for each in lines if each not in first] if first else [],
        "looked_at": words.meters(test),
        "verdict": words.verdict(test) if test.verdict else "",
        "advice": words.advice(test) if test.verdict else "",
        "tone": tone,
        "icon": icon,
        "may_do": may_do,
        "may_manage": may_manage,
        "seen": seen or SeenForm(),
        "now": request.at,
    }


def _line(row: fieldwork_queries.LookedAt) -> Line:
    return Line(row, TONES.get(row.reaction, "") if row.reaction is not None else "")


def _live(test: fieldwork_queries.SwapTestRow) -> list[Line]:
    shown = {each.series_id: each for each in fieldwork_watching.shown_now([each.series_id for each in test.meters])}
    lines = []
    for each in test.meters:
        row = shown.get(each.series_id)
        lines.append(Line(each, "", row.value if row else None, row.unit if row else "", row.at if row else None))
    return lines


def _site(request: access.Request, place: uuid.UUID | None) -> site_queries.SiteRow | None:
    sites = choice.visible_sites(request, permissions.DO_JOBS)
    if place is not None:
        try:
            site_id = site_queries.get_node(public_id=place).site_id
        except site_queries.PlaceNotFound:
            site_id = 0
        named = next((each for each in sites if each.id == site_id), None)
        if named is not None:
            return named
    asked = _id(request, "site")
    chosen = next((each for each in sites if each.public_id == asked), None)
    return chosen or choice.usual_site(request, permissions.DO_JOBS)


def _id(request: access.Request, name: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(request.GET.get(name, ""))
    except ValueError:
        return None
