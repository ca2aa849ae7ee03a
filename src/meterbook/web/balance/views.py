"""The balance sheet of energy: one page that proves what was bought is what was used and paid (I-05)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from meterbook.billing import permissions
from meterbook.identity.values import Module
from meterbook.kernel import civil
from meterbook.metering import permissions as metering_permissions
from meterbook.reporting.queries import site_energy, site_sheets
from meterbook.sites import queries as site_queries
from meterbook.web import access, parameters, tables, typed
from meterbook.web.balance import shown, words
from meterbook.web.billing import shared_words
from meterbook.web.sites import choice

MOST_DAYS = 400


class DaysForm(typed.Form):
    """Of which site and days; the final day is one of them."""

    first = parameters.DayField(label=gettext_lazy("From"), widget=forms.DateInput(attrs={"type": "date"}))
    last = parameters.DayField(label=gettext_lazy("To and including"), widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, sites: Sequence[site_queries.SiteRow], **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        self.fields["site"] = forms.ChoiceField(
            label=gettext_lazy("Site"), choices=[(str(each.public_id), each.name) for each in sites]
        )

    def clean(self) -> dict[str, Any]:
        """This will refuse days in the wrong order, and more than a year.

        :raises forms.ValidationError: beside the final day
        """
        found: dict[str, Any] = super().clean() or {}
        first, last = found.get("first"), found.get("last")
        if first and last and last < first:
            self.add_error("last", _("The final day lies before the first one."))
        elif first and last and (last - first).days >= MOST_DAYS:
            self.add_error("last", _("Take at most %(days)s days.") % {"days": MOST_DAYS})
        return found


@dataclass(frozen=True)
class Asked:
    """The site and the days [first_day, until_day) that are asked for."""

    site: site_queries.SiteRow
    first_day: date
    until_day: date

    @property
    def query(self) -> dict[str, str]:
        """The address that asks for it."""
        last = self.until_day - timedelta(days=1)
        return {"site": str(self.site.public_id), "first": self.first_day.isoformat(), "last": last.isoformat()}


@require_GET
@access.page(permission=permissions.VIEW_BILL, module=Module.BILLING, by_site=True)
def balance(request: access.Request) -> HttpResponse:
    """This will show the balance sheet of a site: `?site=…&first=2026-02-01&last=2026-02-28`."""
    form, asked = _read(request)
    context: dict[str, Any] = {"form": form, "has_sites": bool(_sites(request))}
    if asked is None:
        return render(request, "balance/page.html", context, status=422 if form.errors else 200)
    sheet = site_sheets.sheet_of(site_id=asked.site.id, first_day=asked.first_day, until_day=asked.until_day)
    files = reverse("energy_balance_file", args=[request.organization.public_id])
    may_view_meters = metering_permissions.VIEW_METER in request.permissions
    read = shown.Reader(request.organization.public_id, may_view_meters=may_view_meters)
    context |= {
        "asked": asked,
        "days": shared_words.days(asked.first_day, asked.until_day),
        "services": [read.service(each, sheet.invoiced) for each in sheet.services],
        "moneys": [read.money(each) for each in sheet.moneys],
        "unpaid": [
            shown.service_caption(each.service)
            for each in sheet.services
            if each.service.value not in {figure.service for figure in sheet.figures}
        ],
        "checks": [read.check(each) for each in sheet.checks],
        "is_proven": all(not each.difference for each in sheet.checks),
        "bill_count": sheet.bill_count,
        "csv_href": files + tables.link(asked.query, kind=tables.CSV),
        "xlsx_href": files + tables.link(asked.query, kind=tables.XLSX),
    }
    return render(request, "balance/page.html", context)


@require_GET
@access.page(permission=permissions.VIEW_BILL, module=Module.BILLING, by_site=True)
def file(request: access.Request) -> HttpResponse:
    """This will give out every row of the balance sheet: `?kind=csv` or `?kind=xlsx`."""
    form, asked = _read(request)
    if asked is None:
        return render(request, "balance/page.html", {"form": form, "has_sites": bool(_sites(request))}, status=422)
    sheet = site_sheets.sheet_of(site_id=asked.site.id, first_day=asked.first_day, until_day=asked.until_day)
    kind = tables.XLSX if request.GET.get("kind") == tables.XLSX else tables.CSV
    captions = (
        _("Sheet"), _("Side"), _("Part"), _("Name"), _("Account"), _("Bill"), _("Amount"), _("Unit"),
    )  # fmt: skip
    return tables.file(kind, f"balance-{tables.file_safe(asked.site.code)}-{asked.first_day}", captions, _cells(sheet))


def _cells(sheet: site_sheets.SiteSheet) -> Iterator[Sequence[tables.Cell]]:
    for service in sheet.services:
        name, unit = shown.service_caption(service.service), service.unit.symbol
        for main in service.mains:
            yield (
                name,
                _("Came in"),
                _("Main meter"),
                f"{main.code} {main.name}",
                "",
                "",
                shown.decimal(main.quantity),
                unit,
            )
        for row in service.sheet.rows:
            part: str | Promise = words.PARTS[row.part]
            amount = shown.decimal(row.quantity)
            yield name, _("Went out"), str(part), row.name, row.account, row.bill, amount, unit
        yield name, "", _("Difference"), "", "", "", shown.decimal(service.sheet.difference), unit
    for money in sheet.moneys:
        for cost in money.sheet.costs:
            yield money.currency, _("Came in"), _("Cost"), cost.name, "", cost.detail, cost.amount, money.currency
        for each in money.sheet.rows:
            bearer: str | Promise = words.BEARERS[each.bearer]
            yield (
                money.currency,
                _("Went out"),
                str(bearer),
                each.name,
                each.account,
                each.bill,
                each.amount,
                money.currency,
            )
        yield money.currency, "", _("Difference"), "", "", "", money.sheet.difference, money.currency


def _read(request: access.Request) -> tuple[DaysForm, Asked | None]:
    """What is asked for; without days the newest month that was billed at the site, else the month before this one."""
    sites = _sites(request)
    if not sites:
        return DaysForm(sites=()), None
    usual = choice.usual_site(request, permissions.VIEW_BILL) or sites[0]
    if not {"first", "last", "site"} & set(request.GET):
        first = _usual_month(request, usual)
        last = civil.next_month(first) - timedelta(days=1)
        given = {"site": str(usual.public_id), "first": first.isoformat(), "last": last.isoformat()}
        form = DaysForm(given, sites=sites)
    else:
        form = DaysForm(request.GET, sites=sites)
    if not form.is_valid():
        return form, None
    site = next(each for each in sites if str(each.public_id) == form.cleaned_data["site"])
    return form, Asked(site, form.cleaned_data["first"], form.cleaned_data["last"] + timedelta(days=1))


def _sites(request: access.Request) -> tuple[site_queries.SiteRow, ...]:
    return choice.visible_sites(request, permissions.VIEW_BILL)


def _usual_month(request: access.Request, site: site_queries.SiteRow) -> date:
    newest = site_energy.newest_billed_day(site_id=site.id)
    if newest is None:
        newest = civil.local_date(request.at, choice.clock_zone(request)).replace(day=1) - timedelta(days=1)
    return newest.replace(day=1)
