"""The mean temperature difference of a period, and what it costs where it is low (B-54)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from meterbook.kernel import quantity, rounding, water
from meterbook.kernel.quantity import Unit
from meterbook.kernel.rounding import RoundingMode
from meterbook.tariffs.rating import lines, measured
from meterbook.tariffs.rating.account import Account
from meterbook.tariffs.rating.delta_t_terms import Counted, DeltaRule, DeltaT
from meterbook.tariffs.rating.document import Component
from meterbook.tariffs.rating.lines import Line
from meterbook.tariffs.rating.terms import Channel


def low_delta_t(account: Account, component: Component) -> Iterator[Line]:
    """This will charge for water that came back too little changed; nothing below the least usage, or without flow.

    :raises InputMissing: when the volume was not measured beside the energy
    """
    terms = component.delta_t
    if terms is None:
        return
    plan, used = account.plan, account.used
    volume = measured.exact(plan, used, Channel.VOLUME, sum(measured.totals_of(used, component, Channel.VOLUME)))
    energy = measured.exact(plan, used, Channel.IMPORT, sum(used.totals[Channel.IMPORT]))
    if energy < Fraction(terms.least_usage) or energy <= 0 or volume <= 0:
        return
    carried = energy * quantity.factor(plan.document.unit, Unit.KWH)
    capacity = water.capacity(terms.density, terms.specific_heat)
    delta = rounding.round_fraction(carried / (volume * capacity), terms.decimals, plan.document.mode)
    trace = {
        "delta_t": str(delta),
        "energy": str(lines.decimal(energy)),
        "energy_unit": plan.document.unit.value,
        "volume": str(lines.decimal(volume)),
        "density": str(terms.density),
        "specific_heat": str(terms.specific_heat),
    }
    if terms.rule is DeltaRule.VOLUME_ABOVE:
        needed = carried / (capacity * Fraction(terms.target))
        yield from _volume_above(account, component, volume - needed, {**trace, "target": str(terms.target)})
        return
    percent, steps = _percent(terms, delta)
    if percent:
        base = account.net_of(component.on)
        yield lines.line(
            account.plan,
            component,
            quantity=str(percent),
            unit=Unit.PERCENT.value,
            price=lines.decimal(Fraction(base) / 100),
            exact=Fraction(base) * Fraction(percent) / 100,
            trace={"on": sorted(component.on), "base": str(base), **trace, "steps": steps},
            text=_named(component, delta),
        )


def _percent(terms: DeltaT, delta: Decimal) -> tuple[Decimal, dict[str, str]]:
    """9 for 5.4 K by 3 % for each kelvin begun below 8."""
    total, steps = Fraction(0), {}
    ends = [*(below for below, _each in terms.steps[1:]), Decimal(0)]
    for (below, each), end in zip(terms.steps, ends, strict=True):
        count = (Fraction(below) - Fraction(max(delta, end))) / Fraction(terms.step)
        if terms.counted is not Counted.PROPORTION:
            mode = RoundingMode.CEILING if terms.counted is Counted.BEGUN else RoundingMode.FLOOR
            count = Fraction(rounding.divide(count.numerator, count.denominator, mode))
        if count > 0:
            steps[str(below)] = str(lines.decimal(count))
            total += Fraction(each) * count
    return lines.decimal(total), steps


def _volume_above(account: Account, component: Component, above: Fraction, trace: Mapping[str, Any]) -> Iterator[Line]:
    """Cubic meters above those that would have carried the energy at the difference agreed."""
    plan = account.plan
    billed = rounding.round_fraction(max(above, Fraction(0)), plan.document.decimals, plan.document.mode)
    if not billed:
        return
    yield lines.line(
        plan,
        component,
        quantity=str(billed),
        unit=Unit.M3.value,
        price=component.price,
        exact=Fraction(billed) * Fraction(component.price),
        trace=dict(trace),
        text=_named(component, Decimal(trace["delta_t"])),
    )


def _named(component: Component, delta: Decimal) -> dict[str, str]:
    """The line says the difference beside its name: it is what a tenant asks for first."""
    return {language: f"{words} ({delta:f} K)" for language, words in component.name.items()}
