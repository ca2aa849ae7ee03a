"""What the register of a meter point showed at the local midnights of a month, as a bill of that month prints it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np

from meterbook.billing import content
from meterbook.billing.calculating import facts, registers
from meterbook.kernel import civil, rounding
from meterbook.kernel.period import Period
from meterbook.kernel.quality import Quality
from meterbook.kernel.quantity import Unit
from meterbook.kernel.series import UsageSeries
from meterbook.metering import queries as metering_queries
from meterbook.metering import values as metering_values

_NOT_WHOLE = (Quality.MISSING, Quality.MIXED)


@dataclass(frozen=True)
class Midnight:
    """One local midnight: where `day` begins. `value` is what the display showed, None where nobody can know it.

    `source` is that of a reading at the instant (a name of `metering.values.Source`, CORRECTION, EXCHANGE), None where
    the value was worked out. `used` is what was used since the midnight before, in `use_unit`.
    """

    day: date
    at: datetime
    value: Decimal | None
    decimals: int
    unit: Unit
    quality: Quality | None
    source: str | None
    serial_number: str
    used: Decimal | None


@dataclass(frozen=True)
class Midnights:
    """The midnights of a month, from its first to that at which it ends; none later than now."""

    rows: tuple[Midnight, ...]
    use_unit: Unit
    use_decimals: int


def midnight_registers(*, detail: metering_queries.MeterDetail, month: date, at: datetime) -> Midnights | None:
    """This will return the registers of the counted series at midnights; None where the meter point has no such series.

    A midnight is the end of a bill from the month's first day until there, so that the last one shows what the bill of
    the month prints: a reading at the instant, else what follows from the intervals since the reading before.
    """
    row = detail.find_series(metering_values.COUNTED_SERIES[detail.service])
    if row is None:
        return None
    first, until = month.replace(day=1), civil.next_month(month)
    days = [each for each in (*civil.dates(first, until), until) if civil.start_of_day(each, detail.zone) <= at]
    if not days:
        return Midnights((), row.unit, row.decimals)
    series = facts.Series(row.id, row.public_id, row.unit, row.decimals, row.step)
    instants = [civil.start_of_day(each, detail.zone) for each in days]
    hung = [(each.starts_at, each.ends_at) for each in detail.installations]
    # Of the first midnight nothing is known but a reading, or the line between its neighbors: a bill begins there.
    begin = instants[0]
    whole = Period(begin, max(instants[-1], begin + timedelta(minutes=row.step)))
    run = metering_queries.get_intervals(series=row, period=whole)
    periods = [Period(begin, each) for each in instants[1:]]
    loaded = registers.Registers.load([(series, each) for each in periods or [whole]])
    rows = []
    for place, (day, instant) in enumerate(zip(days, instants, strict=True)):
        shown = _shown(loaded, series, run, begin, instant, hung)
        used = None if place == 0 else _used(run, instants[place - 1], instant)
        rows.append(_row(day, instant, shown, None if used is None else _number(used, row.decimals), row))
    return Midnights(tuple(rows), row.unit, row.decimals)


def _shown(
    loaded: registers.Registers,
    series: facts.Series,
    run: UsageSeries,
    begin: datetime,
    instant: datetime,
    hung: Sequence[tuple[datetime, datetime | None]],
) -> tuple[content.Segment, content.Register] | None:
    """The segment that ends (or, at the month's start, begins) at an instant, and its register there."""
    if not any(start <= instant and (end is None or instant <= end) for start, end in hung):
        return None
    has_hung = any(start < instant and (end is None or instant <= end) for start, end in hung)
    if instant == begin or not has_hung:
        # Nothing was counted before: the register is the one at which a bill begins.
        following = run.start + len(run) * run.step
        segments = loaded.segments(series, Period(instant, following), run.total) if following > instant else ()
        return (segments[0], segments[0].previous) if segments and segments[0].previous.at == instant else None
    since = _since(hung, begin, instant)
    own = _part(run, since, instant)
    segments = loaded.segments(series, Period(begin, instant), _part(run, begin, instant).total)
    if not segments or segments[-1].present.at != instant:
        return None
    shown = segments[-1].present
    is_worked_out = shown.source is None
    return None if is_worked_out and np.isin(own.quality, _NOT_WHOLE).any() else (segments[-1], shown)


def _since(hung: Sequence[tuple[datetime, datetime | None]], begin: datetime, instant: datetime) -> datetime:
    """When the meter came that hangs at an instant, at the earliest the month's start."""
    return max(begin, max(start for start, _end in hung if start <= instant))


def _part(run: UsageSeries, start: datetime, end: datetime) -> UsageSeries:
    first, until = (min(max(-((run.start - each) // run.step), 0), len(run)) for each in (start, end))
    return UsageSeries(run.start + first * run.step, run.step, run.values[first:until], run.quality[first:until])


def _used(run: UsageSeries, start: datetime, end: datetime) -> int | None:
    own = _part(run, start, end)
    return None if not len(own) or own.missing == len(own) else own.total


def _row(
    day: date,
    instant: datetime,
    shown: tuple[content.Segment, content.Register] | None,
    used: Decimal | None,
    series: metering_queries.SeriesRow,
) -> Midnight:
    if shown is None:
        return Midnight(day, instant, None, series.decimals, series.unit, None, None, "", used)
    segment, register = shown
    return Midnight(
        day=day,
        at=instant,
        value=_number(register.value, segment.decimals),
        decimals=segment.decimals,
        unit=Unit(segment.unit),
        quality=register.quality,
        source=register.source,
        serial_number=segment.serial,
        used=used,
    )


def _number(value: int, decimals: int) -> Decimal:
    return Decimal(value).scaleb(-decimals, context=rounding.EXACT)
