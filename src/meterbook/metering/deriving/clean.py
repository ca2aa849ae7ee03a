"""The fast way: many series that behave, a run of days at once (`validation.batch`, `validation.instants`)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meterbook.metering.deriving.days import Days, Run
from meterbook.metering.deriving.findings import Stored
from meterbook.metering.deriving.readings import Packed
from meterbook.metering.deriving.setups import Setup
from meterbook.metering.validation import batch, instants
from meterbook.metering.validation.inputs import DAY, Factor, Installation

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Outcome:
    """`days` of the series that behave; `unclean` series ids; `reached` the days outside the run that also changed."""

    days: Days
    unclean: list[int]
    reached: dict[int, set[int]]


@dataclass(frozen=True)
class _Meters:
    """The one meter of each series around the window, where there is one: arrays of shape (S,)."""

    is_one: NDArray[np.bool_]
    numerator: Integers
    denominator: Integers
    limit_per_hour: Integers


def counters(
    ids: Integers, packed: Packed, setups: dict[int, Setup], findings: dict[int, list[Stored]], step: int, run: Run
) -> Outcome:
    """This will derive a run of days for cumulative series, and tell which must go the exact way.

    A series behaves here when one meter with one factor served it between the outer neighbors of the run, all its
    readings are VALID, and neither a correction nor a finding touches that time: what came before does not matter then.
    """
    first, latest = _ends(packed)
    meters = _meters(ids, packed, setups, findings, first, latest)
    matrix = batch.derive(
        batch.Batch(
            at=packed.at,
            value=packed.value,
            offsets=packed.offsets,
            numerator=meters.numerator,
            denominator=meters.denominator,
            limit_per_hour=meters.limit_per_hour,
            is_final=~packed.has_right,
        ),
        run.window(step),
    )
    is_clean = matrix.is_clean & meters.is_one & packed.is_plain
    shape = (len(ids), run.until - run.first, -1)
    days = _flat(ids, matrix.values.reshape(shape), matrix.quality.reshape(shape), step, run)
    # Blocks reach as far as readings do.
    is_there = np.repeat(is_clean, shape[1]) & (days.day <= np.repeat(latest // DAY, shape[1]))
    return Outcome(days.take(is_there), ids[~is_clean].tolist(), _reached(ids, packed, is_clean, run))


def means(ids: Integers, packed: Packed, setups: dict[int, Setup], step: int, run: Run) -> Outcome:
    """This will derive a run of days for instant series; days without a reading get no block."""
    size = len(ids)
    is_one, numerator, denominator = np.ones(size, np.bool_), np.ones(size, np.int64), np.ones(size, np.int64)
    for row, series_id in enumerate(ids.tolist()):
        setup = setups[series_id]
        factors = [factor for meter in setup.installations for factor in meter.factors] or [Factor(run.start, 1)]
        factor = max((each for each in factors if each.at <= run.start), key=lambda each: each.at, default=factors[0])
        is_one[row] = not any(run.start < each.at < run.end for each in factors) and not any(
            run.start <= each.at < run.end for each in setup.corrections
        )
        is_one[row] &= _fits(factor)
        if is_one[row]:
            numerator[row], denominator[row] = factor.numerator, factor.denominator
    given = instants.InstantBatch(packed.at, packed.value, packed.offsets, numerator, denominator)
    matrix = instants.derive(given, run.window(step))
    is_clean = matrix.is_clean & is_one & packed.is_plain
    shape = (size, run.until - run.first, -1)
    days = _flat(ids, matrix.values.reshape(shape), matrix.quality.reshape(shape), step, run)
    is_there = np.repeat(is_clean, shape[1]) & (days.quality == 0).any(axis=1)
    return Outcome(days.take(is_there), ids[~is_clean].tolist(), {})


def _flat(ids: Integers, values: Integers, quality: NDArray[np.uint8], step: int, run: Run) -> Days:
    count = run.until - run.first
    return Days(
        step=step,
        series=np.repeat(ids, count),
        day=np.tile(np.arange(run.first, run.until, dtype=np.int64), len(ids)),
        values=values.reshape(len(ids) * count, -1),
        quality=quality.reshape(len(ids) * count, -1),
    )


def _ends(packed: Packed) -> tuple[Integers, Integers]:
    """The first and the final instant of each series; 0 where there is none."""
    if not len(packed.at):
        nothing = np.zeros(len(packed.offsets) - 1, np.int64)
        return nothing, nothing
    is_empty = np.diff(packed.offsets) == 0
    first = packed.at[np.minimum(packed.offsets[:-1], len(packed.at) - 1)]
    latest = packed.at[np.maximum(packed.offsets[1:] - 1, 0)]
    return np.where(is_empty, 0, first), np.where(is_empty, 0, latest)


def _meters(
    ids: Integers,
    packed: Packed,
    setups: dict[int, Setup],
    findings: dict[int, list[Stored]],
    first: Integers,
    latest: Integers,
) -> _Meters:
    size = len(ids)
    is_one = np.zeros(size, np.bool_)
    numerator, denominator = np.ones(size, np.int64), np.ones(size, np.int64)
    limit = np.full(size, -1, np.int64)
    columns = (ids.tolist(), first.tolist(), latest.tolist(), packed.has_right.tolist())
    for row, (series_id, start, end, has_right) in enumerate(zip(*columns, strict=True)):
        setup = setups[series_id]
        found = _only_meter(setup.installations, start, end, is_final=not has_right)
        if found is None or _is_touched(setup, findings.get(series_id, []), start, end, is_final=not has_right):
            continue
        meter, factor = found
        if not _fits(factor):
            continue
        is_one[row] = True
        numerator[row], denominator[row] = factor.numerator, factor.denominator
        # So large that it bounds nothing is the same as no rating, and cannot overflow.
        if meter.limit_per_hour is not None and meter.limit_per_hour < 2**40:
            limit[row] = meter.limit_per_hour
    return _Meters(is_one, numerator, denominator, limit)


def _only_meter(
    meters: tuple[Installation, ...], start: int, end: int, *, is_final: bool
) -> tuple[Installation, Factor] | None:
    """The meter that hung there during all of [start, end] with one factor, and that factor."""
    for meter in meters:
        if meter.start < start and (meter.end is None or (meter.end > end and not is_final)):
            before = [each for each in meter.factors if each.at < start]
            inside = [each for each in meter.factors if start <= each.at <= end or (is_final and each.at > end)]
            return (meter, before[-1]) if before and not inside else None
    return None


def _is_touched(setup: Setup, findings: list[Stored], start: int, end: int, *, is_final: bool) -> bool:
    if any((each.until or each.at) >= start and (is_final or each.at <= end) for each in setup.corrections):
        return True
    return any(
        each.finding.at <= end and (each.finding.until is None or each.finding.until >= start) for each in findings
    )


def _fits(factor: Factor) -> bool:
    return factor.numerator < 2**60 and factor.denominator < 2**60


def _reached(ids: Integers, packed: Packed, is_clean: NDArray[np.bool_], run: Run) -> dict[int, set[int]]:
    """The days back to the left neighbor and on to the right one: the register runs straight between two readings.

    A reading at the very start of the run keeps what happens inside from the days before.
    """
    reached: dict[int, set[int]] = {}
    if not len(packed.at):
        return reached
    own = np.minimum(packed.offsets[:-1] + packed.has_left, len(packed.at) - 1)
    goes_left = is_clean & packed.has_left & (packed.at[own] != run.start)
    goes_right = is_clean & packed.has_right
    first, latest = _ends(packed)
    for row in np.flatnonzero(goes_left | goes_right).tolist():
        found: set[int] = set()
        if goes_left[row]:
            found.update(range(int(first[row]) // DAY, run.first))
        if goes_right[row]:
            found.update(range(run.until, -(-int(latest[row]) // DAY)))
        if found:
            reached[int(ids[row])] = found
    return reached
