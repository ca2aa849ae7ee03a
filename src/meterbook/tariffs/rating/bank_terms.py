"""The terms of a bank of energy fed in (`docs/reference/tariff-document.md` tells each)."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from decimal import Decimal

from meterbook.kernel.quantity import Unit


class YearEnd(enum.StrEnum):
    """What becomes of a bank at the end of its year, with the end of the contract, or when the tariff drops it."""

    CARRY = "CARRY"  # it goes on
    LAPSE = "LAPSE"
    CASH_OUT = "CASH_OUT"  # each unit fed in beyond use is paid at a price
    PAY_BALANCE = "PAY_BALANCE"  # the money in it is paid


class Holds(enum.StrEnum):
    """What a bank keeps."""

    MONEY = "MONEY"
    UNITS = "UNITS"


@dataclass(frozen=True)
class Bank:
    """How what was fed in and not used up is kept. `year`: month and day on which a year begins anew; None: no end.

    `price` of a CASH_OUT. `is_reversed`: the credits for what is paid so are taken back, at what they were on average.
    `at_move_out`: what becomes of it with the end of the contract, never CARRY. `continues`: the component of an
    earlier version whose bank it takes over.
    """

    year: tuple[int, int] | None = None
    at_end: YearEnd = YearEnd.CARRY
    price: Decimal = Decimal(0)
    is_reversed: bool = True
    at_move_out: YearEnd = YearEnd.LAPSE
    continues: str = ""


@dataclass(frozen=True)
class BankEnd:
    """How a bank of an earlier version is settled for good, on the first bill; see `Bank`.

    `unit` of a bank of units, None: that of the document. `leaving`: the terms of a bank of another tariff that waited,
    and is settled because the contract ends (`bank_waiting`).
    """

    holds: Holds
    at_end: YearEnd
    price: Decimal = Decimal(0)
    continues: str = ""
    unit: Unit | None = None
    leaving: Bank | None = None
