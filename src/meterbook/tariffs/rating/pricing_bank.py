"""What is fed in and not used up is kept for later bills: money in a CREDIT_BANK, units in a bank of net energy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from meterbook.kernel import civil, rounding
from meterbook.tariffs.rating import bank_states, lines, measured
from meterbook.tariffs.rating import pricing_bank_end as bank_end
from meterbook.tariffs.rating.account import Account
from meterbook.tariffs.rating.bank_terms import Bank, YearEnd
from meterbook.tariffs.rating.document import Component
from meterbook.tariffs.rating.inputs import Banked
from meterbook.tariffs.rating.lines import ONCE, Line
from meterbook.tariffs.rating.pricing_bank_end import Settled
from meterbook.tariffs.rating.terms import Channel, Charge

Units = list[list[int]]


def credit_bank(account: Account, component: Component) -> Iterator[Line]:
    """This will keep what credits for energy fed in leave over, and pay charges from what was kept.

    4.93 kept, 11.33 earned and 3.63 of charges: 3.63 is paid from the bank, 12.63 stays in it, nothing is due. At the
    end of a year, and with the end of the contract, the bank is settled as the component says.
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
    year_from, is_over = _year(account, bank, before)
    end = bank_end.settle(account, bank, held, bank.at_end) if is_over else Settled(held.balance)
    after = Banked(end.balance, year_from) if is_over else replace(held, year_from=year_from)
    out = bank_end.leave(account, bank, after) if account.inputs.is_final_period else Settled(after.balance)
    after = Banked(out.balance) if account.inputs.is_final_period else after
    told = {"opening": before.balance, "earned": earned, "applied": applied, **end.taken(), "closing": after.balance}
    taken_off = (applied, *end.taken().values(), *out.taken().values())
    formula = _formula([before.balance, earned], taken_off, after.balance, lines.places(plan))
    yield lines.line(
        plan,
        component,
        quantity="1",
        unit=ONCE,
        price=earned - applied,
        exact=Fraction(earned - applied),
        trace=_trace(account, bank, told, out.taken(), after),
        text={language: f"{words}: {formula}" for language, words in component.name.items()},
    )
    if end.payment:
        yield bank_end.paid(account, component, bank.price, end, bank_end.YEAR)
    if out.payment:
        yield bank_end.paid(account, component, bank.price, out, bank_end.MOVE_OUT)


def is_fed_in(component: Component) -> bool:
    """This will tell whether a component pays for energy fed in, which a bank may keep."""
    return component.charge is Charge.ENERGY and component.channel is Channel.EXPORT


def _is_bank_in(other: Component, component: Component) -> bool:
    """Whether a bank before keeps its credits, of which this one has the line alone."""
    return other.charge is Charge.CREDIT_BANK and other.code in component.on


@dataclass(frozen=True)
class Netted:
    """A bank of units after a bill: what is billed, what the trace tells, what is paid at the end (`when`: of what)."""

    units: Units
    trace: dict[str, Any]
    words: str
    paid: int = 0
    when: str = bank_end.YEAR


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
    opening = _opening(account, component, before)
    if not _is_by_period(component):
        sums = [sum(sums), *([0] * (len(codes) - 1))]
    closing = [max(kept - used, 0) for kept, used in zip(opening, sums, strict=True)]
    billed = [max(used - kept, 0) for kept, used in zip(opening, sums, strict=True)]
    left, kept_on = sum(closing), closing
    year_from, is_over = _year(account, bank, before)
    how, when = _end_of_units(account, bank, is_over=is_over)
    if how is not YearEnd.CARRY:
        kept_on = [0] * len(closing)
    paid = left if how is YearEnd.CASH_OUT else 0
    ended = {"paid": plan.number(paid), "lapsed": plan.number(left - sum(kept_on) - paid)}
    is_out = when == bank_end.MOVE_OUT
    by_period = {code: plan.number(each) for code, each in zip(codes, kept_on, strict=True) if each}
    after = Banked(
        plan.number(sum(kept_on)), None if is_out else year_from, periods=by_period if _is_by_period(component) else {}
    )
    told = {
        "opening": plan.number(sum(opening)),
        "net": plan.number(sum(sums)),
        "billed": plan.number(sum(billed)),
        "closing": after.balance,
        **({} if is_out else ended),
    }
    words = f"{_plain(told['opening'])} → {_plain(after.balance)} {plan.document.unit.symbol}"
    rest = [[0] * len(codes) for _part in units[1:]]
    trace = _trace(account, bank, told, ended if is_out else {}, after)
    return Netted([billed, *rest], trace, words, paid, when)


def with_bank(account: Account, component: Component, found: Sequence[Line], netted: Netted) -> Iterator[Line]:
    """This will tell of the bank in the words of the first line, and add what is paid for units left in it."""
    for index, each in enumerate(found):
        words = {language: f"{text} ({netted.words})" for language, text in each.text.items()}
        yield each if index else each._replace(text=words)
    if netted.paid and component.bank is not None:
        end = Settled(Decimal(0), surplus=account.plan.number(netted.paid))
        worth = lines.rounded(account.plan, Fraction(end.surplus) * Fraction(component.bank.price))
        yield bank_end.paid(account, component, component.bank.price, replace(end, payment=worth), netted.when)


def _before(account: Account, component: Component) -> Banked:
    continues = component.bank.continues if component.bank is not None else ""
    return bank_states.before(account.inputs.history.bank, component.code, continues)


def _opening(account: Account, component: Component, before: Banked) -> list[int]:
    """What each price period holds; the first has what is of none of them, such as of a period that is no more."""
    codes = [each.code for each in account.plan.document.periods]
    known = before.periods if _is_by_period(component) else {}
    found = [known.get(code, Decimal(0)) for code in codes]
    rest = before.balance - sum(found)
    return [_scaled(account, each) for each in (found[0] + rest, *found[1:])]


def _end_of_units(account: Account, bank: Bank, *, is_over: bool) -> tuple[YearEnd, str]:
    """What becomes of units that are left with this bill, and when: the year ends before the contract does."""
    if is_over and bank.at_end is not YearEnd.CARRY:
        return bank.at_end, bank_end.YEAR
    return (bank.at_move_out, bank_end.MOVE_OUT) if account.inputs.is_final_period else (YearEnd.CARRY, bank_end.YEAR)


def _trace(
    account: Account, bank: Bank, told: Mapping[str, Decimal], out: Mapping[str, Decimal], after: Banked
) -> dict[str, Any]:
    """What a line says of its bank; `out` is what was taken out of it with the end of the contract."""
    gone = {key: str(value) for key, value in out.items() if value}
    return {
        "bank": _texts(told),
        **({"bank_out": gone} if gone else {}),
        bank_states.STATE: bank_states.written(after),
        **bank_states.taken(account.inputs.history.bank, bank.continues),
    }


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


def _texts(told: Mapping[str, Decimal]) -> dict[str, str]:
    return {key: str(value) for key, value in told.items() if value or key in ("opening", "closing")}
