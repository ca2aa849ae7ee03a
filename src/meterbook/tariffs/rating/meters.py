"""Several meters of one account that have one demand (B-42): each is priced, and the demand is charged at the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from meterbook.tariffs.rating import fold, gathering, pricing
from meterbook.tariffs.rating.demand import Grid
from meterbook.tariffs.rating.lines import Rated
from meterbook.tariffs.rating.plan import Plan
from meterbook.tariffs.rating.problems import UsageMisfit


@dataclass(frozen=True, eq=False)
class Meter:
    """A meter of the account by its code: its plan, intervals of shape (1, n), and what else a matrix has."""

    code: str
    plan: Plan
    values: NDArray[np.int64]
    step: timedelta
    further: fold.Further


def rate(meters: Sequence[Meter]) -> list[Rated]:
    """This will rate meters of one period and tariff, in their order.

    5 kW and 3 kW in one hour, 2 and 4 in the next: coincident 7 kW, non-coincident 5 + 4 = 9 kW. Everything but the
    demand that is one for all is priced meter by meter.

    :raises UsageMisfit: as `fold.rate_matrix`
    """
    first = meters[0].plan
    measured = [fold.measure(each.plan, each.values, each.step, each.further)[0] for each in meters]
    grids = [each.grid for each in measured if each.grid is not None]
    if len(grids) < len(meters):
        raise UsageMisfit("The demand of several meters needs the intervals of all of them.")
    peak = meters[0].further.inputs[0].site_peak
    together = gathering.of_meters(first, _alike(grids), peak)
    joined = {each.code for each in gathering.measured_components(first) if each.demand and each.demand.joins}
    codes = tuple(each.code for each in meters)
    found = []
    for place, (meter, used) in enumerate(zip(meters, measured, strict=True)):
        if place:
            used = replace(used, elsewhere=frozenset(joined))
        else:
            demands = {**used.demands, **{code: together[code] for code in joined}}
            used = replace(used, demands=demands, joined=dict.fromkeys(joined, codes))
        found.append(pricing.price(meter.plan, used, meter.further.inputs[0]))
    return found


def _alike(grids: Sequence[Grid]) -> list[Grid]:
    """Windows over the start of the period count where all meters have the intervals before it."""
    if len({each.lead for each in grids}) == 1:
        return list(grids)
    return [_without_lead(each) for each in grids]


def _without_lead(grid: Grid) -> Grid:
    def cut(values: NDArray[np.bool_] | None) -> NDArray[np.bool_] | None:
        return None if values is None else values[:, grid.lead :]

    return replace(
        grid,
        start=grid.start + grid.lead * grid.step,
        values=grid.values[:, grid.lead :],
        unmeasured=cut(grid.unmeasured),
        unknown=cut(grid.unknown),
        reactive=None if grid.reactive is None else grid.reactive[:, grid.lead :],
        lead=0,
    )
