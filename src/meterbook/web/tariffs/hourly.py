"""Prices that change by the hour: which are loaded, how far, where they have gaps; and a file of more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from meterbook.identity.values import Module
from meterbook.kernel import civil, zone_names
from meterbook.kernel.period import Period
from meterbook.tariffs import permissions, price_files, sources
from meterbook.web import access, once, typed
from meterbook.web.sites import choice
from meterbook.web.templatetags import meterbook as tags

MOST_BYTES = 2_000_000
MOST_GAPS = 50
WIDTH, HEIGHT, LOWEST = 960, 160, 2
FINEST = 8


class PricesForm(typed.Form):
    """A file of prices, and under which code they are kept."""

    code = typed.CodeField(
        label=gettext_lazy("Code"),
        max_length=40,
        help_text=gettext_lazy("Small letters, digits, - and _. Tariffs name the prices by it."),
    )
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=200,
        help_text=gettext_lazy("With the unit, such as Spot market, EUR/MWh."),
    )
    zone = forms.CharField(label=gettext_lazy("Time zone of the file"), max_length=64)
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("CSV with the columns start and price, the oldest first, without a gap."),
        error_messages={"required": gettext_lazy("Choose a file first.")},
    )

    rows: price_files.PriceRows

    def clean_zone(self) -> str:
        """This will refuse what is no time zone."""
        name = str(self.cleaned_data["zone"])
        if name not in zone_names.known():
            raise forms.ValidationError(_("Write a time zone such as Europe/Madrid."))
        return name

    def clean(self) -> dict[str, object]:
        """This will read the file by the clock of the zone."""
        facts: dict[str, object] = super().clean() or {}
        file, zone = self.cleaned_data.get("file"), self.cleaned_data.get("zone")
        if file is None or zone is None:
            return facts
        if file.size > MOST_BYTES:
            self.add_error("file", _("The file is larger than 2 MB; take a year at a time."))
            return facts
        try:
            self.rows = price_files.read(file.read().decode("utf-8-sig"), ZoneInfo(zone), sources.STEPS)
        except UnicodeDecodeError:
            self.add_error("file", _("Save the file as UTF-8 text; this one has other signs."))
        except price_files.PriceFileInvalid as error:
            self.add_error("file", str(error))
        return facts


@require_GET
@access.page(permission=permissions.VIEW_TARIFF, module=Module.BILLING, by_site=True)
def hourly_prices(request: access.Request) -> HttpResponse:
    """This will list the series of prices, and offer to load a file."""
    form = PricesForm(initial={"zone": _zone(request), "code": request.GET.get("code", "")[:40]})
    return _page(request, form)


@require_POST
@access.page(permission=permissions.DRAFT_TARIFF, module=Module.BILLING)
@once.carried_out_once
def take(request: access.Request) -> HttpResponse:
    """This will keep the prices of a file; those that are there already are replaced."""
    form = PricesForm(request.POST, request.FILES)
    if form.is_valid():
        facts = form.cleaned_data
        try:
            sources.put_prices(
                actor=request.actor,
                at=request.at,
                code=facts["code"].lower(),
                name=facts["name"],
                step=form.rows.step,
                start=form.rows.start,
                prices=form.rows.prices,
            )
        except sources.PricesInvalid as error:
            form.add_error(None, str(error))
        else:
            count = tags.number(len(form.rows.prices))
            messages.success(request, _("%(count)s prices were kept.") % {"count": count})
            return redirect("hourly_price", request.organization.public_id, facts["code"].lower())
    return _page(request, form)


def _page(request: access.Request, form: PricesForm) -> HttpResponse:
    lines = [
        (each, len(sources.gaps_of(code=each.code)), reverse("hourly_price", args=_args(request, each.code)))
        for each in sources.list_series()
    ]
    context = {"lines": lines, "form": form, "may_edit": permissions.DRAFT_TARIFF in request.permissions}
    return render(request, "tariffs/hourly_prices.html", context, status=422 if form.errors else 200)


@require_GET
@access.page(permission=permissions.VIEW_TARIFF, module=Module.BILLING, by_site=True)
def hourly_price(request: access.Request, series: str) -> HttpResponse:
    """This will show a day of prices as a picture and a table, and where the series has gaps (`?day=2026-03-01`)."""
    try:
        found = sources.get_series(code=series)
    except sources.SeriesNotFound as error:
        raise Http404(str(error)) from error
    zone = ZoneInfo(_zone(request))
    day = _day(request, found, zone)
    period = Period(civil.start_of_day(day, zone), civil.start_of_day(day + timedelta(days=1), zone))
    prices = sources.prices_of(code=series, period=period)
    gaps = sources.gaps_of(code=series)
    here = reverse("hourly_price", args=_args(request, series))
    context = {
        "series": found,
        "day": day,
        "zone": zone.key,
        "bars": bars(prices, period, zone, step=found.step),
        "mean": _written(sum((each for _at, each in prices), Decimal(0)) / len(prices)) if prices else "",
        "gaps": gaps[:MOST_GAPS],
        "more_gaps": max(0, len(gaps) - MOST_GAPS),
        "earlier": f"{here}?day={day - timedelta(days=1)}",
        "later": f"{here}?day={day + timedelta(days=1)}",
        "may_edit": permissions.DRAFT_TARIFF in request.permissions,
    }
    return render(request, "tariffs/hourly_price.html", context)


@dataclass(frozen=True)
class Bar:
    """The price of one interval: where its bar stands, and what it says."""

    x: int
    y: int
    width: int
    height: int
    time: str
    price: str
    is_below: bool


def bars(prices: Sequence[tuple[datetime, Decimal]], period: Period, zone: ZoneInfo, *, step: int) -> list[Bar]:
    """This will draw the prices of a day: those below zero hang from the line; a missing one leaves its place empty."""
    if not prices:
        return []
    values = [each for _at, each in prices]
    top, bottom = max(*values, Decimal(0)), min(*values, Decimal(0))
    span = (top - bottom) or Decimal(1)
    zero = int(top * HEIGHT / span)
    width = max(1, int(WIDTH * (timedelta(minutes=step) / period.duration)) - 1)
    found = []
    for at, price in prices:
        height = max(LOWEST, int(abs(price) * HEIGHT / span))
        x = int(WIDTH * ((at - period.start) / period.duration))
        y = zero - height if price >= 0 else zero
        found.append(Bar(x, y, width, height, f"{at.astimezone(zone):%H:%M}", _written(price), price < 0))
    return found


def _day(request: access.Request, series: sources.SeriesRow, zone: ZoneInfo) -> date:
    """The day that is asked for; else the final one that has prices."""
    try:
        return date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        until = series.until_at or request.at
        return (until - timedelta(minutes=1)).astimezone(zone).date()


def _zone(request: access.Request) -> str:
    site = choice.usual_site(request) or next(iter(choice.all_sites(request)), None)
    return site.zone.key if site is not None else "UTC"


def _args(request: access.Request, code: str) -> list[object]:
    return [request.organization.public_id, code]


def _written(number: Decimal) -> str:
    exponent = round(number, FINEST).normalize().as_tuple().exponent
    return tags.number(number, min(FINEST, max(0, -exponent if isinstance(exponent, int) else 0)))
