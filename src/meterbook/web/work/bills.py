"""Runs to review and issue, accounts to decide, months that nobody billed, tariffs to publish."""

from __future__ import annotations

from datetime import timedelta

from django.urls import reverse
from django.utils import formats
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from meterbook.billing import permissions
from meterbook.billing import queries as billing_queries
from meterbook.billing.values import RunState
from meterbook.identity.values import Module
from meterbook.kernel import civil
from meterbook.tariffs import permissions as tariff_permissions
from meterbook.tariffs import queries as tariff_queries
from meterbook.web import access
from meterbook.web.sites import choice
from meterbook.web.work.needs import Area, Need


def runs(request: access.Request) -> list[Need]:
    """This will return the runs that wait for a person, and the accounts that they hold."""
    if not request.organization.has_module(Module.BILLING) or permissions.VIEW_BILL not in request.permissions:
        return []
    waiting = billing_queries.waiting_runs(site_ids=choice.site_ids(request, permissions.VIEW_BILL))
    found = [_run(request, each) for each in waiting]
    held = [each for each in waiting if each.held]
    if held:
        count = sum(each.held for each in held)
        title = ngettext("%(count)s held account", "%(count)s held accounts", count) % {"count": count}
        href = reverse("run", args=[request.organization.public_id, held[0].public_id]) + "?show=held"
        since = min(each.since for each in held)
        found.append(Need(Area.BILLS, "lock", "warn", title, _month(held[0]), _("Decide"), href, count, since))
    return found


def unbilled(request: access.Request) -> list[Need]:
    """This will return the months that are over and were not billed, for those who may start runs."""
    if not request.organization.has_module(Module.BILLING):
        return []
    if not {permissions.VIEW_BILL, permissions.MANAGE_RUN} <= request.permissions:
        return []
    chosen = choice.chosen_site(request)
    months = {}
    for site in choice.visible_sites(request, permissions.MANAGE_RUN):
        if chosen is None or site.id == chosen.id:
            month = civil.month_bounds(civil.local_date(request.at, site.zone), site.zone)
            before = civil.month_bounds(civil.local_date(month.start - timedelta.resolution, site.zone), site.zone)
            months[site.id] = (civil.local_date(before.start, site.zone), before)
    href = reverse("run_new", args=[request.organization.public_id])
    ended = {day: period.end for day, period in months.values()}
    return [
        Need(
            Area.BILLS,
            "bill",
            "about",
            _("%(month)s is not billed yet") % {"month": formats.date_format(each.first_day, "YEAR_MONTH_FORMAT")},
            ngettext("%(count)s account · %(site)s", "%(count)s accounts · %(site)s", each.accounts)
            % {"count": each.accounts, "site": each.site_name},
            _("Start"),
            href,
            since=ended[each.first_day],
        )
        for each in billing_queries.unbilled_months(months=months)
    ]


def tariffs(request: access.Request) -> list[Need]:
    """This will return the drafts of tariffs, for those who may publish them."""
    if not request.organization.has_module(Module.BILLING):
        return []
    if not {tariff_permissions.VIEW_TARIFF, tariff_permissions.PUBLISH_TARIFF} <= request.permissions:
        return []
    count, oldest, name = tariff_queries.waiting_drafts()
    if oldest is None:
        return []
    title = ngettext("%(count)s tariff to publish", "%(count)s tariffs to publish", count) % {"count": count}
    href = reverse("tariff", args=[request.organization.public_id, oldest])
    return [Need(Area.TARIFFS, "book", "about", title, name, _("Review"), href, count)]


def _run(request: access.Request, run: billing_queries.WaitingRun) -> Need:
    href = reverse("run", args=[request.organization.public_id, run.public_id])
    if run.state is RunState.REVIEW:
        title = ngettext("%(count)s bill to approve", "%(count)s bills to approve", run.drafted)
        tone, action = "warn", _("Review")
    else:
        title = ngettext("%(count)s bill to issue", "%(count)s bills to issue", run.drafted)
        tone, action = "about", _("Open")
    shown = title % {"count": run.drafted}
    return Need(Area.BILLS, "run", tone, shown, _month(run), action, href, since=run.since)


def _month(run: billing_queries.WaitingRun) -> str:
    return f"{capfirst(formats.date_format(run.first_day, 'YEAR_MONTH_FORMAT'))} · {run.site_name}"
