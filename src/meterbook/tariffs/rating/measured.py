"""What an account used, as pricing takes it: totals by channel, demand, and its intervals where prices need them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from meterbook.kernel import quantity, rounding
from meterbook.kernel.quantity import Unit
from meterbook.tariffs.rating import needs
from meterbook.tariffs.rating.demand import Found, Grid
from meterbook.tariffs.rating.document import Component
from meterbook.tariffs.rating.inputs import InputMissing
from meterbook.tariffs.rating.plan import Plan, Scale
from meterbook.tariffs.rating.problems import UsageMisfit
from meterbook.tariffs.rating.terms import Channel

UNITS = {
    Channel.REACTIVE_IMPORT: Unit.KVARH,
    Channel.REACTIVE_EXPORT: Unit.KVARH,
    Channel.APPARENT: Unit.KVAH,
    Channel.VOLUME: Unit.M3,
}


@dataclass(frozen=True)
class Measured:
    """Totals by class (`Plan.class_count`) in the scale of each channel; `counts` are intervals of import by class.

    Of meters that have one demand, `elsewhere` are the components that another one is charged, and `joined` those that
    this one is charged for all, with their codes. `demands` by component and price period; `grid` with the account's
    `row` holds its intervals, None for totals.
    `delivered` is the import in each part of the period that has its own tax rates; empty where there is one.
    """

    totals: Mapping[Channel, Sequence[int]]
    scales: Mapping[Channel, Scale]
    counts: Sequence[int]
    apportioned: int = 0
    demands: Mapping[str, Mapping[str, Found]] = field(default_factory=dict)
    grid: Grid | None = None
    row: int = 0
    elsewhere: frozenset[str] = frozenset()
    joined: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    delivered: Sequence[int] = ()


def unit_of(plan: Plan, component: Component) -> Unit:
    """This will return the unit that a component's price is for."""
    if component.linked is not None and component.linked.unit is not None:
        return component.linked.unit
    return UNITS.get(component.channel, plan.document.unit)


def needed(plan: Plan) -> set[Channel]:
    """This will return the channels, besides import, without which the plan's document cannot be priced."""
    return plan.kept("channels", lambda: set(needs.of(plan.document).channels))


def units(plan: Plan, measured: Measured, component: Component) -> list[list[int]]:
    """This will return what a component charges for: by ladder year, by price period, in billed units.

    :raises InputMissing: when the channel was not measured
    """
    if component.channel is Channel.NET:
        used, given = (_units(plan, measured, component, each) for each in (Channel.IMPORT, Channel.EXPORT))
        return [[a - b for a, b in zip(*both, strict=True)] for both in zip(used, given, strict=True)]
    return _units(plan, measured, component, component.channel)


def number(plan: Plan, measured: Measured, component: Component, channel: Channel) -> Decimal:
    """This will return all units of a channel as a billed quantity.

    :raises InputMissing: when the channel was not measured
    """
    return plan.number(sum(map(sum, _units(plan, measured, component, channel))))


def _units(plan: Plan, measured: Measured, component: Component, channel: Channel) -> list[list[int]]:
    parts = by_period(plan, component, totals_of(measured, component, channel))
    factor = _factor(plan, measured, channel)
    return [[_rounded(plan, total, factor) for total in part] for part in parts]


def totals_of(measured: Measured, component: Component, channel: Channel) -> Sequence[int]:
    """This will return a channel's totals by class.

    :raises InputMissing: when it was not measured
    """
    found = measured.totals.get(channel)
    if found is None:
        raise InputMissing("CHANNEL", channel, f"{component.code} needs {channel} beside the energy: measure it too.")
    return found


def by_period(plan: Plan, component: Component, totals: Sequence[int]) -> list[list[int]]:
    """This will sum up numbers by class to ladder years and price periods, of the component's seasons only."""
    document = plan.document
    periods = len(document.periods)
    if len(totals) == periods:
        return [list(totals)]
    seasons = len(document.seasons) if document.by_season else 1
    names = [each.code for each in document.seasons]
    wanted = [names.index(each) for each in component.seasons] if component.seasons else range(seasons)
    return [
        [sum(totals[(year * seasons + season) * periods + period] for season in wanted) for period in range(periods)]
        for year in range(len(plan.year_starts) + 1)
    ]


def _factor(plan: Plan, measured: Measured, channel: Channel) -> Fraction:
    if channel is Channel.IMPORT:
        return plan.factor
    scale = measured.scales[channel]
    wanted = UNITS.get(channel, plan.document.unit)
    try:
        one = quantity.factor(scale.unit, wanted)
    except quantity.UnitMismatch as error:
        raise UsageMisfit(f"{scale.unit.symbol} of {channel} does not convert to {wanted.symbol}.") from error
    return one * Fraction(10) ** (plan.document.decimals - scale.decimals)


def exact(plan: Plan, measured: Measured, channel: Channel, total: int) -> Fraction:
    """This will return a total of a channel in the units of the document, or those of UNITS, unrounded."""
    return total * _factor(plan, measured, channel) / Fraction(10) ** plan.document.decimals


def _rounded(plan: Plan, total: int, factor: Fraction) -> int:
    if factor == 1:
        return total
    return rounding.divide(total * factor.numerator, factor.denominator, plan.document.mode)
