"""Quantities that follow from what is measured (B-52, B-53): exact to the end, rounded once (B-50)."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from meterbook.kernel import quantity, rounding
from meterbook.tariffs.rating import lengths, lines, measured
from meterbook.tariffs.rating.account import Account
from meterbook.tariffs.rating.document import Component
from meterbook.tariffs.rating.inputs import Amount, InputMissing
from meterbook.tariffs.rating.needs import WINTER
from meterbook.tariffs.rating.terms import Channel, Linked, Winter

_MONTH = 30  # days


def units(account: Account, component: Component, linked: Linked, trace: dict[str, Any]) -> list[list[int]]:
    """This will return the billed units of a linked component, all in the first price period.

    31.250 m3 of water less 2.000 m3 of irrigation, times 0.95: 27.7875, so 27.788 of sewer.

    :raises InputMissing: when the use of the winter is needed and not known
    """
    plan, document = account.plan, account.plan.document
    totals = measured.totals_of(account.used, component, Channel.IMPORT)
    used = Fraction(sum(map(sum, measured.by_period(plan, component, totals)))) * plan.factor / 10**document.decimals
    told: dict[str, Any] = {"measured": _said(used), "unit": document.unit.value, "factor": str(linked.factor)}
    used = _less(account, linked, used, told)
    if linked.winter is not None:
        used = _as_in_winter(account, component, linked.winter, used, told)
    found = used * Fraction(linked.factor)
    if linked.most is not None:
        most = Fraction(linked.most.quantity) * lengths.factor(plan, linked.most.reference, component, account.inputs)
        most *= lengths.scaled(linked.most.scale, component, account.inputs)
        told["most"] = _said(most)
        found = min(found, most)
    trace["linked"] = told
    scaled = found * 10**document.decimals
    billed = rounding.divide(scaled.numerator, scaled.denominator, document.mode)
    return [[billed] + [0] * (len(document.periods) - 1)]


def _less(account: Account, linked: Linked, used: Fraction, told: dict[str, Any]) -> Fraction:
    """Without what other meters counted of it; never below nothing."""
    other = account.inputs.deducted.get(linked.less)
    if other is None:
        return used
    part = account.inputs.part
    deducted = _in(account, other) * (part.share if part is not None else 1)
    told["deducted"], told["meters"] = _said(deducted), list(other.meters)
    return max(used - deducted, Fraction(0))


def _as_in_winter(
    account: Account, component: Component, winter: Winter, used: Fraction, told: dict[str, Any]
) -> Fraction:
    plan = account.plan
    days = lengths.days_of(plan, component)
    month = days[0].month if days else plan.period.start.astimezone(plan.zone).month
    if month not in winter.in_months:
        return used
    known = account.inputs.winter.get(component.code)
    if known is not None and known.days:
        a_day = _in(account, known) / known.days
    elif WINTER in account.inputs.facts:
        a_day = Fraction(account.inputs.facts[WINTER]) / _MONTH
    elif winter.is_needed:
        raise InputMissing(
            "FACT", WINTER, f"{component.code} needs the use of the winter: note “{WINTER}” of the account."
        )
    else:
        return used
    most = a_day * len(days) * Fraction(winter.percent) / 100
    told["winter"] = {"a_day": _said(a_day), "days": len(days), "percent": str(winter.percent), "most": _said(most)}
    return min(used, most)


def _in(account: Account, amount: Amount) -> Fraction:
    """In the unit of the document."""
    return Fraction(amount.quantity) * quantity.factor(amount.unit, account.plan.document.unit)


def _said(number: Fraction) -> str:
    return str(lines.decimal(number))
