"""The first steps of an installation, from an empty database to the first bill. Needs a running scope."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from meterbook.billing import permissions as billing_permissions
from meterbook.billing import queries as billing_queries
from meterbook.billing.queries import pools as pool_queries
from meterbook.customers import letting
from meterbook.customers import permissions as customer_permissions
from meterbook.customers import queries as customer_queries
from meterbook.identity.values import Module
from meterbook.metering import permissions as metering_permissions
from meterbook.sites import permissions as site_permissions
from meterbook.sites import queries as site_queries
from meterbook.sites import values as site_values
from meterbook.tariffs import permissions as tariff_permissions
from meterbook.tariffs import queries as tariff_queries
from meterbook.web import access
from meterbook.web.sites import choice


@dataclass(frozen=True)
class Step:
    """One step; `href` leads to where it is done, empty when it is done, not its turn, or not the reader's to do."""

    title: str
    words: str
    action: str
    href: str
    is_done: bool


def collect(request: access.Request, *, sites: tuple[site_queries.SiteRow, ...], has_meters: bool) -> tuple[Step, ...]:
    """This will return the steps; none once there is nothing left that the reader could do."""
    allows, has_module = request.access.allows_somewhere, request.organization.has_module
    found = [_site(request, sites)]
    bills = has_module(Module.BILLING) and (allows(tariff_permissions.DRAFT_TARIFF) or _may_bill(request))
    house = _house(request, sites) if bills else None
    if house is not None:
        found.append(_units(request, sites, house))
    if has_module(Module.METERING):
        found.append(_meter(request, house, is_done=has_meters, is_next=bool(sites)))
    if house is not None:
        found += _billing(request, house, has_sites=bool(sites))
    return tuple(found) if any(each.href for each in found) else ()


@dataclass(frozen=True)
class _House:
    """How far a house is set up: its units, those with a meter, those that somebody pays for."""

    units: int
    metered: int
    paid: int
    has_runs: bool


def _house(request: access.Request, sites: tuple[site_queries.SiteRow, ...]) -> _House:
    """Counted only until the first run: from then on nothing of it is shown."""
    if billing_queries.has_runs():
        return _House(0, 0, 0, has_runs=True)
    nodes = [each for site in sites for each in site_queries.list_nodes(site_id=site.id)]
    units = sum(each.kind is site_values.NodeKind.UNIT for each in nodes)
    ids = {site.id for site in sites}
    shared = pool_queries.shared_meters(on=request.at.date())
    places = [each for each in letting.places(at=request.at, shared=shared) if each.site_id in ids]
    return _House(units, len(places), sum(not each.is_vacant for each in places), has_runs=False)


def _units(request: access.Request, sites: tuple[site_queries.SiteRow, ...], house: _House) -> Step:
    """Where each customer lives; a house is set up from its units on."""
    words = _("Flats, shops, offices: what is let. One by one, or all at once from a workbook.")
    if house.units:
        said = ngettext("%(count)s unit is there.", "%(count)s units are there.", house.units)
        words = said % {"count": house.units}
    shown = choice.usual_site(request) or next(iter(sites), None)
    leads = request.access.allows_somewhere(site_permissions.EDIT_SITES)
    is_done = bool(house.units) or house.has_runs
    href = ""
    if shown is not None and leads and not is_done:
        href = reverse("site_editor", args=[request.organization.public_id, shown.public_id])
        href += f"?do=add&kind={site_values.NodeKind.UNIT.value}"
    return Step(title=_("Write down the units"), words=words, action=_("Add units"), href=href, is_done=is_done)


def _site(request: access.Request, sites: tuple[site_queries.SiteRow, ...]) -> Step:
    words = _("A site has a time zone, a currency and a language; meters hang in it.")
    return _step(
        request,
        title=_("Name the site"),
        words=_("%(name)s is there.") % {"name": sites[0].name} if sites else words,
        action=_("Set up a site"),
        route="site_new",
        permission=site_permissions.EDIT_SITES,
        is_done=bool(sites),
        is_next=True,
    )


def _meter(request: access.Request, house: _House | None, *, is_done: bool, is_next: bool) -> Step:
    words = _("Its model, and how it is reached. Its page tells at once whether it answers.")
    lacking = max(0, house.units - house.metered) if house is not None and is_done else 0
    if lacking:
        said = ngettext("%(count)s unit has no meter yet.", "%(count)s units have no meter yet.", lacking)
        words, is_done = said % {"count": lacking}, False
    return _step(
        request,
        title=_("Hang up the meters") if house is not None and house.units else _("Add a meter"),
        words=words,
        action=_("Add a meter"),
        route="meter_new",
        permission=metering_permissions.MANAGE_METER,
        is_done=is_done,
        is_next=is_next,
    )


def _billing(request: access.Request, house: _House, *, has_sites: bool) -> list[Step]:
    has_runs = house.has_runs
    has_tariffs = has_runs or tariff_queries.has_tariffs()
    has_accounts = has_runs or customer_queries.has_accounts()
    return [
        _step(
            request,
            title=_("Write a tariff"),
            words=_("What a unit costs and when, and what comes on top."),
            action=_("Write the first tariff"),
            route="tariff_new",
            permission=tariff_permissions.DRAFT_TARIFF,
            is_done=has_tariffs,
            is_next=has_sites,
        ),
        _customers(request, house, has_accounts=has_accounts, has_sites=has_sites),
        _step(
            request,
            title=_("Bill a month"),
            words=_("When the month is over. Nothing is issued before you have seen it."),
            action=_("Start the first run"),
            route="run_new",
            permission=billing_permissions.MANAGE_RUN,
            is_done=has_runs,
            is_next=has_accounts and has_tariffs,
        ),
    ]


def _customers(request: access.Request, house: _House, *, has_accounts: bool, has_sites: bool) -> Step:
    """Of a house with units all at once, else one account."""
    words, action = _("For the customer who pays; then let it pay for the meter."), _("Open the first account")
    route, is_done = "account_new", has_accounts
    lacking = house.metered - house.paid
    if house.metered > 1 and lacking:
        route, action, is_done = "openings", _("Open their accounts"), False
        said = ngettext(
            "%(count)s of %(all)s has nobody who pays yet.", "%(count)s of %(all)s have nobody who pays yet.", lacking
        )
        words = said % {"count": lacking, "all": house.metered}
    return _step(
        request,
        title=_("Open the accounts") if house.metered > 1 else _("Open an account"),
        words=words,
        action=action,
        route=route,
        permission=customer_permissions.MANAGE_CUSTOMER,
        is_done=is_done,
        is_next=has_sites,
    )


def _may_bill(request: access.Request) -> bool:
    wanted = {customer_permissions.MANAGE_CUSTOMER, billing_permissions.MANAGE_RUN}
    return any(request.access.allows_somewhere(each) for each in wanted)


def _step(
    request: access.Request,
    *,
    title: str,
    words: str,
    action: str,
    route: str,
    permission: str,
    is_done: bool,
    is_next: bool,
) -> Step:
    leads = is_next and not is_done and request.access.allows_somewhere(permission)
    href = reverse(route, args=[request.organization.public_id]) if leads else ""
    return Step(title=title, words=words, action=action, href=href, is_done=is_done)
