"""What is used and not billed: lists, each line with the way to put it right."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from meterbook.billing.queries import pools as pool_queries
from meterbook.customers import permissions, unbilled
from meterbook.identity.values import Module
from meterbook.metering import values as metering_values
from meterbook.tariffs import permissions as tariff_permissions
from meterbook.web import access, parameters, tables
from meterbook.web.meters import pages as meter_pages
from meterbook.web.sites import choice
from meterbook.web.templatetags import meterbook as tags

Row = unbilled.UnpaidPoint | unbilled.PricelessContract
USED, PRICELESS, NOBODYS, VACANT = "used", "priceless", "nobodys", "vacant"
CAPTIONS: dict[str, str | Promise] = {
    USED: gettext_lazy("Use without a contract"),
    PRICELESS: gettext_lazy("Contract without a tariff in force"),
    NOBODYS: gettext_lazy("Meter without an account"),
    VACANT: gettext_lazy("Vacant, and no landlord's account"),
}
ADVICE: dict[str, str | Promise] = {
    USED: gettext_lazy("Used this month in days that no contract covers. The landlord's account pays for it, if any."),
    PRICELESS: gettext_lazy("The tariff has no version in force: a bill run holds these accounts."),
    NOBODYS: gettext_lazy("Meters of tenants for which nobody pays now, and nobody is to."),
    VACANT: gettext_lazy(
        "Vacant this month or the one before, at a site without a landlord's account: "
        "a bill run of these days cannot start."
    ),
}


@dataclass(frozen=True)
class Chip:
    """One of the lists."""

    caption: str | Promise
    href: str
    count: str
    is_chosen: bool


@dataclass(frozen=True)
class Line:
    """A line of a list; `use` is empty where nothing is counted."""

    row: Row
    use: str
    unit: str
    icon: str
    zone: ZoneInfo


@require_GET
@access.page(permission=permissions.VIEW_CUSTOMER, module=Module.BILLING, by_site=True)
def leaks(request: access.Request) -> HttpResponse:
    """This will show one of the lists: `?list=used`, `priceless`, `nobodys` or `vacant`, `?page=2`."""
    chosen = choice.chosen_site(request)
    sites = [
        each
        for each in choice.visible_sites(request, permissions.VIEW_CUSTOMER)
        if chosen is None or each.id == chosen.id
    ]
    found = unbilled.find_unbilled(
        sites=[unbilled.Place(each.id, each.zone) for each in sites],
        at=request.at,
        shared=pool_queries.shared_meters(on=request.at.date()),
    )
    lists: dict[str, tuple[Row, ...]] = {USED: found.used, PRICELESS: found.priceless, NOBODYS: found.nobodys}
    lists[VACANT] = found.vacant
    asked = request.GET.get("list", "")
    shown = asked if asked in lists else next((key for key, rows in lists.items() if rows), USED)
    number = parameters.page_number(request)
    rows = lists[shown][(number - 1) * tables.PAGE : number * tables.PAGE]
    zones = {each.id: each.zone for each in sites}
    context = {
        "chips": [
            Chip(caption, tables.link({"list": key}), tags.number(len(lists[key])), key == shown)
            for key, caption in CAPTIONS.items()
        ],
        "lines": [_line(each, zones[each.site_id]) for each in rows],
        "shown": shown,
        "caption": CAPTIONS[shown],
        "advice": ADVICE[shown],
        "pages": tables.pages({"list": shown}, number, len(lists[shown])),
        "has_sites": bool(sites),
        "may_manage": permissions.MANAGE_CUSTOMER in request.permissions,
        "may_view_tariffs": tariff_permissions.VIEW_TARIFF in request.permissions,
        "landlord_href": reverse("account_new", args=[request.organization.public_id]) + "?landlord=1",
        "openings_href": reverse("openings", args=[request.organization.public_id]),
        "sites_href": reverse("home", args=[request.organization.public_id]),
        "good": _("Everything that is used is billed to somebody."),
    }
    return render(request, "moves/leaks.html", context)


def _line(row: Row, zone: ZoneInfo) -> Line:
    use = row.use
    icon = "meter"
    if isinstance(row, unbilled.UnpaidPoint):
        icon = meter_pages.SERVICE_ICONS[metering_values.Service(row.service)]
    if use is None:
        return Line(row, "", "", icon, zone)
    return Line(row, tags.number(use.number, 1), use.unit.symbol, icon, zone)
