"""What is fed in and not used up is kept for later bills: money in a CREDIT_BANK, units in a bank of net energy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from meterbook.kernel import civil, rounding
from meterbook.tariffs.rating import lines, measured
from meterbook.tariffs.rating.account import Account
from meterbook.tariffs.rating.bank_terms import Bank, YearEnd
from meterbook.tariffs.rating.document import Component
from meterbook.tariffs.rating.inputs import NOTHING_BANKED, Banked
from meterbook.tariffs.rating.lines import ONCE, Line
from meterbook.tariffs.rating.terms import Channel, Charge

STATE = "bank_state"  # of a trace: what the next bill goes on from
Units = list[list[int]]
_ZERO = Decimal(0)


def credit_bank(account: Account, component: Component) -> Iterator[Line]:
    """This will keep what credits for energy fed in leave over, and pay charges from what was kept.

    4.93 kept, 11.33 earned and 3.63 of charges: 3.63 is paid from the bank, 12.63 stays in it, nothing is due. At the
    end of a year the bank is settled as the component says.
    """
    bank = component.bank
    if bank is None:
        return
    plan, before = account.plan, _before(account, component)
    fed = component.on & {each.code for each in plan.document.components if is_fed_in(each)}
    fed -= frozenset[str]().union(*(each.on for each in plan.document.components if _is_bank_in(each, component)))
    earned = max(-account.net_of(fed), lines.zero(plan))
    charges = account.net_of(component.on) + earned
    applied = max(min(before.balance + earned, charges), lines.zero(plan))
    imported, exported = (
        measured.number(plan, account.used, component, each) for each in (Channel.IMPORT, Channel.EXPORT)
    )
    held = replace(
        before,
        balance=before.balance + earned - applied,
        imported=before.imported + imported,
        exported=before.exported + exported,
        earned=before.earned + earned,
    )
    told = {"opening": before.balance, "earned": earned, "applied": applied}
    year_from, is_over = _year(account, bank, before)
    end = _settle(account, bank, held) if is_over else _Settled(held.balance)
    told |= {"reversed": end.reversed, "lapsed": end.lapsed, "paid": end.balance_paid, "closing": end.balance}
    after = Banked(end.balance, year_from) if is_over else replace(held, year_from=year_from)
    taken_off = (applied, end.reversed, end.lapsed, end.balance_paid)
    formula = _formula([before.balance, earned], taken_off, end.balance, lines.places(plan))
    yield lines.line(
        plan,
        component,
        quantity="1",
        unit=ONCE,
        price=earned - applied,
        exact=Fraction(earned - applied),
        trace={"bank": _texts(told), STATE: written(after)},
        text={language: f"{words}: {formula}" for language, words in component.name.items()},
    )
    if end.payment:
        yield _paid(account, component, bank, end)


def is_fed_in(component: Component) -> bool:
    """This will tell whether a component pays for energy fed in, which a bank may keep."""
    return component.charge is Charge.ENERGY and component.channel is Channel.EXPORT


def _is_bank_in(other: Component, component: Component) -> bool:
    """Whether a bank before keeps its credits, of which this one has the line alone."""
    return other.charge is Charge.CREDIT_BANK and other.code in component.on


@dataclass(frozen=True)
class _Settled:
    """What stays in a bank at the end of its year; `payment` is what the customer is paid, `surplus` units of it.

    `balance_paid` is the part of the payment that was in the bank.
    """

    balance: Decimal
    reversed: Decimal = _ZERO
    lapsed: Decimal = _ZERO
    balance_paid: Decimal = _ZERO
    payment: Decimal = _ZERO
    surplus: Decimal = _ZERO


def _settle(account: Account, bank: Bank, held: Banked) -> _Settled:
    """The end of a year: 200 kWh more fed in than used, 30.00 earned for 300, 0.15 for each: 30.00 is due for them.

    Their credits, 200 x 0.10 = 20.00, are taken back from the bank; what it does not hold of that is taken off the
    payment, which is never below zero.
    """
    if bank.at_end is YearEnd.LAPSE:
        return _Settled(lines.zero(account.plan), lapsed=held.balance)
    if bank.at_end is YearEnd.PAY_BALANCE:
        return _Settled(lines.zero(account.plan), balance_paid=held.balance, payment=held.balance)
    surplus = max(held.exported - held.imported, _ZERO)
    if not surplus:
        return _Settled(held.balance)
    back = _ZERO
    if bank.is_reversed:
        back = lines.rounded(account.plan, Fraction(held.earned) / Fraction(held.exported) * Fraction(surplus))
    absorbed = min(held.balance, back)
    worth = lines.rounded(account.plan, Fraction(surplus) * Fraction(bank.price))
    payment = max(worth - (back - absorbed), lines.zero(account.plan))
    return _Settled(held.balance - absorbed, reversed=absorbed, payment=payment, surplus=surplus)


def _paid(account: Account, component: Component, bank: Bank, end: _Settled) -> Line:
    """The line of what is paid at the end of a year, as units at their price where that is what it comes to."""
    plan, unit = account.plan, account.plan.document.unit
    trace: dict[str, Any] = {"bank_paid": {"surplus": str(end.surplus), "price": str(bank.price)}}
    exact = Fraction(end.surplus) * Fraction(bank.price)
    if end.surplus and lines.rounded(plan, exact) == end.payment:
        return lines.line(
            plan,
            component,
            quantity=str(-end.surplus),
            unit=unit.value,
            price=bank.price,
            exact=-exact,
            trace=trace,
            more="paid",
        )
    trace["bank_paid"]["limited"] = bool(end.surplus)
    return lines.line(
        plan,
        component,
        quantity="1",
        unit=ONCE,
        price=-end.payment,
        exact=-Fraction(end.payment),
        trace=trace,
        more="paid",
    )


@dataclass(frozen=True)
class Netted:
    """A bank of units after a bill: what is billed, what the trace tells, what is paid at the end of a year."""

    units: Units
    trace: dict[str, Any]
    words: str
    paid: int = 0


def net(account: Account, component: Component, units: Units) -> Netted | None:
    """This will take units out of the bank before any are billed, and put into it what was fed in beyond use.

    230 used, 200 fed in and 150 in the bank: nothing is billed, 120 stay. Where prices go by time, each price period
    has a bank of its own.

    :param units: net units by ladder year and price period; below zero where more was fed in
    """
    bank = component.bank
    if bank is None:
        return None
    plan, before = account.plan, _before(account, component)
    codes = [each.code for each in plan.document.periods]
    sums = [sum(part[index] for part in units) for index in range(len(codes))]
    if not _is_by_period(component):
        sums = [sum(sums), *([0] * (len(codes) - 1))]
        opening = [_scaled(account, before.balance), *([0] * (len(codes) - 1))]
    else:
        known = before.periods or {codes[0]: before.balance}
        opening = [_scaled(account, known.get(code, _ZERO)) for code in codes]
    closing = [max(kept - used, 0) for kept, used in zip(opening, sums, strict=True)]
    billed = [max(used - kept, 0) for kept, used in zip(opening, sums, strict=True)]
    left, paid = sum(closing), 0
    year_from, is_over = _year(account, bank, before)
    if is_over and bank.at_end is not YearEnd.CARRY:
        paid = left if bank.at_end is YearEnd.CASH_OUT else 0
        closing = [0] * len(closing)
    by_period = {code: plan.number(each) for code, each in zip(codes, closing, strict=True) if each}
    after = Banked(plan.number(sum(closing)), year_from, periods=by_period if _is_by_period(component) else {})
    told = {
        "opening": plan.number(sum(opening)),
        "net": plan.number(sum(sums)),
        "billed": plan.number(sum(billed)),
        "closing": after.balance,
        "paid": plan.number(paid),
        "lapsed": plan.number(left - sum(closing) - paid),
    }
    words = f"{_plain(told['opening'])} → {_plain(after.balance)} {plan.document.unit.symbol}"
    rest = [[0] * len(codes) for _part in units[1:]]
    return Netted([billed, *rest], {"bank": _texts(told), STATE: written(after)}, words, paid)


def with_bank(account: Account, component: Component, found: Sequence[Line], netted: Netted) -> Iterator[Line]:
    """This will tell of the bank in the words of the first line, and add what is paid for units left in it."""
    for index, each in enumerate(found):
        words = {language: f"{text} ({netted.words})" for language, text in each.text.items()}
        yield each if index else each._replace(text=words)
    if netted.paid and component.bank is not None:
        end = _Settled(_ZERO, surplus=account.plan.number(netted.paid))
        worth = lines.rounded(account.plan, Fraction(end.surplus) * Fraction(component.bank.price))
        yield _paid(account, component, component.bank, replace(end, payment=worth))


def left(found: Sequence[Line]) -> dict[str, dict[str, Any]]:
    """This will return what lines leave in banks, by component, as `written` put it down."""
    return {each.component: each.trace[STATE] for each in found if STATE in each.trace}


def written(held: Banked) -> dict[str, Any]:
    """This will write down what a bank holds, without what is nothing."""
    found: dict[str, Any] = {"balance": str(held.balance)}
    if held.year_from is not None:
        found["year_from"] = held.year_from.isoformat()
    found |= {key: str(getattr(held, key)) for key in ("imported", "exported", "earned") if getattr(held, key)}
    if held.periods:
        found["periods"] = {code: str(value) for code, value in held.periods.items()}
    return found


def _before(account: Account, component: Component) -> Banked:
    return account.inputs.history.bank.get(component.code, NOTHING_BANKED)


def _is_by_period(component: Component) -> bool:
    return bool(component.prices) or any(tier.prices for tier in component.tiers)


def _year(account: Account, bank: Bank, before: Banked) -> tuple[date | None, bool]:
    """When the year of a bank began that the next bill goes on in, and whether one ends with this bill.

    A year ends with the bill whose period holds the day before it begins anew, or follows it.
    """
    if bank.year is None:
        return None, False
    first, until = (civil.local_date(at, account.plan.zone) for at in _ends(account))
    begun = before.year_from or first
    newest = date(until.year, *bank.year)
    if newest > until:
        newest = date(until.year - 1, *bank.year)
    return (newest, True) if newest > begun else (begun, False)


def _ends(account: Account) -> tuple[Any, Any]:
    period = account.plan.period
    return period.start, period.end


def _scaled(account: Account, number: Decimal) -> int:
    units = Fraction(number) * 10**account.plan.document.decimals
    return rounding.divide(units.numerator, units.denominator, account.plan.document.mode)


def _formula(added: Sequence[Decimal], taken: Sequence[Decimal], result: Decimal, places: int) -> str:
    """4.93 + 11.33 − 3.63 = 12.63; what is nothing is left out but for the first."""

    def money(amount: Decimal) -> str:
        return f"{amount:.{places}f}"

    parts = [money(added[0]), *(f"+ {money(each)}" for each in added[1:] if each)]
    return " ".join([*parts, *(f"− {money(each)}" for each in taken if each), "=", money(result)])


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _texts(told: dict[str, Decimal]) -> dict[str, str]:
    return {key: str(value) for key, value in told.items() if value or key in ("opening", "closing")}
