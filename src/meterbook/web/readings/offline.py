"""The round on a phone without network: what its page needs for that, and how a label on a meter leads into it.

The browser keeps the page and its files for the person who is signed in, and drops them at sign-out; readings wait in
the browser until they are sent, each under its own mark (`take_reading`), so that a repeated send changes nothing.
"""

from __future__ import annotations

import uuid
from pathlib import Path

from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from meterbook.identity.values import Module
from meterbook.metering import permissions
from meterbook.monitoring import queries as monitoring_queries
from meterbook.web import access, assets, security
from meterbook.web.meters import finding
from meterbook.web.readings import rounds

WITH_CAMERA = security.PERMISSIONS.replace("camera=()", "camera=(self)")
SENT_BY = "sent_by"  # whose readings are sent: a phone may have changed hands


def island(request: access.Request, found: rounds.Round) -> dict[str, object]:
    """This will return what the page's script needs: whose page it is, and where its worker lies."""
    return {
        "zone": found.zone.key,
        "person": _person(request),
        "worker": reverse("readings_worker", args=[request.organization.public_id]),
        "page": rounds.address(request, found.month),
        "isNow": found.begins_at(request.at) == request.at,
    }


def is_of_another(request: access.Request) -> bool:
    """This will tell whether readings come that another person typed on this device."""
    return request.POST.get(SENT_BY, _person(request)) != _person(request)


def refuse_another() -> HttpResponse:
    """This will say that somebody else must sign in; the readings stay on the phone."""
    words = _("Another person typed this reading. It stays on this device until that person signs in.")
    return JsonResponse({"words": words}, status=409)


@require_GET
@access.page(permission=permissions.ENTER_READING, module=Module.METERING, by_site=True)
def worker(request: access.Request) -> HttpResponse:
    """This will give the script out that answers for the round's page while there is no network."""
    content = (Path(assets.__file__).parent / "static" / assets.FOLDER / assets.file("round-worker.js")).read_bytes()
    return HttpResponse(content, content_type="text/javascript", headers={"Cache-Control": "no-cache"})


@require_GET
@access.page(permission=permissions.VIEW_METER, module=Module.METERING, by_site=True, by_single=True)
def at_label(request: access.Request, meter: uuid.UUID) -> HttpResponse:
    """This will lead from the label on a meter into the round, where a person reads it; else to its page."""
    detail = finding.find_point(request, meter, is_assigned_enough=True)
    month = rounds.due_month(request)
    if request.access.allows(permissions.ENTER_READING, detail.site_id):
        rows = monitoring_queries.hand_read(site_ids=[detail.site_id], month_end=request.at, at=request.at)
        if any(each.public_id == detail.public_id for each in rows):
            return HttpResponseRedirect(f"{rounds.address(request, month, q=detail.code)}#row-{detail.public_id}")
    return HttpResponseRedirect(reverse("meter", args=[request.organization.public_id, detail.public_id]))


def texts() -> dict[str, str]:
    """This will return what the page says about readings that wait, and about labels."""
    return {
        "reading_kept": _("Kept on this device, not yet sent."),
        "reading_waiting_one": _("1 not yet sent"),
        "reading_waiting": _("{count} not yet sent"),
        "reading_refused_one": _("1 was refused: see the words beside its meter."),
        "reading_refused": _("{count} were refused: see the words beside their meters."),
        "reading_sent_one": _("1 reading was sent."),
        "reading_sent": _("{count} readings were sent."),
        "reading_signed_out": _("Sign in again to send them; they stay on this device until then."),
        "reading_offline": _("No network: this is the list as it was kept on this device. Go on reading."),
        "reading_refused_here": _(
            "It was not saved. What you typed is kept on this device: correct it, or discard it."
        ),
        "reading_not_taken": _("The server did not take it. Type it again; take the photo at a lower resolution."),
        "reading_no_store": _("This browser keeps nothing; stay on this page until the network is back."),
        "scan_none": _(
            "This browser reads no labels. Point the phone's camera app at the label: its link opens the meter here."
        ),
        "scan_denied": _(
            "The camera is not allowed. Allow it in the browser's settings of this page, or search above."
        ),
        "scan_look": _("Hold the label into the picture."),
        "scan_unknown": _("No meter of this list has this label."),
    }


def _person(request: access.Request) -> str:
    return str(request.actor.id)
