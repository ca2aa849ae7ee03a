"""What a first draft lacks of a meter that people read: what it showed when the days to bill began and ended."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django import forms as django_forms
from django.utils import formats
from django.utils.translation import gettext as _

from meterbook.kernel import civil
from meterbook.metering import operations as metering_operations
from meterbook.metering import permissions as metering_permissions
from meterbook.metering import queries as metering_queries
from meterbook.monitoring import queries as monitoring_queries
from meterbook.web import access, typed
from meterbook.web.readings import forms, rounds, saving
from meterbook.web.start import months
from meterbook.web.start.state import Known


@dataclass
class Edge:
    """A reading that is not there: its instant, its field, and what was wrong with what was typed."""

    instant: datetime
    row: monitoring_queries.HandRow
    form: forms.RowForm
    problem: str = ""
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Offer:
    """Days that can be billed, with the readings that a bill of them still needs."""

    days: months.Days
    edges: tuple[Edge, ...]


class DaysForm(typed.Form):
    """Which days are billed."""

    days = django_forms.CharField(max_length=20)


def forms_of(offers: Collection[Offer]) -> list[forms.RowForm]:
    """This will return the forms of the readings that are missing."""
    return [edge.form for offer in offers for edge in offer.edges]


def show_again(offers: Collection[Offer], kept: Mapping[str, str]) -> None:
    """This will put readings that were typed and not sent into their fields again."""
    for form in forms_of(offers):
        own = {name: kept[place] for name in form.fields if (place := form.add_prefix(name)) in kept}
        form.initial.update(own)


def make_room(request: access.Request) -> str:
    """This will make room for readings of this month and the one before, before any is looked at; else say why not."""
    try:
        for each in (request.at, request.at.replace(day=1) - timedelta(days=1)):
            metering_operations.make_room(each)
    except metering_operations.StoreBusy as error:
        return str(error)
    return ""


def offers(request: access.Request, known: Known, days: Collection[months.Days]) -> tuple[Offer, ...]:
    """This will return the days to choose from with the readings that are missing at their edges.

    A meter that is read by itself, or whose readings come from files by the quarter, asks for none.
    """
    return tuple(Offer(each, tuple(_edges(request, known, each))) for each in days)


def save(request: access.Request, offer: Offer) -> str:
    """This will save the readings of the chosen days as they were typed; else it says what to do, and where."""
    if offer.edges and not request.access.allows(metering_permissions.ENTER_READING, offer.edges[0].row.site_id):
        return _("A reading is missing, and your role does not include entering it. Ask an administrator.")
    is_complete = True
    for edge in offer.edges:
        found = rounds.Round(offer.days.first.replace(day=1), edge.instant, edge.row.zone, (edge.row,), {})
        outcome = saving.save(request, found, edge.form, edge.row, edge.instant, {})
        if outcome is None:
            edge.problem = _("Type what the meter showed; without it nothing can be billed.")
        elif not outcome.is_saved:
            edge.problem, edge.doubts = outcome.problem, outcome.doubts
        is_complete = is_complete and outcome is not None and outcome.is_saved
    return "" if is_complete else _("A reading is missing or looks wrong; see below.")


def _edges(request: access.Request, known: Known, days: months.Days) -> list[Edge]:
    row = _row(request, known, days)
    if row is None:
        return []
    start, end = civil.start_of_day(days.first, row.zone), civil.start_of_day(days.until, row.zone)
    found = []
    # A moment later, because a reading of the very instant, or what the meter showed when it was hung, is enough.
    begun = _face(request, row, start + timedelta.resolution)
    if begun is None or begun.before is None:
        found.append(_edge(request, row, start, f"{days.code}-start", _("Reading at the beginning of %(day)s")))
    closed = _face(request, row, end)
    if closed is None or (closed.exact is None and closed.after is None):
        found.append(_edge(request, row, end, f"{days.code}-end", _("Reading at the beginning of %(day)s")))
    return found


def _row(request: access.Request, known: Known, days: months.Days) -> monitoring_queries.HandRow | None:
    if known.site is None or known.point is None:
        return None
    end = civil.start_of_day(days.until, known.site.zone)
    rows = monitoring_queries.hand_read(site_ids=[known.site.id], month_end=end, at=request.at)
    return next((each for each in rows if each.public_id == known.point.public_id), None)


def _face(request: access.Request, row: monitoring_queries.HandRow, instant: datetime) -> metering_queries.Face | None:
    return metering_queries.faces_at(meter_point_ids=[row.point_id], instant=instant, at=request.at).get(row.point_id)


def _edge(request: access.Request, row: monitoring_queries.HandRow, instant: datetime, prefix: str, words: str) -> Edge:
    data, files = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = forms.RowForm(data, files, prefix=prefix, zone=row.zone, at=request.at)
    day = formats.date_format(civil.local_date(instant, row.zone), "SHORT_DATE_FORMAT")
    form.fields["value"].label = f"{words % {'day': day}}, 00:00 ({row.unit.symbol})"
    form.fields["value"].help_text = _("What the display of “%(name)s” showed. A reading of that day will do.") % {
        "name": row.name
    }
    return Edge(instant, row, form)
