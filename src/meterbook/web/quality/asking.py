"""What the address of the data quality asks for, read and written; what is unknown in it is left out."""

from __future__ import annotations

import enum
import re
import uuid
from dataclasses import dataclass
from datetime import date, timedelta

from django.urls import reverse
from django.utils import formats

from meterbook.identity.values import Module
from meterbook.kernel import civil
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.metering import values as metering_values
from meterbook.monitoring.values import MeterFilter
from meterbook.sites import queries as site_queries
from meterbook.web import access, parameters, tables
from meterbook.web.sites import choice

MONTH = re.compile(r"(?a:(\d{4})-(\d{2}))")
YEAR = re.compile(r"(?a:\d{4})")


class Show(enum.StrEnum):
    """Which meters are left of those that fit."""

    ALL = ""
    GAPS = "gaps"  # with missing intervals in the period
    END = "end"  # whose register at the period's end is not known


@dataclass(frozen=True)
class Asked:
    """A month by days, or a year by months, and which meters."""

    first: date
    is_year: bool
    today: date
    wanted: MeterFilter
    show: Show

    @property
    def grid(self) -> metering_queries.Grid:
        """The columns."""
        return metering_queries.Grid.year(self.first) if self.is_year else metering_queries.Grid.month(self.first)

    @property
    def code(self) -> str:
        """The period as it stands in an address and in the name of a file."""
        return f"{self.first:%Y}" if self.is_year else f"{self.first:%Y-%m}"

    @property
    def title(self) -> str:
        """The period in the reader's language."""
        return self.code if self.is_year else str(formats.date_format(self.first, "YEAR_MONTH_FORMAT"))

    @property
    def query(self) -> dict[str, str]:
        """The address in its shortest form, without the page."""
        wanted = self.wanted
        asked = {
            "year" if self.is_year else "month": self.code,
            "q": wanted.search,
            "service": wanted.service.lower() if wanted.service else "",
            "place": str(wanted.place) if wanted.place else "",
            "show": self.show.value,
        }
        return {key: value for key, value in asked.items() if value}

    @property
    def is_narrowed(self) -> bool:
        """Whether any meter is left out."""
        return any(self.query.get(key) for key in ("q", "service", "place", "show"))

    def step(self, forwards: bool) -> str:
        """This will return the address of the period before or after; empty where that is yet to come."""
        other = self.grid.until if forwards else self.first - timedelta(days=1)
        if other > self.today or not parameters.EARLIEST_YEAR <= other.year <= parameters.LATEST_YEAR:
            return ""
        return self.of_period(other, is_year=self.is_year)

    def of_period(self, day: date, *, is_year: bool) -> str:
        """This will return the address of the same meters in another period."""
        code = f"{day:%Y}" if is_year else f"{day:%Y-%m}"
        key, other = ("year", "month") if is_year else ("month", "year")
        return tables.link(self.query, **{key: code, other: ""})


def read(request: access.Request) -> Asked:
    """This will read the address; without a period it is this month.

    :raises BadRequest: when the words to look for cannot be written
    """
    given = request.GET
    today = civil.local_date(request.at, choice.clock_zone(request))
    first, is_year = period(given.get("month", ""), given.get("year", ""), today)
    service = given.get("service", "").upper()
    show = given.get("show", "")
    wanted = MeterFilter(
        search=parameters.search(request),
        service=metering_values.Service(service) if service in set(metering_values.Service) else None,
        place=_uuid(given.get("place", "")),
    )
    return Asked(first, is_year, today, wanted, Show(show) if show in set(Show) else Show.ALL)


def period(month: str, year: str, today: date) -> tuple[date, bool]:
    """This will read which month or year is asked for, and whether it is a year; never one yet to come."""
    found = MONTH.fullmatch(month)
    if found is not None:
        number, of_year = int(found[2]), int(found[1])
        if parameters.EARLIEST_YEAR <= of_year <= parameters.LATEST_YEAR and 1 <= number <= 12:
            return min(date(of_year, number, 1), today.replace(day=1)), False
    if YEAR.fullmatch(year) and parameters.EARLIEST_YEAR <= int(year) <= parameters.LATEST_YEAR:
        return date(min(int(year), today.year), 1, 1), True
    return today.replace(day=1), False


def open_ends(
    request: access.Request, site: site_queries.SiteRow, month: date
) -> tuple[metering_queries.OpenEnds, str]:
    """This will count the meters of a site whose register at the end of a month is not known, and say where they are.

    Nothing for those who may not see them.
    """
    may_view = request.access.allows(permissions.VIEW_METER, site.id)
    if not may_view or not request.organization.has_module(Module.METERING):
        return metering_queries.OpenEnds(0, 0), ""
    count = metering_queries.count_open_ends(site_ids=[site.id], month=month, at=request.at)
    return count, address(request, month, Show.END, place=site.public_id)


def address(request: access.Request, month: date, show: Show = Show.ALL, place: uuid.UUID | None = None) -> str:
    """This will return the address of a month.

    :param place: a site, which narrows the page where it is about several
    """
    is_over_sites = choice.chosen_site(request) is None
    query = tables.link(
        {"month": f"{month:%Y-%m}", "show": show.value, "place": str(place) if place and is_over_sites else ""}
    )
    return reverse("quality", args=[request.organization.public_id]) + query


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
