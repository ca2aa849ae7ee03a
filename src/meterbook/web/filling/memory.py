"""Ask the meter for what it remembers of the time without readings, and whether it is asked by itself."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from meterbook.acquisition import memory_plans
from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition import permissions as acquisition_permissions
from meterbook.acquisition import queries as acquisition_queries
from meterbook.acquisition import values as acquisition_values
from meterbook.identity.values import Module
from meterbook.kernel import clock
from meterbook.metering import queries as metering_queries
from meterbook.web import access, once
from meterbook.web.meters import finding


@dataclass(frozen=True)
class Panel:
    """The memory of a meter as the page of a gap shows it; `outcome` says what the latest question brought."""

    state: memory_plans.MemoryState
    may_ask: bool
    may_set: bool
    outcome: str
    is_open: bool
    problem: acquisition_queries.ProblemRow | None


def panel(request: access.Request, detail: metering_queries.MeterDetail) -> Panel | None:
    """This will return what can be done with the memory of the meter that hangs there; None when it has none."""
    if detail.current is None:
        return None
    state = memory_plans.state(meter_public_id=detail.current.meter_public_id, real_at=clock.real_now())
    may_ask = request.access.allows(acquisition_permissions.REQUEST_READING, detail.site_id)
    may_set = request.access.allows(acquisition_permissions.MANAGE_DEVICE, detail.site_id)
    if state is None or not (may_ask or may_set):
        return None
    latest = state.latest
    return Panel(
        state=state,
        may_ask=may_ask,
        may_set=may_set and state.may_be_automatic,
        outcome=_outcome(latest) if latest is not None else "",
        is_open=latest is not None and not latest.is_final,
        problem=latest.problem if latest is not None else None,
    )


@require_POST
@access.page(permission=acquisition_permissions.REQUEST_READING, module=Module.METERING, by_site=True)
@once.carried_out_once
def ask(request: access.Request, meter: uuid.UUID) -> HttpResponse:
    """This will have the meter asked, and come back to the page of the gap."""
    detail = _reached(request, meter, acquisition_permissions.REQUEST_READING)
    if detail.current is None:
        messages.error(request, _("No meter hangs there now."))
        return _back(request, detail)
    try:
        acquisition_operations.request_memory(
            actor=request.actor,
            at=request.at,
            real_at=clock.real_now(),
            meter_public_id=detail.current.meter_public_id,
        )
    except (
        acquisition_queries.DeviceNotFound,
        acquisition_operations.DeviceNotAsked,
        acquisition_operations.MemoryNotOffered,
    ) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The meter is asked for what it remembers; what fits is there within minutes."))
    return _back(request, detail)


@require_POST
@access.page(permission=acquisition_permissions.MANAGE_DEVICE, module=Module.METERING, by_site=True)
def set_asked(request: access.Request, meter: uuid.UUID) -> HttpResponse:
    """This will say whether the meter is asked by itself after an outage."""
    detail = _reached(request, meter, acquisition_permissions.MANAGE_DEVICE)
    is_asked = request.POST.get("is_asked") == "yes"
    if detail.current is not None:
        try:
            acquisition_operations.set_memory_asked(
                actor=request.actor,
                at=request.at,
                meter_public_id=detail.current.meter_public_id,
                is_asked=is_asked,
            )
        except acquisition_queries.DeviceNotFound as error:
            messages.error(request, str(error))
    return _back(request, detail)


def _reached(request: access.Request, meter: uuid.UUID, permission: str) -> metering_queries.MeterDetail:
    detail = finding.find_point(request, meter)
    if not request.access.allows(permission, detail.site_id):
        raise Http404(_("There is no such meter."))
    return detail


def _back(request: access.Request, detail: metering_queries.MeterDetail) -> HttpResponse:
    return redirect("meter_gap", request.organization.public_id, detail.public_id)


def _outcome(latest: acquisition_queries.RequestRow) -> str:
    """Such as: 4 readings taken. 1 contradicts what was read. The meter's clock is 300 s ahead."""
    if not latest.is_final:
        return _("The meter is being asked; look again in a minute.")
    if latest.status is acquisition_values.RequestStatus.EXPIRED:
        return _("Nobody asked it in time. Check that the collector runs, then try again.")
    told = latest.memory
    if told is None:
        return ""
    parts = [
        ngettext("%(count)s reading was taken.", "%(count)s readings were taken.", told.taken) % {"count": told.taken}
    ]
    if told.conflicts:
        words = ngettext(
            "%(count)s contradicts what was read: it is listed among the edits and does not count.",
            "%(count)s contradict what was read: they are listed among the edits and do not count.",
            told.conflicts,
        )
        parts.append(words % {"count": told.conflicts})
    if told.ahead_seconds:
        words = _("The meter's clock was %(seconds)s s ahead; the readings have the true time.")
        if told.ahead_seconds < 0:
            words = _("The meter's clock was %(seconds)s s behind; the readings have the true time.")
        parts.append(words % {"seconds": abs(told.ahead_seconds)})
    return " ".join(parts)
