"""Readings on which somebody must decide, and files that were uploaded but not imported."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from meterbook.identity.values import Module
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.monitoring import queries as monitoring_queries
from meterbook.web import access, check_words
from meterbook.web.readings import rounds
from meterbook.web.sites import choice
from meterbook.web.work.needs import Area, Need


def findings(request: access.Request) -> list[Need]:
    """This will return the meters with questionable readings, for those who may correct them."""
    permission = permissions.CORRECT_READING
    if not request.organization.has_module(Module.METERING) or not request.access.allows_somewhere(permission):
        return []
    found = metering_queries.waiting_findings(site_ids=choice.site_ids(request, permission))
    if found is None:
        return []
    title = ngettext(
        "%(count)s meter with questionable readings", "%(count)s meters with questionable readings", found.count
    ) % {"count": found.count}
    href = reverse("meter", args=[request.organization.public_id, found.point_id])
    return [
        Need(
            Area.READINGS, "question", "warn", title, found.point_name, _("Look at it"), href, found.count, found.since
        )
    ]


def by_hand(request: access.Request) -> list[Need]:
    """This will return how many readings of the month are missing, for those who enter them."""
    permission = permissions.ENTER_READING
    if not request.organization.has_module(Module.METERING) or not request.access.allows_somewhere(permission):
        return []
    found = rounds.load(request, rounds.due_month(request))
    if not found.is_due(request.at):
        return []
    href = reverse("readings_enter", args=[request.organization.public_id])
    words = _("Type them in one list, unit by unit.")
    return [Need(Area.READINGS, "edit", "warn", found.missing_words, words, _("Enter readings"), href)]


def calibrations(request: access.Request) -> list[Need]:
    """This will return the meters whose calibration is past or ends within three months, for who manages meters."""
    permission = permissions.MANAGE_METER
    if not request.organization.has_module(Module.METERING) or not request.access.allows_somewhere(permission):
        return []
    found = metering_queries.calibrations_expiring(
        at=request.at, months=3, site_ids=choice.site_ids(request, permission)
    )
    if not found:
        return []
    past = sum(each.is_past for each in found)
    title = ngettext(
        "%(count)s meter past its calibration, or within three months of it",
        "%(count)s meters past their calibration, or within three months of it",
        len(found),
    ) % {"count": len(found)}
    first = found[0]
    href = f"{reverse('calibrations', args=[request.organization.public_id])}?show=3"
    detail = f"{first.point_name}, {first.serial_number}"
    tone = "warn" if past else "about"
    return [Need(Area.READINGS, "shield", tone, title, detail, _("Look at them"), href, len(found))]


def imports(request: access.Request) -> list[Need]:
    """This will return the files that wait to be imported."""
    permission = permissions.IMPORT_READINGS
    if not request.organization.has_module(Module.METERING) or permission not in request.permissions:
        return []
    count, since = metering_queries.waiting_imports()
    if not count:
        return []
    title = ngettext("%(count)s file to import", "%(count)s files to import", count) % {"count": count}
    href = reverse("imports", args=[request.organization.public_id])
    return [Need(Area.READINGS, "table", "about", title, _("uploaded, not imported"), _("Open"), href, count, since)]


def proposals(request: access.Request) -> list[Need]:
    """This will return the changes of billed readings that others asked for, for those who may approve them."""
    permission = permissions.CORRECT_READING
    if not request.organization.has_module(Module.METERING) or not request.access.allows_somewhere(permission):
        return []
    waiting = metering_queries.list_proposals(site_ids=choice.site_ids(request, permission))
    found = [each for each in waiting if each.author_id is None or each.author_id != request.actor.id]
    if not found:
        return []
    title = ngettext(
        "%(count)s change of billed readings to approve", "%(count)s changes of billed readings to approve", len(found)
    ) % {"count": len(found)}
    first = found[0]
    href = reverse("meter_edits", args=[request.organization.public_id, first.meter_point])
    return [
        Need(
            Area.READINGS,
            "question",
            "warn",
            title,
            first.point_name,
            _("Look at it"),
            href,
            len(found),
            first.recorded_at,
        )
    ]


def day_findings(request: access.Request) -> list[Need]:
    """This will return the days of meters that can hardly be right, for those who may settle them."""
    permission = permissions.CORRECT_READING
    if not request.organization.has_module(Module.METERING) or not request.access.allows_somewhere(permission):
        return []
    found = monitoring_queries.list_day_findings(site_ids=choice.site_ids(request, permission))
    if not found:
        return []
    title = ngettext(
        "%(count)s thing that can hardly be right about meters",
        "%(count)s things that can hardly be right about meters",
        len(found),
    ) % {"count": len(found)}
    href = reverse("day_checks", args=[request.organization.public_id])
    detail = str(check_words.TITLES[found[0].kind])
    since = min(each.found_at for each in found)
    return [Need(Area.READINGS, "question", "warn", title, detail, _("Look at it"), href, len(found), since)]
