"""The exact way: one series, whatever happened to it, as far back and forth as a change reaches.

Where a series is known to have been believed, the walk may start there instead of at its first reading: from then on
only the counter's value at that reading and what came later decide.
"""

from __future__ import annotations

import bisect
import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg

from meterbook.metering.deriving import readings as packed_readings
from meterbook.metering.deriving.days import Days, Run, runs
from meterbook.metering.deriving.findings import Change, Stored
from meterbook.metering.deriving.setups import Setup
from meterbook.metering.validation import derivation
from meterbook.metering.validation.inputs import (
    DAY,
    Correction,
    CorrectionKind,
    Finding,
    FindingKind,
    Installation,
    Readings,
)
from meterbook.metering.validation.walk import CONSECUTIVE

_ESTIMATES = (CorrectionKind.ESTIMATE, CorrectionKind.WITHDRAW)
NEWEST = 3_000  # readings before the change among which a start is looked for: two days of minutes


@dataclass(frozen=True)
class Outcome:
    """Derived days of one series, and how its findings change."""

    days: list[Days]
    change: Change | None


@dataclass(frozen=True)
class _Facts:
    """What a walk is made from, and the findings that were stored for that time."""

    readings: Readings
    installations: tuple[Installation, ...]
    corrections: tuple[Correction, ...]
    stored: list[Stored]
    starts_at: int | None  # None: at the very beginning


def counter(
    connection: psycopg.Connection[Any], organization_id: int, setup: Setup, stored: list[Stored], dirty: set[int]
) -> Outcome:
    """This will derive all days of a cumulative series that a change in its `dirty` days (since 1970) reaches."""
    start, end = min(dirty) * DAY, (max(dirty) + 1) * DAY
    facts = _from_start(connection, organization_id, setup, stored, start)
    outcome = None if facts is None else _derive(setup, facts, start, end)
    if outcome is None:
        everything = packed_readings.fetch_series(connection, organization_id, setup.series_id)
        whole = _Facts(everything, setup.installations, setup.corrections, stored, None)
        outcome = _derive(setup, whole, start, end)
    return outcome or Outcome([], None)


def mean(connection: psycopg.Connection[Any], organization_id: int, setup: Setup, dirty: set[int]) -> Outcome:
    """This will derive the dirty days of an instant series; its findings are only of the held readings."""
    found = []
    for run in runs(dirty):
        given = packed_readings.fetch_series(connection, organization_id, setup.series_id, start=run.start, end=run.end)
        facts = tuple(each for each in setup.corrections if run.start <= each.at < run.end)
        derived = derivation.derive_instant(given, setup.installations, facts, run.window(setup.step))
        touched = {int(at) // DAY for at in given.at} | {each.at // DAY for each in facts}
        days = _days(setup, run, derived.values, derived.quality)
        found.append(days.take(np.isin(days.day, np.array(sorted(touched), np.int64))))
    return Outcome(found, None)


def _from_start(
    connection: psycopg.Connection[Any], organization_id: int, setup: Setup, stored: list[Stored], start: int
) -> _Facts | None:
    """The facts from the latest reading on at which the counter is known to have been believed, before the change."""
    horizon = min([start, *(each.finding.at for each in stored if _reaches(each.finding, start))])
    before = packed_readings.fetch_series(connection, organization_id, setup.series_id, end=horizon, newest=NEWEST)
    index = safe_start(before, setup, [each.finding for each in stored])
    if index is None:
        return None
    at = int(before.at[index])
    return _Facts(
        readings=packed_readings.fetch_series(connection, organization_id, setup.series_id, start=at),
        installations=installations_from(setup.installations, at),
        corrections=corrections_from(setup.corrections, at),
        stored=[each for each in stored if each.finding.at > at],
        starts_at=at,
    )


def _reaches(finding: Finding, start: int) -> bool:
    return finding.at < start and (finding.until is None or finding.until >= start)


def safe_start(before: Readings, setup: Setup, findings: Iterable[Finding]) -> int | None:
    """This will return the index of a reading from which the walk may start, or None.

    All readings given lie before the change. The start lies before midnight of the day of the final one, no finding
    touches it, and CONSECUTIVE readings that were believed lie between it and the finding before, so that nothing that
    comes later can change what was decided there.
    """
    if len(before.at) <= CONSECUTIVE:
        return None
    times = before.at.tolist()
    instants = {each.at for each in setup.corrections} | {
        factor.at for meter in setup.installations for factor in meter.factors
    }
    is_plain = (before.quality == 0).tolist()
    known = sorted(findings, key=lambda each: each.at)
    index = bisect.bisect_right(times, times[-1] // DAY * DAY) - 1
    while index > CONSECUTIVE:
        blocking = [each for each in known if each.at <= times[index] and _blocks(each, before, times, index)]
        if not blocking and _is_fact(setup, instants, times, is_plain, index):
            return index
        lowest = min((each.at for each in blocking if each.until is None or each.until >= times[index]), default=None)
        index = index - 1 if lowest is None else min(index, bisect.bisect_left(times, lowest)) - 1
    return None


def _is_fact(setup: Setup, instants: set[int], times: list[int], is_plain: list[bool], index: int) -> bool:
    """VALID readings of one source and one meter, up to and including this one, none of them corrected."""
    part = range(index - CONSECUTIVE, index + 1)
    if not all(is_plain[each] and times[each] not in instants for each in part):
        return False
    if any(times[each] == times[each - 1] for each in part[1:]) or times[index : index + 2].count(times[index]) > 1:
        return False
    begin, end = times[part[0]], times[index]
    return any(meter.start < begin and (meter.end is None or meter.end > end) for meter in setup.installations)


def _blocks(finding: Finding, before: Readings, times: list[int], index: int) -> bool:
    if finding.until is None:
        return True
    if bisect.bisect_right(times, finding.until) + CONSECUTIVE > index:
        return True
    # A counter that rolled over is only sure to have done so once it has counted on.
    return finding.kind is FindingKind.ROLLOVER and int(before.value[index]) <= finding.value


def installations_from(installations: tuple[Installation, ...], at: int) -> tuple[Installation, ...]:
    """This will cut off what was before an instant: as if the meter that hung there then had come then."""
    kept = []
    for meter in installations:
        if meter.end is not None and meter.end <= at:
            continue
        if meter.start >= at:
            kept.append(meter)
            continue
        before = [factor for factor in meter.factors if factor.at <= at]
        after = [factor for factor in meter.factors if factor.at > at]
        factors = (dataclasses.replace(before[-1], register=None), *after)
        kept.append(dataclasses.replace(meter, start=at, opening=None, factors=factors))
    return tuple(kept)


def corrections_from(corrections: tuple[Correction, ...], at: int) -> tuple[Correction, ...]:
    """This will leave out corrections of readings before an instant; those of a time may reach beyond their start."""
    return tuple(each for each in corrections if each.at >= at or each.until is not None)


def _derive(setup: Setup, facts: _Facts, start: int, end: int) -> Outcome | None:
    """None: the change reaches further back than the facts do."""
    trace = derivation.trace(facts.readings, facts.installations, facts.corrections)
    change = Change.between(setup.series_id, facts.stored, trace.findings)
    known = _known(facts, trace)
    if not known:
        return Outcome([], change)
    first, until = _reach(trace, change, start, end)
    if facts.starts_at is not None and first * DAY < facts.starts_at:
        return None
    run = Run(max(first, known[0] // DAY), min(until, known[-1] // DAY + 1))
    if run.first >= run.until:
        return Outcome([], change)
    values, quality = trace.intervals(run.window(setup.step))
    return Outcome([_days(setup, run, values, quality)], change)


def _known(facts: _Facts, trace: derivation.Trace) -> list[int]:
    """All instants of which anything is known, in order; days exist from the first to the final one."""
    times = {*_instants(trace), *(each.at for each in facts.corrections)}
    # An estimate that was withdrawn leaves days behind, which hold nothing then.
    times |= {each.until - 1 for each in facts.corrections if each.kind in _ESTIMATES and each.until is not None}
    if len(facts.readings.at):
        times |= {int(facts.readings.at[0]), int(facts.readings.at[-1])}
    return sorted(times)


def _instants(trace: derivation.Trace) -> list[int]:
    """Where straight stretches of the register may begin and end, in order."""
    return sorted({point.at for point in trace.points} | {piece.end for pieces in trace.pieces for piece in pieces})


def _reach(trace: derivation.Trace, change: Change, start: int, end: int) -> tuple[int, int]:
    """Days [first, until) that differ when the readings of [start, end) and these findings do."""
    times = _instants(trace)
    final = times[-1] if times else end
    spans = [(start, end), *((each.at, final if each.until is None else each.until) for each in change.differing)]
    first, until = start, end
    for begin, finish in spans:
        left = bisect.bisect_left(times, begin) - 1
        right = bisect.bisect_left(times, finish)
        first = min(first, begin if left < 0 else times[left])
        until = max(until, finish, times[min(right, len(times) - 1)] if times else finish)
    return first // DAY, -(-until // DAY)


def _days(setup: Setup, run: Run, values: Any, quality: Any) -> Days:  # noqa: ANN401 - arrays
    count = run.until - run.first
    return Days(
        step=setup.step,
        series=np.full(count, setup.series_id, np.int64),
        day=np.arange(run.first, run.until, dtype=np.int64),
        values=values.reshape(count, -1),
        quality=quality.reshape(count, -1),
    )
