"""Keeping, renaming and deleting one's views of the meter list."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponseBase, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from meterbook.identity import saved_views
from meterbook.identity.values import Module
from meterbook.metering import permissions
from meterbook.web import access, parameters
from meterbook.web.meters import list_address, listing

LONGEST_QUERY = 4_000


@require_POST
@access.page(permission=permissions.VIEW_METER, module=Module.METERING, by_site=True)
def change(request: access.Request) -> HttpResponseBase:
    """This will do what the form's `do` says with a view of the user: "save", "rename" or "delete"; and show the list.

    What cannot be done is said beside the name that was typed.
    """
    request.GET = QueryDict(request.POST.get("query", "")[:LONGEST_QUERY])
    name = parameters.written(request.POST.get("name", ""), saved_views.LONGEST_NAME + 1)
    do, user_id = request.POST.get("do", ""), request.actor.id or 0
    view = _uuid(request.POST.get("view", ""))
    try:
        if do == "delete":
            saved_views.delete_view(user_id=user_id, public_id=view)
            messages.success(request, _("The view is deleted."))
        elif do == "rename":
            saved_views.rename_view(user_id=user_id, public_id=view, name=name)
            messages.success(request, _("The view is called “%(name)s” now.") % {"name": name})
        else:
            asked = list_address.read(request)
            saved_views.save_view(user_id=user_id, page=listing.PAGE, name=name, query=asked.address)
            messages.success(request, _("The view “%(name)s” is kept.") % {"name": name})
    except (saved_views.ViewUnusable, saved_views.ViewNotFound) as error:
        return listing.show(request, problem=str(error), typed=name)
    query = list_address.read(request).address
    address = reverse("meters", args=[request.organization.public_id])
    return HttpResponseRedirect(f"{address}?{query}" if query else address)


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        return uuid.UUID(int=0)
