"""Home: what the sites use, how the meters are, what needs a person, and the first steps of an empty installation."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from meterbook.identity.values import Module
from meterbook.sites import permissions as site_permissions
from meterbook.web import access
from meterbook.web.home import figures


@require_GET
@access.page(
    permission=site_permissions.VIEW_SITES,
    module=Module.CORE,
    by_site=True,
    tenants_to="tenant_home",
    singles_to="assigned",
)
def home(request: access.Request) -> HttpResponse:
    """This will show the chosen site, or all sites that the user sees; its inside alone for the live update."""
    is_part = not access.wants_page(request)
    context = {
        "home": figures.collect(request),
        "now": request.at,
        "organization": request.organization,
    }
    return render(request, "home/_body.html" if is_part else "home/page.html", context)
