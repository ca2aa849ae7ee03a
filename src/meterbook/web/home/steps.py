"""The first steps of an installation, from an empty database to the first bill. Needs a running scope."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from meterbook.billing import permissions as billing_permissions
from meterbook.billing import queries as billing_queries
from meterbook.customers import permissions as customer_permissions
from meterbook.customers import queries as customer_queries
from meterbook.identity.values import Module
from meterbook.metering import permissions as metering_permissions
from meterbook.sites import permissions as site_permissions
from meterbook.sites import queries as site_queries
from meterbook.tariffs import permissions as tariff_permissions
from meterbook.tariffs import queries as tariff_queries
from meterbook.web import access


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
    if has_module(Module.METERING):
        found.append(_meter(request, is_done=has_meters, is_next=bool(sites)))
    if has_module(Module.BILLING) and (allows(tariff_permissions.DRAFT_TARIFF) or _may_bill(request)):
        found += _billing(request, has_sites=bool(sites))
    return tuple(found) if any(each.href for each in found) else ()


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


def _meter(request: access.Request, *, is_done: bool, is_next: bool) -> Step:
    return _step(
        request,
        title=_("Add a meter"),
        words=_("Its model, and how it is reached. Its page tells at once whether it answers."),
        action=_("Add a meter"),
        route="meter_new",
        permission=metering_permissions.MANAGE_METER,
        is_done=is_done,
        is_next=is_next,
    )


def _billing(request: access.Request, *, has_sites: bool) -> list[Step]:
    has_runs = billing_queries.has_runs()
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
        _step(
            request,
            title=_("Open an account"),
            words=_("For the customer who pays; then let it pay for the meter."),
            action=_("Open the first account"),
            route="account_new",
            permission=customer_permissions.MANAGE_CUSTOMER,
            is_done=has_accounts,
            is_next=has_sites,
        ),
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
