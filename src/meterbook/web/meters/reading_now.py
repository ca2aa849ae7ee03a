"""Read a meter now: a request to its collector, and the answer that the page waits for."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import Http404, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition import permissions as acquisition_permissions
from meterbook.acquisition import queries as acquisition_queries
from meterbook.acquisition import values as acquisition_values
from meterbook.identity.values import Module
from meterbook.kernel import clock
from meterbook.web import access
from meterbook.web.meters import finding


@require_POST
@access.page(permission=acquisition_permissions.REQUEST_READING, module=Module.METERING, by_site=True)
def read_now(request: access.Request, meter: uuid.UUID) -> HttpResponseBase:
    """This will ask the meter's collector for a reading; a form without a script comes back to the page."""
    detail = finding.find_point(request, meter)
    if not request.access.allows(acquisition_permissions.REQUEST_READING, detail.site_id):
        raise Http404(_("There is no such meter."))
    answer = _refusal(_("No meter hangs at this meter point."), _("Install a meter, then ask it again."))
    if detail.current is not None:
        try:
            reading = acquisition_operations.request_reading(
                actor=request.actor,
                at=request.at,
                real_at=clock.real_now(),
                meter_public_id=detail.current.meter_public_id,
            )
        except (acquisition_queries.DeviceNotFound, acquisition_operations.DeviceNotAsked) as error:
            answer = _refusal(str(error), "")
        else:
            place = [request.organization.public_id, detail.public_id, reading]
            answer = {"isFinal": False, "href": reverse("meter_reading", args=place)}
    if access.wants_page(request):
        return HttpResponseRedirect(reverse("meter", args=[request.organization.public_id, detail.public_id]))
    return JsonResponse(answer)


@require_GET
@access.page(permission=acquisition_permissions.REQUEST_READING, module=Module.METERING, by_site=True)
def state(request: access.Request, meter: uuid.UUID, reading: uuid.UUID) -> HttpResponseBase:
    """This will tell how far a request is, and in the end what it took or why it failed."""
    detail = finding.find_point(request, meter)
    try:
        found = acquisition_queries.get_request(public_id=reading, real_at=clock.real_now())
    except acquisition_queries.RequestNotFound as error:
        raise Http404(_("There is no such request.")) from error
    if found.meter_public_id not in {each.meter_public_id for each in detail.installations}:
        raise Http404(_("There is no such request."))
    return JsonResponse(_answer(found))


def _answer(found: acquisition_queries.RequestRow) -> dict[str, Any]:
    if not found.is_final:
        return {"isFinal": False, "status": found.status_caption}
    if found.status is acquisition_values.RequestStatus.EXPIRED:
        return _refusal(_("Nobody took the request within 30 s."), _("Check that the collector runs, then try again."))
    if found.problem is not None:
        return _refusal(found.problem.words, found.problem.remedy) | {
            "exact": found.problem.exact,
            "isPartly": bool(found.values),
            "took": found.took_ms,
        }
    return {"isFinal": True, "took": found.took_ms, "values": len(found.values)}


def _refusal(words: str, remedy: str) -> dict[str, Any]:
    return {"isFinal": True, "words": words, "remedy": remedy}
