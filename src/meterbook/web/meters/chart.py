"""The usage of a period as the page shows it: figures, the chart's data and its table, all from the same integers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from meterbook.metering import queries as metering_queries
from meterbook.metering import values as metering_values
from meterbook.web.meters import captions, periods, sheet, shown
from meterbook.web.meters.marks import Mark
from meterbook.web.templatetags import meterbook as tags

Grain = metering_queries.Grain
View = metering_queries.View


@dataclass(frozen=True)
class TableRow:
    """One bar in words; a cell for each column of the sheet."""

    label: str
    href: str
    state: str
    is_estimated: bool
    cells: tuple[str, ...]


@dataclass(frozen=True)
class PricePart:
    """A price period in the legend: `index` chooses its color."""

    index: int
    name: str
    total: str


@dataclass(frozen=True)
class UsageView:
    """Everything that the usage panel shows. Numbers are written; `digest` changes when anything of it does."""

    usage: metering_queries.Usage
    bar: periods.PeriodBar
    unit: str
    decimals: int
    bars_caption: str
    columns: tuple[sheet.Column, ...]
    table: tuple[TableRow, ...]
    totals: tuple[str, ...]
    marks: tuple[Mark, ...]
    prices: tuple[PricePart, ...]
    has_prices: bool
    total_text: str
    measured_text: str
    estimated_text: str
    estimated_caption: str
    edited_text: str
    before_text: str
    change_text: str
    summary: str
    gap_note: str
    data: dict[str, Any]

    @property
    def shape(self) -> str:
        """What tells whether the panel on a page can follow this one part by part."""
        return f"{self.usage.view} {self.usage.is_empty} {self.data['isDaysOnly']}"

    @property
    def digest(self) -> str:
        """This will return a digest of what is shown; the present instant, which moves on by itself, is left out."""
        figures = {key: value for key, value in self.data.items() if key != "now"}
        words = [self.total_text, self.measured_text, self.estimated_text, self.gap_note, self.change_text]
        told = json.dumps([figures, words, [each.cells for each in self.table]], sort_keys=True)
        return hashlib.blake2b(told.encode(), digest_size=12).hexdigest()


def build(*, found: shown.Shown, zone: ZoneInfo, at: datetime, marks: Sequence[Mark], service: str) -> UsageView | None:
    """This will lay out a usage for the page; None where the point has no series."""
    usage, series, bar = found.usage, found.series, found.bar
    if usage is None or series is None:
        return None
    decimals = sheet.decimals_of(usage, found.prices)
    laid = sheet.build(found, zone=zone)
    table = tuple(_row(row, laid.columns) for row in laid.rows)
    comparison = usage.comparison if bar.before else None
    return UsageView(
        usage=usage,
        bar=bar,
        unit=usage.unit,
        decimals=decimals,
        bars_caption=str(captions.BARS[usage.span.grain]),
        columns=laid.columns,
        table=table,
        totals=tuple(
            "" if total is None else tags.number(total, column.decimals)
            for total, column in zip(laid.totals, laid.columns, strict=True)
        ),
        marks=tuple(marks),
        prices=_prices(found, decimals),
        has_prices=found.has_prices,
        total_text=written(usage, usage.total, decimals),
        measured_text=written(usage, usage.measured, decimals),
        estimated_text=written(usage, usage.estimated, decimals),
        estimated_caption=unmeasured_words(usage),
        edited_text=written(usage, usage.edited, decimals),
        before_text=_before_text(usage, comparison, decimals),
        change_text=_change_text(comparison),
        summary=_summary(usage, marks),
        gap_note=_gap_note(usage),
        data=_data(found, usage, series, zone, at, service, laid)
        | {"marks": [{"at": _ms(each.at), "label": each.label, "short": each.short} for each in marks]},
    )


def _row(row: sheet.Row, columns: Sequence[sheet.Column]) -> TableRow:
    cells = tuple(tags.number(number, column.decimals) for number, column in zip(row.numbers, columns, strict=True))
    return TableRow(row.label, row.href, row.state, row.is_estimated, cells)


def _prices(found: shown.Shown, decimals: int) -> tuple[PricePart, ...]:
    split, usage = found.prices, found.usage
    if split is None or usage is None:
        return ()
    return tuple(
        PricePart(place, name, written(usage, total, decimals))
        for place, (name, total) in enumerate(zip(split.names, split.totals, strict=True))
    )


def _data(
    found: shown.Shown,
    usage: metering_queries.Usage,
    series: metering_queries.SeriesRow,
    zone: ZoneInfo,
    at: datetime,
    service: str,
    laid: sheet.Sheet,
) -> dict[str, Any]:
    split = found.prices
    return {
        "view": usage.view.lower(),
        "grain": usage.span.grain.lower(),
        "isFine": usage.span.is_fine,
        "isDaysOnly": found.is_days_only,
        "unit": usage.unit,
        "rateUnit": sheet.rate_unit(series),
        "decimals": sheet.decimals_of(usage, split),
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
                row.label,
                _text(usage, slot.edited or None),
                row.href,
            ]
            for slot, row in zip(usage.slots, laid.rows, strict=True)
        ],
        "before": _column(laid, "before"),
        "prices": list(split.names) if split else [],
        "parts": [[_text(usage, each) for each in parts] for parts in split.parts] if split else [],
        "curve": [
            [_ms(each.start), _ms(each.end), _text(usage, each.rate), _text(usage, each.ledger), each.state.lower()]
            for each in usage.curve
        ],
        "peak": _peak(usage, zone),
        "ticks": _ticks(usage, zone),
        "texts": _texts(series, found.bar, usage),
    }


def _column(laid: sheet.Sheet, key: str) -> list[str | None]:
    """A column of the table, so that the chart cannot differ from it; empty when there is none."""
    for place, column in enumerate(laid.columns):
        if column.key == key:
            return [None if row.numbers[place] is None else str(row.numbers[place]) for row in laid.rows]
    return []


def _text(usage: metering_queries.Usage, value: int | None) -> str | None:
    return None if value is None else str(usage.number(value))


def _peak(usage: metering_queries.Usage, zone: ZoneInfo) -> dict[str, Any] | None:
    peak, at = usage.peak, usage.peak_at
    if peak is None or at is None:
        return None
    return {
        "at": _ms(peak.start),
        "end": _ms(peak.end),
        "value": _text(usage, peak.rate),
        "time": moment(at, usage.view, zone),
    }


def moment(at: datetime, view: View, zone: ZoneInfo) -> str:
    """This will write an instant as the period needs it: the time in a day, with the day in a longer period."""
    there = at.astimezone(zone)
    time = f"{there:%H:%M}"
    if view is View.DAY:
        return time
    return f"{formats.date_format(there.date(), 'SHORT_DATE_FORMAT')}, {time}"


def written(usage: metering_queries.Usage, value: int | None, decimals: int) -> str:
    """This will write an integer of the series' scale with the language's separators; a dash for nothing."""
    return tags.number(None if value is None else usage.number(value), decimals)


def _ticks(usage: metering_queries.Usage, zone: ZoneInfo) -> list[list[Any]]:
    """Where the time axis has a label, and which: times of a day by the local clock, else each bar."""
    grain, found = usage.span.grain, []
    for slot in usage.slots:
        there = slot.start.astimezone(zone)
        if grain is Grain.STEP:
            text = f"{there:%H:%M}"
        elif grain is Grain.HOUR:
            text = f"{there:%H:%M}" if there.minute == 0 else ""
        elif grain is Grain.MONTH:
            text = formats.date_format(there.date(), "M").capitalize()
        elif usage.view is View.WEEK:
            text = f"{formats.date_format(there.date(), 'D').capitalize()} {there.day}"
        else:
            text = str(there.day)
        found.append([_ms(slot.start), text])
    if grain in (Grain.STEP, Grain.HOUR):
        end = usage.period.end.astimezone(zone)
        found.append([_ms(usage.period.end), f"{end:%H:%M}" if end.hour or end.minute else "24:00"])
    return found


def _texts(series: metering_queries.SeriesRow, bar: periods.PeriodBar, usage: metering_queries.Usage) -> dict[str, str]:
    rate, unit = sheet.rate_unit(series), series.unit.symbol
    per = {
        Grain.STEP: _("%(step)s min") % {"step": usage.step},
        Grain.HOUR: pgettext("kWh per", "hour"),
        Grain.DAY: pgettext("kWh per", "day"),
        Grain.MONTH: pgettext("kWh per", "month"),
    }[usage.span.grain]
    return {
        "ledger": _("Counter since the start, %(unit)s") % {"unit": unit},
        "bars": _("Usage, %(unit)s per %(per)s") % {"unit": unit, "per": per},
        "curve": (
            _("Mean of %(step)s min, %(unit)s") if usage.span.is_fine else _("Highest mean of %(step)s min, %(unit)s")
        )
        % {"step": series.step, "unit": rate},
        "usage": _("Usage"),
        "ledgerShort": _("Counter"),
        "rateShort": _("Demand") if rate in ("W", "kW", "MW") else _("Rate"),
        "before": periods.capital(bar.before),
        "noData": _("No data"),
        "noMeter": _("No meter"),
        "peak": _("Highest"),
        "estimatedPart": unmeasured_words(usage),
        "editedPart": _("of which entered"),
        **{state.lower(): str(caption) for state, caption in captions.SLOT_STATES.items()},
    }


def unmeasured_words(usage: metering_queries.Usage) -> str:
    """This will say what the hatched part is: estimated, or measured between readings and apportioned by time."""
    apportioned = usage.known_apportioned
    return captions.unmeasured(estimated=usage.known_estimated - apportioned, apportioned=apportioned)


def _summary(usage: metering_queries.Usage, marks: Sequence[Mark]) -> str:
    """What the picture says, for who cannot see it."""
    parts = [_("%(count)s bars") % {"count": len(usage.slots)}]
    if usage.missing:
        parts.append(_("%(count)s intervals missing") % {"count": usage.missing})
    estimated = usage.known_estimated - usage.known_apportioned
    if estimated:
        parts.append(_("%(count)s intervals estimated") % {"count": estimated})
    if usage.known_apportioned:
        parts.append(_("%(count)s intervals apportioned by time") % {"count": usage.known_apportioned})
    return ". ".join([*parts, *(each.label for each in marks)]) + "."


def _before_text(usage: metering_queries.Usage, comparison: metering_queries.Comparison | None, decimals: int) -> str:
    """The sums that the change is of, in words: what both have, no more."""
    if comparison is None or comparison.change is None:
        return ""
    bars = ngettext("%(count)s bar", "%(count)s bars", comparison.common) % {"count": comparison.common}
    return _("%(here)s against %(there)s %(unit)s, over what both have (%(bars)s)") % {
        "here": written(usage, comparison.here, decimals),
        "there": tags.number(comparison.number(comparison.there), max(decimals, _places(comparison))),
        "unit": usage.unit,
        "bars": bars,
    }


def _places(comparison: metering_queries.Comparison) -> int:
    exponent = comparison.number(comparison.there).normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _change_text(comparison: metering_queries.Comparison | None) -> str:
    change: Decimal | None = comparison.change if comparison else None
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
