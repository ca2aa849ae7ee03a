"""The first page after signing in: the only organization's home, the wizard while nothing is there, or a choice."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from meterbook.foundation import scoping
from meterbook.identity import queries as identity_queries
from meterbook.web import access
from meterbook.web.start import state as start_state


@access.signed_in(reason="Leads to the organizations that the user may enter.")
def start(request: HttpRequest) -> HttpResponse:
    """This will lead to the only organization's home, or offer the choice; without any it tells whom to ask."""
    organizations = request.organizations  # type: ignore[attr-defined]
    if len(organizations) == 1:
        own = organizations[0]
        with scoping.scope([own.id], actor=request.actor):  # type: ignore[attr-defined]
            access_there = identity_queries.access_of(user_id=request.actor.id, at=request.at)  # type: ignore[attr-defined]
            if start_state.begins(own, access_there):
                return HttpResponseRedirect(reverse("first_start", args=[own.public_id]))
        return HttpResponseRedirect(reverse("home", args=[organizations[0].public_id]))
    return render(request, "organizations/choose.html", {"organizations": organizations})
