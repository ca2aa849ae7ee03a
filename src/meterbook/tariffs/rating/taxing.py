"""Taxes: on rounded lines and on earlier taxes, held by prices or added, exempt, reversed (B-67, B-68)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from meterbook.kernel import rounding
from meterbook.kernel.rounding import RoundingMode
from meterbook.tariffs.rating import lines as rating_lines
from meterbook.tariffs.rating.document import Tax
from meterbook.tariffs.rating.inputs import Exemption, Inputs
from meterbook.tariffs.rating.lines import Line, TaxLine
from meterbook.tariffs.rating.plan import Plan


def taxes(plan: Plan, lines: Sequence[Line], inputs: Inputs) -> tuple[TaxLine, ...]:
    """This will return the taxes of a document in its order.

    An exempt or reversed tax is a line of nothing that says why, so that its base is shown.
    """
    found: list[TaxLine] = []
    for tax in plan.document.taxes:
        own = [line.amount for line in lines if line.component in tax.components]
        zero = rating_lines.zero(plan)
        base = sum(own, zero) + sum((each.amount for each in found if each.code in tax.taxes), zero)
        trace = _trace(tax, sum(own, zero), _exemption(plan, tax, inputs))
        places, mode = rating_lines.places(plan), plan.document.mode
        amount = zero
        if not {"exempt", "reverse_charge"} & trace.keys():
            parts = [*own, *(each.amount for each in found if each.code in tax.taxes)] if tax.by_line else [base]
            amount = sum((due(part, tax.rate, places, mode, is_inclusive=tax.is_inclusive) for part in parts), zero)
        found.append(TaxLine(tax.code, tax.name, tax.rate, base, rating_lines.unsigned(amount), trace))
    return tuple(found)


def due(base: Decimal, rate: Decimal, places: int, mode: RoundingMode, *, is_inclusive: bool = False) -> Decimal:
    """This will return the tax on a base: 19.00 on 100.00 at 0.19, and 19.00 held by 119.00."""
    if is_inclusive:
        net = rounding.round_fraction(Fraction(base) / (1 + Fraction(rate)), places, mode)
        return base - net
    return rounding.round_decimal(rounding.EXACT.multiply(base, rate), places, mode)


def _trace(tax: Tax, own: Decimal, exemption: Exemption | None) -> dict[str, Any]:
    """What is to be said of a tax besides rate and base; nothing of a plain one."""
    found: dict[str, Any] = {}
    if tax.taxes:
        found["taxes"], found["own"] = list(tax.taxes), str(own)
    if tax.is_inclusive:
        found["inclusive"], found["components"] = True, sorted(tax.components)
    if tax.by_line:
        found["rounding"] = "LINE"
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
    groups: dict[tuple[str, Decimal, str], list[tuple[TaxLine, RoundingMode]]] = {}
    for tax, mode in taxes:
        groups.setdefault((tax.code, tax.rate, _kind(tax)), []).append((tax, mode))
    found: dict[tuple[str, Decimal, str], TaxLine] = {}
    waiting = sorted(groups)
    while waiting:
        # A tax waits for those it is on; they stand before it in each document, so there is always one that can go.
        ready = [key for key in waiting if not _earlier(groups[key]) & {code for code, _rate, _kind in waiting}]
        for key in ready or waiting:
            found[key] = _together(groups[key], found, decimals)
            waiting.remove(key)
    return [found[key] for key in sorted(groups)]


def _kind(tax: TaxLine) -> str:
    return ",".join(sorted(each for each in tax.trace if each in {"inclusive", "exempt", "reverse_charge", "taxes"}))


def _earlier(group: Sequence[tuple[TaxLine, RoundingMode]]) -> set[str]:
    return {code for tax, _mode in group for code in tax.trace.get("taxes", ())} - {group[0][0].code}


def _together(
    group: Sequence[tuple[TaxLine, RoundingMode]],
    found: dict[tuple[str, Decimal, str], TaxLine],
    decimals: int,
) -> TaxLine:
    (first, mode), others = group[0], group[1:]
    if not others and "taxes" not in first.trace:
        return first
    trace = dict(first.trace)
    zero = Decimal(0).scaleb(-decimals)
    base = sum((tax.base for tax, _mode in group), zero)
    if "taxes" in trace:
        own = sum((Decimal(tax.trace["own"]) for tax, _mode in group), zero)
        base = own + sum((each.amount for each in found.values() if each.code in trace["taxes"]), zero)
        trace["own"] = str(own)
    if {"exempt", "reverse_charge"} & trace.keys():
        amount = zero
    elif trace.get("rounding") == "LINE":
        amount = sum((tax.amount for tax, _mode in group), zero)
    else:
        amount = due(base, first.rate, decimals, mode, is_inclusive=first.is_inclusive)
    return first._replace(base=base, amount=rating_lines.unsigned(amount), trace=trace)
