"""Twelve months of use as a picture: bars of use a day, gaps dashed, estimates hatched; SVG by the server. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import formats
from django.utils.dates import MONTHS_3
from django.utils.translation import gettext as _

from meterbook.kernel import rounding
from meterbook.kernel.quantity import Unit
from meterbook.web.billing import words
from meterbook.web.templatetags import meterbook as tags

WIDTH, HEIGHT = 304, 148
TOP, FLOOR = 24, 120  # the highest bar reaches TOP, bars stand on FLOOR
STRIDE, BAR = 25, 17


@dataclass(frozen=True)
class Bar:
    """A month; `kind` is measured, estimated or none."""

    x: int
    y: int
    height: int
    middle: int
    kind: str
    is_own: bool
    letter: str
    value: str  # written above it, or nothing
    title: str


@dataclass(frozen=True)
class Row:
    """A month in the table below the picture."""

    month: str
    quantity: str
    days: int
    average: str
    is_estimated: bool


@dataclass(frozen=True)
class Chart:
    """The picture and its table."""

    width: int
    height: int
    floor: int
    bars: tuple[Bar, ...]
    rows: tuple[Row, ...]
    unit: str
    change: str
    has_estimates: bool
    has_gaps: bool
    sentence: str


def draw(point: Mapping[str, Any]) -> Chart | None:
    """This will draw the months of a meter point; None when it has none."""
    months = point["history"]
    if not any(each["quantity"] is not None for each in months):
        return None
    averages = [_average(each) for each in months]
    most = max(each for each in averages if each is not None)
    highest, marked = max(most, 1), {averages.index(most), len(averages) - 1}
    decimals, unit = point["decimals"], Unit(point["unit"]).symbol
    shown = _decimals(highest, decimals)
    bars = tuple(
        _bar(place, month, average, highest, _said(average, decimals, shown), unit, place in marked, len(months))
        for place, (month, average) in enumerate(zip(months, averages, strict=True))
    )
    rows = tuple(
        Row(
            month=formats.date_format(_first(month), "YEAR_MONTH_FORMAT"),
            quantity=_quantity(month, decimals),
            days=month["days"],
            average=_said(average, decimals, shown),
            is_estimated=month["is_estimated"],
        )
        for month, average in zip(months, averages, strict=True)
    )
    return Chart(
        width=max(WIDTH, len(months) * STRIDE),
        height=HEIGHT,
        floor=FLOOR,
        bars=bars,
        rows=tuple(reversed(rows)),
        unit=unit,
        change=_change(averages),
        has_estimates=any(each["is_estimated"] for each in months),
        has_gaps=any(each["quantity"] is None for each in months),
        sentence="; ".join(each.title for each in bars),
    )


def _bar(
    place: int,
    month: Mapping[str, Any],
    average: int | None,
    highest: int,
    said: str,
    unit: str,
    is_marked: bool,
    count: int,
) -> Bar:
    x = 4 + place * STRIDE
    height = 0 if average is None else max(2 if average else 0, max(0, average) * (FLOOR - TOP) // highest)
    kind = "none" if average is None else "estimated" if month["is_estimated"] else "measured"
    name = formats.date_format(_first(month), "YEAR_MONTH_FORMAT")
    if average is None:
        title = _("%(month)s: no data") % {"month": name}
    else:
        facts = {"month": name, "value": said, "unit": unit}
        title = _("%(month)s: %(value)s %(unit)s a day") % facts
        if month["is_estimated"]:
            title += " " + _("(partly estimated)")
    return Bar(
        x=x,
        y=FLOOR - height,
        height=height,
        middle=x + BAR // 2,
        kind=kind,
        is_own=place == count - 1,
        letter=str(MONTHS_3[_first(month).month])[:1].upper(),
        value=said if is_marked and average is not None else "",
        title=title,
    )


def _average(month: Mapping[str, Any]) -> int | None:
    if month["quantity"] is None or not month["days"]:
        return None
    return rounding.divide(month["quantity"], month["days"])


def _first(month: Mapping[str, Any]) -> date:
    return date.fromisoformat(f"{month['month']}-01")


def _quantity(month: Mapping[str, Any], decimals: int) -> str:
    return "–" if month["quantity"] is None else words.tidy(str(words.scaled(month["quantity"], decimals)))


def _said(average: int | None, decimals: int, shown: int) -> str:
    return "–" if average is None else tags.number(words.scaled(average, decimals), shown)


def _decimals(highest: int, decimals: int) -> int:
    """Enough for three digits of the highest, at most what the series has."""
    units = words.scaled(highest, decimals)
    return min(decimals, 0 if units >= 100 else 1 if units >= 10 else 2)


def _change(averages: Sequence[int | None]) -> str:
    """How the newest month's use a day differs from the one before."""
    if len(averages) < 2 or averages[-1] is None or not averages[-2]:
        return ""
    permille = rounding.divide((averages[-1] - averages[-2]) * 1_000, averages[-2])
    sign = "+" if permille > 0 else ""
    return f"{sign}{tags.number(Decimal(permille) / 10, 1)}\u00a0%"
