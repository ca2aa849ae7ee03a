"""The page of all that waits for the reader, and its count in the frame."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import formats
from django.views.decorators.http import require_GET

from meterbook.identity.values import Module
from meterbook.sites import permissions as site_permissions
from meterbook.web import access
from meterbook.web.sites import choice
from meterbook.web.work import accounts, collecting, needs

MOST_SHOWN = 999  # a badge has room for three digits


@require_GET
@access.page(permission=site_permissions.VIEW_SITES, module=Module.CORE, by_site=True)
def work(request: access.Request) -> HttpResponse:
    """This will show what waits for the reader by area; its inside alone for the live update."""
    found = (*collecting.collect(request, collecting.find_meters(request)), *accounts.leaks(request))
    areas = [
        (needs.AREA_CAPTIONS[area], tuple(each for each in found if each.area is area))
        for area in needs.Area
        if any(each.area is area for each in found)
    ]
    context = {
        "areas": areas,
        "total": needs.total(found),
        "now": request.at,
        "zone": choice.clock_zone(request),
        "organization": request.organization,
    }
    return render(request, "work/page.html" if access.wants_page(request) else "work/_body.html", context)


@require_GET
@access.page(permission=site_permissions.VIEW_SITES, module=Module.CORE, by_site=True)
def count(request: access.Request) -> HttpResponse:
    """This will return the number for the badge of the frame; nothing when nothing waits."""
    found = needs.total(collecting.collect(request, None))
    if not found:
        return HttpResponse("")
    shown = f"{MOST_SHOWN}+" if found > MOST_SHOWN else formats.number_format(found, use_l10n=True)
    return HttpResponse(shown, content_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"})
