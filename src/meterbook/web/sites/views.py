"""The site switch of the top bar."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_POST

from meterbook.identity.values import Module
from meterbook.sites import permissions as site_permissions
from meterbook.web import access, redirects
from meterbook.web.sites import choice


@require_POST
@access.page(permission=site_permissions.VIEW_SITES, module=Module.CORE, by_site=True)
def choose(request: access.Request) -> HttpResponse:
    """This will remember which site the pages are about, and go back to the page."""
    wanted = request.POST.get("site", "")
    known = {str(site.public_id) for site in choice.visible_sites(request)}
    choice.choose(request, str(request.organization.public_id), wanted if wanted in known else "")
    return redirects.back(request)
