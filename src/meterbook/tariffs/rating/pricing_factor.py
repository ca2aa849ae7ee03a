"""The power factor of a period, and what it costs (B-44)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from meterbook.kernel import rounding
from meterbook.kernel.quantity import Unit
from meterbook.tariffs.rating import demand as measuring
from meterbook.tariffs.rating import lines, measured
from meterbook.tariffs.rating.account import Account
from meterbook.tariffs.rating.document import Component
from meterbook.tariffs.rating.inputs import InputMissing
from meterbook.tariffs.rating.lines import Line
from meterbook.tariffs.rating.terms import Channel, PowerFactor, Rule


def power_factor(account: Account, component: Component) -> Iterator[Line]:
    """This will charge or credit for the power factor of the period; nothing below the least usage."""
    terms = component.power_factor
    if terms is None:
        return
    active = measured.exact(account.plan, account.used, Channel.IMPORT, sum(account.used.totals[Channel.IMPORT]))
    if active < Fraction(terms.least_usage) or active <= 0:
        return
    if terms.rule is Rule.REACTIVE_ABOVE:
        yield from _reactive_above(account, component, terms, active)
        return
    factor = factor_of(account, component, terms.leading, terms.decimals)
    percent, trace = _percent(account, terms, factor)
    if percent:
        base = account.net_of(component.on)
        yield lines.line(
            account.plan,
            component,
            quantity=str(percent),
            unit=Unit.PERCENT.value,
            price=lines.decimal(Fraction(base) / 100),
            exact=Fraction(base) * Fraction(percent) / 100,
            trace={"on": sorted(component.on), "base": str(base), "power_factor": str(factor), **trace},
        )


def _percent(account: Account, terms: PowerFactor, factor: Decimal) -> tuple[Decimal, Mapping[str, Any]]:
    """7.5 for a factor of 0.80 by steps of 1.5 below 0.85, and by 3/5 x (90 / 80 - 1)."""
    if terms.rule is Rule.STEPS:
        total, steps = Decimal(0), {}
        ends = [*(below for below, _each in terms.steps[1:]), Decimal(0)]
        for (below, each), end in zip(terms.steps, ends, strict=True):
            gap = Fraction(below) - Fraction(max(factor, end))
            count = rounding.divide(*(gap / Fraction(terms.step)).as_integer_ratio(), rounding.RoundingMode.CEILING)
            if count > 0:
                steps[str(below)] = count
                total += each * count
        return total, {"steps": steps}
    day = account.plan.days[0] if account.plan.days else date.max
    held = [value for first, value in terms.reference if first <= day]
    if not held:
        raise InputMissing("REFERENCE", "power_factor", f"No reference of the power factor is in force on {day}.")
    reference = held[-1]
    trace = {"reference": str(reference)}
    slope, gap = terms.penalty, Fraction(reference) / Fraction(factor) - 1 if factor else Fraction(0)
    sign = 1
    if factor >= reference:
        slope, gap, sign = terms.bonus, 1 - Fraction(reference) / Fraction(factor), -1
    if slope is None:
        return Decimal(0), trace
    percent = rounding.round_fraction(slope.share * gap * 100, terms.percent_decimals, account.plan.document.mode)
    return sign * (percent if slope.most is None else min(percent, slope.most)), trace


def factor_of(account: Account, component: Component, leading: str, decimals: int) -> Decimal:
    """This will return kWh / root(kWh2 + kvarh2) of the period, rounded; 1 when nothing was used (B-44)."""
    active, reactive = _energies(account, component, leading)
    apparent = measuring.root(active * active + reactive * reactive, decimals + 6)
    if not apparent:
        return Decimal(1)
    return rounding.round_fraction(active / apparent, decimals, account.plan.document.mode)


def _energies(account: Account, component: Component, leading: str) -> tuple[Fraction, Fraction]:
    plan, used = account.plan, account.used

    def total(channel: Channel) -> Fraction:
        raw = sum(measured.totals_of(used, component, channel))
        return measured.exact(plan, used, channel, raw)

    active, reactive = total(Channel.IMPORT), total(Channel.REACTIVE_IMPORT)
    if leading != "IGNORE":
        given = total(Channel.REACTIVE_EXPORT)
        reactive = reactive + given if leading == "ADD" else max(reactive - given, Fraction(0))
    return active, reactive


def _reactive_above(account: Account, component: Component, terms: PowerFactor, active: Fraction) -> Iterator[Line]:
    _active, reactive = _energies(account, component, terms.leading)
    free = active * Fraction(terms.tan_phi)
    above = rounding.round_fraction(max(reactive - free, Fraction(0)), account.plan.document.decimals)
    if above:
        trace = {
            "reactive": str(lines.decimal(reactive)),
            "active": str(lines.decimal(active)),
            "tan_phi": str(terms.tan_phi),
            "free": str(lines.decimal(free)),
        }
        yield lines.line(
            account.plan,
            component,
            quantity=str(above),
            unit=Unit.KVARH.value,
            price=component.price,
            exact=Fraction(above) * Fraction(component.price),
            trace=trace,
        )
