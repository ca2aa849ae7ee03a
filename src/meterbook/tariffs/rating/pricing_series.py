"""Prices that come as a series of instants, and tiers that are filled in the order of time: both need intervals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meterbook.kernel import rounding
from meterbook.tariffs.rating import classes as rating_classes
from meterbook.tariffs.rating import lengths, lines
from meterbook.tariffs.rating.account import Account
from meterbook.tariffs.rating.demand import Grid
from meterbook.tariffs.rating.document import Component, PricePeriod
from meterbook.tariffs.rating.inputs import InputMissing, Prices
from meterbook.tariffs.rating.lines import Line
from meterbook.tariffs.rating.plan import Plan
from meterbook.tariffs.rating.problems import UsageMisfit


def lines_of(account: Account, component: Component, trace: dict[str, Any]) -> Iterator[Line]:
    """This will price each interval at the price of its instant: the sum is exact, the price shown the average.

    :raises InputMissing: when the series, or a price of it, is not there
    """
    if component.series is None or not component.series.by_period:
        yield _line(account, component, trace)
        return
    grid = _grid(account, component)
    period = _periods(account.plan, grid, grid.values.shape[1] - grid.lead)
    for index, each in enumerate(account.plan.document.periods):
        chosen = period == index
        if chosen.any():
            yield _line(account, component, {**trace, "period": each.code}, chosen, each)


def _line(
    account: Account,
    component: Component,
    trace: dict[str, Any],
    chosen: NDArray[np.bool_] | None = None,
    period: PricePeriod | None = None,
) -> Line:
    """All intervals, or those that are chosen: of a price period."""
    plan, terms = account.plan, component.series
    grid = _grid(account, component)
    if terms is None:
        raise UsageMisfit(f"{component.code} has no series of prices.")
    found = account.inputs.price_series.get(terms.code)
    if found is None:
        raise InputMissing("PRICES", terms.code, f"{component.code} needs the prices “{terms.code}” of the period.")
    values = grid.values[account.used.row, grid.lead :]
    per_unit = _per_unit(plan, grid)
    start = grid.start + grid.lead * grid.step
    prices = plan.kept(f"prices {terms.code} {id(found)}", lambda: _prices(found, start, grid.step, len(values)))
    if prices is None:
        words = f"{component.code}: the prices “{terms.code}” do not cover the period in intervals that fit."
        raise InputMissing("PRICES", terms.code, words)
    whole, scale = prices
    if chosen is not None:
        values, whole = values[chosen], whole[chosen]
    product = int((values.astype(object) * whole).sum())
    total = int(values.sum())
    used = Fraction(total) / per_unit
    due = Fraction(product) / per_unit / scale * Fraction(terms.factor) + used * Fraction(terms.add)
    average = due / used if used else Fraction(0)
    return lines.line(
        plan,
        component,
        quantity=str(rounding.round_fraction(used, plan.document.decimals, plan.document.mode)),
        unit=plan.document.unit.value,
        price=rounding.round_fraction(average, 8, plan.document.mode),
        exact=due,
        trace={
            **trace,
            "series": terms.code,
            "average": True,
            "factor": str(terms.factor),
            "add": str(terms.add),
            "intervals": len(values),
        },
        more="" if period is None else period.code,
        text=None if period is None else lines.joined(component.name, period.name),
    )


def used_up_to(account: Account, component: Component, place: int, units: Sequence[int]) -> list[int]:
    """This will return by price period what was used until the ladder's place was reached, in billed units."""
    plan = account.plan
    grid = _grid(account, component)
    values = grid.values[account.used.row, grid.lead :]
    if lengths.days_of(plan, component) != plan.days:
        raise UsageMisfit(f"{component.code}: tiers in order of time are for all seasons.")
    if place >= sum(units):
        return list(units)
    limit = Fraction(place) / plan.factor
    edge = rounding.divide(limit.numerator, limit.denominator)
    climbed = np.minimum(np.cumsum(values), edge)
    added = np.diff(climbed, prepend=0)
    period = _periods(plan, grid, len(values))
    return [plan.billed(int(added[period == index].sum())) for index in range(len(plan.document.periods))]


def _periods(plan: Plan, grid: Grid, count: int) -> NDArray[np.int64]:
    """The price period of each interval."""
    start = grid.start + grid.lead * grid.step

    def make() -> NDArray[np.int64]:
        return rating_classes.seasons_and_periods(plan.document, plan.zone, start=start, step=grid.step, count=count)[1]

    return plan.kept(f"periods {start} {grid.step} {count}", make)


def _grid(account: Account, component: Component) -> Grid:
    grid = account.used.grid
    if grid is None:
        raise UsageMisfit(f"{component.code} is priced by intervals: give them, not totals.")
    return grid


def _per_unit(plan: Plan, grid: Grid) -> Fraction:
    """How many units of the values a unit of the document has."""
    return Fraction(10) ** plan.document.decimals / plan.factor


def _prices(found: Prices, start: datetime, step: timedelta, count: int) -> tuple[NDArray[np.object_], int] | None:
    """The price of each interval as an integer of 1/scale; None where there is none, or one changes within."""
    offset = start - found.start
    if found.step % step or offset < timedelta(0):
        return None
    first = offset // step
    width = found.step // step
    if first + count > len(found.prices) * width:
        return None
    places = max([0, *(max(0, -int(each.as_tuple().exponent)) for each in found.prices)])
    scale = 10**places
    whole = np.array([int(each.scaleb(places)) for each in found.prices], object)
    return whole[(first + np.arange(count)) // width], scale
