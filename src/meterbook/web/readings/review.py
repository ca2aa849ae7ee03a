"""Readings that looked wrong and were taken with a reason: a second look; and which sites ask for photos."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from meterbook.identity.values import Module
from meterbook.metering import operations as metering_operations
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.metering.values import READING_KIND_CAPTIONS
from meterbook.sites import queries as site_queries
from meterbook.web import access, typed
from meterbook.web.sites import choice
from meterbook.web.templatetags import meterbook as tags

DONE = "done"
DOUBTS = {
    "LOWER": gettext_lazy("lower than the reading before"),
    "HIGHER": gettext_lazy("higher than a later reading"),
    "TOO_MUCH": gettext_lazy("more than the supply can deliver"),
    "UNUSUAL": gettext_lazy("far more than usual"),
    "SAME": gettext_lazy("the same as before"),
}
guard = access.page(permission=permissions.CORRECT_READING, module=Module.METERING, by_site=True)


class RulesForm(typed.Form):
    """The sites that ask for a photo with each reading."""

    def __init__(self, data: object = None, *, sites: list[site_queries.SiteRow], chosen: list[str]) -> None:
        super().__init__(data, initial={"sites": chosen})  # type: ignore[arg-type]  # what a request's POST is
        self.fields["sites"] = django_forms.MultipleChoiceField(
            required=False,
            choices=[(str(each.public_id), each.name) for each in sites],
            widget=django_forms.CheckboxSelectMultiple,
            label=gettext_lazy("Sites where every reading needs a photo of the display"),
        )


def waiting(request: access.Request) -> list[metering_queries.FlaggedRow]:
    """This will return the readings that wait for a second look, for those who may correct them."""
    if not request.access.allows_somewhere(permissions.CORRECT_READING):
        return []
    return metering_queries.list_flagged(site_ids=choice.site_ids(request, permissions.CORRECT_READING))


@require_safe
@guard
def flagged(request: access.Request) -> HttpResponse:
    """This will list the readings that were taken although they looked wrong."""
    is_done = request.GET.get("show") == DONE
    if is_done:
        sites = choice.site_ids(request, permissions.CORRECT_READING)
        rows = metering_queries.list_flagged(site_ids=sites, is_waiting=False)
    else:
        rows = waiting(request)
    context = {"lines": [_line(each) for each in rows], "is_done": is_done}
    return render(request, "readings/review.html", context)


@require_POST
@guard
def looked_at(request: access.Request, taken_reading: uuid.UUID) -> HttpResponse:
    """This will note that somebody looked at a reading again."""
    site = metering_queries.site_of_taken(public_id=taken_reading)
    if site is None or not request.access.allows(permissions.CORRECT_READING, site):
        raise Http404(_("There is no such reading."))
    try:
        is_new = metering_operations.review_taken(actor=request.actor, at=request.at, taken=taken_reading)
    except metering_operations.TakenReadingNotFound as error:
        raise Http404(str(error)) from error
    if is_new:
        messages.success(request, _("The reading is off the list."))
    else:
        messages.info(request, _("Somebody looked at it before."))
    return HttpResponseRedirect(reverse("readings_review", args=[request.organization.public_id]))


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.MANAGE_METER, module=Module.METERING, by_site=True)
def rules(request: access.Request) -> HttpResponse:
    """This will show and change which sites ask for a photo with each reading."""
    sites = [each for each in choice.visible_sites(request) if request.access.allows(permissions.MANAGE_METER, each.id)]
    held = metering_queries.sites_with_photos()
    chosen = [str(each.public_id) for each in sites if each.id in held]
    form = RulesForm(request.POST if request.method == "POST" else None, sites=sites, chosen=chosen)
    status = 200
    if form.is_bound:
        if form.is_valid():
            for each in sites:
                metering_operations.require_photos(
                    actor=request.actor,
                    at=request.at,
                    site=each.public_id,
                    is_required=str(each.public_id) in form.cleaned_data["sites"],
                )
            messages.success(request, _("The rules of readings are saved."))
            return HttpResponseRedirect(reverse("readings_enter", args=[request.organization.public_id]))
        status = 422
    return render(request, "readings/rules.html", {"form": form, "has_sites": bool(sites)}, status=status)


def _line(row: metering_queries.FlaggedRow) -> dict[str, Any]:
    places = max(0, -int(row.value.as_tuple().exponent))
    return {
        "row": row,
        "number": tags.number(row.value, places),
        "kind": str(READING_KIND_CAPTIONS[row.kind]),
        "doubts": ", ".join(str(DOUBTS[each]) for each in row.doubts if each in DOUBTS),
    }
