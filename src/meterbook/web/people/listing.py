"""The list of people: who works here, and who is invited."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from meterbook.identity import invitations as identity_invitations
from meterbook.identity import people as identity_people
from meterbook.identity import permissions
from meterbook.identity.values import Module
from meterbook.web import access, parameters, tables
from meterbook.web.people import shown
from meterbook.web.sites import choice


@require_GET
@access.page(permission=permissions.VIEW_USERS, module=Module.CORE)
def people(request: access.Request) -> HttpResponse:
    """This will show everybody who has or had a role here, by name, and the invitations that wait."""
    search, number = parameters.search(request), parameters.page_number(request)
    count, rows = identity_people.list_people(
        at=request.at, search=search, offset=(number - 1) * tables.PAGE, limit=tables.PAGE
    )
    pages = tables.pages({"q": search}, number, count)
    if number > pages.of:
        raise Http404(_("The list has no such page; start again from its first page."))
    waiting = [
        {"row": each, "place": shown.place(request, each.scope_id)}
        for each in identity_invitations.list_waiting(at=request.at)
    ]
    context = {
        "lines": [shown.line(request, each) for each in rows],
        "waiting": waiting,
        "search": search,
        "count": count,
        "pages": pages,
        "now": request.at,
        "zone": choice.clock_zone(request),
        "may_edit": permissions.EDIT_USERS in request.permissions,
    }
    return render(request, "people/list.html", context)
