"""Alarms that nobody acknowledged, and meters that do not report."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from meterbook.alarms import permissions as alarm_permissions
from meterbook.alarms import queries as alarm_queries
from meterbook.identity.values import Module
from meterbook.monitoring import queries as monitoring_queries
from meterbook.monitoring.values import MeterState
from meterbook.web import access
from meterbook.web.alarms import zone as alarm_zones
from meterbook.web.work.needs import Area, Need


def alarms(request: access.Request) -> list[Need]:
    """This will return the alarms to acknowledge, at all sites: one elsewhere must not be overlooked."""
    if not may_see_alarms(request):
        return []
    sites = request.access.sites(alarm_permissions.VIEW_ALARMS)
    count, since, newest = alarm_queries.unacknowledged(site_ids=sites)
    if newest is None:
        return []
    title = ngettext("%(count)s alarm to acknowledge", "%(count)s alarms to acknowledge", count) % {"count": count}
    href = reverse("alarms", args=[request.organization.public_id])
    tone = alarm_zones.tone(newest.severity)
    return [Need(Area.ALARMS, "alert", tone, title, newest.title, _("Open"), href, count, since)]


def may_see_alarms(request: access.Request) -> bool:
    """This will tell whether alarms are there for the reader."""
    return request.organization.has_module(Module.ALARMS) and request.access.allows_somewhere(
        alarm_permissions.VIEW_ALARMS
    )


def meters(request: access.Request, found: monitoring_queries.Availability | None) -> list[Need]:
    """This will return the meters that do not report as they should."""
    if found is None:
        return []
    href = reverse("meters", args=[request.organization.public_id])
    silent, late, never = (found.count(each) for each in (MeterState.SILENT, MeterState.LATE, MeterState.NEVER))
    titles = (
        (
            "no-contact",
            "alarm",
            silent,
            ngettext("%(count)s silent meter", "%(count)s silent meters", silent),
            _("does not answer; its readings will be missing"),
            MeterState.SILENT,
        ),
        (
            "clock",
            "warn",
            late,
            ngettext("%(count)s late meter", "%(count)s late meters", late),
            _("no value for two intervals"),
            MeterState.LATE,
        ),
        (
            "unplug",
            "warn",
            never,
            ngettext("%(count)s meter never reported", "%(count)s meters never reported", never),
            _("check address and wiring"),
            MeterState.NEVER,
        ),
    )
    is_counted = not may_see_alarms(request)
    return [
        Need(
            Area.ALARMS,
            icon,
            tone,
            title % {"count": count},
            why,
            _("Show"),
            f"{href}?state={state}",
            count,
            is_counted=is_counted,
        )
        for icon, tone, count, title, why, state in titles
        if count
    ]
