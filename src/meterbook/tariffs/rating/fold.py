"""Rating as a fold: `advance` a state over intervals, `close` it into lines (architecture 5).

The state holds exact totals; however usage is cut into pieces, and in whatever order they come, the bill is the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from meterbook.kernel import allocation
from meterbook.kernel.period import Period
from meterbook.kernel.quality import ESTIMATED, Quality
from meterbook.kernel.series import UsageSeries
from meterbook.tariffs.rating import classes as rating_classes
from meterbook.tariffs.rating import columns, gathering, pricing
from meterbook.tariffs.rating import lines as rating_lines
from meterbook.tariffs.rating.demand import Found, Grid
from meterbook.tariffs.rating.inputs import NONE, Inputs
from meterbook.tariffs.rating.measured import Measured
from meterbook.tariffs.rating.plan import Plan, Runs, Scale, runs
from meterbook.tariffs.rating.problems import UsageMisfit
from meterbook.tariffs.rating.terms import Channel

_ESTIMATED = np.array([int(each) for each in ESTIMATED], np.uint8)


@dataclass(frozen=True)
class State:
    """What has been used so far, in units of the usage's scale, by class (`Plan.class_count`).

    `counts` are intervals, `apportioned` those that several periods share, `estimated` and `missing` those of that
    quality. `seen` are the parts of time that were folded in, in order, merged where they touch. `others` are channels
    besides import, each with its scale. `kept` are the intervals themselves where prices need them; of several meters
    of one account they are in the states of these.
    """

    totals: tuple[int, ...]
    counts: tuple[int, ...]
    apportioned: int = 0
    estimated: int = 0
    missing: int = 0
    seen: tuple[Period, ...] = ()
    kept: tuple[UsageSeries, ...] = ()
    others: Mapping[Channel, tuple[State, Scale]] = field(default_factory=dict)
    demands: Mapping[str, Mapping[str, Found]] = field(default_factory=dict)
    meters: tuple[State, ...] = ()

    @property
    def total(self) -> int:
        """All usage."""
        return sum(self.totals)


def begin(plan: Plan) -> State:
    """This will return the state in which nothing was used yet."""
    nothing = (0,) * plan.class_count
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
    found = plan.classify(usage.start, usage.step, len(usage))
    totals, counts = _sums(usage.values[None, :], runs(found.period), plan.class_count)
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
        kept=(*state.kept, usage) if gathering.keeps_intervals(plan) else (),
        others=state.others,
    )


def advance_channel(plan: Plan, state: State, channel: Channel, usage: UsageSeries, scale: Scale) -> State:
    """This will fold more intervals of a channel besides import in, in any order of pieces.

    :param scale: of the channel; all its pieces have the same
    :raises UsageMisfit: as `advance`
    """
    before = state.others[channel][0] if channel in state.others else begin(plan)
    return replace(state, others={**state.others, channel: (advance(plan, before, usage), scale)})


def close(plan: Plan, state: State, inputs: Inputs = NONE) -> rating_lines.Rated:
    """This will turn the totals into lines, tax and total; the state may go on afterwards.

    :raises UsageMisfit: when the tariff needs what the usage and the inputs do not hold
    """
    if plan.document.is_plain and inputs.is_plain:
        return rating_lines.rate_totals(plan, state.totals, state.counts, apportioned=state.apportioned)
    return pricing.price(plan, measured_of(plan, state, inputs), inputs)


def measured_of(plan: Plan, state: State, inputs: Inputs, lead: Sequence[UsageSeries] = ()) -> Measured:
    """This will return what a state holds as pricing takes it.

    :param lead: intervals before the period of the same account, for windows that end in it (B-40)
    """
    grid, demands = None, state.demands
    grids = [_grid_of(plan, each, lead) for each in state.meters or (state,) if each.kept]
    if grids:
        grid = gathering.together(grids)
        demands = gathering.of_meters(plan, grids, inputs.site_peak)
    return Measured(
        totals={Channel.IMPORT: state.totals, **{each: found.totals for each, (found, _s) in state.others.items()}},
        scales={Channel.IMPORT: plan.scale, **{each: scale for each, (_found, scale) in state.others.items()}},
        counts=state.counts,
        apportioned=state.apportioned,
        demands=demands,
        grid=grid,
        delivered=_delivered_of(plan, state),
    )


def _delivered_of(plan: Plan, state: State) -> list[int]:
    found = [0] * (len(plan.tax_starts) + 1)
    for series in (series for each in state.meters or (state,) for series in each.kept) if plan.tax_starts else ():
        ends = [max(min(place, len(series)), 0) for place in plan.tax_parts(series.start, series.step)[1:]]
        for place, (first, until) in enumerate(pairwise([0, *ends, len(series)])):
            found[place] += int(series.values[first:until].sum())
    return found if plan.tax_starts else []


def _grid_of(plan: Plan, state: State, lead: Sequence[UsageSeries]) -> Grid:
    reactive = state.others.get(Channel.REACTIVE_IMPORT)
    others = () if reactive is None else reactive[0].kept
    return gathering.grid_of(plan, (*lead, *state.kept), others, None if reactive is None else reactive[1])


def together(states: Sequence[State]) -> State:
    """This will put the states of several meters of one account together: what they used is added (B-42).

    :param states: of one plan, each with the whole period
    """
    first = states[0]
    if len(states) == 1:
        return first
    others: dict[Channel, tuple[State, Scale]] = {}
    for channel, (_state, scale) in first.others.items():
        found = [each.others[channel][0] for each in states if channel in each.others]
        others[channel] = (replace(first, totals=_added(found), others={}, kept=()), scale)
    return replace(
        first,
        totals=_added(states),
        apportioned=sum(each.apportioned for each in states),
        estimated=sum(each.estimated for each in states),
        missing=sum(each.missing for each in states),
        kept=(),
        others=others,
        meters=tuple(states),
    )


def _added(states: Sequence[State]) -> tuple[int, ...]:
    return tuple(map(sum, zip(*(each.totals for each in states), strict=True)))


def rate(
    plan: Plan,
    usage: UsageSeries,
    inputs: Inputs = NONE,
    channels: Mapping[Channel, tuple[UsageSeries, Scale]] = MappingProxyType({}),
) -> rating_lines.Rated:
    """This will rate the usage of one account for the whole period.

    :raises UsageMisfit: when the usage does not cover the period
    """
    state = advance(plan, begin(plan), usage)
    if state.seen != (plan.period,):
        raise UsageMisfit(
            f"Usage from {usage.start} to {usage.end} does not cover {plan.period.start} to {plan.period.end}."
        )
    for channel, (series, scale) in channels.items():
        state = advance_channel(plan, state, channel, series, scale)
    return close(plan, state, inputs)


@dataclass(frozen=True, eq=False)
class Further:
    """What a matrix has besides energy: inputs by account, channels, `quality` like the values, and `lead`.

    `lead` are the intervals right before the period, (accounts, some), for windows over its start. `refused` collects
    why accounts cannot be priced, so that they do not stop the others; their rating is empty then.
    """

    inputs: Sequence[Inputs] = ()
    channels: Mapping[Channel, gathering.Flow] = field(default_factory=dict)
    quality: NDArray[np.uint8] | None = None
    lead: NDArray[np.int64] | None = None
    refused: dict[int, UsageMisfit] | None = None


def rate_matrix(
    plan: Plan, values: NDArray[np.int64], step: timedelta, further: Further | None = None
) -> Iterator[rating_lines.Rated]:
    """This will rate many accounts at once: `values` has shape (accounts, intervals of the whole period).

    :raises UsageMisfit: when the number of intervals is not that of the period
    """
    found = plan.classes_of(step)
    if values.ndim != 2 or values.shape[1] != len(found.period):
        raise UsageMisfit(f"The period has {len(found.period)} intervals of {step}, not {values.shape[-1]}.")
    totals, counts = _totals(plan, values, found)
    counted = tuple(counts.tolist())
    if plan.document.is_plain and further is None:
        for row in totals:
            yield rating_lines.rate_totals(plan, row, counted, apportioned=len(found.shared))
        return
    further = further or Further()
    inputs = further.inputs or [NONE] * len(values)
    for account, used in enumerate(_measured(plan, values, step, further, (totals, counted, found))):
        try:
            yield pricing.price(plan, used, inputs[account])
        except UsageMisfit as error:
            if further.refused is None:
                raise
            further.refused[account] = error
            yield rating_lines.nothing(plan)


def price_columns(plan: Plan, values: NDArray[np.int64], step: timedelta) -> columns.Table | None:
    """This will rate a matrix as `rate_matrix` does, a line of all accounts at a time; None where that is not possible.

    :raises UsageMisfit: when the number of intervals is not that of the period
    """
    found = plan.classes_of(step)
    if values.ndim != 2 or values.shape[1] != len(found.period):
        raise UsageMisfit(f"The period has {len(found.period)} intervals of {step}, not {values.shape[-1]}.")
    if not plan.document.is_plain:
        return None
    totals, counts = _totals(plan, values, found)
    return columns.price(plan, totals, counts.tolist())


def measure(plan: Plan, values: NDArray[np.int64], step: timedelta, further: Further) -> list[Measured]:
    """This will measure a matrix as `rate_matrix` prices it."""
    found = plan.classes_of(step)
    totals, counts = _totals(plan, values, found)
    return list(_measured(plan, values, step, further, (totals, tuple(counts.tolist()), found)))


def _measured(
    plan: Plan,
    values: NDArray[np.int64],
    step: timedelta,
    further: Further,
    summed: tuple[list[list[int]], tuple[int, ...], rating_classes.Classes],
) -> Iterator[Measured]:
    totals, counted, found = summed
    others = {channel: _totals(plan, flow.values, found)[0] for channel, flow in further.channels.items()}
    scales = {Channel.IMPORT: plan.scale, **{channel: flow.scale for channel, flow in further.channels.items()}}
    grid = _grid(plan, values, step, further) if gathering.keeps_intervals(plan) else None
    site_peak = further.inputs[0].site_peak if further.inputs else None
    demands = [] if grid is None else gathering.demands(plan, grid, site_peak)
    delivered = _delivered(plan, values, step)
    for account, row in enumerate(totals):
        yield Measured(
            totals={Channel.IMPORT: row, **{channel: each[account] for channel, each in others.items()}},
            scales=scales,
            counts=counted,
            apportioned=len(found.shared),
            demands=demands[account] if demands else {},
            grid=grid,
            row=account,
            delivered=delivered[account] if delivered else (),
        )


def _delivered(plan: Plan, values: NDArray[np.int64], step: timedelta) -> list[list[int]]:
    """Totals by account and part of the period with its own tax rates; nothing where there is one."""
    if not plan.tax_starts:
        return []
    parts: list[list[int]] = np.add.reduceat(values, plan.tax_parts(plan.period.start, step), axis=1).tolist()
    return parts


def _grid(plan: Plan, values: NDArray[np.int64], step: timedelta, further: Further) -> Grid:
    reactive = further.channels.get(Channel.REACTIVE_IMPORT)
    start, quality, count = plan.period.start, further.quality, 0
    if further.lead is not None and reactive is None:
        count = further.lead.shape[1]
        values, start = np.concatenate([further.lead, values], axis=1), start - count * step
        if quality is not None:
            quality = np.concatenate([np.zeros(further.lead.shape, np.uint8), quality], axis=1)
    grid = gathering.matrix_grid(plan, values, step, start=start, quality=quality, reactive=reactive)
    return replace(grid, lead=count)


def _totals(
    plan: Plan, values: NDArray[np.int64], found: rating_classes.Classes
) -> tuple[list[list[int]], NDArray[np.int64]]:
    """Totals by account and class, and counts by class."""
    totals, counts = _sums(values, runs(found.period), plan.class_count)
    rows: list[list[int]] = totals.tolist()
    for account, row in enumerate(rows) if found.shared else ():
        for index, shares in found.shared:
            _apportion(row, int(values[account, index]), int(found.period[index]), shares)
    return rows, counts


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
