"""Usage as a file of intervals, turned into pieces that rating takes. Errors name the line."""

from __future__ import annotations

import csv
import io
import itertools
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import numpy as np

from meterbook.kernel import allocation
from meterbook.kernel.period import Period
from meterbook.kernel.quality import UNBILLABLE, Quality
from meterbook.kernel.quantity import Unit
from meterbook.kernel.series import UsageSeries
from meterbook.tariffs.rating import usage
from meterbook.tariffs.rating.plan import Scale
from meterbook.tariffs.rating.problems import UsageMisfit
from meterbook.tariffs.rating.terms import OF_METER, Channel

STEPS = tuple(timedelta(minutes=minutes) for minutes in range(1, 61) if 60 % minutes == 0)
DELIMITERS = ",;\t"
_EXPORT = "_export"


@dataclass(frozen=True)
class Row:
    """One line of a usage file: where it stands, the start of its interval, its value and quality."""

    line: int
    start: datetime
    value: int
    quality: Quality


@dataclass(frozen=True)
class Intervals:
    """A usage file for a billing period, without gap: pieces of equal intervals, in order.

    `shared` counts the intervals that lie over the start or the end of the period; only their part inside is in the
    pieces, by time (B-15): an hour of a meter that keeps UTC, in a place that is half an hour off.
    """

    pieces: tuple[UsageSeries, ...]
    scale: Scale
    step: timedelta
    shared: int


@dataclass(frozen=True)
class _Columns:
    """The place of each column in a row; `quality` may be absent."""

    start: int
    value: int
    quality: int | None
    unit: Unit


def from_csv(text: str, *, zone: ZoneInfo, period: Period, unit: Unit) -> Intervals:
    """This will read intervals from CSV with the columns `start` and one named like a unit, such as `kwh`.

    `start` is ISO 8601, with an offset, or by the zone's wall clock; the repeated hour of autumn is told apart by its
    order. A column `quality` holds names or codes of `kernel.quality`. Other columns, and rows outside the period, are
    left out. Columns are separated by comma, semicolon or tab; with the latter two a decimal comma is read.

    :param unit: the tariff's; the column must measure the same
    :raises UsageMisfit: naming the line that cannot be read, or the first interval that is missing
    """
    cells = _cells(text)
    return _read(cells, _columns(next(cells, (1, []))[1], unit), text, zone, period)


def channels_from_csv(
    text: str, wanted: Collection[Channel], *, zone: ZoneInfo, period: Period, unit: Unit
) -> dict[Channel, Intervals]:
    """This will read further columns of the same file: `kvarh`, `kvah`, `kwh_export`, `kvarh_export`, `kwh_t1`,
    `m3`, or other units.

    :param unit: the tariff's; what is exported must measure the same
    :raises UsageMisfit: as `from_csv`
    """
    found = {}
    for channel, (measure, suffix) in _channels(unit).items():
        if channel not in wanted:
            continue
        cells = _cells(text)
        header = next(cells, (1, []))[1]
        names = [name.strip().lower() for name in header]
        own = [name.removesuffix(suffix) if name.endswith(suffix) else "" for name in names]
        if any(name in usage.UNITS and usage.UNITS[name].dimension is measure.dimension for name in own):
            columns = _columns(["start" if name == "start" else own[n] for n, name in enumerate(names)], measure)
            quality = names.index("quality") if "quality" in names else None
            found[channel] = _read(cells, replace(columns, quality=quality), text, zone, period)
    return found


def _channels(unit: Unit) -> dict[Channel, tuple[Unit, str]]:
    """The unit that a channel's column is named like, and what stands after it."""
    return {
        Channel.REACTIVE_IMPORT: (Unit.KVARH, ""),
        Channel.REACTIVE_EXPORT: (Unit.KVARH, _EXPORT),
        Channel.EXPORT: (unit, _EXPORT),
        Channel.APPARENT: (Unit.KVAH, ""),
        Channel.VOLUME: (Unit.M3, ""),
        **{each: (unit, f"_{each.value.removeprefix('IMPORT_').lower()}") for each in OF_METER},
    }


def _read(
    cells: Iterator[tuple[int, list[str]]], columns: _Columns, text: str, zone: ZoneInfo, period: Period
) -> Intervals:
    rows = list(_rows(cells, columns, zone, has_decimal_comma=_delimiter(text) != ","))
    step = _step(rows)
    rows = [row for row in rows if row.start + step > period.start and row.start < period.end]
    if not rows:
        first, end = _said(period.start, zone), _said(period.end, zone)
        raise UsageMisfit(f"The file has no interval between {first} and {end}.")
    _check_cover(rows, step, period, zone)
    return _intervals(rows, step, period, columns.unit)


def _delimiter(text: str) -> str:
    header = text.lstrip("\ufeff").split("\n", 1)[0]
    return max(DELIMITERS, key=header.count)


def _columns(header: Sequence[str], unit: Unit) -> _Columns:
    names = [name.strip().lower() for name in header]
    if names.count("start") != 1:
        there = "two columns" if "start" in names else "no column"
        raise UsageMisfit(f"Line 1: there is {there} “start”; the first line names the columns: start,kwh.")
    units = [(place, usage.UNITS[name]) for place, name in enumerate(names) if name in usage.UNITS]
    found = [(place, each) for place, each in units if each.dimension is unit.dimension]
    if len(found) != 1:
        there = ", ".join(header[place].strip() for place, _unit in found or units) or "none"
        raise UsageMisfit(
            f"Line 1: the tariff is for {unit.symbol}; exactly one column must be named like a unit that converts"
            f" to it. There is: {there}."
        )
    quality = names.index("quality") if "quality" in names else None
    return _Columns(names.index("start"), found[0][0], quality, found[0][1])


def _cells(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not empty, with the line on which it begins: cells in quotation marks may hold line breaks."""
    reader = csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""), delimiter=_delimiter(text), strict=True)
    begins = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield begins, cells
            begins = reader.line_num + 1
    except csv.Error as error:
        raise UsageMisfit(f"Line {begins}: this is not CSV ({error}).") from None


def _rows(
    lines: Iterator[tuple[int, list[str]]], columns: _Columns, zone: ZoneInfo, *, has_decimal_comma: bool
) -> Iterator[Row]:
    before: datetime | None = None
    for number, cells in lines:
        if len(cells) <= max(columns.start, columns.value, columns.quality or 0):
            raise UsageMisfit(f"Line {number}: the row has {len(cells)} cells, fewer than there are columns.")
        start = _instant(number, cells[columns.start], zone, before)
        if before is not None and start <= before:
            raise UsageMisfit(f"Line {number}: {cells[columns.start]} does not come after the line before.")
        before = start
        text = cells[columns.value]
        value = usage.number(f"Line {number}", text.replace(",", ".", 1) if has_decimal_comma else text)
        quality = "" if columns.quality is None else cells[columns.quality]
        yield Row(number, start, value, _quality(number, quality))


def _quality(number: int, text: str) -> Quality:
    name = text.strip().upper() or Quality.VALID.name
    found = next((each for each in Quality if name in (each.name, str(each.value))), None)
    if found is None:
        known = ", ".join(each.name for each in Quality if each not in UNBILLABLE)
        raise UsageMisfit(f"Line {number}: “{text[: usage.SHOWN]}” is not a quality; take one of {known}, or nothing.")
    if found in UNBILLABLE:
        raise UsageMisfit(f"Line {number}: the interval is {found.name}; give a value that can be billed.")
    return found


def _instant(number: int, text: str, zone: ZoneInfo, before: datetime | None) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
        first = moment.astimezone(UTC) if moment.tzinfo is not None else _wall(moment, zone, 0)
        second = first if moment.tzinfo is not None else _wall(moment, zone, 1)
    except (ValueError, OverflowError):
        raise UsageMisfit(f"Line {number}: “{text[: usage.SHOWN]}” is not a time such as 2026-03-08T00:15.") from None
    if moment.tzinfo is None and first.astimezone(zone).replace(tzinfo=None) != moment:
        raise UsageMisfit(f"Line {number}: {text} does not exist in {zone}: the clock jumps over it.")
    return second if before is not None and first <= before else first


def _wall(moment: datetime, zone: tzinfo, fold: int) -> datetime:
    return moment.replace(tzinfo=zone, fold=fold).astimezone(UTC)


def _step(rows: Sequence[Row]) -> timedelta:
    """The distance that most rows have: a gap is then named as a gap."""
    apart = Counter(after.start - before.start for before, after in itertools.pairwise(rows))
    step = min(apart, key=lambda each: (-apart[each], each), default=timedelta(minutes=15))
    if step not in STEPS:
        minutes = ", ".join(str(each // timedelta(minutes=1)) for each in STEPS)
        raise UsageMisfit(f"The intervals are {step} long; {minutes} minutes can be rated.")
    return step


def _check_cover(rows: Sequence[Row], step: timedelta, period: Period, zone: ZoneInfo) -> None:
    expected = rows[0].start if rows[0].start <= period.start else period.start
    for row in rows:
        if row.start != expected:
            words = "is missing before this line" if row.start > expected else "overlaps the one of this line"
            raise UsageMisfit(f"Line {row.line}: the interval of {_said(expected, zone)} {words}.")
        expected += step
    if expected < period.end:
        raise UsageMisfit(f"The interval of {_said(expected, zone)} is missing at the end of the file.")


def _intervals(rows: Sequence[Row], step: timedelta, period: Period, unit: Unit) -> Intervals:
    """The rows as series; the first and the final one are cut where they lie over an end of the period."""
    over = [row for row in rows if row.start < period.start or row.start + step > period.end]
    inside = [row for row in rows if row not in over]
    pieces = [_part(row, step, period) for row in over]
    if inside:
        pieces.append(_series(inside[0].start, step, inside))
    return Intervals(tuple(sorted(pieces, key=lambda each: each.start)), Scale(unit, usage.DECIMALS), step, len(over))


def _part(row: Row, step: timedelta, period: Period) -> UsageSeries:
    start, end = max(row.start, period.start), min(row.start + step, period.end)
    whole, kept = step // timedelta.resolution, (end - start) // timedelta.resolution
    value = allocation.allocate(row.value, {"in": kept, "out": whole - kept})["in"]
    return _series(start, end - start, [Row(row.line, start, value, row.quality)])


def _series(start: datetime, step: timedelta, rows: Sequence[Row]) -> UsageSeries:
    values = np.array([row.value for row in rows], np.int64)
    return UsageSeries(start, step, values, np.array([row.quality for row in rows], np.uint8))


def _said(instant: datetime, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).isoformat(timespec="minutes")
