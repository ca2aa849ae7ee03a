"""What becomes of a bank at the end of its year, with the end of the contract, or when the tariff drops it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from meterbook.tariffs.rating import bank_states, lines
from meterbook.tariffs.rating.account import Account
from meterbook.tariffs.rating.bank_terms import Bank, BankEnd, Holds, YearEnd
from meterbook.tariffs.rating.document import Component
from meterbook.tariffs.rating.inputs import NOTHING_BANKED, Banked
from meterbook.tariffs.rating.lines import ONCE, Line

YEAR, MOVE_OUT = "paid", "out"  # stand after the code of a line that pays
_ZERO = Decimal(0)


@dataclass(frozen=True)
class Settled:
    """What stays in a bank that is settled; `payment` is what the customer is paid, `surplus` units of it.

    `balance_paid` is the part of the payment that was in the bank.
    """

    balance: Decimal
    reversed: Decimal = _ZERO
    lapsed: Decimal = _ZERO
    balance_paid: Decimal = _ZERO
    payment: Decimal = _ZERO
    surplus: Decimal = _ZERO

    def taken(self) -> dict[str, Decimal]:
        """This will return what was taken out of the bank, by why."""
        return {"reversed": self.reversed, "lapsed": self.lapsed, "paid": self.balance_paid}


def settle(account: Account, bank: Bank, held: Banked, how: YearEnd) -> Settled:
    """This will settle a bank of money: 200 kWh more fed in than used, 30.00 earned for 300, 0.15 each: 30.00 is due.

    Their credits, 200 x 0.10 = 20.00, are taken back from the bank; what it does not hold of that is taken off the
    payment, which is never below zero.
    """
    if how is YearEnd.LAPSE:
        return Settled(lines.zero(account.plan), lapsed=held.balance)
    if how is YearEnd.PAY_BALANCE:
        return Settled(lines.zero(account.plan), balance_paid=held.balance, payment=held.balance)
    surplus = max(held.exported - held.imported, _ZERO)
    if not surplus:
        return Settled(held.balance)
    back = _ZERO
    if bank.is_reversed:
        back = lines.rounded(account.plan, Fraction(held.earned) / Fraction(held.exported) * Fraction(surplus))
    absorbed = min(held.balance, back)
    worth = lines.rounded(account.plan, Fraction(surplus) * Fraction(bank.price))
    payment = max(worth - (back - absorbed), lines.zero(account.plan))
    return Settled(held.balance - absorbed, reversed=absorbed, payment=payment, surplus=surplus)


def leave(account: Account, bank: Bank, held: Banked) -> Settled:
    """This will settle a bank of money with the end of the contract: what is neither paid nor taken back lapses."""
    found = settle(account, bank, held, bank.at_move_out)
    return replace(found, balance=lines.zero(account.plan), lapsed=found.lapsed + found.balance)


def paid(account: Account, component: Component, price: Decimal, end: Settled, when: str) -> Line:
    """This will make the line of what is paid, as units at their price where that is what it comes to.

    :param when: YEAR or MOVE_OUT
    """
    plan, ending = account.plan, component.bank_end
    unit = plan.document.unit if ending is None or ending.unit is None else ending.unit
    told: dict[str, Any] = {"surplus": str(end.surplus), "price": str(price)}
    told |= {"when": when} if when == MOVE_OUT else {}
    exact = Fraction(end.surplus) * Fraction(price)
    if end.surplus and lines.rounded(plan, exact) == end.payment:
        return lines.line(
            plan,
            component,
            quantity=str(-end.surplus),
            unit=unit.value,
            price=price,
            exact=-exact,
            trace={"bank_paid": told},
            more=when,
        )
    told["limited"] = bool(end.surplus)
    return lines.line(
        plan,
        component,
        quantity="1",
        unit=ONCE,
        price=-end.payment,
        exact=-Fraction(end.payment),
        trace={"bank_paid": told},
        more=when,
    )


def for_good(account: Account, component: Component) -> Iterator[Line]:
    """This will settle what a bank of an earlier version holds: paid, or lapsed in a line that says so.

    150 kWh at 0.03 are 4.50 to the customer. What was taken out of it too much is charged in the same way. Nothing
    stays, so later bills have no such line.
    """
    terms, known = component.bank_end, account.inputs.history.bank
    if terms is None:
        return
    held = bank_states.before(known, component.code, terms.continues)
    if terms.leaving is not None and terms.holds is Holds.MONEY and terms.at_end is YearEnd.CASH_OUT:
        yield from _left_with_money(account, component, terms, held)
    elif held.balance:
        yield _dropped(account, component, terms, held.balance, terms.at_end)


def _left_with_money(account: Account, component: Component, terms: BankEnd, held: Banked) -> Iterator[Line]:
    """Units fed in beyond use are paid, as at the end of a contract with the tariff that kept the money."""
    if terms.leaving is None:
        return
    end = leave(account, terms.leaving, held)
    if end.payment:
        line = paid(account, component, terms.price, end, MOVE_OUT)
        yield line._replace(trace={**line.trace, **_gone(account, terms)})
    elif held.balance:
        yield _dropped(account, component, terms, held.balance, YearEnd.LAPSE)


def _gone(account: Account, terms: BankEnd) -> dict[str, Any]:
    """What a trace says of a bank that holds nothing any more."""
    return {
        bank_states.STATE: bank_states.written(NOTHING_BANKED),
        **bank_states.taken(account.inputs.history.bank, terms.continues),
    }


def _dropped(account: Account, component: Component, terms: BankEnd, balance: Decimal, how: YearEnd) -> Line:
    plan, is_money = account.plan, terms.holds is Holds.MONEY
    unit = terms.unit or plan.document.unit
    symbol = "" if is_money else f" {unit.symbol}"
    shown = f"{balance:.{lines.places(plan)}f}" if is_money else f"{balance.normalize():f}"
    by_units = how is YearEnd.CASH_OUT
    price = terms.price if by_units else -balance if how is YearEnd.PAY_BALANCE else lines.zero(plan)
    quantity = -balance if by_units else Decimal(1)
    return lines.line(
        plan,
        component,
        quantity=str(quantity),
        unit=unit.value if by_units else ONCE,
        price=price,
        exact=Fraction(quantity) * Fraction(price),
        trace={
            "bank_end": {
                "opening": str(balance),
                "how": how.value,
                **({} if is_money else {"unit": unit.value}),
                **({} if terms.leaving is None else {"when": MOVE_OUT}),
            },
            **_gone(account, terms),
        },
        text={language: f"{words} ({shown} → 0{symbol})" for language, words in component.name.items()},
    )
