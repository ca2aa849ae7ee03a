"""Look for meters at every address behind a gateway, part by part, while somebody watches; it can be stopped."""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from meterbook.acquisition import catalogue, networks, probing
from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition import permissions as acquisition_permissions
from meterbook.acquisition import values as acquisition_values
from meterbook.identity.values import Module
from meterbook.kernel import clock
from meterbook.web import access
from meterbook.web.meters import adding_probe

MODBUS, MBUS = acquisition_values.UNIT_IDS, acquisition_values.PRIMARY_ADDRESSES
PART = 12  # addresses of one question to the collector; a silent one costs up to 0.6 s
MOST_PARTS = len(MBUS)  # a part ends early when its time is over
TEMPLATE = "meters/_search.html"


@dataclass(frozen=True)
class Answered:
    """An address at which something answered, and the models that fit, by name."""

    unit: int
    models: tuple[tuple[str, str], ...]
    fits: bool


@dataclass(frozen=True)
class Search:
    """A search as the page shows it: how far it is, and who answered so far."""

    parts: tuple[uuid.UUID, ...]
    next_unit: int
    answered: tuple[Answered, ...]
    is_waiting: bool
    is_stopped: bool
    problem: str
    addresses: range

    @property
    def is_over(self) -> bool:
        """Whether every address was asked."""
        return self.next_unit > self.addresses[-1]

    @property
    def asked(self) -> int:
        """How many addresses were asked."""
        return self.next_unit - self.addresses[0]

    @property
    def total(self) -> int:
        """How many there are."""
        return len(self.addresses)


class SearchForm(adding_probe.ProbeForm):
    """What a search needs of the form of a new meter: all but the address."""

    def __init__(self, data: object) -> None:
        super().__init__(data)  # type: ignore[arg-type]  # what a request's POST is
        del self.fields["unit_id"]


@require_POST
@access.page(permission=acquisition_permissions.MANAGE_DEVICE, module=Module.METERING, by_site=True)
def search(request: access.Request) -> HttpResponse:
    """This will show how far a search is and have its next part asked; `stop` ends it, `go_on` takes it up again."""
    form = SearchForm(request.POST)
    if not form.is_valid():
        words = _("Fill in first: %(fields)s.") % {"fields": adding_probe.captions(form)}
        return render(request, adding_probe.TEMPLATE, {"refusal": words})
    is_stopped = "stop" in request.POST
    parts = _parts(request)
    shown = _shown(parts, form.cleaned_data["model_code"], is_stopped=is_stopped)
    if shown.is_waiting or shown.is_over or is_stopped or (shown.problem and "go_on" not in request.POST):
        return render(request, TEMPLATE, {"search": shown})
    try:
        made = acquisition_operations.request_probe(
            actor=request.actor,
            at=request.at,
            real_at=clock.real_now(),
            site=adding_probe.site_of(request, form.cleaned_data["site"]),
            model_code=form.cleaned_data["model_code"],
            place=adding_probe.place_of({**form.cleaned_data, "unit_id": shown.next_unit, "secondary": ""}),
            allowed=networks.AllowedNetworks.from_environment(os.environ, is_demo=settings.IS_DEMO),
            until_unit=min(shown.addresses[-1], shown.next_unit + PART - 1),
        )
    except (acquisition_operations.ProbeRefused, networks.NetworksMisspelled) as error:
        return render(request, adding_probe.TEMPLATE, {"refusal": str(error)})
    parts.append(probing.get_search(public_id=made, real_at=clock.real_now()))
    return render(request, TEMPLATE, {"search": _shown(parts, form.cleaned_data["model_code"], is_stopped=False)})


def _parts(request: access.Request) -> list[probing.SearchRow]:
    """What was asked so far, as the page brings it along; what is not the reader's is left out."""
    found = []
    for text in request.POST.getlist("search")[:MOST_PARTS]:
        try:
            row = probing.get_search(public_id=uuid.UUID(text), real_at=clock.real_now())
        except (ValueError, probing.ProbeNotFound):
            continue
        if request.access.allows(acquisition_permissions.MANAGE_DEVICE, row.site_id):
            found.append(row)
    return found


def _shown(parts: list[probing.SearchRow], model_code: str, *, is_stopped: bool) -> Search:
    newest = parts[-1] if parts else None
    problem = ""
    if newest is not None and newest.status is acquisition_values.RequestStatus.EXPIRED:
        problem = _("Nobody took the question within 15 s. Check that the collector runs, then try again.")
    elif newest is not None and newest.problem is not None:
        problem = f"{newest.problem.words} {newest.problem.remedy}"
    elif newest is not None and newest.status.is_final and newest.next_unit <= newest.first:
        problem = _("The collector is of an older release and cannot search; restart it.")
    models = {each.code: each for each in catalogue.current().all_models()}
    is_mbus = model_code in models and models[model_code].is_mbus
    addresses = MBUS if is_mbus else MODBUS
    names = {code: each.name for code, each in models.items()}
    answered = tuple(
        Answered(unit, tuple((code, names.get(code, code)) for code in codes), model_code in codes)
        for part in parts
        for unit, codes in part.found
    )
    return Search(
        parts=tuple(each.public_id for each in parts),
        next_unit=newest.next_unit if newest is not None else addresses[0],
        answered=answered,
        is_waiting=newest is not None and not newest.status.is_final,
        is_stopped=is_stopped,
        problem=problem,
        addresses=addresses,
    )
