"""The round of a month: which meters people read, until when a reading counts for it, and what is still missing."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils import formats
from django.utils.translation import ngettext

from meterbook.identity.values import Module
from meterbook.kernel import civil
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.monitoring import queries as monitoring_queries
from meterbook.sites import queries as site_queries
from meterbook.web import access, parameters
from meterbook.web.sites import choice

ASKED_BEFORE = timedelta(days=3)
MONTH = re.compile(r"(?a:(\d{4})-(\d{2}))")


@dataclass(frozen=True)
class Round:
    """Readings of a month. `month_end` is the instant that bills run to; `with_photos` are the sites that ask for one
    with each reading.
    """

    month: date
    month_end: datetime
    zone: ZoneInfo
    rows: tuple[monitoring_queries.HandRow, ...]
    photos: Mapping[int, uuid.UUID]
    with_photos: frozenset[int] = frozenset()

    @property
    def done(self) -> int:
        """How many meters have a reading that counts for the month."""
        return sum(each.entered is not None for each in self.rows)

    @property
    def missing(self) -> int:
        """How many have none; a meter that came after the month owes none."""
        return sum(each.is_missing for each in self.rows)

    @property
    def total(self) -> int:
        """How many have one or owe one."""
        return self.done + self.missing

    @property
    def title(self) -> str:
        """The month with its year, in the reader's language."""
        return formats.date_format(self.month, "YEAR_MONTH_FORMAT")

    @property
    def code(self) -> str:
        """The month as it stands in an address: 2026-11."""
        return f"{self.month:%Y-%m}"

    @property
    def missing_words(self) -> str:
        """Whose readings are missing, as a sentence."""
        words = ngettext(
            "Readings missing for %(month)s: %(count)s meter",
            "Readings missing for %(month)s: %(count)s meters",
            self.missing,
        )
        return words % {"month": self.title, "count": self.missing}

    def is_due(self, at: datetime) -> bool:
        """This will tell whether readings are missing and asked for: from three days before the month's end on."""
        return self.missing > 0 and at >= self.month_end - ASKED_BEFORE

    def begins_at(self, at: datetime) -> datetime:
        """This will return the time that is proposed for the readings: now in its weeks, else the end of the month."""
        is_due = self.month_end - timedelta(days=7) <= at < self.month_end + timedelta(days=21)
        return at if is_due else min(self.month_end, at)


def month_of(request: access.Request, zone: ZoneInfo) -> date:
    """This will return the month that is asked for, else the one whose readings are due; never one yet to come."""
    today = civil.local_date(request.at, zone)
    due = monitoring_queries.round_of(today)
    found = MONTH.fullmatch(request.GET.get("month", ""))
    if found is None:
        return due
    year, month = int(found[1]), int(found[2])
    if not (parameters.EARLIEST_YEAR <= year <= parameters.LATEST_YEAR and 1 <= month <= 12):
        return due
    return min(date(year, month, 1), today.replace(day=1))


def due_month(request: access.Request) -> date:
    """This will return the month whose readings are due now."""
    return monitoring_queries.round_of(civil.local_date(request.at, choice.clock_zone(request)))


def load(request: access.Request, month: date, *, zone: ZoneInfo | None = None) -> Round:
    """This will return the round of a month at the chosen site, or at all where the person enters readings."""
    clock = zone or choice.clock_zone(request)
    end = civil.month_bounds(month, clock).end
    sites = choice.site_ids(request, permissions.ENTER_READING)
    rows = monitoring_queries.hand_read(site_ids=sites, month_end=end, at=request.at, with_further=True)
    photos = metering_queries.photos_of(
        meter_point_ids=[each.point_id for each in rows if each.entered is not None],
        since=end - monitoring_queries.BEFORE_END,
        until=end + monitoring_queries.AFTER_END,
    )
    return Round(month, end, clock, tuple(rows), photos, metering_queries.sites_with_photos())


def missing_at(request: access.Request, site: site_queries.SiteRow, month: date) -> int:
    """This will count the meters of a site that people read and that lack a reading for a month."""
    if not request.organization.has_module(Module.METERING):
        return 0
    end = civil.month_bounds(month, site.zone).end
    rows = monitoring_queries.hand_read(site_ids=[site.id], month_end=end, at=request.at)
    return sum(each.is_missing for each in rows)


def address(request: access.Request, month: date, **more: str) -> str:
    """This will return the address of a month's list for those who enter readings; "" for others."""
    if not request.access.allows_somewhere(permissions.ENTER_READING):
        return ""
    query = urlencode({"month": f"{month:%Y-%m}", **{key: value for key, value in more.items() if value}})
    return f"{reverse('readings_enter', args=[request.organization.public_id])}?{query}"
