"""From when on a day is told as one that can hardly be right: of the organization, a site, a service."""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from meterbook.identity.values import Module
from meterbook.metering import operations as metering_operations
from meterbook.metering import permissions, values
from meterbook.metering import queries as metering_queries
from meterbook.metering.checking import thresholds
from meterbook.metering.checking.thresholds import BOUNDS
from meterbook.web import access, amounts, threshold_words, typed
from meterbook.web.filling import order
from meterbook.web.sites import choice


class ThresholdForm(typed.Form):
    """A number for each threshold; an empty one follows what holds around."""

    def __init__(self, *args: Any, around: thresholds.Thresholds, **kwargs: Any) -> None:  # noqa: ANN401 - Django's own
        super().__init__(*args, **kwargs)
        usual = thresholds.written(around)
        for name, bound in BOUNDS.items():
            field = amounts.NumberField(
                places=bound.places,
                least=Decimal(bound.least),
                most=Decimal(bound.most),
                required=False,
                label=threshold_words.LABELS[name],
            )
            told = amounts.written(Decimal(usual[name])) if name in usual else threshold_words.BY_SERVICE
            field.help_text = _("%(what)s Empty: %(usual)s.") % {"what": threshold_words.HELP[name], "usual": told}
            self.fields[name] = field

    def given(self) -> dict[str, str]:
        """This will return what was written, by name."""
        return {name: f"{value:f}" for name, value in self.cleaned_data.items() if value is not None}


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.MANAGE_METER, module=Module.METERING, by_site=True)
def edit(request: access.Request) -> HttpResponse:
    """This will show the thresholds of the chosen site, or of all, and keep what is sent back: `?service=GAS`."""
    site = choice.chosen_site(request)
    site_id = None if site is None else site.id
    if not order.may_set(request, site):
        raise PermissionDenied
    service = request.GET.get("service", "")
    service = service if service in set(values.Service) else ""
    policies = metering_queries.checking_policies()
    around = policies.around(site_id=site_id, service=service)
    own = policies.rows.get((site_id, service))
    initial = {name: amounts.written(Decimal(written)) for name, written in (own.given if own else {}).items()}
    form = ThresholdForm(request.POST if request.method == "POST" else None, around=around, initial=initial)
    page = reverse("check_thresholds", args=[request.organization.public_id])
    if form.is_bound and form.is_valid():
        metering_operations.set_thresholds(
            actor=request.actor, at=request.at, site_id=site_id, service=service, given=form.given()
        )
        messages.success(request, _("Saved; the days of the last week are checked again within minutes."))
        return redirect(f"{page}?{urlencode({'service': service})}" if service else page)
    context = {
        "form": form,
        "groups": [(title, [form[name] for name in names]) for title, names in threshold_words.GROUPS],
        "site": site,
        "own": own,
        "zone": UTC if site is None else site.zone,
        "chips": _chips(page, service),
        "service_caption": values.SERVICE_CAPTIONS[values.Service(service)] if service else "",
        "elsewhere": threshold_words.ELSEWHERE,
        "quality_href": reverse("quality", args=[request.organization.public_id]),
        "checks_href": reverse("day_checks", args=[request.organization.public_id]),
    }
    return render(request, "filling/thresholds.html", context, status=422 if form.errors else 200)


def _chips(page: str, chosen: str) -> list[dict[str, object]]:
    captions = {"": _("All services"), **{each.value: str(values.SERVICE_CAPTIONS[each]) for each in values.Service}}
    return [
        {
            "href": f"{page}?{urlencode({'service': each})}" if each else page,
            "caption": caption,
            "is_chosen": each == chosen,
            "count": None,
        }
        for each, caption in captions.items()
    ]
