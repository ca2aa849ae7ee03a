"""Demand of windows of time, for many accounts at once (B-40): block or sliding, kW or kVA, by price period."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meterbook.kernel import civil, quantity, rounding
from meterbook.kernel.quality import Quality
from meterbook.kernel.quantity import Unit
from meterbook.tariffs.rating import classes as rating_classes
from meterbook.tariffs.rating.document import Component
from meterbook.tariffs.rating.plan import Plan
from meterbook.tariffs.rating.problems import UsageMisfit
from meterbook.tariffs.rating.terms import Demand, Take

# A power of these is not that of the window: nobody measured the shape.
UNMEASURED = np.array([Quality.ESTIMATED, Quality.PROJECTED, Quality.INTERPOLATED], np.uint8)
UNKNOWN = np.array([Quality.MISSING, Quality.MIXED, Quality.QUESTIONABLE], np.uint8)
_NEVER = -1


@dataclass(frozen=True)
class Found:
    """A demand: kW, kVA or another unit, rounded as the component says, at the starts of its windows.

    `windows` were looked at, `excluded` of them hold what was not measured: where those are all, there is no value.
    """

    value: Decimal
    at: tuple[datetime, ...]
    windows: int
    excluded: int


@dataclass(frozen=True)
class Grid:
    """Intervals of many accounts: `values` and `reactive` int64 of shape (accounts, n), `bad` bool likewise or None.

    `lead`: how many of the columns lie before the period, for windows that end in it (B-40); `per_kwh` is how many
    units of the values a kilowatt hour has, `per_kvarh` those of the reactive ones.
    """

    start: datetime
    step: timedelta
    values: NDArray[np.int64]
    per_kwh: Fraction
    unmeasured: NDArray[np.bool_] | None = None
    unknown: NDArray[np.bool_] | None = None
    reactive: NDArray[np.int64] | None = None
    per_kvarh: Fraction = Fraction(1)
    lead: int = 0


@dataclass(frozen=True)
class _Windows:
    """Sums of windows (accounts, m), which may not count (same shape), and the place of each by its first interval."""

    sums: NDArray[np.int64]
    reactive: NDArray[np.int64] | None
    bad: NDArray[np.bool_] | None
    first: NDArray[np.int64]
    judged: NDArray[np.int64]  # the interval that says which price period the window belongs to
    size: int


def measure(plan: Plan, component: Component, grid: Grid, site_peak: datetime | None) -> list[dict[str, Found]]:
    """This will return for each account its demand by price period; "" where a component has one for all.

    A period without any window is left out.

    :raises UsageMisfit: when the intervals are longer than the component's
    """
    terms = component.demand
    if terms is None:
        return [{} for _row in grid.values]
    if terms.unit is not Unit.KW:  # such as RT of cold: 3.5168 kWh in an hour are 1
        grid = replace(grid, per_kwh=grid.per_kwh * quantity.factor(terms.unit, Unit.KW))
    windows = _windows(plan, component.code, terms, grid)
    found: list[dict[str, Found]] = [{} for _row in grid.values]
    for code, places in _groups(plan, component, terms, grid, windows):
        if terms.take is Take.AT_SITE_PEAK:
            places = _at_peak(grid, windows, places, site_peak)
        if len(places):
            for row, each in enumerate(_highest(plan, terms, grid, windows, places)):
                found[row][code] = each
    return found


def _windows(plan: Plan, code: str, terms: Demand, grid: Grid) -> _Windows:
    step = grid.step // timedelta(minutes=1)
    interval = terms.interval or step
    if interval % step:
        words = f"{code} needs intervals of {interval} minutes or parts of them; those of {step} minutes are too long."
        raise UsageMisfit(words)
    size = interval // step
    hop = max((terms.sliding_by or interval) // step, 1)
    if terms.sliding_by and terms.sliding_by % step:
        raise UsageMisfit(f"{code} slides by {terms.sliding_by} minutes; intervals of {step} minutes are too long.")
    begin = _aligned(plan, grid, (terms.sliding_by or interval) // step, step)
    first = np.arange(begin, grid.values.shape[1] - size + 1, hop, dtype=np.int64)
    # A window that ends before the period, or in it with another tariff or occupant before, is not of this bill.
    first = first[first + size > grid.lead]
    return _Windows(
        sums=_sums(grid.values, first, size),
        reactive=None if grid.reactive is None or not terms.is_apparent else _sums(grid.reactive, first, size),
        bad=_bad(terms, grid, first, size),
        first=first,
        judged=first + (size - 1 if terms.sliding_by else 0),
        size=size,
    )


def _aligned(plan: Plan, grid: Grid, size: int, step: int) -> int:
    """The first interval at which a block begins: blocks count from local midnight."""
    begins = grid.start - civil.start_of_day(civil.local_date(grid.start, plan.zone), plan.zone)
    passed = begins // timedelta(minutes=step)
    return -passed % size


def _sums(values: NDArray[np.int64], first: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    if size == 1:
        return values if len(first) == values.shape[1] else values[:, first]
    total = np.zeros((len(values), values.shape[1] + 1), np.int64)
    np.cumsum(values, axis=1, out=total[:, 1:])
    result: NDArray[np.int64] = total[:, first + size] - total[:, first]
    return result


def _bad(terms: Demand, grid: Grid, first: NDArray[np.int64], size: int) -> NDArray[np.bool_] | None:
    marks = [grid.unknown] if terms.counts_estimated else [grid.unknown, grid.unmeasured]
    held = [each for each in marks if each is not None]
    if not held:
        return None
    together = held[0] if len(held) == 1 else held[0] | held[1]
    return _sums(together.astype(np.int64), first, size) > 0


def _groups(
    plan: Plan, component: Component, terms: Demand, grid: Grid, windows: _Windows
) -> list[tuple[str, NDArray[np.int64]]]:
    """Which windows compete for each demand."""
    codes = [each.code for each in plan.document.periods]
    by_period = [code for code, _price in component.prices] or [code for code, _tiers in component.period_tiers]
    everywhere = np.arange(len(windows.first), dtype=np.int64)
    if terms.take is not Take.EACH_DAY and not component.seasons and not terms.periods and not by_period:
        return [("", everywhere)]
    season, period = _classes(plan, grid, windows)
    chosen = np.ones(len(everywhere), np.bool_)
    if component.seasons:
        names = [each.code for each in plan.document.seasons]
        chosen &= np.isin(season, [names.index(each) for each in component.seasons])
    if terms.periods:
        chosen &= np.isin(period, [codes.index(each) for each in terms.periods])
    if terms.take is Take.EACH_DAY:
        return _daily(plan, grid, windows, everywhere[chosen])
    if not by_period:
        return [("", everywhere[chosen])]
    wanted = [code for code in by_period if not terms.periods or code in terms.periods]
    return [(code, everywhere[chosen & (period == codes.index(code))]) for code in wanted]


def _daily(plan: Plan, grid: Grid, windows: _Windows, places: NDArray[np.int64]) -> list[tuple[str, NDArray[np.int64]]]:
    """The windows of each local day, by its date."""
    days = [
        civil.local_date(grid.start + int(each) * grid.step, plan.zone).isoformat() for each in windows.judged[places]
    ]
    return [(day, places[[index for index, each in enumerate(days) if each == day]]) for day in sorted(set(days))]


def _classes(plan: Plan, grid: Grid, windows: _Windows) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    count = grid.values.shape[1]

    def make() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        return rating_classes.seasons_and_periods(
            plan.document, plan.zone, start=grid.start, step=grid.step, count=count
        )

    season, period = plan.kept(f"seasons {grid.start} {grid.step} {count}", make)
    return season[windows.judged], period[windows.judged]


def _at_peak(grid: Grid, windows: _Windows, places: NDArray[np.int64], site_peak: datetime | None) -> NDArray[np.int64]:
    """The window that holds the instant of the site's maximum (B-43)."""
    if site_peak is None:
        raise UsageMisfit("The instant of the site's maximum is needed: measure the site's supply.")
    place = (site_peak - grid.start) // grid.step
    inside = (windows.first[places] <= place) & (place < windows.first[places] + windows.size)
    return places[inside][-1:]


def _highest(plan: Plan, terms: Demand, grid: Grid, windows: _Windows, places: NDArray[np.int64]) -> list[Found]:
    """The first of the highest windows of each account, or the mean of several."""
    whole = len(places) == windows.sums.shape[1]
    sums = windows.sums if whole else windows.sums[:, places]
    weights: NDArray[Any] = sums
    if windows.reactive is not None:
        reactive = windows.reactive if whole else windows.reactive[:, places]
        weights = _squares(sums, reactive, grid)
    counted = np.zeros(len(sums), np.int64)
    if windows.bad is not None:
        bad = windows.bad if whole else windows.bad[:, places]
        counted = bad.sum(axis=1)
        weights = np.where(bad, _NEVER, weights)
    if terms.take is Take.MEAN_OF_HIGHEST:
        return [
            _mean(plan, terms, grid, windows, places, row, weights[row], int(counted[row])) for row in range(len(sums))
        ]
    best = weights.argmax(axis=1)
    rows = np.arange(len(sums))
    picked = sums[rows, best].tolist()
    others = None if windows.reactive is None else windows.reactive[rows, places[best]].tolist()
    begins = windows.first[places[best]].tolist()
    minutes = windows.size * grid.step
    scale = Fraction(10) ** terms.decimals / grid.per_kwh / Fraction(minutes // timedelta(minutes=1), 60)
    return [
        Found(Decimal(0), (), len(places), len(places))
        if counted[row] == len(places)
        else Found(
            value=_scaled(terms, picked[row], scale)
            if others is None
            else power(terms, grid, picked[row], others[row], minutes),
            at=(grid.start + begins[row] * grid.step,),
            windows=len(places),
            excluded=int(counted[row]),
        )
        for row in range(len(sums))
    ]


def _squares(sums: NDArray[np.int64], reactive: NDArray[np.int64], grid: Grid) -> NDArray[Any]:
    """P squared and Q squared in one scale, as exact Python integers: they may leave 64 bits."""
    one = grid.per_kvarh / grid.per_kwh
    squares: NDArray[Any] = (sums.astype(object) * one.numerator) ** 2 + (
        reactive.astype(object) * one.denominator
    ) ** 2
    return squares


def _mean(
    plan: Plan,
    terms: Demand,
    grid: Grid,
    windows: _Windows,
    places: NDArray[np.int64],
    row: int,
    weights: NDArray[Any],
    excluded: int,
) -> Found:
    """Of the N highest windows, or of the highest of N days; fewer where there are not as many."""
    order = sorted(range(len(places)), key=lambda each: (-weights[each], each))
    taken: list[int] = []
    days: set[date] = set()
    for each in order:
        if weights[each] < 0 or len(taken) == terms.highest:
            break
        at = grid.start + int(windows.first[places[each]]) * grid.step
        day = civil.local_date(at, plan.zone)
        if not terms.one_a_day or day not in days:
            days.add(day)
            taken.append(int(places[each]))
    if not taken:
        return Found(Decimal(0), (), len(places), len(places))
    minutes = windows.size * grid.step
    powers = [
        _exact(
            grid,
            int(windows.sums[row, each]),
            None if windows.reactive is None else int(windows.reactive[row, each]),
            minutes,
            terms,
        )
        for each in taken
    ]
    value = rounding.round_fraction(sum(powers, Fraction(0)) / len(powers), terms.decimals, plan.document.mode)
    at_all = tuple(grid.start + int(windows.first[each]) * grid.step for each in taken)
    return Found(value, at_all, len(places), excluded)


def _scaled(terms: Demand, energy: int, scale: Fraction) -> Decimal:
    """The power of a window without reactive energy, which many accounts have at once."""
    return Decimal(rounding.divide(energy * scale.numerator, scale.denominator)).scaleb(-terms.decimals)


def power(terms: Demand, grid: Grid, energy: int, reactive: int | None, width: timedelta) -> Decimal:
    """This will return the demand of a window: its energy over its hours."""
    return rounding.round_fraction(_exact(grid, energy, reactive, width, terms), terms.decimals)


def _exact(grid: Grid, energy: int, reactive: int | None, width: timedelta, terms: Demand) -> Fraction:
    hours = Fraction(width // timedelta(minutes=1), 60)
    active = Fraction(energy) / grid.per_kwh / hours
    if reactive is None:
        return active
    return root(active * active + (Fraction(reactive) / grid.per_kvarh / hours) ** 2, terms.decimals)


def root(square: Fraction, decimals: int) -> Fraction:
    """This will return a square root, exact to six more decimals than are wanted."""
    scale = 10 ** (decimals + 6)
    return Fraction(math.isqrt(square.numerator * scale * scale // square.denominator), scale)


def row_of(grid: Grid, codes: Sequence[int] | NDArray[np.uint8] | None) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """This will return which intervals were not measured, and which are not known, by quality codes."""
    listed = np.zeros(grid.values.shape[1], np.uint8) if codes is None else np.asarray(codes, np.uint8)
    return np.isin(listed, UNMEASURED), np.isin(listed, UNKNOWN)
