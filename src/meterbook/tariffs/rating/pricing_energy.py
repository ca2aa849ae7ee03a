"""Energy, and whatever else is counted: one price, prices by period, tiers, packages, a series of prices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

from meterbook.kernel import rounding
from meterbook.tariffs.rating import (
    lengths,
    lines,
    measured,
    pricing_bank,
    pricing_linked,
    pricing_packages,
    pricing_series,
    pricing_tiers,
)
from meterbook.tariffs.rating.account import Account
from meterbook.tariffs.rating.document import Component
from meterbook.tariffs.rating.lines import Line
from meterbook.tariffs.rating.terms import Allowance, Channel

Units = list[list[int]]


def lines_of(account: Account, component: Component) -> Iterable[Line]:
    """This will price an ENERGY component."""
    plan = account.plan
    through = account.inputs.part is not None and component.code in account.inputs.part.factors
    if component.is_plain and not through:
        counts = lines.folded(plan, account.used.counts)
        return lines.plain(plan, component, account.imported, counts, account.used.apportioned)
    trace: dict[str, Any] = {}
    if component.linked is None:
        units = measured.units(plan, account.used, component)
    else:
        units = pricing_linked.units(account, component, component.linked, trace)
    if component.channel is not Channel.IMPORT:
        trace["channel"] = component.channel.value
    if component.seasons:
        trace["seasons"] = list(component.seasons)
    netted = pricing_bank.net(account, component, units)
    if netted is not None:
        units = netted.units
        trace |= netted.trace
    units = _with_losses(account, component, units, trace)
    units = _at_least(account, component, units, trace)
    units = _whole(account, component, units, trace)
    free = _free(account, component, units, trace)
    if free and not (component.allowance and component.allowance.is_average):
        units = _without(units, free)
    found = list(_priced(account, component, units, trace))
    if component.allowance is not None and component.allowance.is_average:
        found.extend(_credit(account, component, units, found, free))
    return found if netted is None else list(pricing_bank.with_bank(account, component, found, netted))


def _with_losses(account: Account, component: Component, units: Units, trace: dict[str, Any]) -> Units:
    loss = component.loss
    if loss is None:
        return units
    by = Fraction(loss.factor) - (1 if loss.is_only else 0)
    trace["loss"] = {"factor": str(loss.factor), "measured": str(account.plan.number(_sum(units)))}
    mode = account.plan.document.mode
    return [[rounding.divide(each * by.numerator, by.denominator, mode) for each in part] for part in units]


def _at_least(account: Account, component: Component, units: Units, trace: dict[str, Any]) -> Units:
    """Minimum consumption: what is missing is billed as if it had been used last (B-35)."""
    minimum = component.minimum
    if minimum is None:
        return units
    plan = account.plan
    share = lengths.factor(plan, minimum.reference, component, account.inputs)
    share *= lengths.scaled(minimum.scale, component, account.inputs)
    least = _billed(account, Fraction(minimum.quantity) * share)
    trace["measured"] = str(plan.number(_sum(units)))
    trace["minimum"] = {"quantity": str(plan.number(least)), "proration": str(share)}
    missing = least - _sum(units)
    return units if missing <= 0 else [*units[:-1], [units[-1][0] + missing, *units[-1][1:]]]


def _whole(account: Account, component: Component, units: Units, trace: dict[str, Any]) -> Units:
    """The quantity in multiples of a number: what that changes is as if used first."""
    whole = component.whole
    if whole is None:
        return units
    total = Fraction(account.plan.number(_sum(units)))
    times = total / Fraction(whole.to)
    rounded = Fraction(whole.to) * rounding.divide(times.numerator, times.denominator, whole.mode)
    trace.setdefault("measured", str(account.plan.number(_sum(units))))
    trace["rounded_to"] = str(whole.to)
    more = _billed(account, rounded) - _sum(units)
    return [[units[0][0] + more, *units[0][1:]], *units[1:]]


def _free(account: Account, component: Component, units: Units, trace: dict[str, Any]) -> int:
    """How many units are free: the allowance and what earlier ones left, at most what was used (B-36)."""
    allowance = component.allowance
    if allowance is None:
        return 0
    plan = account.plan
    granted = _billed(account, Fraction(allowance.quantity) * _share(account, component, allowance))
    carried = _billed(account, Fraction(account.inputs.history.allowance.get(component.code, 0)))
    carried = carried if allowance.is_carried else 0
    free = max(min(granted + carried, _sum(units)), 0)
    trace["allowance"] = {"granted": str(plan.number(granted)), "free": str(plan.number(free))}
    trace["measured"] = str(plan.number(_sum(units)))
    if allowance.is_carried:
        trace["allowance"] |= {
            "carried": str(plan.number(carried)),
            "left": str(plan.number(granted + carried - free)),
        }
    return free


def _share(account: Account, component: Component, allowance: Allowance) -> Fraction:
    share = lengths.factor(account.plan, allowance.reference, component, account.inputs)
    return share * lengths.scaled(allowance.scale, component, account.inputs)


def _without(units: Units, free: int) -> Units:
    """The first units are free, year by year and period by period."""
    result = []
    for part in units:
        kept = []
        for each in part:
            taken = min(free, max(each, 0))
            free -= taken
            kept.append(each - taken)
        result.append(kept)
    return result


def _priced(account: Account, component: Component, units: Units, trace: dict[str, Any]) -> Iterable[Line]:
    if component.series is not None:
        return pricing_series.lines_of(account, component, trace)
    if component.tiers or component.period_tiers:
        return pricing_tiers.lines_of(account, component, units, trace)
    if component.prices:
        return _by_period(account, component, units, trace)
    return [_flat(account, component, _sum(units), trace)]


def _flat(account: Account, component: Component, units: int, trace: dict[str, Any]) -> Line:
    plan = account.plan
    number = plan.number(units)
    if component.package is not None:
        return pricing_packages.line(account, component, Fraction(number), component.package, component.price, trace)
    return lines.line(
        plan,
        component,
        quantity=str(number),
        unit=measured.unit_of(plan, component).value,
        price=component.price,
        exact=Fraction(number) * Fraction(component.price),
        trace={**trace, "intervals": sum(account.used.counts)},
    )


def _by_period(account: Account, component: Component, units: Units, trace: dict[str, Any]) -> Iterator[Line]:
    plan = account.plan
    counts = lines.folded(plan, account.used.counts)
    prices = dict(component.prices)
    for index, period in enumerate(plan.document.periods):
        total = sum(part[index] for part in units)
        if counts[index] or total:
            number = plan.number(total)
            yield lines.line(
                plan,
                component,
                quantity=str(number),
                unit=measured.unit_of(plan, component).value,
                price=prices[period.code],
                exact=Fraction(number) * Fraction(prices[period.code]),
                trace={**trace, "period": period.code, "intervals": counts[index]},
                more=period.code,
                text=lines.joined(component.name, period.name),
            )


def _credit(account: Account, component: Component, units: Units, found: list[Line], free: int) -> Iterator[Line]:
    """Free units at the average price of all."""
    total = _sum(units)
    if total <= 0 or free <= 0:
        return
    whole = sum((Fraction(each.exact) for each in found), Fraction(0))
    number = account.plan.number(free)
    average = whole / Fraction(account.plan.number(total))
    yield lines.line(
        account.plan,
        component,
        quantity=str(-number),
        unit=measured.unit_of(account.plan, component).value,
        price=lines.decimal(average),
        exact=-average * Fraction(number),
        trace={
            **found[0].trace,
            "average": {"amount": str(lines.decimal(whole)), "of": str(account.plan.number(total))},
        },
        more="free",
    )


def _billed(account: Account, units: Fraction) -> int:
    scaled = units * 10**account.plan.document.decimals
    return rounding.divide(scaled.numerator, scaled.denominator, account.plan.document.mode)


def _sum(units: Units) -> int:
    return sum(map(sum, units))
