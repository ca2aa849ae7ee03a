"""What the mall's meters have counted so far: day blocks of eleven months, register readings of the latest two.

Old months come as the product would have derived them: blocks and month rows, and a reading of each counter at every
UTC midnight, from which the blocks of a day sum, and at every local month's beginning, for the bills. The meter of the
tenant who can sign in has readings of every quarter of an hour in all billed months: when its multiplier is put right,
the days that are derived again keep their shape, and each price its hours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from meterbook.acquisition.library import documents
from meterbook.foundation import bulk
from meterbook.kernel import civil, quantity
from meterbook.kernel.quantity import Unit
from meterbook.metering import blocks
from meterbook.metering import operations as metering_operations
from meterbook.metering.values import Source
from meterbook_lab import demo_people
from meterbook_lab.harbor import bills, loads, meters, shapes
from meterbook_lab.harbor.calendar import Calendar
from meterbook_lab.harbor.meters import Hanging
from meterbook_lab.harbor.shapes import EPOCH_DAY, QUARTERS_A_DAY, Integers

BLOCKS = (
    "COPY metering_seriesday (organization_id, series_id, day, revision, step, values, quality, digest)"
    " FROM STDIN (FORMAT BINARY)"
)
READINGS = (
    "COPY metering_reading (organization_id, series_id, at, value, quality, source, received_at)"
    " FROM STDIN (FORMAT BINARY)"
)
MONTHS = "COPY metering_seriesmonth (organization_id, series_id, month, days) FROM STDIN (FORMAT BINARY)"
STEP = 15  # minutes
DAY = timedelta(days=1)
POWER_STEP, POWER_A_QUARTER = timedelta(minutes=5), 3
TREMBLE = 35  # thousandths
CLOSELY_READ = "MP-123"  # of the account that a tenant signs in for (tenants.SIGNS_IN)
METERS_AT_ONCE = 32  # in a batch of readings
CURVES = timedelta(days=3)  # how far back the curves of power go
Series = Mapping[tuple[str, str], int]  # series ids by the codes of meter point and series


@dataclass(frozen=True)
class Row:
    """A meter with the series that its counter feeds, and what is used there since the history began, (days, 96)."""

    meter: Hanging
    series_id: int
    used: Integers

    def shown(self, slots: Integers, begin: int, calendar: Calendar) -> Integers:
        """This will return what the counter shows at the start of some quarters of an hour, as it is stored.

        :param slots: none before the meter came
        :param begin: the quarter with which `used` begins
        """
        sums: Integers = np.concatenate([[0], np.cumsum(self.used.reshape(-1))])
        since = max(loads.slot_of(self.meter.since), begin)
        counts: Integers = (sums[slots - begin] - sums[since - begin]) // self.meter.step + self.meter.opening
        reset = meters.oddity(self.meter.point, calendar).reset
        if reset is None:
            return counts
        anew: Integers = (sums[slots - begin] - sums[reset - begin]) // self.meter.step
        return np.where(slots >= reset, anew, counts)


def rows(calendar: Calendar, series: Series, at: datetime) -> list[Row]:
    """This will work out what every meter has counted up to an instant."""
    first = _day_number(calendar.begins_at.date())
    count = _day_number(at.date()) + 1 - first
    used = {}
    found = []
    for meter in meters.hanging(calendar):
        point = meter.point
        if point.code not in used:
            used[point.code] = point.load.days(first, count)
        found.append(Row(meter, series[point.code, point.counter], used[point.code]))
    return found


def drop_marks(organization_id: int) -> None:
    """This will forget which days installing the meters marked: their blocks come ready-made. Outside a scope."""
    with bulk.transact() as connection:
        connection.execute("DELETE FROM metering_dirtydays WHERE organization_id = %s", [organization_id])


def store_blocks(organization_id: int, calendar: Calendar, found: list[Row]) -> None:
    """This will store the old months of all meters. Outside a scope; nothing is marked to be derived."""
    old = [each for each in found if each.meter.since == calendar.begins_at]
    first, until = calendar.begins_at.date(), calendar.read_from.date()
    _make_partitions(first, until)
    with bulk.transact() as connection:
        with connection.cursor() as cursor, cursor.copy(BLOCKS) as copy:
            copy.set_types(["int4", "int8", "date", "int2", "int2", "bytea", "bytea", "bytea"])
            for row in old:
                for offset, block in enumerate(_encoded(row, (until - first).days)):
                    key = (organization_id, row.series_id, first + offset * DAY, 0)
                    copy.write_row((*key, STEP, block.values, None, block.digest))
        _copy_months(connection, organization_id, old, first, until)
        _copy_readings(connection, organization_id, calendar, old)


def record(organization_id: int, calendar: Calendar, found: list[Row], series: Series, at: datetime) -> None:
    """This will store the register readings of the latest months as a collector does, and curves of power.

    Outside a scope; the days are marked to be derived.
    """
    for start in range(0, len(found), METERS_AT_ONCE):
        batches = [
            batch
            for row in found[start : start + METERS_AT_ONCE]
            for batch in (_counter(row, calendar, at), _power(row, series, calendar, at))
        ]
        metering_operations.record_readings(
            organization_id=organization_id, actor=demo_people.ACTOR, at=at, batch=_joined(batches)
        )


def _counter(row: Row, calendar: Calendar, at: datetime) -> metering_operations.ReadingBatch:
    begin = _first_slot(calendar)
    start = max(loads.slot_of(calendar.read_from), loads.slot_of(row.meter.since))
    # The reading at the very beginning is among those of the old months, the one at an exchange the new meter's first.
    start += start == loads.slot_of(calendar.read_from)
    end = loads.slot_of(at) + 1 if row.meter.until is None else loads.slot_of(row.meter.until)
    slots = np.arange(start, end, dtype=np.int64)
    values = row.shown(slots, begin, calendar)
    odd = meters.oddity(row.meter.point, calendar)
    if odd.zero is not None:
        values = np.where(slots == odd.zero, 0, values)
    if odd.silent is not None:
        is_read = (slots < odd.silent[0]) | (slots >= odd.silent[1])
        slots, values = slots[is_read], values[is_read]
    if odd.gone is not None:
        slots, values = slots[slots < odd.gone], values[slots < odd.gone]
    return _batch(row.series_id, slots * (STEP * blocks.MINUTE), values)


def _power(row: Row, series: Series, calendar: Calendar, at: datetime) -> metering_operations.ReadingBatch:
    """Each five minutes: the quarter's mean, which trembles a little."""
    series_id = series.get((row.meter.point.code, "power"))
    is_gone = meters.oddity(row.meter.point, calendar).gone is not None
    if series_id is None or row.meter.until is not None or is_gone:
        return _batch(0, np.zeros(0, np.int64), np.zeros(0, np.int64))
    register = documents.load(row.meter.point.model).register("power")
    step = POWER_STEP // timedelta(microseconds=1)
    start = (at - CURVES).replace(hour=0, minute=0, second=0, microsecond=0)
    fives = np.arange((start - loads.EPOCH) // POWER_STEP, (at - loads.EPOCH) // POWER_STEP + 1, dtype=np.int64)
    quarters = row.used.reshape(-1)[fives // POWER_A_QUARTER - _first_slot(calendar)]
    watts = quarters * 4 * loads.spread(row.series_id, fives, TREMBLE) // 1_000
    scale = quantity.factor(Unit.W, register.unit) * 10**register.decimals
    return _batch(series_id, fives * step, watts * scale.numerator // scale.denominator)


def _encoded(row: Row, days: int) -> Iterator[blocks.Block]:
    codes = np.zeros(QUARTERS_A_DAY, np.uint8)
    return (blocks.encode(row.used[offset], codes, STEP) for offset in range(days))


def _copy_months(connection: Any, organization_id: int, old: list[Row], first: date, until: date) -> None:  # noqa: ANN401 - psycopg
    days = [first + offset * DAY for offset in range((until - first).days)]
    months = sorted({day.replace(day=1) for day in days})
    with connection.cursor() as cursor, cursor.copy(MONTHS) as copy:
        copy.set_types(["int4", "int8", "date", "bytea"])
        for month in months:
            inside = [place for place, day in enumerate(days) if day.replace(day=1) == month]
            numbers = np.array([_day_number(days[place]) for place in inside], np.int64)
            codes = np.zeros((len(inside), QUARTERS_A_DAY), np.uint8)
            for row in old:
                figures = blocks.empty_months(1)[0]
                figures[[days[place].day - 1 for place in inside]] = blocks.figures(row.used[inside], codes, numbers)
                copy.write_row((organization_id, row.series_id, month, blocks.encode_month(figures)))


def _copy_readings(connection: Any, organization_id: int, calendar: Calendar, old: list[Row]) -> None:  # noqa: ANN401 - psycopg
    begin = _first_slot(calendar)
    midnights = set(range(begin, loads.slot_of(calendar.read_from) + 1, QUARTERS_A_DAY))
    local = {loads.slot_of(civil.start_of_day(day, shapes.ZONE)) for day in calendar.first_days[:-2]}
    usual = np.array(sorted(midnights | local), np.int64)
    billed_from = loads.slot_of(civil.start_of_day(bills.billed_months(calendar)[0], shapes.ZONE))
    close = np.union1d(usual, np.arange(billed_from, loads.slot_of(calendar.read_from), dtype=np.int64))
    with connection.cursor() as cursor, cursor.copy(READINGS) as copy:
        copy.set_types(["int4", "int8", "timestamptz", "int8", "int2", "int2", "timestamptz"])
        for row in old:
            slots = close if row.meter.point.code == CLOSELY_READ else usual
            shown = row.shown(slots, begin, calendar).tolist()
            for instant, value in zip(map(loads.instant_of, slots.tolist()), shown, strict=True):
                copy.write_row((organization_id, row.series_id, instant, value, 0, int(Source.METER), instant))


def _make_partitions(first: date, until: date) -> None:
    month = first.replace(day=1)
    while month <= until:
        for table in ("metering_seriesday", "metering_reading"):
            with bulk.transact() as connection:
                connection.execute("SELECT metering_make_partition(%s, %s)", [table, month])
        month = civil.next_month(month)


def _batch(series_id: int, at: Integers, values: Integers) -> metering_operations.ReadingBatch:
    size = len(at)
    return metering_operations.ReadingBatch(
        series_id=np.full(size, series_id, np.int64),
        at=at,
        value=values,
        quality=np.zeros(size, np.int64),
        source=np.full(size, int(Source.METER), np.int64),
        arrived=at + _answer_time(series_id),
    )


def _answer_time(series_id: int) -> int:
    """After how many microseconds a meter's turn on its bus came: up to three seconds."""
    return 300_000 + series_id * 7_919 % 2_700_000


def _joined(batches: list[metering_operations.ReadingBatch]) -> metering_operations.ReadingBatch:
    return metering_operations.ReadingBatch(
        series_id=np.concatenate([each.series_id for each in batches]),
        at=np.concatenate([each.at for each in batches]),
        value=np.concatenate([each.value for each in batches]),
        quality=np.concatenate([each.quality for each in batches]),
        source=np.concatenate([each.source for each in batches]),
        arrived=np.concatenate([each.arrived for each in batches if each.arrived is not None]),
    )


def _first_slot(calendar: Calendar) -> int:
    return loads.slot_of(calendar.begins_at)


def _day_number(day: date) -> int:
    return (day - EPOCH_DAY).days
