"""What the palette asks while somebody types."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from meterbook.identity.values import Module
from meterbook.sites import permissions as site_permissions
from meterbook.web import access, parameters
from meterbook.web.palette import finding


@require_GET
@access.page(permission=site_permissions.VIEW_SITES, module=Module.CORE, by_site=True)
def find(request: access.Request) -> HttpResponse:
    """This will return the options for what is typed (`?q=`), as a part of a page; without words all pages."""
    words = parameters.search(request)
    answer = render(request, "palette/_found.html", {"groups": finding.find(request, words), "words": words})
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
