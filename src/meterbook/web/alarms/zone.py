"""The alarm zone: what every operator page says about alarms (M-044). Needs a running scope."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from meterbook.alarms import permissions as alarm_permissions
from meterbook.alarms import queries as alarm_queries
from meterbook.alarms import values as alarm_values
from meterbook.identity.values import Module
from meterbook.web import access
from meterbook.web.sites import choice

NEWEST = 3
ICONS = {
    alarm_values.Severity.CRITICAL: "critical",
    alarm_values.Severity.WARNING: "alert",
    alarm_values.Severity.INFO: "info",
}
TONES = {
    alarm_values.Severity.CRITICAL: "alarm",
    alarm_values.Severity.WARNING: "warn",
    alarm_values.Severity.INFO: "about",
}


@dataclass(frozen=True)
class SeverityCount:
    """One severity with its open alarms."""

    icon: str
    tone: str
    caption: str
    count: int
    label: str
    href: str


@dataclass(frozen=True)
class Headline:
    """One of the newest alarms."""

    icon: str
    tone: str
    title: str
    row: alarm_queries.AlarmRow
    href: str


@dataclass(frozen=True)
class Zone:
    """The zone as the template shows it."""

    severities: tuple[SeverityCount, ...]
    newest: tuple[Headline, ...]
    total: int
    silent_meters: int
    href: str
    renew_href: str


def find(request: access.Request) -> Zone | None:
    """This will return the zone over all sites whose alarms the user may see; None when there is no such site.

    The site chosen in the top bar does not narrow it: an alarm elsewhere must not be hidden.
    """
    if not request.organization.has_module(Module.ALARMS):
        return None
    if not request.access.allows_somewhere(alarm_permissions.VIEW_ALARMS):
        return None
    sites = request.access.sites(alarm_permissions.VIEW_ALARMS)
    return _shown(request, alarm_queries.get_zone(site_ids=sites, newest=NEWEST))


def zones(request: access.Request) -> dict[str, ZoneInfo]:
    """This will return the time zone of each site by the site's name."""
    return {site.name: site.zone for site in choice.visible_sites(request, alarm_permissions.VIEW_ALARMS)}


def tone(severity: alarm_values.Severity) -> str:
    """This will return the color word of a severity: alarm, warn or about."""
    return TONES[severity]


def icon(severity: alarm_values.Severity) -> str:
    """This will return the icon of a severity."""
    return ICONS[severity]


def _shown(request: access.Request, zone: alarm_queries.AlarmZone) -> Zone:
    href = reverse("alarms", args=[request.organization.public_id])
    counts = {
        alarm_values.Severity.CRITICAL: zone.critical,
        alarm_values.Severity.WARNING: zone.warning,
        alarm_values.Severity.INFO: zone.info,
    }
    return Zone(
        severities=tuple(_count(severity, count, href) for severity, count in counts.items()),
        newest=tuple(_headline(request, row, href) for row in zone.newest),
        total=sum(counts.values()),
        silent_meters=zone.silent_meters,
        href=href,
        renew_href=reverse("alarm_zone", args=[request.organization.public_id]),
    )


def _count(severity: alarm_values.Severity, count: int, href: str) -> SeverityCount:
    labels = {
        alarm_values.Severity.CRITICAL: ngettext("%(count)s critical alarm", "%(count)s critical alarms", count),
        alarm_values.Severity.WARNING: ngettext("%(count)s warning", "%(count)s warnings", count),
        alarm_values.Severity.INFO: ngettext("%(count)s info alarm", "%(count)s info alarms", count),
    }
    return SeverityCount(
        icon=ICONS[severity],
        tone=TONES[severity] if count else "quiet",
        caption=str(alarm_values.SEVERITY_CAPTIONS[severity]),
        count=count,
        label=labels[severity] % {"count": count},
        href=f"{href}?severity={severity}",
    )


def _headline(request: access.Request, row: alarm_queries.AlarmRow, href: str) -> Headline:
    is_silent_meter = row.kind == alarm_values.AlarmKind.METER_SILENT
    return Headline(
        icon="no-contact" if is_silent_meter else ICONS[row.severity],
        tone=TONES[row.severity],
        title=row.title or _("Alarm"),
        row=row,
        href=f"{href}#{row.public_id}",
    )
