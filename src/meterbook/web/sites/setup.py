"""The sites of an organization, and a new one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from meterbook.identity.values import Module
from meterbook.kernel import currency as currencies
from meterbook.sites import operations as site_operations
from meterbook.sites import permissions
from meterbook.sites import queries as site_queries
from meterbook.web import access, once
from meterbook.web.sites import forms


@require_GET
@access.page(permission=permissions.EDIT_SITES, module=Module.CORE)
def sites(request: access.Request) -> HttpResponse:
    """This will show all sites by name."""
    return render(request, "sites/list.html", {"sites": site_queries.list_sites()})


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.EDIT_SITES, module=Module.CORE)
@once.carried_out_once
def new(request: access.Request) -> HttpResponse:
    """This will show the form of a new site, and set it up; after the first one comes the next step on Home."""
    known = site_queries.list_sites()
    given = request.POST if request.method == "POST" else None
    form = forms.SiteForm(given, initial=forms.suggested(known, request.organization.language))
    if form.is_bound and form.is_valid() and _create(request, form):
        messages.success(request, _("Site “%(name)s” is set up.") % {"name": form.cleaned_data["name"]})
        return redirect("sites" if known else "home", request.organization.public_id)
    context: dict[str, Any] = {
        "form": form,
        "time_zones": forms.time_zones(),
        "currencies": sorted(currencies.MINOR_UNITS),
    }
    return render(request, "sites/new.html", context, status=422 if form.errors else 200)


def _create(request: access.Request, form: forms.SiteForm) -> bool:
    try:
        site_operations.create_site(actor=request.actor, at=request.at, **form.cleaned_data)
    except site_operations.SiteCodeTaken as error:
        form.add_error("code", str(error))
        return False
    return True
