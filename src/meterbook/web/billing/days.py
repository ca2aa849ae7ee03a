"""What a line was summed from: each local day, and the intervals of one; drawn and listed from day blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.utils import formats
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from meterbook.billing.queries import issued_intervals
from meterbook.kernel.quality import ESTIMATED, UNMEASURED, Quality
from meterbook.tariffs.rating import classes
from meterbook.tariffs.rating.document import TariffDocument
from meterbook.web import tables
from meterbook.web.billing import words
from meterbook.web.meters import captions
from meterbook.web.templatetags import meterbook as tags

WIDTH, TOP, FLOOR = 560, 18, 150


@dataclass(frozen=True)
class Bar:
    """A local day: the part of the line below, the rest of the day above it."""

    x: int
    width: int
    own_y: int
    own_height: int
    rest_y: int
    rest_height: int
    is_estimated: bool
    label: str
    middle: int
    title: str


@dataclass(frozen=True)
class DayRow:
    """A local day in the list."""

    day: date
    code: str
    caption: str
    quantity: str
    intervals: int
    chip: captions.Chip


@dataclass(frozen=True)
class Raw:
    """What the register showed; `stamp` is the instant as addresses have it."""

    value: str
    stamp: str


@dataclass(frozen=True)
class IntervalRow:
    """One interval; `is_shared`: only a part of it lies in the line's hours. `register` is the reading at its end."""

    time: str
    quantity: str
    chip: captions.Chip
    is_shared: bool
    register: str = ""
    href: str = ""


@dataclass(frozen=True)
class Inside:
    """Everything below a line."""

    bars: tuple[Bar, ...]
    days: tuple[DayRow, ...]
    unit: str
    decimals: int
    total: str
    intervals: str
    has_rest: bool
    has_estimates: bool
    hatched: str
    is_unchanged: bool
    highest: str
    sentence: str
    is_kept: bool


@dataclass(frozen=True)
class Usage:
    """Intervals of a charge: which belong to the line, by local day."""

    starts: list[datetime]
    values: NDArray[np.int64]
    codes: NDArray[np.uint8]
    is_own: NDArray[np.bool_]
    shared: frozenset[int]
    days: list[date]
    step: timedelta
    decimals: int
    unit: str
    zone: ZoneInfo
    is_unchanged: bool
    is_kept: bool


def load(
    *,
    issued: issued_intervals.AsIssued,
    charge: Mapping[str, Any],
    line: Mapping[str, Any],
    document: TariffDocument | None,
    zone: ZoneInfo,
) -> Usage:
    """This will tell which intervals of a bill's meter point belong to a charge, and which of them the line counts."""
    period, series, found = issued_intervals.period_of(charge), issued.series, issued.blocks
    columns, step = found.columns(period), timedelta(minutes=issued.step)
    amounts = found.values[0, columns]
    codes = found.codes(series.id, period)
    starts = [period.start + place * step for place in range(len(amounts))]
    is_own, shared = _own(line, document, zone, period.start, step, len(amounts))
    return Usage(
        starts=starts,
        values=amounts,
        codes=np.zeros(len(amounts), np.uint8) if codes is None else codes,
        is_own=is_own,
        shared=shared,
        days=[each.astimezone(zone).date() for each in starts],
        step=step,
        decimals=series.decimals,
        unit=series.unit.symbol,
        zone=zone,
        is_unchanged=not issued.is_changed,
        is_kept=issued.is_kept,
    )


def _own(
    line: Mapping[str, Any],
    document: TariffDocument | None,
    zone: ZoneInfo,
    start: datetime,
    step: timedelta,
    count: int,
) -> tuple[NDArray[np.bool_], frozenset[int]]:
    code = line["trace"].get("period")
    if code is None or document is None:
        return np.ones(count, np.bool_), frozenset()
    wanted = next(place for place, each in enumerate(document.periods) if each.code == code)
    classed = classes.classify(document, zone, start=start, step=step, count=count)
    is_own = classed.period == wanted
    shared = {index for index, parts in classed.shared if any(period == wanted for period, _minutes in parts)}
    for index in shared:
        is_own[index] = True
    return is_own, frozenset(shared)


def inside(used: Usage) -> Inside:
    """This will sum and draw each day of a line."""
    places: dict[date, list[int]] = {}
    for place, day in enumerate(used.days):
        places.setdefault(day, []).append(place)
    sums = {day: _sums(used, np.array(own)) for day, own in places.items()}
    highest = max((own + rest for own, rest in sums.values()), default=0) or 1
    rows = tuple(_day(used, day, np.array(places[day]), sums[day][0]) for day in places)
    bars = tuple(_bars(used, places, sums, highest))
    total = int(used.values[used.is_own].sum())
    return Inside(
        bars=bars,
        days=rows,
        unit=used.unit,
        decimals=used.decimals,
        total=words.tidy(str(words.scaled(total, used.decimals))),
        intervals=tags.number(int(used.is_own.sum())),
        has_rest=not bool(used.is_own.all()),
        has_estimates=any(each.is_estimated for each in bars),
        hatched=_("partly estimated") if _is_estimated(used) else _("apportioned by time"),
        is_unchanged=used.is_unchanged,
        highest=words.tidy(str(words.scaled(highest, used.decimals))),
        sentence="; ".join(each.title for each in bars),
        is_kept=used.is_kept,
    )


def intervals(
    used: Usage, day: date, raws: Mapping[datetime, Raw], readings_href: str, query: str = ""
) -> tuple[IntervalRow, ...]:
    """This will list the intervals of one local day that belong to the line, with what the register showed then.

    :param query: what follows the instant in the address of a reading
    """
    rows = []
    for place, own_day in enumerate(used.days):
        if own_day != day or not used.is_own[place]:
            continue
        start, end = (each.astimezone(used.zone) for each in (used.starts[place], used.starts[place] + used.step))
        raw = raws.get(used.starts[place] + used.step)
        rows.append(
            IntervalRow(
                time=f"{start:%H:%M}–{end:%H:%M}",
                quantity=_said(used, int(used.values[place])),
                chip=captions.QUALITIES[Quality(int(used.codes[place]))],
                is_shared=place in used.shared,
                register=raw.value if raw else "",
                href=f"{readings_href}{raw.stamp}{query}" if raw else "",
            )
        )
    return tuple(rows)


def sheet(used: Usage, *, is_fine: bool) -> tuple[Sequence[str], Iterator[Sequence[tables.Cell]]]:
    """This will return the head and the rows of a file: each interval, or each day where no finer ones may be seen."""
    if is_fine:
        captions = (_("From"), _("To"), _("Quantity"), _("Unit"), _("Quality"), _("In this line"))
        return captions, _interval_cells(used)
    return (_("Day"), _("Quantity"), _("Unit"), _("Quality")), _day_cells(used)


def not_kept() -> str:
    """This will say that the intervals behind a bill are not there as they were."""
    return _("These intervals are not kept as they were when the bill was made. The bill keeps its figures.")


def _interval_cells(used: Usage) -> Iterator[Sequence[tables.Cell]]:
    for place, start in enumerate(used.starts):
        if not used.is_own[place]:
            continue
        ends = [each.astimezone(used.zone).isoformat() for each in (start, start + used.step)]
        quality = str(captions.QUALITIES[Quality(int(used.codes[place]))].caption)
        own = _("in part") if place in used.shared else _("yes")
        yield (*ends, words.scaled(int(used.values[place]), used.decimals), used.unit, quality, own)


def _day_cells(used: Usage) -> Iterator[Sequence[tables.Cell]]:
    places: dict[date, list[int]] = {}
    for place, day in enumerate(used.days):
        places.setdefault(day, []).append(place)
    for day, own in places.items():
        total, quality = _sums(used, np.array(own))[0], _day(used, day, np.array(own), 0).chip.caption
        yield day, words.scaled(total, used.decimals), used.unit, str(quality)


def _is_estimated(used: Usage) -> bool:
    return any(Quality(int(each)) in ESTIMATED for each in np.unique(used.codes[used.is_own]))


def _sums(used: Usage, places: NDArray[np.int64]) -> tuple[int, int]:
    own = int(used.values[places][used.is_own[places]].sum())
    return own, int(used.values[places].sum()) - own


def _day(used: Usage, day: date, places: NDArray[np.int64], total: int) -> DayRow:
    own = places[used.is_own[places]]
    worst = _worst(used.codes[own])
    return DayRow(
        day=day,
        code=day.isoformat(),
        caption=formats.date_format(day, "SHORT_DATE_FORMAT"),
        quantity=_said(used, total),
        intervals=len(own),
        chip=captions.QUALITIES[worst],
    )


def _worst(codes: NDArray[np.uint8]) -> Quality:
    """What a day says about itself: estimated when a part is, else what most of it is."""
    if not len(codes):
        return Quality.VALID
    known = [Quality(int(each)) for each in np.unique(codes)]
    return next((each for each in known if each in UNMEASURED), known[-1])


def _bars(used: Usage, places: dict[date, list[int]], sums: dict[date, tuple[int, int]], highest: int) -> list[Bar]:
    stride = WIDTH // max(1, len(places))
    width = max(2, min(40, stride - 3))
    found = []
    for index, (day, own_places) in enumerate(places.items()):
        own, rest = sums[day]
        own_height = max(0, own) * (FLOOR - TOP) // highest
        rest_height = max(0, rest) * (FLOOR - TOP) // highest
        x = index * stride
        counted = np.array(own_places)[used.is_own[own_places]]
        codes = {Quality(int(each)) for each in np.unique(used.codes[counted])}
        caption = formats.date_format(day, "SHORT_DATE_FORMAT")
        is_estimated = bool(codes & UNMEASURED)
        title = f"{caption}: {_said(used, own)} {used.unit}"
        if is_estimated:
            title += " " + (_("(partly estimated)") if codes & ESTIMATED else _("(apportioned by time)"))
        found.append(
            Bar(
                x=x,
                width=width,
                own_y=FLOOR - own_height,
                own_height=own_height,
                rest_y=FLOOR - own_height - rest_height,
                rest_height=rest_height,
                is_estimated=is_estimated,
                label=str(day.day) if len(places) <= 8 or index % 7 == 0 else "",
                middle=x + width // 2,
                title=title,
            )
        )
    return found


def _said(used: Usage, value: int) -> str:
    number: Decimal = words.scaled(value, used.decimals)
    return tags.number(number, used.decimals)
