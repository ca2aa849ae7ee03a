"""Rating as a fold: `advance` a state over intervals, `close` it into lines (architecture 5).

The state holds exact totals; however usage is cut into pieces, and in whatever order they come, the bill is the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from meterbook.kernel import allocation
from meterbook.kernel.period import Period
from meterbook.kernel.quality import ESTIMATED, Quality
from meterbook.kernel.series import UsageSeries
from meterbook.tariffs.rating import classes as rating_classes
from meterbook.tariffs.rating import lines as rating_lines
from meterbook.tariffs.rating.plan import Plan, Runs, runs
from meterbook.tariffs.rating.problems import UsageMisfit

_ESTIMATED = np.array([int(each) for each in ESTIMATED], np.uint8)


@dataclass(frozen=True)
class State:
    """What has been used so far, in units of the usage's scale, by price period.

    `counts` are intervals, `apportioned` those that several periods share, `estimated` and `missing` those of that
    quality. `seen` are the parts of time that were folded in, in order, merged where they touch.
    """

    totals: tuple[int, ...]
    counts: tuple[int, ...]
    apportioned: int = 0
    estimated: int = 0
    missing: int = 0
    seen: tuple[Period, ...] = ()

    @property
    def total(self) -> int:
        """All usage."""
        return sum(self.totals)


def begin(plan: Plan) -> State:
    """This will return the state in which nothing was used yet."""
    nothing = (0,) * len(plan.document.periods)
    return State(totals=nothing, counts=nothing)


def advance(plan: Plan, state: State, usage: UsageSeries) -> State:
    """This will fold more intervals in, in any order of pieces.

    :raises UsageMisfit: when the intervals lie outside the plan's period, or were folded in already
    """
    part = Period(usage.start, usage.end)
    if not plan.period.covers(part):
        raise UsageMisfit(f"Usage from {part.start} to {part.end} lies outside the billing period.")
    if any(part.overlaps(each) for each in state.seen):
        raise UsageMisfit(f"Usage from {part.start} to {part.end} was counted already.")
    found = rating_classes.classify(plan.document, plan.zone, start=usage.start, step=usage.step, count=len(usage))
    totals, counts = _sums(usage.values[None, :], runs(found.period), len(plan.document.periods))
    added = totals[0].tolist()
    for index, shares in found.shared:
        _apportion(added, int(usage.values[index]), int(found.period[index]), shares)
    return State(
        totals=tuple(map(sum, zip(state.totals, added, strict=True))),
        counts=tuple(map(sum, zip(state.counts, counts.tolist(), strict=True))),
        apportioned=state.apportioned + len(found.shared),
        estimated=state.estimated + int(np.isin(usage.quality, _ESTIMATED).sum()),
        missing=state.missing + int((usage.quality == Quality.MISSING).sum()),
        seen=_merge((*state.seen, part)),
    )


def close(plan: Plan, state: State) -> rating_lines.Rated:
    """This will turn the totals into lines, tax and total; the state may go on afterwards."""
    return rating_lines.rate_totals(plan, state.totals, state.counts, apportioned=state.apportioned)


def rate(plan: Plan, usage: UsageSeries) -> rating_lines.Rated:
    """This will rate the usage of one account for the whole period.

    :raises UsageMisfit: when the usage does not cover the period
    """
    state = advance(plan, begin(plan), usage)
    if state.seen != (plan.period,):
        raise UsageMisfit(
            f"Usage from {usage.start} to {usage.end} does not cover {plan.period.start} to {plan.period.end}."
        )
    return close(plan, state)


def rate_matrix(plan: Plan, values: NDArray[np.int64], step: timedelta) -> Iterator[rating_lines.Rated]:
    """This will rate many accounts at once: `values` has shape (accounts, intervals of the whole period).

    :raises UsageMisfit: when the number of intervals is not that of the period
    """
    found = plan.classes_of(step)
    if values.ndim != 2 or values.shape[1] != len(found.period):
        raise UsageMisfit(f"The period has {len(found.period)} intervals of {step}, not {values.shape[-1]}.")
    totals, counts = _sums(values, runs(found.period), len(plan.document.periods))
    counted = tuple(counts.tolist())
    for account, row in enumerate(totals.tolist()):
        for index, shares in found.shared:
            _apportion(row, int(values[account, index]), int(found.period[index]), shares)
        yield rating_lines.rate_totals(plan, row, counted, apportioned=len(found.shared))


def _sums(values: NDArray[np.int64], cut: Runs, periods: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Totals (accounts, periods) and counts (periods,).

    :raises UsageMisfit: when a sum could leave 64 bits, which NumPy would not tell
    """
    largest = max(int(values.max(initial=0)), -int(values.min(initial=0)))
    if largest * values.shape[1] > np.iinfo(np.int64).max:
        raise UsageMisfit("The usage is too large to be summed exactly; take a larger unit, or fewer decimals.")
    by_run = np.add.reduceat(values, cut.starts, axis=1, dtype=np.int64)
    totals = np.zeros((len(values), periods), np.int64)
    counts = np.zeros(periods, np.int64)
    for period in np.unique(cut.period).tolist():
        chosen = cut.period == period
        totals[:, period] = by_run[:, chosen].sum(axis=1, dtype=np.int64)
        counts[period] = cut.length[chosen].sum()
    return totals, counts


def _apportion(totals: list[int], value: int, booked: int, shares: tuple[tuple[int, int], ...]) -> None:
    """Divide one interval by minutes between its periods, exactly; it was booked to the period of its start (B-15)."""
    parts = allocation.allocate(value, {f"{period:04}": minutes for period, minutes in shares})
    totals[booked] -= value
    for period, _minutes in shares:
        totals[period] += parts[f"{period:04}"]


def _merge(parts: tuple[Period, ...]) -> tuple[Period, ...]:
    merged: list[Period] = []
    for each in sorted(parts):
        if merged and merged[-1].end == each.start:
            merged[-1] = Period(merged[-1].start, each.end)
        else:
            merged.append(each)
    return tuple(merged)
