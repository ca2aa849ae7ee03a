"""The first day that is proposed where somebody begins to pay, and why that one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.translation import gettext as _

from meterbook.customers import letting
from meterbook.kernel import civil
from meterbook.metering import queries as metering_queries

RECENT = timedelta(days=62)  # who sets up a house bills the month that runs, or the one before


@dataclass(frozen=True)
class Proposal:
    """A day, and the reason in words."""

    day: date
    words: str


def propose(*, points: Collection[letting.PointOf], zone: ZoneInfo, at: datetime) -> Proposal:
    """This will propose a first day for meter points that somebody begins to pay for.

    The day from which the unit is vacant, where somebody paid before; else the first day that readings cover. Where
    that is more than 62 days ago, the first of the month. A meter first read on 1 October at 09:00 is covered from
    the 2nd on.
    """
    vacant = [each.newest.ends_at for each in points if each.newest is not None and each.newest.ends_at is not None]
    month = civil.local_date(at, zone).replace(day=1)
    if vacant:
        since = max(vacant)
        if at - since <= RECENT:
            return Proposal(civil.local_date(since, zone), _("The day from which the unit is vacant."))
        shown = formats.date_format(since.astimezone(zone), "SHORT_DATE_FORMAT")
        return Proposal(month, _("The first of this month; the unit is vacant since %(day)s.") % {"day": shown})
    known = metering_queries.first_known(meter_point_ids=[each.id for each in points])
    if known and at - max(known.values()) <= RECENT:
        first = max(known.values())
        day = civil.local_date(first, zone)
        if civil.start_of_day(day, zone) == first:
            return Proposal(day, _("The day of the first reading."))
        words = _("The first whole day after the first reading, %(at)s.")
        shown = formats.date_format(first.astimezone(zone), "SHORT_DATETIME_FORMAT")
        return Proposal(day + timedelta(days=1), words % {"at": shown})
    if known:
        return Proposal(month, _("The first of this month; the meters have been read since before."))
    return Proposal(month, _("The first of this month; there is no reading yet. Enter one of that day."))
