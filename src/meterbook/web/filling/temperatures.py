"""Mean temperatures of days at a site, by which last year's use follows the cold or the heat."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from meterbook.documents import uploads
from meterbook.identity.values import Module
from meterbook.metering import operations as metering_operations
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.sites import queries as site_queries
from meterbook.web import access, amounts, parameters, typed
from meterbook.web.sites import choice

SHOWN = 62
MOST_BYTES = 200_000
_LINE = re.compile(r"(?a:\s*\"?(\d{4}-\d{2}-\d{2})\"?\s*[;,\t ]\s*\"?([^\s\"]+)\"?\s*)")


class TemperatureForm(typed.Form):
    """Lines of a day and its temperature, written or in a file."""

    lines = forms.CharField(
        required=False,
        max_length=MOST_BYTES,
        widget=forms.Textarea(attrs={"rows": 6}),
        label=gettext_lazy("Days and mean temperatures (°C)"),
        help_text=gettext_lazy("A line for each day: 2026-01-31;5.4. A day that is there gets the new number."),
    )
    file = forms.FileField(required=False, label=gettext_lazy("Or a file with such lines (CSV)"))

    def clean(self) -> dict[str, Any]:
        """This will read the lines, and say which of them it does not understand."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        text, place = given.get("lines") or "", "lines"
        if given.get("file"):
            place = "file"
            try:
                text = uploads.require_text(given["file"].read(), most_bytes=MOST_BYTES)
            except uploads.UploadRefused as error:
                self.add_error("file", str(error))
                return given
        try:
            given["tenths"] = read(text)
        except ValueError as error:
            self.add_error(place, str(error))
        else:
            if not given["tenths"] and not self.errors:
                self.add_error(place, _("Write at least one day with its temperature."))
        return given


def read(text: str) -> dict[date, int]:
    """This will read days and tenths of a degree; a first line of titles is passed over.

    :raises ValueError: with the number of a line that holds no day and temperature
    """
    found = {}
    language = translation.get_language() or "en"
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        read_line = _LINE.fullmatch(line)
        if read_line is None:
            if number == 1 and not line.strip()[0].isdigit():
                continue
            raise ValueError(_told(number))
        degrees = amounts.read(read_line[2], language)
        try:
            day = date.fromisoformat(read_line[1])
        except ValueError as error:
            raise ValueError(_told(number)) from error
        if degrees is None or not parameters.EARLIEST_YEAR <= day.year <= parameters.LATEST_YEAR:
            raise ValueError(_told(number))
        if not -100 < degrees < 100:
            raise ValueError(_told(number))
        found[day] = int((degrees * 10).to_integral_value(rounding="ROUND_HALF_UP"))
    return found


def _told(number: int) -> str:
    return _("Line %(number)s: write a day and its temperature, such as 2026-01-31;5.4.") % {"number": number}


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.MANAGE_METER, module=Module.METERING, by_site=True)
def temperatures(request: access.Request) -> HttpResponse:
    """This will show the temperatures of a site, the latest first, and keep others: `?site=`, else the usual one."""
    sites = choice.visible_sites(request, permissions.MANAGE_METER)
    asked = request.GET.get("site", "")
    usual = choice.usual_site(request, permissions.MANAGE_METER)
    site = next((each for each in sites if str(each.public_id) == asked), usual)
    page = reverse("day_temperatures", args=[request.organization.public_id])
    form = TemperatureForm(*(request.POST, request.FILES) if request.method == "POST" else ())
    if form.is_bound and site is not None and form.is_valid():
        try:
            count = metering_operations.keep_temperatures(
                actor=request.actor, at=request.at, site_id=site.id, tenths=form.cleaned_data["tenths"]
            )
        except metering_operations.TemperatureImpossible as error:
            form.add_error("file" if form.cleaned_data.get("file") else "lines", str(error))
        else:
            messages.success(request, _("Kept; days that changed: %(count)s.") % {"count": count})
            return redirect(f"{page}?{urlencode({'site': site.public_id})}")
    rows = [] if site is None else metering_queries.list_temperatures(site_id=site.id, limit=SHOWN)
    context = {
        "form": form,
        "site": site,
        "chips": [_chip(page, each, site) for each in sites],
        "rows": [(each.day, Decimal(each.tenths).scaleb(-1)) for each in rows],
        "quality_href": reverse("quality", args=[request.organization.public_id]),
        "order_href": reverse("estimating_order", args=[request.organization.public_id]),
    }
    return render(request, "filling/temperatures.html", context, status=422 if form.errors else 200)


def _chip(page: str, site: site_queries.SiteRow, chosen: site_queries.SiteRow | None) -> dict[str, object]:
    href = f"{page}?{urlencode({'site': site.public_id})}"
    return {"href": href, "caption": site.name, "is_chosen": site == chosen, "count": None}
