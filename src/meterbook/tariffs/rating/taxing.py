"""Taxes: on rounded lines and on earlier taxes, held by prices or added, exempt, reversed (B-67, B-68)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from meterbook.kernel import civil, rounding
from meterbook.kernel.rounding import RoundingMode
from meterbook.tariffs.rating import lines as rating_lines
from meterbook.tariffs.rating import tax_points
from meterbook.tariffs.rating.document import Tax
from meterbook.tariffs.rating.inputs import Exemption, Inputs
from meterbook.tariffs.rating.lines import Line, TaxLine
from meterbook.tariffs.rating.plan import Plan
from meterbook.tariffs.rating.terms import Charge

Key = tuple[str, Decimal, str]
Groups = Mapping[Key, Sequence[tuple[TaxLine, RoundingMode]]]


def taxes(plan: Plan, lines: Sequence[Line], inputs: Inputs, delivered: Sequence[int] = ()) -> tuple[TaxLine, ...]:
    """This will return the taxes of a document in its order; where a rate changes within the period, a line for each.

    An exempt or reversed tax is a line of nothing that says why, so that its base is shown.

    :param delivered: what was used in each part of the period that has its own rates (`Plan.tax_starts`)
    """
    found: list[TaxLine] = []
    for tax in plan.document.taxes:
        own = [line for line in lines if line.component in tax.components]
        earlier = [each for each in found if each.code in tax.taxes]
        cut = _stretches(plan, tax)
        if len(cut) < 2:
            rate = cut[0].rate if cut else tax.rate_on(_invoice_day(plan, inputs))
            amounts = [line.amount for line in own]
            found.append(_line(plan, tax, rate, amounts, [each.amount for each in earlier], inputs))
            continue
        parts = [_divided(plan, line, cut, delivered) for line in own]
        before = [_earlier_parts(plan, each, cut) for each in earlier]
        for place, each in enumerate(cut):
            amounts = [part[place] for part in parts]
            made = _line(plan, tax, each.rate, amounts, [part[place] for part in before], inputs)
            found.append(made._replace(trace={**made.trace, **each.told()}))
    return tuple(found)


def _line(
    plan: Plan, tax: Tax, rate: Decimal, own: Sequence[Decimal], earlier: Sequence[Decimal], inputs: Inputs
) -> TaxLine:
    zero = rating_lines.zero(plan)
    base = sum(own, zero) + sum(earlier, zero)
    trace = _trace(plan, tax, sum(own, zero), _exemption(plan, tax, inputs))
    places, mode = rating_lines.places(plan), plan.document.mode
    amount = zero
    if not {"exempt", "reverse_charge"} & trace.keys():
        parts = [*own, *earlier] if tax.by_line else [base]
        amount = sum((due(part, rate, places, mode, is_inclusive=tax.is_inclusive) for part in parts), zero)
    return TaxLine(tax.code, tax.name, rate, base, rating_lines.unsigned(amount), trace)


def _stretches(plan: Plan, tax: Tax) -> list[tax_points.Stretch]:
    """The parts of the period by rate; none where the date of the bill says the rate, or no day begins in it."""
    if tax.point is tax_points.TaxPoint.INVOICE or not plan.days:
        return []
    return tax_points.stretches(tax, plan.days, plan.tax_starts)


def _invoice_day(plan: Plan, inputs: Inputs) -> date:
    return inputs.invoice_day or civil.local_date(plan.period.end, plan.zone)


def _divided(plan: Plan, line: Line, cut: Sequence[tax_points.Stretch], delivered: Sequence[int]) -> list[Decimal]:
    """A line for units used by what was used in each part; any other, or where nothing was used, by days."""
    charge = next(each for each in plan.document.components if each.code == line.component).charge
    weights = [(each.until - each.first).days for each in cut]
    if charge is Charge.ENERGY and delivered:
        used = [sum(delivered[place] for place in each.places) for each in cut]
        weights = used if min(used) >= 0 and any(used) else weights
    return tax_points.divide(line.amount, weights, rating_lines.places(plan))


def _earlier_parts(plan: Plan, earlier: TaxLine, cut: Sequence[tax_points.Stretch]) -> list[Decimal]:
    """An earlier tax: to the part that holds its days, else by days."""
    zero = rating_lines.zero(plan)
    days = [earlier.trace.get("from", ""), earlier.trace.get("until", "")]
    holds = [each.first.isoformat() <= days[0] and days[1] <= each.until.isoformat() for each in cut]
    if days[0] and any(holds):
        return [earlier.amount if each else zero for each in holds]
    return tax_points.divide(
        earlier.amount, [(each.until - each.first).days for each in cut], rating_lines.places(plan)
    )


def due(base: Decimal, rate: Decimal, places: int, mode: RoundingMode, *, is_inclusive: bool = False) -> Decimal:
    """This will return the tax on a base: 19.00 on 100.00 at 0.19, and 19.00 held by 119.00."""
    if is_inclusive:
        net = rounding.round_fraction(Fraction(base) / (1 + Fraction(rate)), places, mode)
        return base - net
    return rounding.round_decimal(rounding.EXACT.multiply(base, rate), places, mode)


def _trace(plan: Plan, tax: Tax, own: Decimal, exemption: Exemption | None) -> dict[str, Any]:
    """What is to be said of a tax besides rate and base; nothing of a plain one."""
    found: dict[str, Any] = {}
    if tax.taxes:
        found["taxes"], found["own"] = list(tax.taxes), str(own)
    if tax.is_inclusive:
        found["inclusive"], found["components"] = True, sorted(tax.components)
    if tax.by_line:
        found["rounding"] = "LINE"
    if plan.document.tax_point and tax.rates and tax.point is tax_points.TaxPoint.INVOICE:
        found["tax_point"] = tax.point.value
    if exemption is not None:
        found["exempt"] = {"certificate": exemption.certificate, "from": exemption.first.isoformat()}
    elif tax.is_reversed:
        found["reverse_charge"] = True
    return found


def _exemption(plan: Plan, tax: Tax, inputs: Inputs) -> Exemption | None:
    """One that holds on the first day of the period."""
    for each in inputs.exemptions if plan.days else ():
        if each.tax == tax.code and each.first <= plan.days[0] and (each.until is None or plan.days[0] < each.until):
            return each
    return None


def merge(taxes: Sequence[tuple[TaxLine, RoundingMode]], decimals: int) -> list[TaxLine]:
    """This will make one line of each tax of several charges, on the sum of all they are on (B-67).

    Those with one code, rate and kind are one; taxes on earlier taxes come out of the merged amounts.

    :param decimals: of amounts
    """
    groups: dict[Key, list[tuple[TaxLine, RoundingMode]]] = {}
    for tax, mode in taxes:
        groups.setdefault((tax.code, tax.rate, _kind(tax)), []).append((tax, mode))
    found: dict[Key, TaxLine] = {}
    waiting = sorted(groups)
    while waiting:
        # A tax waits for those it is on; they stand before it in each document, so there is always one that can go.
        ready = [key for key in waiting if not _earlier(groups[key]) & {code for code, _rate, _kind in waiting}]
        for key in ready or waiting:
            found[key] = _together(key, groups, found, decimals)
            waiting.remove(key)
    return [found[key] for key in sorted(groups)]


def _kind(tax: TaxLine) -> str:
    return ",".join(sorted(each for each in tax.trace if each in {"inclusive", "exempt", "reverse_charge", "taxes"}))


def _earlier(group: Sequence[tuple[TaxLine, RoundingMode]]) -> set[str]:
    return {code for tax, _mode in group for code in tax.trace.get("taxes", ())} - {group[0][0].code}


def _earlier_of(groups: Groups, code: str) -> dict[Key, Decimal]:
    """What the rates of a tax each have of earlier taxes, as the charges say."""
    return {
        key: sum((tax.base - Decimal(tax.trace["own"]) for tax, _mode in group), Decimal(0))
        for key, group in groups.items()
        if key[0] == code and "taxes" in group[0][0].trace
    }


def _together(key: Key, groups: Groups, found: dict[Key, TaxLine], decimals: int) -> TaxLine:
    group = groups[key]
    (first, mode), others = group[0], group[1:]
    if not others and "taxes" not in first.trace:
        return first
    trace = dict(first.trace)
    zero = Decimal(0).scaleb(-decimals)
    base = sum((tax.base for tax, _mode in group), zero)
    if "taxes" in trace:
        own = sum((Decimal(tax.trace["own"]) for tax, _mode in group), zero)
        total = sum((each.amount for each in found.values() if each.code in trace["taxes"]), zero)
        base = own + tax_points.share_of_earlier(total, _earlier_of(groups, first.code), key, decimals)
        trace["own"] = str(own)
    if {"exempt", "reverse_charge"} & trace.keys():
        amount = zero
    elif trace.get("rounding") == "LINE":
        amount = sum((tax.amount for tax, _mode in group), zero)
    else:
        amount = due(base, first.rate, decimals, mode, is_inclusive=first.is_inclusive)
    return first._replace(base=base, amount=rating_lines.unsigned(amount), trace=trace)
