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
from meterbook.journeys import send_bills
from meterbook.kernel import civil
from meterbook.tariffs import permissions as tariff_permissions
from meterbook.tariffs import queries as tariff_queries
from meterbook.web import access
from meterbook.web.sites import choice
from meterbook.web.templatetags import meterbook as tags
from meterbook.web.work.needs import Area, Need

CORRECTED_FOR = timedelta(days=62)  # the time in which the next bills settle it
MOST_CORRECTED, NAMED = 500, 3


def runs(request: access.Request) -> list[Need]:
    """This will return the runs that wait for a person, and the accounts that they hold."""
    if not request.organization.has_module(Module.BILLING) or not request.access.allows_somewhere(
        permissions.VIEW_BILL
    ):
        return []
    waiting = billing_queries.waiting_runs(site_ids=choice.site_ids(request, permissions.VIEW_BILL))
    # What is held has a line of its own; a run that issues has nothing left at the end.
    found = [_run(request, each) for each in waiting if each.drafted or _is_empty(each)]
    held = [each for each in waiting if each.held]
    if held:
        count = sum(each.held for each in held)
        title = ngettext("%(count)s held account", "%(count)s held accounts", count) % {"count": count}
        href = reverse("run", args=[request.organization.public_id, held[0].public_id]) + "?show=held"
        since = min(each.since for each in held)
        found.append(Need(Area.BILLS, "lock", "warn", title, _month(held[0]), _("Decide"), href, count, since))
    return found


def unsent(request: access.Request) -> list[Need]:
    """This will return the issued bills that cannot be sent for want of a mail server, until they are printed."""
    if not request.organization.has_module(Module.BILLING) or not request.access.allows_somewhere(
        permissions.VIEW_BILL
    ):
        return []
    sites = choice.site_ids(request, permissions.VIEW_BILL)
    found = [each for each in send_bills.unsent() if sites is None or each.site_id in sites]
    if not found:
        return []
    newest, oldest, count = found[0], min(each.issued_at for each in found), len(found)
    title = ngettext("%(count)s bill cannot be sent", "%(count)s bills cannot be sent", count) % {
        "count": tags.number(count)
    }
    href = reverse("run", args=[request.organization.public_id, newest.run_public_id]) + "#unsent"
    return [
        Need(Area.BILLS, "bill", "warn", title, _("no mail server is set up"), _("Send or print"), href, count, oldest)
    ]


def corrected(request: access.Request) -> list[Need]:
    """This will return the issued bills whose readings were corrected afterwards, for those who make bills."""
    if not request.organization.has_module(Module.BILLING) or not request.access.allows_somewhere(
        permissions.MANAGE_RUN
    ):
        return []
    sites = choice.site_ids(request, permissions.MANAGE_RUN)
    listed = billing_queries.corrected_bills(since=request.at - CORRECTED_FOR, limit=MOST_CORRECTED)
    found = [each for each in listed if sites is None or each.site_id in sites]
    if not found:
        return []
    count, newest = len(found), found[0]
    title = ngettext(
        "%(count)s bill whose readings were corrected afterwards",
        "%(count)s bills whose readings were corrected afterwards",
        count,
    ) % {"count": tags.number(count)}
    numbers = ", ".join([*(each.number for each in found[:NAMED]), *(["…"] if count > NAMED else [])])
    href = reverse("bill_correct", args=[request.organization.public_id, newest.public_id])
    since = min(each.corrected_at for each in found)
    return [Need(Area.BILLS, "bill", "warn", title, numbers, _("Compare"), href, count, since)]


def late(request: access.Request) -> list[Need]:
    """This will return the issued bills for whose days readings came late; corrected ones have their own line."""
    if not request.organization.has_module(Module.BILLING) or not request.access.allows_somewhere(
        permissions.MANAGE_RUN
    ):
        return []
    sites = choice.site_ids(request, permissions.MANAGE_RUN)
    since = request.at - CORRECTED_FOR
    listed = [
        each
        for each in billing_queries.late_bills(since=since, limit=MOST_CORRECTED)
        if sites is None or each.site_id in sites
    ]
    if not listed:
        return []
    told = {each.public_id for each in billing_queries.corrected_bills(since=since, limit=MOST_CORRECTED)}
    found = [each for each in listed if each.public_id not in told]
    if not found:
        return []
    count = len(found)
    title = ngettext(
        "%(count)s bill would change: readings came late",
        "%(count)s bills would change: readings came late",
        count,
    ) % {"count": tags.number(count)}
    numbers = ", ".join([*(each.number for each in found[:NAMED]), *(["…"] if count > NAMED else [])])
    href = reverse("bill_correct", args=[request.organization.public_id, found[0].public_id])
    oldest = min(each.corrected_at for each in found)
    return [Need(Area.BILLS, "bill", "warn", title, numbers, _("Compare"), href, count, oldest)]


def unbilled(request: access.Request) -> list[Need]:
    """This will return the months that are over and were not billed, for those who may start runs."""
    if not request.organization.has_module(Module.BILLING):
        return []
    if not all(map(request.access.allows_somewhere, (permissions.VIEW_BILL, permissions.MANAGE_RUN))):
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
    if not {tariff_permissions.VIEW_TARIFF, tariff_permissions.PUBLISH_TARIFF} <= request.access.everywhere:
        return []
    count, oldest, name = tariff_queries.waiting_drafts()
    if oldest is None:
        return []
    title = ngettext("%(count)s tariff to publish", "%(count)s tariffs to publish", count) % {"count": count}
    href = reverse("tariff", args=[request.organization.public_id, oldest])
    return [Need(Area.TARIFFS, "book", "about", title, name, _("Review"), href, count)]


def _is_empty(run: billing_queries.WaitingRun) -> bool:
    return run.state is RunState.REVIEW and not run.held


def _run(request: access.Request, run: billing_queries.WaitingRun) -> Need:
    href = reverse("run", args=[request.organization.public_id, run.public_id])
    if run.state is RunState.REVIEW:
        title = ngettext("%(count)s bill to approve", "%(count)s bills to approve", run.drafted)
        tone, action = "warn", _("Review")
    else:
        title = ngettext("%(count)s bill to issue", "%(count)s bills to issue", run.drafted)
        tone, action = "about", _("Open")
    shown = title % {"count": run.drafted} if run.drafted else _("A run has no bill to issue")
    return Need(Area.BILLS, "run", tone, shown, _month(run), action, href, since=run.since)


def _month(run: billing_queries.WaitingRun) -> str:
    return f"{capfirst(formats.date_format(run.first_day, 'YEAR_MONTH_FORMAT'))} · {run.site_name}"
