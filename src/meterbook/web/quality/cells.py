"""A row of cells as markup: each with its sign, its color and its words, and the way to what lies behind it.

A page holds 1,550 cells. They are written here, not in a template, which would take longer than all else together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils import formats
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from meterbook.metering import queries as metering_queries
from meterbook.metering.tallies import Tally
from meterbook.web.meters import captions
from meterbook.web.templatetags import meterbook as tags

SlotState = metering_queries.SlotState
# Sign and class by state; of a gap the sign is the number of its intervals.
SIGNS = {
    SlotState.MEASURED: ("✓", "ok"),
    SlotState.SO_FAR: ("…", "ok"),
    SlotState.EDITED: ("M", "edited"),
    SlotState.APPORTIONED: ("~", "apportioned"),
    SlotState.ESTIMATED: ("E", "estimated"),
    SlotState.HELD: ("!", "held"),
    SlotState.PARTLY: ("", "gap"),
    SlotState.MISSING: ("×", "lost"),
    SlotState.LATER: ("", "later"),
    SlotState.NO_METER: ("–", "none"),
}
SILENT = (SlotState.LATER, SlotState.NO_METER)  # nothing lies behind them
GAPS = (SlotState.MISSING, SlotState.PARTLY)  # what leads to filling them
_PART = "½"
NEARLY = Decimal(95)  # percent, below which a sum is shown as bad


@dataclass(frozen=True)
class Head:
    """The head of a column."""

    day: date
    caption: str
    detail: str
    is_marked: bool  # a Sunday, or the present


@dataclass(frozen=True)
class Legend:
    """One kind of cell and what it means."""

    sign: str
    tone: str
    words: str


def heads(grid: metering_queries.Grid, *, is_year: bool, today: date) -> list[Head]:
    """This will return the heads of the columns: days with their weekday, or months."""
    if is_year:
        return [
            Head(day, str(formats.date_format(day, "M")), "", (day.year, day.month) == (today.year, today.month))
            for day in grid.starts
        ]
    return [
        Head(day, str(day.day), str(formats.date_format(day, "D"))[:2], day.weekday() == 6 or day == today)
        for day in grid.starts
    ]


def legend() -> list[Legend]:
    """This will return what the signs mean, from the best to the worst."""
    listed = []
    for state, (sign, tone) in SIGNS.items():
        if state is SlotState.LATER:
            continue
        shown = "4" if state is SlotState.PARTLY else sign
        words = _("intervals missing, with their number") if state is SlotState.PARTLY else captions.SLOT_STATES[state]
        listed.append(Legend(shown, tone, str(words)))
    return listed


def strip(
    row: metering_queries.CompletenessRow,
    grid: metering_queries.Grid,
    names: Sequence[str],
    base: str,
    gap_base: str = "",
) -> SafeString:
    """This will write the cells of a meter point; each leads to its day, or its month.

    :param names: how each column is called in words
    :param base: address of the meter, up to the day
    :param gap_base: address where a gap of it is filled, up to the day; "" for readers who may not
    """
    parts = []
    for cell, day, name in zip(row.cells, grid.starts, names, strict=True):
        _sign, tone = SIGNS[cell.state]
        words = f"{name}: {told(cell)}"
        title = "" if tone == "ok" else format_html(' title="{}"', words)
        if cell.state in SILENT:
            parts.append(("span", tone, SafeString(' role="img"'), words, title, sign(cell)))
        else:
            is_gap = gap_base and cell.state in GAPS
            href = format_html(' href="{}{}"', gap_base if is_gap else base, day.isoformat())
            parts.append(("a", tone, href, words, title, sign(cell)))
    return format_html_join("", '<td><{0} class="q q-{1}"{2} aria-label="{3}"{4}>{5}</{0}></td>', parts)


def sums(cells: Sequence[Tally], names: Sequence[str]) -> SafeString:
    """This will write the cells of a sum: whole percent, rounded down."""
    return format_html_join(
        "",
        '<td><span class="q q-{0}" role="img" aria-label="{2}" title="{2}">{1}</span></td>',
        (
            (tone(each), _short(each), f"{name}: {_percent_words(each)}")
            for each, name in zip(cells, names, strict=True)
        ),
    )


def sign(cell: metering_queries.Cell) -> str:
    """This will return what a cell shows."""
    if cell.state is SlotState.PARTLY:
        return str(cell.tally.missing) if cell.tally.missing else _PART
    return SIGNS[cell.state][0]


def told(cell: metering_queries.Cell) -> str:
    """This will say what a cell shows."""
    words, tally = str(captions.SLOT_STATES[cell.state]), cell.tally
    count = {
        SlotState.PARTLY: tally.missing or tally.partly,
        SlotState.HELD: tally.held,
        SlotState.ESTIMATED: tally.estimated,
        SlotState.APPORTIONED: tally.apportioned,
        SlotState.EDITED: tally.edited,
    }.get(cell.state)
    if count is None:
        return words
    facts = {"state": words, "count": count, "expected": tally.expected}
    return (
        ngettext(
            "%(state)s, %(count)s of %(expected)s interval",
            "%(state)s, %(count)s of %(expected)s intervals",
            tally.expected,
        )
        % facts
    )


def tone(tally: Tally) -> str:
    """This will return the class of a sum."""
    if tally.percent is None:
        return "none"
    if not tally.missing:
        return "ok"
    return "gap" if tally.percent >= NEARLY else "lost"


def percent(tally: Tally) -> str:
    """This will write the share that is known, with its sign; a dash where nothing should be."""
    return "–" if tally.percent is None else f"{tags.number(tally.percent, 1)} %"


def _short(tally: Tally) -> str:
    if tally.percent is None:
        return "–"
    return "✓" if not tally.missing else str(int(tally.percent))


def _percent_words(tally: Tally) -> str:
    if tally.percent is None:
        return pgettext("data quality", "nothing is due")
    facts = {"percent": tags.number(tally.percent, 1), "missing": tags.number(tally.missing)}
    return _("%(percent)s %%, %(missing)s missing") % facts
