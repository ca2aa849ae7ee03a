"""What the meter page shows, frozen: the head, key figures, live values, history, the device's latest frame."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from meterbook.acquisition import queries as acquisition_queries
from meterbook.acquisition import values as acquisition_values
from meterbook.kernel import rounding
from meterbook.kernel.quality import Quality
from meterbook.metering import queries as metering_queries
from meterbook.metering import values as metering_values
from meterbook.web.meters import captions
from meterbook.web.templatetags import meterbook as tags

A_DAY = timedelta(hours=23)  # the shortest by the clock
PHASES = ("_l1", "_l2", "_l3")
SERVICE_ICONS = {
    metering_values.Service.ELECTRICITY: "lightning",
    metering_values.Service.COLD_WATER: "drop",
    metering_values.Service.HOT_WATER: "drop",
    metering_values.Service.GAS: "flame",
    metering_values.Service.HEATING: "temperature",
    metering_values.Service.COOLING: "cold",
    metering_values.Service.STEAM: "flame",
    metering_values.Service.AIR: "wave",
}


@dataclass(frozen=True)
class Figure:
    """A key figure: what it is, the number with its unit, and a comparison or remark in words."""

    key: str
    icon: str
    value: Decimal | None
    decimals: int
    unit: str
    live_key: str
    at: datetime | None = None
    stale_after: int = 0
    detail: str = ""
    trend: str = ""
    words: str = ""  # instead of a number


@dataclass(frozen=True)
class Cell:
    """One number of the live table."""

    key: str
    value: Decimal | None
    decimals: int


@dataclass(frozen=True)
class LiveLine:
    """One quantity of the live table; cells in the columns' order, None where the meter has no such value."""

    caption: str | Promise
    unit: str
    cells: tuple[Cell | None, ...]
    at: datetime | None
    stale_after: int
    quality: captions.Chip
    key: str


@dataclass(frozen=True)
class LiveTable:
    """The live values of a meter; `columns` is empty when it has no phases."""

    columns: tuple[str, ...]
    lines: tuple[LiveLine, ...]
    registers: tuple[LiveLine, ...]  # counters: one cell each


@dataclass(frozen=True)
class ReadingLine:
    """One raw reading as the table shows it."""

    row: metering_queries.ReadingRow
    time: str
    day: str  # only where it differs from that of the line above
    chip: captions.Chip
    source: str | Promise
    delay: str


def reading_lines(rows: Sequence[metering_queries.ReadingRow], zone: ZoneInfo) -> tuple[ReadingLine, ...]:
    """This will lay raw readings out: local time to the second, how long each took to arrive."""
    days = [row.at.astimezone(zone).date() for row in rows]
    return tuple(
        ReadingLine(
            row=row,
            time=f"{row.at.astimezone(zone):%H:%M:%S}",
            day=formats.date_format(day, "SHORT_DATE_FORMAT") if day != before else "",
            chip=captions.QUALITIES[row.quality],
            source=metering_values.SOURCE_CAPTIONS[row.source],
            delay=tags.age(row.at, row.received_at),
        )
        for row, day, before in zip(rows, days, [None, *days], strict=False)
    )


def are_fine(rows: Sequence[metering_queries.ReadingRow]) -> bool:
    """This will tell whether readings lie closer together than a day, so that they tell of use within days."""
    return any(row.at - older.at < A_DAY for row, older in itertools.pairwise(rows))


def stale_seconds(series: metering_queries.SeriesRow, device: acquisition_queries.DeviceRow | None) -> int:
    """This will return after how many seconds a live value is grey: two of its intervals."""
    if device is not None and device.is_enabled:
        return max(2 * device.live_seconds, 10)
    return 2 * 60 * series.step


def live_table(
    detail: metering_queries.MeterDetail, rows: Sequence[metering_queries.LiveRow], stale_after: dict[int, int]
) -> LiveTable:
    """This will lay live values out: a line for each quantity with a column for each phase, and the registers apart."""
    kinds = (metering_values.SeriesKind.CUMULATIVE, metering_values.SeriesKind.MAXIMUM)
    counters = {each.id for each in detail.series if each.kind in kinds}
    groups: dict[str, dict[str, metering_queries.LiveRow]] = {}
    for row in rows:
        if row.series_id not in counters:
            base, phase = (row.code[:-3], row.code[-3:]) if row.code.endswith(PHASES) else (row.code, "")
            groups.setdefault(base, {})[phase] = row
    has_phases = any(phase for group in groups.values() for phase in group)
    return LiveTable(
        columns=("L1", "L2", "L3", _("Total")) if has_phases else (),
        lines=tuple(_line(base, group, stale_after, has_phases) for base, group in groups.items()),
        registers=tuple(
            _line(row.code, {"": row}, stale_after, has_phases=False) for row in rows if row.series_id in counters
        ),
    )


def _line(
    base: str, group: dict[str, metering_queries.LiveRow], stale_after: dict[int, int], has_phases: bool
) -> LiveLine:
    newest = max(group.values(), key=lambda row: row.at.timestamp() if row.at else 0.0)
    places = (*PHASES, "") if has_phases else ("",)
    base_captions = {"voltage": _("Voltage"), "current": _("Current")}
    whole = group.get("")
    caption = whole.caption if whole else base_captions.get(base, newest.caption)
    return LiveLine(
        caption=caption,
        unit=newest.unit,
        cells=tuple(
            Cell(f"{base}{place}", _shown(group[place]), _decimals(group[place])) if place in group else None
            for place in places
        ),
        at=newest.at,
        stale_after=stale_after.get(newest.series_id, 0),
        quality=captions.QUALITIES[newest.quality if newest.at else Quality.MISSING],
        key=base,
    )


def _decimals(row: metering_queries.LiveRow) -> int:
    return min(row.decimals, 3 if row.unit in ("kWh", "m³", "kW", "kvar", "kVA", "") else 2)


def _shown(row: metering_queries.LiveRow) -> Decimal | None:
    return None if row.value is None else rounding.round_decimal(row.value, _decimals(row))


def figures(
    *,
    detail: metering_queries.MeterDetail,
    rows: Sequence[metering_queries.LiveRow],
    stale_after: dict[int, int],
    today: metering_queries.Usage | None,
    today_decimals: int,
) -> tuple[Figure, ...]:
    """This will return the key figures: power now, today against yesterday, the register, data quality."""
    icon = SERVICE_ICONS[detail.service]
    by_code = {row.code: row for row in rows}
    main = by_code.get(detail.main_series.code) if detail.main_series else None
    found = []
    power = by_code.get("power")
    if power is not None:
        found.append(_live_figure(_("Power now"), icon, power, stale_after))
    if today is not None:
        found.append(_today(today, today_decimals))
    if main is not None:
        found.append(_live_figure(_("Register"), "meter", main, stale_after))
    if today is not None:
        found.append(_quality(today))
    return tuple(found)


def _live_figure(key: str, icon: str, row: metering_queries.LiveRow, stale_after: dict[int, int]) -> Figure:
    return Figure(
        key=key,
        icon=icon,
        value=_shown(row),
        decimals=_decimals(row),
        unit=row.unit,
        live_key=f"figure-{row.code}",
        at=row.at,
        stale_after=stale_after.get(row.series_id, 0),
        words="" if row.value is not None else _("No value yet"),
    )


def _today(today: metering_queries.Usage, decimals: int) -> Figure:
    comparison = today.comparison
    change = comparison.change if comparison else None
    if change is None:
        detail, trend = _("nothing to compare yet"), ""
    else:
        trend = "trend-up" if change > 0 else "trend-down" if change < 0 else ""
        detail = _("%(percent)s %% against the same hours of yesterday") % {"percent": tags.number(abs(change), 1)}
    return Figure(
        key=_("Today"),
        icon="chart",
        value=today.number(today.total) if not today.is_empty else None,
        decimals=decimals,
        unit=today.unit,
        live_key="figure-today",
        detail=detail,
        trend=trend,
        words="" if not today.is_empty else _("Nothing yet"),
    )


def _quality(today: metering_queries.Usage) -> Figure:
    share = today.measured_share
    parts = []
    if today.missing:
        parts.append(_("%(count)s intervals missing") % {"count": today.missing})
    if today.known_estimated > today.known_apportioned:
        parts.append(_("%(count)s estimated") % {"count": today.known_estimated - today.known_apportioned})
    if today.known_apportioned:
        parts.append(_("%(count)s apportioned by time") % {"count": today.known_apportioned})
    return Figure(
        key=_("Measured today"),
        icon="shield",
        value=share,
        decimals=1,
        unit="%",
        live_key="figure-quality",
        detail=", ".join(parts) if parts else _("no gaps, nothing estimated"),
        words="" if share is not None else _("Nothing due yet"),
    )


def state_words(
    *,
    state: metering_queries.MeterState,
    seen_at: datetime | None,
    device: acquisition_queries.DeviceRow | None,
) -> tuple[datetime | None, str]:
    """This will return since when a meter is silent, and why, in the reader's language; nothing while it answers."""
    if state in (metering_queries.MeterState.OK, metering_queries.MeterState.NOT_LIVE):
        return None, ""
    since = device.silent_since if device and device.silent_since else seen_at
    problem = device.problem if device and not _answers(device) else None
    return since, f"{problem.words} {problem.remedy}" if problem else ""


def doubt_words(device: acquisition_queries.DeviceRow | None) -> str:
    """This will say what is wrong with a meter that answers all the same: a register holds nonsense, fits no series,
    or is too coarse. Empty for one that is well, and for one that does not answer.
    """
    if device is None or device.problem is None or not _answers(device):
        return ""
    place = _("The order of its bytes, its address and its line are corrected under Connection.")
    parts = (device.problem.words, device.problem.remedy, place if device.problem.code == "NONSENSE" else "")
    return " ".join(part for part in parts if part)


def _answers(device: acquisition_queries.DeviceRow) -> bool:
    return device.is_enabled and device.status is acquisition_values.DeviceStatus.OK and not device.failures
