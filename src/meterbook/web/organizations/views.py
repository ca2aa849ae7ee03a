"""The first page after signing in: the only organization's home, or a choice."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from meterbook.web import access


@access.signed_in(reason="Leads to the organizations that the user may enter.")
def start(request: HttpRequest) -> HttpResponse:
    """This will lead to the only organization's home, or offer the choice; without any it tells whom to ask."""
    organizations = request.organizations  # type: ignore[attr-defined]
    if len(organizations) == 1:
        return HttpResponseRedirect(reverse("home", args=[organizations[0].public_id]))
    return render(request, "organizations/choose.html", {"organizations": organizations})
