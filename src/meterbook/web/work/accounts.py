"""What is not billed although it should be, and moves that were begun and not finished."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from meterbook.billing.queries import pools as pool_queries
from meterbook.customers import overrides, permissions, unbilled, values
from meterbook.identity.values import Module
from meterbook.journeys import queries as journey_queries
from meterbook.web import access
from meterbook.web.sites import choice
from meterbook.web.templatetags import meterbook as tags
from meterbook.web.work.needs import Area, Need


def journeys(request: access.Request) -> list[Need]:
    """This will return the moves that the reader began and has not finished."""
    permission = permissions.MANAGE_CUSTOMER
    if not request.organization.has_module(Module.BILLING) or not request.access.allows_somewhere(permission):
        return []
    begun = journey_queries.open_journeys(started_by_id=request.actor.id)
    if not begun:
        return []
    count, oldest = len(begun), begun[-1]
    title = ngettext("%(count)s move to finish", "%(count)s moves to finish", count) % {"count": count}
    href = reverse("move", args=[request.organization.public_id, oldest.public_id])
    return [Need(Area.BILLS, "edit", "about", title, oldest.title, _("Go on"), href, count, oldest.changed_at)]


def overriding(request: access.Request) -> list[Need]:
    """This will return the other tariffs than the default that others asked for, for those who may approve them."""
    permission = permissions.APPROVE_OVERRIDE
    if not request.organization.has_module(Module.BILLING) or not request.access.allows_somewhere(permission):
        return []
    waiting = overrides.list_overrides(state=values.OverrideState.WAITING, sites=choice.site_ids(request, permission))
    found = [each for each in waiting if each.author_id is None or each.author_id != request.actor.id]
    if not found:
        return []
    count, oldest = len(found), found[-1]
    title = ngettext(
        "%(count)s other tariff than the default to approve",
        "%(count)s other tariffs than the default to approve",
        count,
    ) % {"count": tags.number(count)}
    href = reverse("tariff_overrides", args=[request.organization.public_id])
    detail = f"{oldest.customer_name}: {oldest.reason}"
    return [Need(Area.BILLS, "question", "warn", title, detail, _("Look at it"), href, count, oldest.asked_at)]


def unlet(request: access.Request) -> list[Need]:
    """This will return how many meters have no account yet, for home: the page of all work looks closer (`leaks`)."""
    permission = permissions.VIEW_CUSTOMER
    if not request.organization.has_module(Module.BILLING) or not request.access.allows_somewhere(permission):
        return []
    count = unbilled.count_nobodys(
        site_ids=choice.site_ids(request, permission),
        at=request.at,
        shared=pool_queries.shared_meters(on=request.at.date()),
    )
    if not count:
        return []
    title = ngettext("%(count)s meter without an account", "%(count)s meters without an account", count)
    href = reverse("unbilled", args=[request.organization.public_id]) + "?list=nobodys"
    shown, why = title % {"count": tags.number(count)}, _("nobody pays for them, now or later")
    return [Need(Area.BILLS, "account", "about", shown, why, _("Show"), href, count, is_counted=False)]


def leaks(request: access.Request) -> list[Need]:
    """This will return how many meters and accounts are not billed; it looks at every meter, so on one page only.

    They do not count into the total, which is asked for on every page.
    """
    permission = permissions.VIEW_CUSTOMER
    if not request.organization.has_module(Module.BILLING) or not request.access.allows_somewhere(permission):
        return []
    chosen = choice.chosen_site(request)
    sites = [
        unbilled.Place(each.id, each.zone)
        for each in choice.visible_sites(request, permission)
        if chosen is None or each.id == chosen.id
    ]
    shared = pool_queries.shared_meters(on=request.at.date())
    count = unbilled.count_unbilled(sites=sites, at=request.at, shared=shared).total
    if not count:
        return []
    title = ngettext("%(count)s meter is not billed", "%(count)s meters are not billed", count) % {"count": count}
    why = _("used without a contract, without a price, or nobody's")
    href = reverse("unbilled", args=[request.organization.public_id])
    return [Need(Area.BILLS, "question", "warn", title, why, _("Show"), href, count, is_counted=False)]
