"""The usage of a period as the chart and its table show it: one source, decimal strings, local times written here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.translation import gettext as _

from meterbook.kernel.quantity import Unit
from meterbook.metering import queries as metering_queries
from meterbook.metering import values as metering_values
from meterbook.web.meters import captions, periods
from meterbook.web.meters.marks import Mark
from meterbook.web.templatetags import meterbook as tags

SlotState = metering_queries.SlotState
View = metering_queries.View
_ENERGY_TO_POWER = {Unit.KWH: "kW", Unit.WH: "W", Unit.MWH: "MW", Unit.KVARH: "kvar", Unit.VARH: "var", Unit.M3: "m³/h"}


@dataclass(frozen=True)
class TableRow:
    """One bar in words: its time, number, state, and the number of the period before."""

    label: str
    number: str
    state: str
    is_estimated: bool
    before: str


@dataclass(frozen=True)
class UsageView:
    """Everything that the usage panel shows. Numbers are Decimals, already exact at `decimals`."""

    usage: metering_queries.Usage
    bar: periods.PeriodBar
    unit: str
    decimals: int
    bars_caption: str
    table: tuple[TableRow, ...]
    marks: tuple[Mark, ...]
    total_text: str
    measured_text: str
    estimated_text: str
    change_text: str
    summary: str
    gap_note: str
    data: dict[str, Any]


def decimals_of(usage: metering_queries.Usage) -> int:
    """This will return the fewest decimals that write every figure exactly: 2 for a register of 0.01 kWh."""
    numbers = [each.value for each in usage.slots if each.value is not None] + [usage.total, usage.estimated]
    if usage.comparison:
        numbers += [each for each in usage.comparison.values if each is not None]
    for decimals in range(usage.decimals):
        if all(each % 10 ** (usage.decimals - decimals) == 0 for each in numbers):
            return decimals
    return usage.decimals


def rate_unit(series: metering_queries.SeriesRow) -> str:
    """This will return the unit of the curve: what the series' unit is per hour."""
    if series.kind is not metering_values.SeriesKind.CUMULATIVE:
        return series.unit.symbol
    return _ENERGY_TO_POWER.get(series.unit, f"{series.unit.symbol}/h")


def build(
    *,
    series: metering_queries.SeriesRow,
    usage: metering_queries.Usage,
    bar: periods.PeriodBar,
    zone: ZoneInfo,
    at: datetime,
    marks: Sequence[Mark],
    service: str,
) -> UsageView:
    """This will lay a usage out for the page: figures, table and the chart's JSON all from the same integers."""
    decimals = decimals_of(usage)
    table = tuple(_table(usage, bar, zone, decimals))
    return UsageView(
        usage=usage,
        bar=bar,
        unit=usage.unit,
        decimals=decimals,
        bars_caption=str(captions.BARS[usage.view]),
        table=table,
        marks=tuple(marks),
        total_text=written(usage, usage.total, decimals),
        measured_text=written(usage, usage.measured, decimals),
        estimated_text=written(usage, usage.estimated, decimals),
        change_text=_change_text(usage),
        summary=_summary(usage, marks),
        gap_note=_gap_note(usage),
        data=_data(series, usage, bar, zone, at, service, [row.label for row in table])
        | {"marks": [{"at": _ms(each.at), "label": each.label, "short": each.short} for each in marks]},
    )


def _data(
    series: metering_queries.SeriesRow,
    usage: metering_queries.Usage,
    bar: periods.PeriodBar,
    zone: ZoneInfo,
    at: datetime,
    service: str,
    labels: Sequence[str],
) -> dict[str, Any]:
    before = usage.comparison.values if usage.comparison and bar.compares else ()
    return {
        "view": usage.view.lower(),
        "unit": usage.unit,
        "rateUnit": rate_unit(series),
        "decimals": decimals_of(usage),
        "service": service,
        "isCounter": series.kind is metering_values.SeriesKind.CUMULATIVE,
        "start": _ms(usage.period.start),
        "end": _ms(usage.period.end),
        "now": _ms(at) if at in usage.period else None,
        "slots": [
            [
                _ms(slot.start),
                _ms(slot.end),
                _text(usage, slot.value),
                _text(usage, slot.estimated or None),
                slot.state.lower(),
                label,
            ]
            for slot, label in zip(usage.slots, labels, strict=True)
        ],
        "before": [_text(usage, each) for each in before],
        "curve": [
            [_ms(each.start), _ms(each.end), _text(usage, each.rate), _text(usage, each.ledger), each.state.lower()]
            for each in usage.curve
        ],
        "peak": _peak(usage, zone),
        "ticks": _ticks(usage, zone),
        "texts": _texts(series, bar, usage),
    }


def _text(usage: metering_queries.Usage, value: int | None) -> str | None:
    return None if value is None else str(usage.number(value))


def _peak(usage: metering_queries.Usage, zone: ZoneInfo) -> dict[str, Any] | None:
    peak = usage.peak
    if peak is None:
        return None
    return {
        "at": _ms(peak.start),
        "end": _ms(peak.end),
        "value": _text(usage, peak.rate),
        "time": moment(peak.start, usage.view, zone),
    }


def moment(at: datetime, view: View, zone: ZoneInfo) -> str:
    """This will write an instant as the period needs it: the time in a day, with the day in a longer period."""
    there = at.astimezone(zone)
    time = f"{there:%H:%M}"
    if view is View.DAY:
        return time
    if view is View.YEAR:
        return formats.date_format(there.date(), "F").capitalize()
    day = formats.date_format(there.date(), "SHORT_DATE_FORMAT")
    return f"{day}, {time}" if view is View.WEEK else day


def _label(slot: metering_queries.Slot, view: View, zone: ZoneInfo) -> str:
    there = slot.start.astimezone(zone)
    if view is View.DAY:
        shown = f"{there:%H:%M}\u2013{there.replace(tzinfo=None) + (slot.end - slot.start):%H:%M}"
        # The hour that comes twice in autumn is told apart by the name of its time.
        is_twice = there.replace(fold=0).utcoffset() != there.replace(fold=1).utcoffset()
        return f"{shown} {there.tzname()}" if is_twice else shown
    if view is View.YEAR:
        return formats.date_format(there.date(), "F Y").capitalize()
    weekday = formats.date_format(there.date(), "D").capitalize()
    return f"{weekday} {formats.date_format(there.date(), 'SHORT_DATE_FORMAT')}"


def _table(usage: metering_queries.Usage, bar: periods.PeriodBar, zone: ZoneInfo, decimals: int) -> list[TableRow]:
    before = usage.comparison.values if usage.comparison and bar.compares else ()
    rows = []
    for place, slot in enumerate(usage.slots):
        earlier = before[place] if place < len(before) else None
        rows.append(
            TableRow(
                label=_label(slot, usage.view, zone),
                number=written(usage, slot.value, decimals),
                state=str(captions.SLOT_STATES[slot.state]),
                is_estimated=slot.estimated > 0,
                before=written(usage, earlier, decimals),
            )
        )
    return rows


def written(usage: metering_queries.Usage, value: int | None, decimals: int) -> str:
    """This will write an integer of the series' scale with the language's separators; a dash for nothing."""
    return tags.number(None if value is None else usage.number(value), decimals)


def _ticks(usage: metering_queries.Usage, zone: ZoneInfo) -> list[list[Any]]:
    """Where the time axis has a label, and which: hours of a day by the local clock, else each bar."""
    view, found = usage.view, []
    for slot in usage.slots:
        there = slot.start.astimezone(zone)
        if view is View.DAY:
            text = f"{there:%H:%M}" if there.minute == 0 else ""
        elif view is View.WEEK:
            text = f"{formats.date_format(there.date(), 'D').capitalize()} {there.day}"
        elif view is View.MONTH:
            text = str(there.day)
        else:
            text = formats.date_format(there.date(), "M").capitalize()
        found.append([_ms(slot.start), text])
    if view is View.DAY:
        found.append([_ms(usage.period.end), "24:00"])
    return found


def _texts(series: metering_queries.SeriesRow, bar: periods.PeriodBar, usage: metering_queries.Usage) -> dict[str, str]:
    rate = rate_unit(series)
    unit = series.unit.symbol
    per = {View.DAY: _("hour"), View.WEEK: _("day"), View.MONTH: _("day"), View.YEAR: _("month")}[usage.view]
    is_short = usage.view in (View.DAY, View.WEEK)
    return {
        "ledger": _("Counter since the start, %(unit)s") % {"unit": unit},
        "bars": _("Usage, %(unit)s per %(per)s") % {"unit": unit, "per": per},
        "curve": (_("Mean of %(step)s min, %(unit)s") if is_short else _("Highest mean of %(step)s min, %(unit)s"))
        % {"step": series.step, "unit": rate},
        "usage": _("Usage"),
        "ledgerShort": _("Counter"),
        "rateShort": _("Power") if rate in ("W", "kW", "MW") else _("Rate"),
        "before": bar.before[:1].upper() + bar.before[1:],
        "noData": _("No data"),
        "noMeter": _("No meter"),
        "peak": _("Highest"),
        "estimatedPart": _("of which estimated"),
        **{state.lower(): str(caption) for state, caption in captions.SLOT_STATES.items()},
    }


def _summary(usage: metering_queries.Usage, marks: Sequence[Mark]) -> str:
    """What the picture says, for who cannot see it."""
    parts = [_("%(count)s bars") % {"count": len(usage.slots)}]
    if usage.missing:
        parts.append(_("%(count)s intervals missing") % {"count": usage.missing})
    if usage.known_estimated:
        parts.append(_("%(count)s intervals estimated") % {"count": usage.known_estimated})
    return ". ".join([*parts, *(each.label for each in marks)]) + "."


def _change_text(usage: metering_queries.Usage) -> str:
    change = usage.comparison.change if usage.comparison else None
    if change is None:
        return ""
    sign = "+" if change > 0 else ""
    return f"{sign}{tags.number(change, 1)}{tags.NO_BREAK}%"


def _gap_note(usage: metering_queries.Usage) -> str:
    if not usage.missing:
        return ""
    minutes = usage.missing * usage.step
    hours, rest = divmod(minutes, 60)
    length = " ".join(part for part in (f"{hours}\u00a0h" if hours else "", f"{rest}\u00a0min" if rest else "") if part)
    return _(
        "%(length)s are missing. What the register counted meanwhile joins the intervals as soon as a reading after the"
        " gap arrives."
    ) % {"length": length}


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
