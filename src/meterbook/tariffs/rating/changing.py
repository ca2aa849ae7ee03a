"""A tariff that changes within a billing period: each version prices its part, ladders and demand as it says (B-31)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from meterbook.kernel import allocation
from meterbook.kernel.period import Period
from meterbook.tariffs.rating import bank_states, fold, gathering, inputs_reading, lengths, pricing
from meterbook.tariffs.rating.document import Component
from meterbook.tariffs.rating.inputs import Inputs, Part
from meterbook.tariffs.rating.lines import Rated
from meterbook.tariffs.rating.plan import Plan
from meterbook.tariffs.rating.terms import Channel, Reference

_COUNTED = {Channel.IMPORT}


@dataclass(frozen=True)
class Version:
    """The plan of one part of a period, and what it used of imported energy, in the scale of the plan."""

    plan: Plan
    used: int


def inputs_of(parts: Sequence[Version], inputs: Inputs) -> list[Inputs]:
    """This will return the inputs of each part of a period, in order of time.

    One part alone has the inputs as they are. What a version says of a change holds for its own part: tiers prorated,
    or one ladder through the whole period; demand by the days of each part, or by the version at the end for all (it
    must then be given the demand of the whole period).
    """
    if len(parts) < 2:
        return [inputs]
    days = sum(len(each.plan.days) for each in parts)
    whole = inputs.whole_days or days
    final = parts[-1].plan.document.change
    found = []
    for place, each in enumerate(parts):
        share = Fraction(len(each.plan.days), whole) if whole else Fraction(1)
        through = each.plan.document.change.is_cumulative
        part = Part(
            share=share,
            factors=_factors(each.plan, parts, inputs) if through else {},
            before=_before(each.plan, parts[:place]) if through else _year_before(each.plan, parts[:place]),
            demand_elsewhere=final.is_whole and place < len(parts) - 1,
            demand_whole=final.is_whole and place == len(parts) - 1,
        )
        is_final = inputs.is_final_period and place == len(parts) - 1
        is_first = inputs.is_first_period and place == 0
        found.append(replace(inputs, part=part, is_first_period=is_first, is_final_period=is_final))
    return found


def _is_counted(component: Component) -> bool:
    """Whether its ladder is climbed by what is measured; one of a linked quantity is each part's own."""
    return component.channel in _COUNTED and component.linked is None


def _factors(plan: Plan, parts: Sequence[Version], inputs: Inputs) -> Mapping[str, Fraction]:
    """The proration of each ladder in the whole period."""
    found = {}
    for component in plan.document.components:
        if component.tiers and component.ladder.year is None and _is_counted(component):
            if component.reference.named is Reference.BILLING_PERIOD:
                days = sum(len(each.plan.days) for each in parts)
                found[component.code] = Fraction(days, inputs.whole_days or days)
                continue
            length = component.reference.days
            days = sum(len(each.plan.days) for each in parts)
            if length:
                is_exempt = abs(days - length) <= component.exempt_days
                found[component.code] = Fraction(1) if is_exempt else Fraction(days, length)
            else:
                own = (lengths.factor(each.plan, component.reference, component, inputs) for each in parts)
                found[component.code] = sum(own, Fraction(0))
    return found


def _before(plan: Plan, parts: Sequence[Version]) -> Mapping[str, Decimal]:
    """What the parts before have put on each ladder."""
    used = _used(plan, parts)
    return {each.code: used for each in plan.document.components if each.tiers and _is_counted(each)}


def _year_before(plan: Plan, parts: Sequence[Version]) -> Mapping[str, Decimal]:
    used = _used(plan, parts)
    return {each.code: used for each in plan.document.components if each.tiers and each.ladder.year is not None}


def _used(plan: Plan, parts: Sequence[Version]) -> Decimal:
    return plan.number(sum(each.plan.billed(each.used) for each in parts))


@dataclass(frozen=True, eq=False)
class Usage:
    """One account in one part: its plan, intervals of shape (1, n), and what else a matrix has."""

    plan: Plan
    values: NDArray[np.int64]
    further: fold.Further


def rate(parts: Sequence[Usage], step: timedelta, inputs: Inputs) -> list[Rated]:
    """This will rate the parts of one account's period, in order of time, each by its version.

    What one part leaves in a bank, the next goes on from.

    :raises UsageMisfit: as `fold.rate_matrix`
    """
    known = inputs_of([Version(each.plan, int(each.values.sum())) for each in parts], inputs)
    found: list[Rated] = []
    held = inputs.history.bank
    for each, given in zip(parts, known, strict=True):
        own = replace(given, history=replace(given.history, bank=held))
        (used,) = fold.measure(each.plan, each.values, step, replace(each.further, inputs=[own]))
        if own.part is not None and own.part.demand_whole:
            used = replace(used, demands=_whole_demand(parts, step, inputs))
        found.append(pricing.price(each.plan, used, own))
        left = bank_states.left(found[-1].lines)
        held = {**held, **{code: inputs_reading.banked(code, state) for code, state in left.items()}}
    return found


def _whole_demand(parts: Sequence[Usage], step: timedelta, inputs: Inputs) -> gathering.Demands:
    """The demand of the whole period, measured as the version at the end says."""
    first, final = parts[0].plan, parts[-1].plan
    plan = Plan(final.document, final.zone, Period(first.period.start, final.period.end), final.scale)
    flows = [each.further.channels.get(Channel.REACTIVE_IMPORT) for each in parts]
    held = [flow for flow in flows if flow is not None]
    qualities = [
        np.zeros(each.values.shape, np.uint8) if each.further.quality is None else each.further.quality
        for each in parts
    ]
    grid = gathering.matrix_grid(
        plan,
        np.concatenate([each.values for each in parts], axis=1),
        step,
        start=plan.period.start,
        quality=np.concatenate(qualities, axis=1),
        reactive=gathering.Flow(np.concatenate([flow.values for flow in held], axis=1), held[0].scale)
        if held and len(held) == len(parts)
        else None,
    )
    return gathering.demands(plan, grid, inputs.site_peak)[0]


def by_days(total: int, parts: Sequence[Plan]) -> list[int]:
    """This will spread a total over the parts of a period by their days, exactly: 310 in 15 and 16 days are 150, 160.

    For usage without intervals; who bills it says so.
    """
    shares = allocation.allocate(total, {f"{place:04}": len(each.days) for place, each in enumerate(parts)})
    return [shares[f"{place:04}"] for place in range(len(parts))]
