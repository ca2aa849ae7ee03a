"""A bill that somebody opens: with the pages of the organization, or a tenant with the own ones (I-01)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _

from meterbook.billing import queries as billing_queries
from meterbook.reporting.queries import explaining
from meterbook.web import access
from meterbook.web.billing import words
from meterbook.web.meters import looking

Plain = Mapping[str, Any]


@dataclass(frozen=True)
class Opened:
    """A bill, and where its page is: `base` ends with a slash. `is_own`: a tenant looks at the own bill."""

    bill: billing_queries.BillDetail
    base: str
    is_own: bool = False

    @property
    def content(self) -> Plain:
        """What the bill says."""
        return self.bill.content


def point_of(opened: Opened, place: int, register: str = "") -> explaining.MeteredPoint:
    """This will find a meter point of a bill in the store, or a further register of it, or answer "not found"."""
    try:
        return explaining.point_of(opened.content, place, register)
    except explaining.LineNotFound as error:
        raise Http404(_("The meter point, or its intervals, are not there any more.")) from error


def query_of(found: explaining.MeteredPoint) -> str:
    """This will return what follows the address of a reading: which register's it is."""
    return f"?register={found.register}" if found.register else ""


def at_place(entries: Sequence[Plain], place: int) -> Plain:
    """This will return one entry of a list of the content, or answer "not found"."""
    try:
        return explaining.at_place(entries, place)
    except explaining.LineNotFound as error:
        raise Http404(_("The bill has no such line.")) from error


def opens_intervals(request: access.Request, opened: Opened, found: explaining.MeteredPoint, *, is_note: bool) -> bool:
    """This will tell whether single intervals may be shown; tenants see all of what is their own.

    :param is_note: they are shown now, so that the look is noted
    """
    if opened.is_own:
        return True
    return looking.opens_intervals(
        request, meter_point=found.detail.public_id, period=found.period, zone=found.zone, is_note=is_note
    )


def instant(text: str) -> datetime:
    """This will read an instant of an address, or answer "not found"."""
    try:
        return datetime.strptime(text, words.STAMP).replace(tzinfo=UTC)
    except ValueError as error:
        raise Http404(_("There is no such reading.")) from error
