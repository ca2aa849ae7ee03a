"""Who sets the installation up: the administrators of one organization. Others see how things stand, no more."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from meterbook.installation import queries as installation_queries
from meterbook.web import access


def is_operator(request: access.Request) -> bool:
    """This will tell whether the organization of the page sets the installation up."""
    own = request.organization
    return installation_queries.is_operator(organization_id=own.id, public_id=own.public_id)


def refusal(request: access.Request, route: str) -> HttpResponse | None:
    """This will lead back, with words, who would change something of an installation that others set up."""
    if request.method != "POST" or is_operator(request):
        return None
    messages.warning(request, _("This is set by the administrators of the organization that runs this installation."))
    return redirect(route, request.organization.public_id)
