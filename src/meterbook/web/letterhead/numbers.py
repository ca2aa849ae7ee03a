"""Settings > Bill numbers: the series of each site and year, and how those begin of which no number was given yet."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from meterbook.documents import numbering, permissions
from meterbook.documents.values import DocumentKind
from meterbook.identity.values import Module
from meterbook.web import access, typed
from meterbook.web.sites import choice

KIND = DocumentKind.BILL


class StartForm(typed.Form):
    """How a series begins."""

    series_prefix = forms.CharField(
        label=gettext_lazy("Prefix"),
        max_length=numbering.LONGEST_PREFIX,
        help_text=gettext_lazy("It stands before every number of the series."),
    )
    first_number = forms.IntegerField(
        label=gettext_lazy("First number"),
        min_value=1,
        max_value=numbering.HIGHEST_FIRST,
        help_text=gettext_lazy("1, or the next one after what another program gave in that year."),
    )


@dataclass(frozen=True)
class Line:
    """A series as the page shows it. `code` names it in addresses."""

    site: str
    code: str
    standing: numbering.Standing
    is_open: bool


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.MANAGE_SERIES, module=Module.BILLING)
def numbers(request: access.Request) -> HttpResponse:
    """This will show the series of this year and the next; `series` names the one that is changed."""
    sites = {each.code: each.name for each in choice.visible_sites(request)}
    year = request.at.astimezone(choice.clock_zone(request)).year
    standings = numbering.standings(kind=KIND, places=sorted(sites), years=(year, year + 1))
    asked = (request.POST if request.method == "POST" else request.GET).get("series", "")
    chosen = next((each for each in standings if _code(each) == asked and not each.is_used), None)
    form = None
    if chosen is not None:
        initial = {"series_prefix": chosen.start.prefix, "first_number": chosen.start.first_number}
        form = StartForm(request.POST if request.method == "POST" else None, initial=initial)
        if form.is_bound and form.is_valid() and _keep(request, chosen, form):
            messages.success(request, _("The series was set."))
            return redirect("bill_numbers", request.organization.public_id)
    context = {
        "lines": [Line(sites[each.place], _code(each), each, each is chosen) for each in standings],
        "chosen": chosen,
        "chosen_site": sites[chosen.place] if chosen else "",
        "chosen_code": asked,
        "form": form,
    }
    return render(request, "letterhead/numbers.html", context, status=422 if form is not None and form.errors else 200)


def _code(standing: numbering.Standing) -> str:
    return f"{standing.place}:{standing.year}"


def _keep(request: access.Request, chosen: numbering.Standing, form: StartForm) -> bool:
    try:
        numbering.plan_series(
            actor=request.actor,
            at=request.at,
            kind=KIND,
            place=chosen.place,
            year=chosen.year,
            prefix=form.cleaned_data["series_prefix"],
            first_number=form.cleaned_data["first_number"],
        )
    except (numbering.PrefixRefused, numbering.SeriesInUse) as error:
        form.add_error("series_prefix", str(error))
    except numbering.NumberUsed as error:
        form.add_error("first_number", str(error))
    return not form.errors
