"""What an account may be asked for: what it owes, without what it disputes under protection (B-79). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from meterbook.kernel.money import Money


@dataclass(frozen=True)
class Claim:
    """What is disputed of one bill. `is_protected`: it is within the rules, and is left out until it is decided."""

    amount: Money
    is_protected: bool


@dataclass(frozen=True)
class Asked:
    """`owed` is the balance, or nothing where that is a credit; `withheld` and `asked` together are `owed`.

    `unprotected` is disputed too, but beyond what the rules allow: it is part of `asked`.
    """

    owed: Money
    withheld: Money
    unprotected: Money

    @property
    def asked(self) -> Money:
        """What reminders, late fees and a cut may be about."""
        return self.owed - self.withheld

    @property
    def is_disputed(self) -> bool:
        """Whether anything of it is disputed."""
        return bool(self.withheld.amount or self.unprotected.amount)


def what_is_asked(balance: Money, claims: Iterable[Claim]) -> Asked:
    """This will divide what an account owes: 100.00 owed and 30.00 disputed leave 70.00 to be asked for.

    Never more is withheld than is owed: who paid a disputed bill has nothing withheld.

    :param balance: of the account, above zero when it owes
    """
    nothing = Money.zero(balance.currency)
    owed = balance if balance.amount > 0 else nothing
    sums = {True: nothing, False: nothing}
    for each in claims:
        sums[each.is_protected] += each.amount
    withheld = min(sums[True], owed, key=_amount)
    return Asked(owed, withheld, min(sums[False], owed - withheld, key=_amount))


def unpaid(asked: Decimal, bills: Sequence[tuple[str, Decimal]]) -> frozenset[str]:
    """This will return which bills are not paid in full, where what is paid settles the oldest bill first.

    120.00 asked for, of bills of 50.00, 100.00 and 80.00 (the newest first): the first two are not paid.

    :param asked: what is owed without what is withheld
    :param bills: numbers, each with what of the bill may be asked for, the newest first; credits pay for others
    """
    found = set()
    for number, amount in bills:
        if asked <= 0:
            break
        if amount > 0:
            found.add(number)
            asked -= amount
    return frozenset(found)


def _amount(money: Money) -> Decimal:
    return money.amount
