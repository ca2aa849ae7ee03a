"""What is made of lines before: discounts, surcharges, minimum and maximum, and a utility's invoice passed on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from meterbook.kernel.quantity import Unit
from meterbook.tariffs.rating import lengths, lines
from meterbook.tariffs.rating.account import Account
from meterbook.tariffs.rating.document import Component
from meterbook.tariffs.rating.inputs import InputMissing, InvoiceLine
from meterbook.tariffs.rating.lines import ONCE, Line
from meterbook.tariffs.rating.terms import InvoicePart

_HUNDREDTH = Decimal("0.01")


def discount(account: Account, component: Component) -> Iterator[Line]:
    """This will take off a percentage or an amount, never more than there is."""
    base = account.net_of(component.on)
    amount = min(_amount(component, base), max(Fraction(base), Fraction(0)))
    yield _share(account, component, base, -amount)


def surcharge(account: Account, component: Component) -> Iterator[Line]:
    """This will add a percentage or an amount."""
    base = account.net_of(component.on)
    yield _share(account, component, base, _amount(component, base))


def _amount(component: Component, base: Decimal) -> Fraction:
    if component.percent is None:
        found = Fraction(component.price)
    else:
        found = Fraction(base) * Fraction(component.percent) / 100
    if component.least is not None:
        found = max(found, Fraction(component.least))
    return found if component.most is None else min(found, Fraction(component.most))


def _share(account: Account, component: Component, base: Decimal, amount: Fraction) -> Line:
    """As a percentage of the base where that is what it comes to, else as one amount."""
    percent = component.percent
    sign = -1 if amount < 0 else 1
    trace: dict[str, Any] = {"on": sorted(component.on), "base": str(base)}
    if percent is not None:
        trace["percent"] = str(percent)
    if percent is not None and amount == sign * Fraction(base) * Fraction(percent) / 100:
        quantity, unit, price = str(sign * percent), Unit.PERCENT.value, lines.decimal(Fraction(base * _HUNDREDTH))
    else:
        quantity, unit, price = "1", ONCE, lines.decimal(amount)
        trace["limited"] = True
    return lines.line(account.plan, component, quantity=quantity, unit=unit, price=price, exact=amount, trace=trace)


def minimum(account: Account, component: Component) -> Iterator[Line]:
    """This will add what is missing up to the minimum, before taxes (B-35)."""
    least, base, trace = _limit(account, component)
    if base < least:
        yield _adjustment(account, component, least - base, trace)


def maximum(account: Account, component: Component) -> Iterator[Line]:
    """This will take off what is above the maximum."""
    most, base, trace = _limit(account, component)
    if base > most:
        yield _adjustment(account, component, most - base, trace)


def _limit(account: Account, component: Component) -> tuple[Fraction, Fraction, dict[str, Any]]:
    plan, proration = account.plan, component.proration
    share = Fraction(1)
    if proration.by_period:
        share = lengths.of_bill(plan, account.inputs)
    elif proration.days:
        share = Fraction(len(plan.days), proration.days)
    elif not proration.is_none:
        share = lengths.in_months(plan.days)
    limit = Fraction(lines.rounded(plan, Fraction(component.price) * share))
    base = account.net_of(component.on)
    trace = {"on": sorted(component.on), "base": str(base), "limit": str(lines.decimal(limit)), "proration": str(share)}
    return limit, Fraction(base), trace


def _adjustment(account: Account, component: Component, amount: Fraction, trace: dict[str, Any]) -> Line:
    return lines.line(
        account.plan, component, quantity="1", unit=ONCE, price=lines.decimal(amount), exact=amount, trace=trace
    )


def pass_through(account: Account, component: Component) -> Iterator[Line]:
    """This will pass on lines of the utility's invoice: at its average price, or by a share of a key (M-060)."""
    part = component.invoice
    if part is None:
        return
    plan = account.plan
    for code, line in _lines(account, component, part).items():
        more = code if len(part.lines) != 1 else ""
        trace: dict[str, Any] = {
            "invoice": part.code,
            "line": code,
            "paid": str(line.amount),
            "of": str(line.quantity),
        }
        if part.by_share:
            own, whole = _key(account, component, part, line)
            trace |= {"key": part.key or "usage", "own": str(lines.decimal(own)), "whole": str(lines.decimal(whole))}
            share = own / whole
            yield lines.line(
                plan,
                component,
                quantity=str(share),
                unit=ONCE,
                price=line.amount,
                exact=share * Fraction(line.amount),
                trace=trace,
                more=more,
            )
            continue
        used = Fraction(plan.number(sum(account.imported)))
        average = Fraction(line.amount) / Fraction(line.quantity)
        yield lines.line(
            plan,
            component,
            quantity=str(lines.decimal(used)),
            unit=plan.document.unit.value,
            price=lines.decimal(average),
            exact=used * average,
            trace={**trace, "average": True},
            more=more,
        )


def cost_cap(account: Account, component: Component) -> Iterator[Line]:
    """This will take off what the components charge above the utility's average price for as much."""
    part = component.invoice
    if part is None:
        return
    found = _lines(account, component, part)
    paid = sum((Fraction(each.amount) for each in found.values()), Fraction(0))
    used = max((Fraction(each.quantity) for each in found.values()), default=Fraction(0))
    own = Fraction(account.plan.number(sum(account.imported)))
    cost = Fraction(lines.rounded(account.plan, own * paid / used))
    base = Fraction(account.net_of(component.on))
    trace = {
        "on": sorted(component.on),
        "base": str(lines.decimal(base)),
        "limit": str(lines.decimal(cost)),
        "invoice": part.code,
        "paid": str(lines.decimal(paid)),
        "of": str(lines.decimal(used)),
    }
    if base > cost:
        yield _adjustment(account, component, cost - base, trace)


def _lines(account: Account, component: Component, part: InvoicePart) -> Mapping[str, InvoiceLine]:
    words = f"{component.code} needs the invoice “{part.code}” of the period, with its quantities above 0."
    invoice = account.inputs.invoices.get(part.code)
    if invoice is None or any(code not in invoice for code in part.lines):
        raise InputMissing("INVOICE", part.code, words)
    found = {code: invoice[code] for code in part.lines or invoice}
    if not found or (not part.by_share and any(each.quantity <= 0 for each in found.values())):
        raise InputMissing("INVOICE", part.code, words)
    return found


def _key(account: Account, component: Component, part: InvoicePart, line: InvoiceLine) -> tuple[Fraction, Fraction]:
    """What the account has of a key and what all have: its usage of the invoice's, or a fact of a sum."""
    if not part.key:
        if line.quantity <= 0:
            raise InputMissing("INVOICE", part.code, f"{component.code} needs quantities of “{part.code}” above 0.")
        return Fraction(account.plan.number(sum(account.imported))), Fraction(line.quantity)
    whole = account.inputs.keys.get(part.key, Decimal(0))
    if whole <= 0:
        raise InputMissing("KEY", part.key, f"{component.code} needs the sum of “{part.key}” of all accounts.")
    return Fraction(account.inputs.fact(part.key, component.code)), Fraction(whole)
