"""Reads of alarms; each needs a running scope."""

from __future__ import annotations

import collections
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Min, QuerySet, Value, When
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from meterbook.acquisition import texts as acquisition_texts
from meterbook.acquisition import values as acquisition_values
from meterbook.alarms import durations, models, values
from meterbook.foundation import scoping

PAGE = 50
_NEWEST = (F("raised_at").desc(), F("id").desc())
_URGENCY = Case(
    *(When(severity=each.value, then=Value(place)) for place, each in enumerate(values.Severity)),
    output_field=IntegerField(),
)


@dataclass(frozen=True)
class AlarmRow:
    """An alarm as a screen shows it; `title` is in the reader's language."""

    public_id: uuid.UUID
    kind: values.AlarmKind
    severity: values.Severity
    severity_caption: str
    title: str
    site_name: str
    subject_kind: str
    subject_id: uuid.UUID
    point_id: uuid.UUID | None
    reason: str
    raised_at: datetime
    cleared_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str
    cause: values.Cause | None = None
    points: tuple[uuid.UUID, ...] = ()  # the meter points that it touches
    since: datetime | None = None  # what it is about began then, sooner than it was raised
    evidence: str = ""  # what tells the cause, in the reader's language

    @property
    def cause_caption(self) -> str:
        """What is most likely behind it and where to look, in the active language; empty where it is not known."""
        if self.evidence:
            return self.evidence
        return "" if self.cause is None else str(values.CAUSES[self.cause])

    @property
    def lasted(self) -> timedelta | None:
        """How long it was open; None while it is."""
        return None if self.cleared_at is None else self.cleared_at - self.raised_at


@dataclass(frozen=True)
class AlarmZone:
    """The strip on every operator page (M-044): open alarms by severity and the newest of them."""

    critical: int
    warning: int
    info: int
    newest: tuple[AlarmRow, ...]
    silent_meters: int = 0

    @property
    def total(self) -> int:
        """All open alarms."""
        return self.critical + self.warning + self.info


@dataclass(frozen=True)
class PlacedAlarm:
    """An alarm with the site that it belongs to: internal id, time zone and language."""

    row: AlarmRow
    site_id: int
    zone: str
    language: str


class AlarmNotFound(LookupError):
    """There is no such alarm in this organization."""


def get_zone(*, site_ids: Collection[int] | None = None, newest: int = 3) -> AlarmZone:
    """This will return the alarm zone of these sites.

    :param site_ids: None means all of the organization
    """
    open_alarms = _alarms(site_ids).filter(cleared_at__isnull=True)
    counted: collections.Counter[str] = collections.Counter()
    for severity, kind, count in open_alarms.values_list("severity", "kind").annotate(count=Count("id")):
        counted[severity] += count
        counted[kind] += count
    on_buses = open_alarms.filter(kind=values.AlarmKind.BUS_SILENT).values_list("details__meters", flat=True)
    rows = open_alarms.select_related("site", "acknowledged_by").order_by("-raised_at", "-id")[:newest]
    return AlarmZone(
        critical=counted[values.Severity.CRITICAL],
        warning=counted[values.Severity.WARNING],
        info=counted[values.Severity.INFO],
        newest=tuple(_row(alarm) for alarm in rows),
        silent_meters=counted[values.AlarmKind.METER_SILENT] + sum(each or 0 for each in on_buses),
    )


def list_alarms(
    *,
    site_ids: Collection[int] | None = None,
    severity: values.Severity | None = None,
    include_cleared: bool = False,
    page: int = 1,
) -> tuple[list[AlarmRow], int]:
    """This will return one page (50) of alarms and how many there are in all.

    Open ones come by severity and then the newest first; with those that are over, which are many, by time alone.

    :param site_ids: only those sites; None means all of the organization
    """
    found = _alarms(site_ids)
    if not include_cleared:
        found = found.filter(cleared_at__isnull=True)
    if severity is not None:
        found = found.filter(severity=severity)
    start = (max(page, 1) - 1) * PAGE
    order = _NEWEST if include_cleared else (_URGENCY, *_NEWEST)
    rows = found.select_related("site", "acknowledged_by").order_by(*order)[start : start + PAGE]
    return [_row(alarm) for alarm in rows], found.count()


def unacknowledged(*, site_ids: Collection[int] | None = None) -> tuple[int, datetime | None, AlarmRow | None]:
    """This will count the open alarms that nobody acknowledged, and return since when the first waits, and the newest.

    :param site_ids: only those sites; None means all of the organization
    """
    found = _alarms(site_ids).filter(cleared_at__isnull=True, acknowledged_at__isnull=True)
    counted = found.aggregate(count=Count("id"), since=Min("raised_at"))
    newest = found.select_related("site", "acknowledged_by").order_by("-raised_at", "-id").first()
    return counted["count"], counted["since"], None if newest is None else _row(newest)


def alarms_after(
    *,
    after_id: int,
    limit: int,
    site_ids: Collection[int] | None = None,
    severity: values.Severity | None = None,
    include_cleared: bool = False,
) -> list[tuple[int, AlarmRow]]:
    """This will return alarms with their ids, in the order in which they were raised; for programs.

    :param site_ids: only those sites; None means all of the organization
    """
    found = _alarms(site_ids).filter(pk__gt=after_id)
    if not include_cleared:
        found = found.filter(cleared_at__isnull=True)
    if severity is not None:
        found = found.filter(severity=severity)
    rows = found.select_related("site", "acknowledged_by").order_by("pk")[:limit]
    return [(alarm.pk, _row(alarm)) for alarm in rows]


def get_alarm(*, public_id: uuid.UUID) -> PlacedAlarm:
    """This will return one alarm, in the language that is active.

    :raises AlarmNotFound: when it is not there or belongs to another organization
    """
    found = _alarms(None).filter(public_id=public_id).select_related("site", "acknowledged_by").first()
    if found is None:
        raise AlarmNotFound(AlarmNotFound.__doc__)
    return PlacedAlarm(_row(found), found.site_id, found.site.time_zone, found.site.language)


def open_of_kinds(*, kinds: Collection[values.AlarmKind]) -> list[PlacedAlarm]:
    """This will return the open alarms of these kinds, the oldest first, in the language that is active."""
    found = _alarms(None).filter(kind__in=list(kinds), cleared_at__isnull=True)
    rows = found.select_related("site", "acknowledged_by").order_by("raised_at", "id")
    return [PlacedAlarm(_row(each), each.site_id, each.site.time_zone, each.site.language) for each in rows]


def _alarms(site_ids: Collection[int] | None) -> QuerySet[models.Alarm]:
    found = models.Alarm.objects.filter(organization_id__in=scoping.current().organizations)
    return found if site_ids is None else found.filter(site_id__in=site_ids)


def _row(alarm: models.Alarm) -> AlarmRow:
    severity = values.Severity(alarm.severity)
    kind = values.AlarmKind(alarm.kind)
    point = alarm.details.get("point_id")
    return AlarmRow(
        public_id=alarm.public_id,
        kind=kind,
        severity=severity,
        severity_caption=str(values.SEVERITY_CAPTIONS[severity]),
        title=str(values.TITLES[kind]) % {"name": alarm.details.get("name", "")},
        site_name=alarm.site.name,
        subject_kind=alarm.subject_kind,
        subject_id=alarm.subject_id,
        point_id=uuid.UUID(point) if point else None,
        reason=_reason(alarm.details),
        raised_at=alarm.raised_at,
        cleared_at=alarm.cleared_at,
        acknowledged_at=alarm.acknowledged_at,
        acknowledged_by=alarm.acknowledged_by.name if alarm.acknowledged_by else "",
        cause=values.Cause(alarm.details["cause"]) if alarm.details.get("cause") else None,
        points=tuple(uuid.UUID(each) for each in alarm.details.get("points", ())),
        since=datetime.fromisoformat(alarm.details["since"]) if alarm.details.get("since") else None,
        evidence=_evidence(alarm.details.get("evidence")),
    )


def _reason(details: Mapping[str, Any]) -> str:
    """What a device's problem is, in the reader's language; other alarms keep the words they were raised with."""
    if details.get("seconds") is not None:  # a clock that is wrong
        lasted = durations.written(timedelta(seconds=abs(details["seconds"])))
        if count := details.get("meters"):
            words = ngettext(
                "%(count)s meter; the worst is wrong by %(time)s.",
                "%(count)s meters; the worst is wrong by %(time)s.",
                count,
            )
            return words % {"count": count, "time": lasted}
        return (_("It is %(time)s ahead.") if details["seconds"] > 0 else _("It is %(time)s behind.")) % {
            "time": lasted
        }
    problem = acquisition_values.Problem.from_json(details.get("problem"))
    return acquisition_texts.words(problem) if problem is not None else str(details.get("reason", ""))


def _evidence(found: Mapping[str, Any] | None) -> str:
    if not found:
        return ""
    if found["kind"] == "LAST_GASP":
        return str(values.LAST_GASP)
    words = values.DEAD_PHASE_OF_MAIN if found["is_main"] else values.DEAD_PHASE_NEAR
    volts = formats.number_format(found["volts"])
    return str(words) % {"name": found["name"], "phase": found["phase"], "volts": volts}
