"""The check of the chain: asked for here, made by a worker, its state fetched again until it has ended."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from meterbook.audit import checks as audit_checks
from meterbook.audit import permissions
from meterbook.identity.values import Module
from meterbook.web import access
from meterbook.web.sites import choice


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.VIEW_AUDIT, module=Module.CORE)
def check(request: access.Request) -> HttpResponseBase:
    """This will have the chain checked (POST), or show how the newest check stands (GET)."""
    if request.method == "POST":
        audit_checks.ask_for_check(actor=request.actor, at=request.at)
        if access.wants_page(request):
            return redirect(reverse("audit", args=[request.organization.public_id]) + "#audit-check")
    return _shown(request)


def _shown(request: access.Request) -> HttpResponse:
    context = {
        "check": audit_checks.latest_check(),
        "now": request.at,
        "zone": choice.clock_zone(request),
    }
    return render(request, "audit/check.html" if access.wants_page(request) else "audit/_check.html", context)
