"""The bars of a usage as a table: what the page shows is what the files hold, cell by cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.translation import gettext as _

from meterbook.kernel import rounding
from meterbook.kernel.period import Period
from meterbook.metering import queries as metering_queries
from meterbook.metering import values as metering_values
from meterbook.web.meters import captions, periods, prices, shown

FEWEST = 2  # a column does not change its shape when the next value comes
Grain = metering_queries.Grain
SlotState = metering_queries.SlotState


@dataclass(frozen=True)
class Column:
    """One column of numbers with its unit; `is_side` marks what is compared with."""

    key: str
    caption: str
    unit: str
    decimals: int
    is_side: bool = False


@dataclass(frozen=True)
class Row:
    """One bar: its time in words, its state, and a number or None (an empty cell) for each column."""

    start: datetime
    end: datetime
    label: str
    href: str
    state: str
    is_estimated: bool
    numbers: tuple[Decimal | None, ...]


@dataclass(frozen=True)
class Sheet:
    """The table. `totals` has a number for the columns that can be summed."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    totals: tuple[Decimal | None, ...]


def build(found: shown.Shown, *, zone: ZoneInfo) -> Sheet:
    """This will lay out the bars of what is shown: usage, what of it is estimated or entered, demand, comparison."""
    usage, series = found.usage, found.series
    assert usage is not None  # noqa: S101 - the caller shows a usage
    assert series is not None  # noqa: S101
    decimals = decimals_of(usage, found.prices)
    is_counter = series.kind is metering_values.SeriesKind.CUMULATIVE
    listed = [(Column("usage", _("Usage"), usage.unit, decimals), _own(usage, [each.value for each in usage.slots]))]
    if is_counter:
        listed += _parts(usage, decimals)
        listed += _by_price(found, decimals)
    if not found.is_days_only:
        rates = _rates(usage, is_counter=is_counter)
        caption = _("Highest mean of %(step)s min") % {"step": usage.step}
        listed.append((Column("demand", caption, rate_unit(series), max(_places(rates), decimals)), rates))
    if usage.comparison and found.bar.before:
        other = [None if each is None else usage.comparison.number(each) for each in usage.comparison.values]
        title = periods.capital(found.bar.before)
        listed.append((Column("before", title, usage.unit, max(_places(other), decimals), is_side=True), other))
    return Sheet(
        columns=tuple(column for column, _numbers in listed),
        rows=tuple(_rows(found, usage, zone, [numbers for _column, numbers in listed])),
        totals=tuple(_total(column, numbers, is_counter=is_counter) for column, numbers in listed),
    )


def decimals_of(usage: metering_queries.Usage, split: prices.PriceSplit | None = None) -> int:
    """This will return the fewest decimals, two at least, that write every figure exactly: 2 for 0.01 kWh."""
    numbers = [usage.total, usage.estimated, usage.edited]
    for slot in usage.slots:
        numbers += [slot.value or 0, slot.estimated, slot.edited]
    for parts in split.parts if split else ():
        numbers += parts
    for decimals in range(min(FEWEST, usage.decimals), usage.decimals):
        if all(each % 10 ** (usage.decimals - decimals) == 0 for each in numbers):
            return decimals
    return usage.decimals


def rate_unit(series: metering_queries.SeriesRow) -> str:
    """This will return the unit of the demand: what the series' unit is per hour."""
    if series.kind is not metering_values.SeriesKind.CUMULATIVE:
        return series.unit.symbol
    return captions.RATES.get(series.unit, f"{series.unit.symbol}/h")


def label(slot: metering_queries.Slot, grain: metering_queries.Grain, zone: ZoneInfo, *, has_day: bool = False) -> str:
    """This will write the time of a bar: hours with the zone's name where they come twice, days, months."""
    there = slot.start.astimezone(zone)
    day = formats.date_format(there.date(), "SHORT_DATE_FORMAT")
    if grain in (Grain.STEP, Grain.HOUR):
        closing = there.replace(tzinfo=None) + (slot.end - slot.start)
        span = f"{there:%H:%M}\u2013{closing:%H:%M}"
        # The hour that comes twice in autumn is told apart by the name of its time.
        is_twice = there.replace(fold=0).utcoffset() != there.replace(fold=1).utcoffset()
        span = f"{span} {there.tzname()}" if is_twice else span
        return f"{day}, {span}" if has_day else span
    if grain is Grain.MONTH:
        return formats.date_format(there.date(), "F Y").capitalize()
    return f"{formats.date_format(there.date(), 'D').capitalize()} {day}"


def _rows(
    found: shown.Shown, usage: metering_queries.Usage, zone: ZoneInfo, columns: Sequence[Sequence[Decimal | None]]
) -> list[Row]:
    grain = usage.span.grain
    has_day = usage.view is metering_queries.View.RANGE and grain is Grain.HOUR
    return [
        Row(
            start=slot.start,
            end=slot.end,
            label=label(slot, grain, zone, has_day=has_day),
            href=inside(found, slot, zone),
            state=str(captions.SLOT_STATES[slot.state]),
            is_estimated=slot.estimated > 0,
            numbers=tuple(numbers[place] for numbers in columns),
        )
        for place, slot in enumerate(usage.slots)
    ]


def inside(found: shown.Shown, slot: metering_queries.Slot, zone: ZoneInfo) -> str:
    """This will return where a bar leads: a month to its days, a day to its hours, an hour to its intervals."""
    usage = found.usage
    if usage is None or slot.value is None or usage.span.grain is Grain.STEP:
        return ""
    if usage.span.grain is Grain.HOUR:
        return found.asked.href(free=Period(slot.start, slot.end))
    view = metering_queries.View.MONTH if usage.span.grain is Grain.MONTH else metering_queries.View.DAY
    return found.asked.href(view=view, day=slot.start.astimezone(zone).date())


def _own(usage: metering_queries.Usage, numbers: Sequence[int | None]) -> list[Decimal | None]:
    return [None if each is None else usage.number(each) for each in numbers]


def _parts(usage: metering_queries.Usage, decimals: int) -> list[tuple[Column, list[Decimal | None]]]:
    """What of the usage is not measured, where there is such; a bar without a number has none here either."""
    found = []
    if usage.known_estimated:
        estimated = [None if each.value is None else each.estimated for each in usage.slots]
        found.append((Column("estimated", _hatched(usage), usage.unit, decimals), _own(usage, estimated)))
    if usage.edited:
        edited = [None if each.value is None else each.edited for each in usage.slots]
        found.append((Column("edited", _("of which entered"), usage.unit, decimals), _own(usage, edited)))
    return found


def _by_price(found: shown.Shown, decimals: int) -> list[tuple[Column, list[Decimal | None]]]:
    split, usage = found.prices, found.usage
    if split is None or usage is None:
        return []
    return [
        (
            Column(f"price{place}", name, usage.unit, decimals),
            _own(
                usage,
                [
                    None if slot.value is None else parts[place]
                    for slot, parts in zip(usage.slots, split.parts, strict=True)
                ],
            ),
        )
        for place, name in enumerate(split.names)
    ]


def _rates(usage: metering_queries.Usage, *, is_counter: bool) -> list[Decimal | None]:
    """The highest interval of each bar as a rate: energy of 15 minutes x 4."""
    an_hour = 60 // usage.step if is_counter else 1
    return [None if each.highest is None else usage.number(each.highest * an_hour) for each in usage.slots]


def _places(numbers: Sequence[Decimal | None]) -> int:
    """As many decimals as the numbers need: trailing zeros say nothing."""
    exponents = [each.normalize(rounding.EXACT).as_tuple().exponent for each in numbers if each is not None]
    return max((-each for each in exponents if isinstance(each, int) and each < 0), default=0)


def _total(column: Column, numbers: Sequence[Decimal | None], *, is_counter: bool) -> Decimal | None:
    known = [each for each in numbers if each is not None]
    if column.key == "demand" or not is_counter or not known:
        return None
    return sum(known, Decimal(0))


def _hatched(usage: metering_queries.Usage) -> str:
    if usage.known_apportioned == usage.known_estimated:
        return _("of which apportioned by time")
    return _("of which estimated") if not usage.known_apportioned else _("of which estimated or apportioned")
