"""From intervals to what pricing takes: grids of accounts with their demand, one account or a matrix at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from meterbook.kernel import quantity
from meterbook.kernel.quantity import Unit
from meterbook.kernel.series import SeriesMisaligned, UsageSeries, join
from meterbook.tariffs.rating import demand
from meterbook.tariffs.rating.demand import UNKNOWN, UNMEASURED, Found, Grid
from meterbook.tariffs.rating.document import Component
from meterbook.tariffs.rating.plan import Plan, Scale
from meterbook.tariffs.rating.problems import UsageMisfit

Demands = dict[str, dict[str, Found]]


@dataclass(frozen=True, eq=False)
class Flow:
    """Usage of a channel besides import, in a scale of its own: a series, or int64 of shape (accounts, intervals)."""

    values: NDArray[np.int64]
    scale: Scale


def keeps_intervals(plan: Plan) -> bool:
    """This will tell whether totals are not enough: demand, a series of prices, tiers in order of time, tax by day."""
    return plan.kept(
        "keeps intervals",
        lambda: (
            bool(plan.tax_starts)
            or bool(measured_components(plan))
            or any(each.series or each.ladder.by_time for each in plan.document.components)
        ),
    )


def grid_of(plan: Plan, kept: Sequence[UsageSeries], reactive: Sequence[UsageSeries], scale: Scale | None) -> Grid:
    """This will put pieces of one account together; those before the period are its lead.

    :raises UsageMisfit: when they are not of one step, or do not follow each other
    """
    try:
        whole = join(sorted(kept, key=lambda each: each.start))
        other = join(sorted(reactive, key=lambda each: each.start)) if reactive else None
    except SeriesMisaligned as error:
        words = "Demand and prices by the hour need intervals of one length, from the start of the period to its end."
        raise UsageMisfit(words) from error
    found = matrix_grid(
        plan,
        whole.values[None, :],
        whole.step,
        start=whole.start,
        quality=whole.quality[None, :],
        reactive=None if other is None or scale is None else Flow(_like(whole, other)[None, :], scale),
    )
    return replace(found, lead=max((plan.period.start - whole.start) // whole.step, 0))


def _like(whole: UsageSeries, other: UsageSeries) -> NDArray[np.int64]:
    """The other series in the intervals of the first."""
    if (whole.start, whole.step, len(whole)) != (other.start, other.step, len(other)):
        raise UsageMisfit("Reactive energy must come in the same intervals as the energy.")
    return other.values


def matrix_grid(
    plan: Plan,
    values: NDArray[np.int64],
    step: timedelta,
    *,
    start: datetime,
    quality: NDArray[np.uint8] | None = None,
    reactive: Flow | None = None,
) -> Grid:
    """This will make the grid of many accounts: `values` and `quality` of shape (accounts, intervals)."""
    return Grid(
        start=start,
        step=step,
        values=values,
        per_kwh=_per(plan.scale, Unit.KWH),
        unmeasured=_marks(quality, UNMEASURED),
        unknown=_marks(quality, UNKNOWN),
        reactive=None if reactive is None else reactive.values,
        per_kvarh=Fraction(1) if reactive is None else _per(reactive.scale, Unit.KVARH),
    )


def _per(scale: Scale, unit: Unit) -> Fraction:
    """How many units of a scale one unit has; 1 for what is not energy, which has no demand."""
    if scale.unit.dimension is not unit.dimension:
        return Fraction(1)
    return Fraction(10) ** scale.decimals * quantity.factor(unit, scale.unit) / scale.times


def _marks(quality: NDArray[np.uint8] | None, codes: NDArray[np.uint8]) -> NDArray[np.bool_] | None:
    """Where a quality is one of the codes; None where that is nowhere, which costs nothing later."""
    if quality is None or not quality.any():
        return None
    found = np.isin(quality, codes)
    return found if found.any() else None


def demands(plan: Plan, grid: Grid, site_peak: datetime | None) -> list[Demands]:
    """This will measure the demand of each component for each account of a grid."""
    found: list[Demands] = [{} for _row in grid.values]
    for component in measured_components(plan):
        for row, each in enumerate(demand.measure(plan, component, grid, site_peak)):
            found[row][component.code] = each
    return found


def measured_components(plan: Plan) -> Sequence[Component]:
    """This will return the components that measure demand from intervals."""
    return plan.kept(
        "demands",
        lambda: [
            each for each in plan.document.components if each.demand is not None and not each.demand.is_registered
        ],
    )


def of_meters(plan: Plan, grids: Sequence[Grid], site_peak: datetime | None) -> Demands:
    """This will measure one account of several meters: together, or each for itself and then added (B-42)."""
    whole = together(grids)
    found: Demands = {}
    for component in measured_components(plan):
        is_coincident = component.demand is None or component.demand.is_coincident
        measured = [
            demand.measure(plan, component, each, site_peak)[0] for each in ([whole] if is_coincident else grids)
        ]
        found[component.code] = measured[0] if len(measured) == 1 else _added(measured)
    return found


def together(grids: Sequence[Grid]) -> Grid:
    """This will add the intervals of several meters of one account up."""
    whole = grids[0]
    if len(grids) > 1:
        values = np.sum([each.values for each in grids], axis=0)
        reactive = [each.reactive for each in grids if each.reactive is not None]
        whole = replace(
            whole,
            values=values,
            reactive=np.sum(reactive, axis=0) if reactive else None,
            unmeasured=_either(each.unmeasured for each in grids),
            unknown=_either(each.unknown for each in grids),
        )
    return whole


def _either(marks: Iterable[NDArray[np.bool_] | None]) -> NDArray[np.bool_] | None:
    held = [each for each in marks if each is not None]
    return np.any(held, axis=0) if held else None


def _added(measured: Sequence[Mapping[str, Found]]) -> dict[str, Found]:
    added: dict[str, Found] = {}
    for each in measured:
        for code, found in each.items():
            before = added.get(code)
            added[code] = (
                found
                if before is None
                else Found(
                    before.value + found.value,
                    (*before.at, *found.at),
                    before.windows + found.windows,
                    before.excluded + found.excluded,
                )
            )
    return added
