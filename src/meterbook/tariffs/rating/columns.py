"""Many accounts priced by one plan at once, line by line in integers: what `lines.rate_totals` gives each of them.

Only plain documents, and only where nothing leaves 62 bits; all else is priced account by account.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from meterbook.kernel import rounding
from meterbook.tariffs.rating import lines as rating_lines
from meterbook.tariffs.rating.document import Component
from meterbook.tariffs.rating.lines import Line
from meterbook.tariffs.rating.plan import Plan
from meterbook.tariffs.rating.terms import Charge

Numbers = NDArray[np.int64]
_LARGEST = 1 << 62
_DECIMALS = 6  # beyond them Decimal writes small numbers with an exponent


class Column(NamedTuple):
    """One line of every account, (accounts,) each: whether it is there, and its numbers without their points.

    `quantity` has the decimals of the document, `exact` has `places`, `amount` those of the currency. `quantity` and
    `exact` None: all accounts have the same, as in a charge by the day.
    """

    code: str
    component: str
    is_there: NDArray[np.bool_]
    quantity: Numbers | None
    exact: Numbers | None
    places: int
    amount: Numbers


class Table(NamedTuple):
    """`periods` are (accounts, price periods) of billed units, with `has_period` where a bill names them.

    `taxes` are base and amount of each tax, in the smallest unit of the currency as are `net` and the amounts of lines.
    """

    periods: Numbers
    has_period: NDArray[np.bool_]
    lines: tuple[Column, ...]
    net: Numbers
    taxes: tuple[tuple[Numbers, Numbers], ...]


class _TooLarge(ArithmeticError):
    """A number could leave 62 bits."""


def price(plan: Plan, totals: Sequence[Sequence[int]], counts: Sequence[int]) -> Table | None:
    """This will price totals (accounts, price periods) in the scale of the usage; None: not all at once.

    :param counts: intervals by price period
    """
    document = plan.document
    if not document.is_plain or document.decimals > _DECIMALS or not totals:
        return None
    try:
        billed = _billed(plan, np.array(totals, np.int64))
        found = [each for own in document.components for each in _columns(plan, own, billed, counts)]
        net = _sum([np.where(each.is_there, each.amount, 0) for each in found], len(billed))
        taxes = tuple(_taxes(plan, found, len(billed)))
    except (_TooLarge, OverflowError):
        return None
    has_period = (billed != 0) | (np.array(counts, np.int64) > 0)
    return Table(billed, has_period, tuple(found), net, taxes)


def _billed(plan: Plan, totals: Numbers) -> Numbers:
    if plan.factor == 1:
        return _within(totals, 1)
    above, below = plan.factor.numerator, plan.factor.denominator
    return rounding.divide_all(_times(totals, above), _small(below), plan.document.mode)


def _columns(plan: Plan, component: Component, billed: Numbers, counts: Sequence[int]) -> Iterator[Column]:
    if component.charge in {Charge.FIXED_DAILY, Charge.FIXED_MONTHLY}:
        for line in rating_lines.plain(plan, component, [], [], 0):
            yield _fixed(plan, line, len(billed))
        return
    everybody, total = np.ones(len(billed), np.bool_), _sum(list(billed.T), len(billed))
    if component.tiers:
        yield from _tiers(plan, component, total)
    elif component.prices:
        for index, row in rating_lines.period_rows(plan, component):
            own = billed[:, index]
            yield _energy(plan, row, own, everybody if counts[index] else own != 0)
    else:
        yield _energy(plan, rating_lines.only_row(component), total, everybody)


def _tiers(plan: Plan, component: Component, total: Numbers) -> Iterator[Column]:
    """As `lines` goes up a ladder, for all accounts a tier at a time."""
    below, is_climbing = np.zeros(len(total), np.int64), np.ones(len(total), np.bool_)
    for number, (edge, row) in enumerate(rating_lines.tier_rows(plan, component)):
        units = (total if edge is None else np.minimum(total, _small(edge))) - below
        is_there = is_climbing & ((units > 0) | (number == 0))
        if number:
            is_climbing &= ~((units <= 0) & (total <= below))
        yield _energy(plan, row, np.where(is_there, units, 0), is_there)
        below = np.where(is_there, below + units, below)


def _energy(plan: Plan, row: rating_lines.Row, units: Numbers, is_there: NDArray[np.bool_]) -> Column:
    price, shift = _integer(row.price)
    places, wanted = plan.document.decimals + shift, rating_lines.places(plan)
    exact = _times(units, price)
    if places <= wanted:
        amount = _times(exact, 10 ** (wanted - places))
    else:
        amount = rounding.divide_all(exact, _small(10 ** (places - wanted)), plan.document.mode)
    return Column(row.code, row.component.code, is_there, units, exact, places, amount)


def _fixed(plan: Plan, line: Line, accounts: int) -> Column:
    amount, shift = _integer(line.amount)
    if shift != rating_lines.places(plan):
        raise _TooLarge
    everybody = np.ones(accounts, np.bool_)
    return Column(line.code, line.component, everybody, None, None, 0, np.full(accounts, amount, np.int64))


def _taxes(plan: Plan, found: Sequence[Column], accounts: int) -> Iterator[tuple[Numbers, Numbers]]:
    """Each on the sum of the rounded lines that it is on (B-67)."""
    for tax in plan.document.taxes:
        own = [np.where(each.is_there, each.amount, 0) for each in found if each.component in tax.components]
        base, (rate, shift) = _sum(own, accounts), _integer(tax.rate)
        yield base, rounding.divide_all(_times(base, rate), _small(10**shift), plan.document.mode)


def _integer(number: Decimal) -> tuple[int, int]:
    """A decimal number as an integer and its decimals; one with an exponent above zero has no such."""
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or exponent > 0:
        raise _TooLarge
    return int(number.scaleb(-exponent, context=rounding.EXACT)), -exponent


def _sum(columns: Sequence[Numbers], accounts: int) -> Numbers:
    found = np.zeros(accounts, np.int64)
    if sum(_reach(each) for each in columns) >= _LARGEST:
        raise _TooLarge
    for each in columns:
        found = found + each
    return found


def _times(numbers: Numbers, factor: int) -> Numbers:
    return _within(numbers, factor) * np.int64(factor)


def _within(numbers: Numbers, factor: int) -> Numbers:
    if max(_reach(numbers), 1) * max(abs(factor), 1) >= _LARGEST:
        raise _TooLarge
    return numbers


def _reach(numbers: Numbers) -> int:
    return max(int(numbers.max(initial=0)), -int(numbers.min(initial=0)))


def _small(number: int) -> int:
    if abs(number) >= _LARGEST:
        raise _TooLarge
    return number
