"""What does not go on by itself, with the reason, until it goes on again."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from meterbook.billing import models, values
from meterbook.billing.values import Automatic
from meterbook.foundation import scoping

PASSES_BY_ITSELF = frozenset({"PeriodNotOver"})


@dataclass(frozen=True)
class FaultRow:
    """A calendar that starts no run, or a run that does not go on, since when.

    `trouble` is the name of something known that stops it; else `words` are what was said when it failed. `first_day`
    is that of the period or the run, where one is meant.
    """

    what: Automatic
    public_id: uuid.UUID
    name: str
    site_id: int
    site_name: str
    since: datetime
    trouble: str
    words: str
    first_day: date | None


def list_faults(*, site_ids: Collection[int] | None = None) -> list[FaultRow]:
    """This will return what does not go on by itself, what stands longest first; in three queries.

    :param site_ids: None: all sites
    """
    return sorted((*_calendars(site_ids), *_periods(site_ids), *_runs(site_ids)), key=lambda each: each.since)


def _calendars(site_ids: Collection[int] | None) -> Iterator[FaultRow]:
    owner, what = scoping.current().organization_id, Automatic.CALENDAR
    found = models.BillingCalendar.objects.filter(organization_id=owner, is_active=True, **_at(site_ids, "site_id"))
    for each in found.exclude(fault="").select_related("site").order_by("id"):
        site = each.site_id, each.site.name
        yield FaultRow(what, each.public_id, each.name, *site, _since(each), "", each.fault, None)


def _periods(site_ids: Collection[int] | None) -> Iterator[FaultRow]:
    owner, what = scoping.current().organization_id, Automatic.CALENDAR
    waiting = models.CalendarPeriod.objects.filter(
        organization_id=owner,
        state=values.PeriodState.WAITS.value,
        calendar__is_active=True,
        **_at(site_ids, "calendar__site_id"),
    ).exclude(trouble="")
    lasting = waiting.exclude(trouble__in=PASSES_BY_ITSELF)
    for each in lasting.select_related("calendar__site").order_by("id"):
        own = each.calendar
        site = own.site_id, own.site.name
        yield FaultRow(what, own.public_id, own.name, *site, each.due_at, each.trouble, "", each.days.lower)


def _runs(site_ids: Collection[int] | None) -> Iterator[FaultRow]:
    owner = scoping.current().organization_id
    found = models.BillRun.objects.filter(organization_id=owner, **_at(site_ids, "site_id")).exclude(fault="")
    still = found.exclude(state__in=[state.value for state in values.FINAL_STATES])
    for each in still.select_related("site", "calendar").order_by("id"):
        name = "" if each.calendar is None else each.calendar.name
        site = each.site_id, each.site.name
        yield FaultRow(Automatic.RUN, each.public_id, name, *site, _since(each), "", each.fault, each.days.lower)


def _at(site_ids: Collection[int] | None, field: str) -> dict[str, list[int]]:
    return {} if site_ids is None else {f"{field}__in": list(site_ids)}


def faulty(what: Automatic) -> set[uuid.UUID]:
    """This will return the public ids of calendars or runs of which a fault was noted."""
    owner = scoping.current().organization_id
    model = models.BillingCalendar if what is Automatic.CALENDAR else models.BillRun
    return set(model.objects.filter(organization_id=owner).exclude(fault="").values_list("public_id", flat=True))


def _since(row: models.BillingCalendar | models.BillRun) -> datetime:
    return row.fault_since or row.updated_at
