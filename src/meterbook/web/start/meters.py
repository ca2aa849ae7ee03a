"""The wizard's meter: by its type, where it is reached, a test read beside its display."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from meterbook.acquisition import permissions as acquisition_permissions
from meterbook.identity.values import Module
from meterbook.metering import permissions as metering_permissions
from meterbook.web import access, once
from meterbook.web.meters import adding, adding_forms, adding_probe
from meterbook.web.start import state, views
from meterbook.web.start.state import Step


@require_http_methods(["GET", "POST"])
@access.page(permission=metering_permissions.MANAGE_METER, module=Module.METERING)
@once.carried_out_once
def meter(request: access.Request) -> HttpResponse:
    """This will set up the first meter; one that is read by itself wants its reading compared, or that left out."""
    progress = state.progress(request, Step.METER)
    site = progress.known.site
    if site is None or progress.known.point is not None:
        return views.page(request, progress, {})
    begun = {"site": str(site.public_id), "code": "M-1", "gateway": adding_forms.NEW, "gateway_name": _("Gateway")}
    form = adding_forms.MeterForm(
        request.POST if request.method == "POST" else None,
        sites=[site],
        connectable=[site] if request.access.allows(acquisition_permissions.MANAGE_DEVICE, site.id) else [],
        at=request.at,
        initial=begun | views.kept(request, Step.METER) | {"site": str(site.public_id)},
    )
    if views.is_leaving(request):
        return views.leave(request, progress, [form])
    problem = ""
    if form.is_bound and form.is_valid():
        if form.is_connected and request.POST.get("verdict") != "yes" and "untested" not in request.POST:
            problem = _("Read the meter and say whether it matches its display, or go on without comparing.")
        elif adding.add(request, form) is not None:
            return views.go_on(request, progress)
    context = {"form": form, "problem": problem, "probe": adding_probe.of_form(request, request.POST)}
    return views.page(request, progress, context, status=422 if form.errors or problem else 200)
