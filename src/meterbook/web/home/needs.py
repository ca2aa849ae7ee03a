"""What needs the reader: each with a number, why, and the page where it is dealt with. Needs a running scope."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from meterbook.billing import permissions as billing_permissions
from meterbook.billing import queries as billing_queries
from meterbook.billing.values import RunState
from meterbook.identity.values import Module
from meterbook.kernel import civil
from meterbook.metering import permissions as metering_permissions
from meterbook.metering import queries as metering_queries
from meterbook.monitoring import queries as monitoring_queries
from meterbook.monitoring.values import MeterState
from meterbook.web import access
from meterbook.web.alarms import zone as alarm_zones
from meterbook.web.sites import choice


@dataclass(frozen=True)
class Need:
    """One line: what, why or where, and the link. `tone` is alarm, warn, about or empty."""

    icon: str
    tone: str
    title: str
    detail: str
    action: str
    href: str


def collect(
    request: access.Request, meters: monitoring_queries.Availability | None, alarms: alarm_zones.Zone | None
) -> tuple[Need, ...]:
    """This will return what waits, the most pressing first; nothing that the reader could not open."""
    return (*_alarms(alarms), *_meters(request, meters), *_billing(request), *_imports(request))


def _alarms(zone: alarm_zones.Zone | None) -> list[Need]:
    if zone is None or not zone.total:
        return []
    tone = next((each.tone for each in zone.severities if each.count), "")
    newest = zone.newest[0].title if zone.newest else ""
    title = ngettext("%(count)s open alarm", "%(count)s open alarms", zone.total) % {"count": zone.total}
    return [Need("alert", tone, title, newest, _("Open"), zone.href)]


def _meters(request: access.Request, meters: monitoring_queries.Availability | None) -> list[Need]:
    if meters is None:
        return []
    href = reverse("meters", args=[request.organization.public_id])
    silent, late, never = (meters.count(each) for each in (MeterState.SILENT, MeterState.LATE, MeterState.NEVER))
    found = []
    if silent:
        title = ngettext("%(count)s silent meter", "%(count)s silent meters", silent) % {"count": silent}
        why = _("does not answer; its readings will be missing")
        found.append(Need("no-contact", "alarm", title, why, _("Show"), f"{href}?state=SILENT"))
    if late:
        title = ngettext("%(count)s late meter", "%(count)s late meters", late) % {"count": late}
        found.append(Need("clock", "warn", title, _("no value for two intervals"), _("Show"), f"{href}?state=LATE"))
    if never:
        title = ngettext("%(count)s meter never reported", "%(count)s meters never reported", never) % {"count": never}
        found.append(Need("unplug", "warn", title, _("check address and wiring"), _("Show"), f"{href}?state=NEVER"))
    return found


def _billing(request: access.Request) -> list[Need]:
    if not request.organization.has_module(Module.BILLING):
        return []
    allowed = request.permissions
    if billing_permissions.VIEW_BILL not in allowed:
        return []
    chosen = choice.chosen_site(request)
    runs = billing_queries.waiting_runs(site_ids=None if chosen is None else {chosen.id})
    found = [_run(request, each) for each in runs]
    held = [each for each in runs if each.held]
    if held:
        count = sum(each.held for each in held)
        title = ngettext("%(count)s held account", "%(count)s held accounts", count) % {"count": count}
        href = reverse("run", args=[request.organization.public_id, held[0].public_id])
        found.append(Need("lock", "warn", title, _month(held[0]), _("Decide"), f"{href}?show=held"))
    if billing_permissions.MANAGE_RUN in allowed:
        found += _unbilled(request)
    return found


def _run(request: access.Request, run: billing_queries.WaitingRun) -> Need:
    href = reverse("run", args=[request.organization.public_id, run.public_id])
    if run.state is RunState.REVIEW:
        title = ngettext("%(count)s bill to approve", "%(count)s bills to approve", run.drafted)
        return Need("run", "warn", title % {"count": run.drafted}, _month(run), _("Review"), href)
    title = ngettext("%(count)s bill to issue", "%(count)s bills to issue", run.drafted)
    return Need("run", "about", title % {"count": run.drafted}, _month(run), _("Open"), href)


def _month(run: billing_queries.WaitingRun) -> str:
    return f"{formats.date_format(run.first_day, 'YEAR_MONTH_FORMAT')} · {run.site_name}"


def _unbilled(request: access.Request) -> list[Need]:
    chosen = choice.chosen_site(request)
    months = {}
    for site in choice.visible_sites(request, billing_permissions.MANAGE_RUN):
        if chosen is None or site.id == chosen.id:
            month = civil.month_bounds(civil.local_date(request.at, site.zone), site.zone)
            before = civil.month_bounds(civil.local_date(month.start - timedelta.resolution, site.zone), site.zone)
            months[site.id] = (civil.local_date(before.start, site.zone), before)
    return [
        Need(
            "bill",
            "about",
            _("%(month)s is not billed yet") % {"month": formats.date_format(each.first_day, "YEAR_MONTH_FORMAT")},
            ngettext("%(count)s account · %(site)s", "%(count)s accounts · %(site)s", each.accounts)
            % {"count": each.accounts, "site": each.site_name},
            _("Start"),
            reverse("run_new", args=[request.organization.public_id]),
        )
        for each in billing_queries.unbilled_months(months=months)
    ]


def _imports(request: access.Request) -> list[Need]:
    permission = metering_permissions.IMPORT_READINGS
    if not request.organization.has_module(Module.METERING) or permission not in request.permissions:
        return []
    count = metering_queries.count_waiting_imports()
    if not count:
        return []
    title = ngettext("%(count)s file to import", "%(count)s files to import", count) % {"count": count}
    href = reverse("imports", args=[request.organization.public_id])
    return [Need("table", "about", title, _("uploaded, not imported"), _("Open"), href)]
