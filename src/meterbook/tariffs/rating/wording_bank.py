"""Banks of energy fed in, in plain words: templates in English, which are the keys of their translations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from meterbook.tariffs.rating.bank_terms import Bank, BankEnd, Holds, YearEnd
from meterbook.tariffs.rating.document import Component
from meterbook.tariffs.rating.plain import written
from meterbook.tariffs.rating.problems import gettext_noop as _
from meterbook.tariffs.rating.terms import Charge

_Told = tuple[str, Mapping[str, object]]
_YEAR_ENDS = {
    YearEnd.LAPSE: _("What is left on %(day)s of each year lapses."),
    YearEnd.CASH_OUT: _("On %(day)s of each year %(price)s is paid for each unit fed in beyond use."),
    YearEnd.PAY_BALANCE: _("What is left on %(day)s of each year is paid."),
}
_MOVE_OUTS = {
    YearEnd.LAPSE: _("What is left when the contract ends lapses."),
    YearEnd.CASH_OUT: _("When the contract ends, %(price)s is paid for each unit fed in beyond use."),
    YearEnd.PAY_BALANCE: _("What is left when the contract ends is paid."),
}
_DROPPED = {
    YearEnd.LAPSE: _("What a bank of an earlier version holds lapses on the first bill."),
    YearEnd.CASH_OUT: _(
        "Units that a bank of an earlier version holds are paid on the first bill, each with %(price)s."
    ),
    YearEnd.PAY_BALANCE: _("What a bank of an earlier version holds is paid on the first bill."),
}


def sentences(component: Component) -> Iterator[_Told]:
    """This will put the bank of a component into words; nothing where it has none."""
    if component.bank is not None:
        yield from _of_bank(component, component.bank)
    if component.bank_end is not None:
        yield from _of_end(component, component.bank_end)


def _of_bank(component: Component, bank: Bank) -> Iterator[_Told]:
    is_money = component.charge is Charge.CREDIT_BANK
    if is_money:
        yield _("Credits that are not used up are kept, and pay charges of later bills."), {}
    else:
        yield _("What is fed in beyond use is kept, and used first in later bills."), {}
    if bank.continues:
        yield _("It takes over what the bank “%(code)s” of an earlier version holds."), {"code": bank.continues}
    price = written(bank.price)
    if bank.year is not None:
        yield _YEAR_ENDS[bank.at_end], {"day": f"{bank.year[0]:02}-{bank.year[1]:02}", "price": price}
    yield _MOVE_OUTS[bank.at_move_out], {"price": price}
    if is_money and YearEnd.CASH_OUT in {bank.at_end, bank.at_move_out} and bank.is_reversed:
        yield _("Their credits are taken back, at what they were on average."), {}


def _of_end(component: Component, terms: BankEnd) -> Iterator[_Told]:
    yield _DROPPED[terms.at_end], {"price": written(terms.price)}
    what = (
        _("The bank of money is “%(code)s”.") if terms.holds is Holds.MONEY else _("The bank of units is “%(code)s”.")
    )
    yield what, {"code": terms.continues or component.code}
