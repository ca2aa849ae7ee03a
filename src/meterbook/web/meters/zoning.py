"""The time zone and the language of documents of one meter point, where they are not those of its site."""

from __future__ import annotations

import uuid
from datetime import date

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from meterbook.identity.values import Module
from meterbook.journeys import changing_zones
from meterbook.metering import queries as metering_queries
from meterbook.sites import permissions
from meterbook.sites import queries as site_queries
from meterbook.web import access, typed
from meterbook.web.meters import finding
from meterbook.web.sites import forms as site_forms


class ZoneForm(typed.Form):
    """Both may be empty: then those of the account and the site hold."""

    time_zone = forms.CharField(
        label=gettext_lazy("Time zone"),
        max_length=64,
        required=False,
        help_text=gettext_lazy("Such as America/Mexico_City; type a city. Empty: that of the site."),
        widget=forms.TextInput(attrs={"list": "time-zones", "autocomplete": "off"}),
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language of documents"),
        choices=(("", gettext_lazy("that of the account, then of the site")), *site_forms.LANGUAGES),
        required=False,
        help_text=gettext_lazy(
            "Of bills, messages and exports of this meter. A bill over meters of several languages uses the account's."
        ),
    )

    def clean_time_zone(self) -> str:
        """This will return the zone's own spelling, or nothing."""
        given = str(self.cleaned_data["time_zone"])
        return site_forms.zone_named(given) if given else ""


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.EDIT_SITES, module=Module.METERING, by_site=True, by_single=True)
def zone(request: access.Request, meter: uuid.UUID) -> HttpResponse:
    """This will show both, with the day that another zone counts from, and keep what is sent back."""
    detail = finding.find_changeable(request, meter, permissions.EDIT_SITES)
    initial = {"time_zone": detail.time_zone, "language": detail.language}
    form = ZoneForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_bound and form.is_valid():
        changing_zones.change_point(
            actor=request.actor,
            at=request.at,
            meter_point=detail.public_id,
            time_zone=form.cleaned_data["time_zone"],
            language=form.cleaned_data["language"],
        )
        messages.success(request, _("“%(name)s” was saved.") % {"name": detail.name})
        return redirect("meter", request.organization.public_id, detail.public_id)
    context = {
        "detail": detail,
        "form": form,
        "site": site_queries.get_site(public_id=detail.site_public_id),
        "first_day": _first_day(detail),
        "time_zones": site_forms.time_zones(),
    }
    return render(request, "meters/zone.html", context, status=422 if form.errors else 200)


def _first_day(detail: metering_queries.MeterDetail) -> date | None:
    return changing_zones.first_day(meter_point=detail.public_id)
