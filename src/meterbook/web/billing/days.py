"""What a line was summed from: each local day, and the intervals of one; drawn and listed from day blocks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.utils import formats
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from meterbook.billing.calculating import usage
from meterbook.kernel.period import Period
from meterbook.kernel.quality import ESTIMATED, UNMEASURED, Quality
from meterbook.metering import queries as metering_queries
from meterbook.tariffs.rating import classes
from meterbook.tariffs.rating.document import TariffDocument
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
class IntervalRow:
    """One interval; `is_shared`: only a part of it lies in the line's hours."""

    time: str
    quantity: str
    chip: captions.Chip
    is_shared: bool


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


def load(
    *,
    organization_id: int,
    series: metering_queries.SeriesRow,
    point: Mapping[str, Any],
    charge: Mapping[str, Any],
    line: Mapping[str, Any],
    document: TariffDocument | None,
    zone: ZoneInfo,
) -> Usage:
    """This will read the intervals of a charge and tell which of them the line counts."""
    period, whole = period_of(charge), period_of(point)
    first, until = usage.utc_days(whole)
    found = usage.load(
        organization_id=organization_id, series_ids=[series.id], step=series.step, first=first, until=until
    )
    columns, step = found.columns(period), timedelta(minutes=series.step)
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
        # Whether the newest blocks are those that the bill was made from.
        is_unchanged=found.reference(series.id, whole)[2] == point["reference"]["digest"],
    )


def period_of(part: Mapping[str, Any]) -> Period:
    """This will return the time of a charge or of a meter point of a bill."""
    return Period(words.instant(part["from"]).astimezone(UTC), words.instant(part["until"]).astimezone(UTC))


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
    )


def intervals(used: Usage, day: date) -> tuple[IntervalRow, ...]:
    """This will list the intervals of one local day that belong to the line, with the time of day."""
    rows = []
    for place, own_day in enumerate(used.days):
        if own_day != day or not used.is_own[place]:
            continue
        start, end = (each.astimezone(used.zone) for each in (used.starts[place], used.starts[place] + used.step))
        rows.append(
            IntervalRow(
                time=f"{start:%H:%M}–{end:%H:%M}",
                quantity=_said(used, int(used.values[place])),
                chip=captions.QUALITIES[Quality(int(used.codes[place]))],
                is_shared=place in used.shared,
            )
        )
    return tuple(rows)


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
