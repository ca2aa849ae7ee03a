"""The page of one bus: its addresses are asked part by part, and what answers is surveyed, while somebody watches."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from meterbook.acquisition import commissionings, networks
from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition import values as acquisition_values
from meterbook.journeys.building import finding
from meterbook.kernel import clock
from meterbook.metering import permissions as metering_permissions
from meterbook.web import access, tables
from meterbook.web.commissioning import reach, words
from meterbook.web.sites import choice, workbooks

TEMPLATE = "commissioning/_search.html"
BY = {"number": True, "address": False}


@dataclass(frozen=True)
class FoundLine:
    """A meter that was found, as the list shows it. `grade` is empty while nobody knows which meter it is."""

    unit: str
    href: str
    is_set_up: bool
    is_surveyed: bool
    is_waiting: bool
    name: str
    grade: words.Chip | None
    values: tuple[str, ...]
    problem: str


@dataclass(frozen=True)
class Shown:
    """A bus with what was found on it. `is_going`: the page takes the next step by itself."""

    state: commissionings.SearchState
    lines: tuple[FoundLine, ...]
    is_going: bool
    problem: str
    ready: int  # meters that a workbook can bring in

    @property
    def open(self) -> int:
        """How many meters were found that nobody set up yet."""
        return sum(not each.is_set_up for each in self.lines)


@require_GET
@reach.guarded
def bus(request: access.Request, bus: uuid.UUID) -> HttpResponse:
    """This will show how far the search of a bus is, and the meters that were found."""
    state = reach.find_bus(request, bus)
    context = {
        "shown": _shown(request, state, problem=""),
        "protocol": str(acquisition_values.BUS_PROTOCOL_CAPTIONS[state.bus.protocol]),
    }
    return render(request, "commissioning/bus.html", context)


@require_POST
@reach.guarded
def step(request: access.Request, bus: uuid.UUID) -> HttpResponse:
    """This will take the next step and show how far it is; `stop`, `go_on` and `again` say what else to do."""
    reach.find_bus(request, bus)
    problem = ""
    try:
        _go(request, bus)
    except (acquisition_operations.ProbeRefused, networks.NetworksMisspelled) as error:
        problem = str(error)
    state = reach.find_bus(request, bus)
    return render(request, TEMPLATE, {"shown": _shown(request, state, problem=problem)})


@require_GET
@reach.guarded
def workbook(request: access.Request, bus: uuid.UUID) -> HttpResponse:
    """This will give out the meters that were found as a workbook of the building, to be filled in and brought back."""
    state = reach.find_bus(request, bus)
    site = next(each for each in choice.all_sites(request) if each.id == state.bus.site_id)
    made = finding.workbook(site=site.code, found=commissionings.list_found(bus=bus))
    name = tables.file_safe(f"{_('found')}-{state.bus.name}")
    return workbooks.file(made, f"{name}.xlsx")


def _go(request: access.Request, bus: uuid.UUID) -> None:
    if "stop" in request.POST:
        acquisition_operations.stop_search(actor=request.actor, at=request.at, bus=bus)
        return
    acquisition_operations.step_bus(
        actor=request.actor,
        at=request.at,
        real_at=clock.real_now(),
        bus=bus,
        allowed=reach.allowed(),
        go_on="go_on" in request.POST,
        again="again" in request.POST,
        by_number=BY.get(request.POST.get("by", "")),
    )


def _shown(request: access.Request, state: commissionings.SearchState, *, problem: str) -> Shown:
    rows = commissionings.list_found(bus=state.bus.public_id)
    is_searching = state.is_waiting or (state.is_begun and not (state.is_stopped or state.problem or state.is_over))
    if not problem and state.problem is not None:
        problem = f"{state.problem.words} {state.problem.remedy}"
    is_going = is_searching or (state.is_begun and bool(commissionings.list_unknown(bus=state.bus.public_id)))
    may_add = request.access.allows(metering_permissions.MANAGE_METER, state.bus.site_id)
    ready = sum(finding.is_ready(each) for each in rows) if may_add and not is_going else 0
    return Shown(state, tuple(_line(request, each) for each in rows), is_going and not problem, problem, ready)


def _line(request: access.Request, row: commissionings.SurveyedMeter) -> FoundLine:
    model, grade = row.model, None
    values: tuple[str, ...] = ()
    if row.is_surveyed and not row.is_set_up:
        candidates = row.candidates
        best = next((each for each in candidates if model is not None and each.model.code == model.code), None)
        grade = words.chip(best.grade if best is not None else None, is_chosen=bool(row.model_code))
        values = words.main_values(row)
    is_alike = grade is not None and not row.model_code and len(row.candidates) > 1
    name = f"{model.manufacturer} {model.name}" if model is not None and row.is_surveyed else ""
    if is_alike and row.candidates[1].score == row.candidates[0].score:
        name = _("%(name)s, or one like it") % {"name": name}
    return FoundLine(
        unit=row.address,
        href=reverse("found_meter", args=[request.organization.public_id, row.public_id]),
        is_set_up=row.is_set_up,
        is_surveyed=row.is_surveyed,
        is_waiting=row.is_waiting,
        name=name,
        grade=grade,
        values=values,
        problem=f"{row.problem.words} {row.problem.remedy}" if row.problem is not None else "",
    )
