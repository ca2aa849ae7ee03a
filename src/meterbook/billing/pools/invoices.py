"""A supplier's invoice, "meterbook-supplier-invoice/1": what it is, and what follows from it. Pure."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from meterbook.billing.pools.definition import LineKind
from meterbook.kernel import rounding

FORMAT = "meterbook-supplier-invoice/1"
MOST_LINES, MOST_DAYS = 200, 400
LONGEST = {"supplier": 200, "number": 80, "code": 40, "text": 200, "pool": 40}
USUAL_CODE = "utility"
SERVICES = ("ELECTRICITY", "COLD_WATER", "HOT_WATER", "GAS", "HEATING", "COOLING", "STEAM", "AIR", "OTHER")
Plain = dict[str, Any]


class InvoiceFault(enum.StrEnum):
    """What can be wrong with an invoice; the words are `invoice_words.FAULTS`."""

    FORMAT = "FORMAT"
    REQUIRED = "REQUIRED"
    UNKNOWN = "UNKNOWN"
    NUMBER = "NUMBER"
    PLACES = "PLACES"
    NEGATIVE = "NEGATIVE"
    TEXT = "TEXT"
    CODE = "CODE"
    DAYS = "DAYS"
    TOO_MANY = "TOO_MANY"
    TOTAL = "TOTAL"
    PRICE = "PRICE"


@dataclass(frozen=True)
class InvoiceProblem:
    """A fault, where it stands ("lines/3/amount"), and what belongs into its words."""

    path: str
    fault: InvoiceFault
    data: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Line:
    """A line: `amount` in smallest units, `quantity` x `price` where they are written, `pool` the code that shares it.

    Without a pool the landlord bears it.
    """

    kind: LineKind
    text: str
    amount: int
    quantity: Decimal | None = None
    unit: str = ""
    price: Decimal | None = None
    pool: str = ""


@dataclass(frozen=True)
class Invoice:
    """An invoice for local days [first_day, until_day), divided by runs of [charged_first, charged_until).

    `quantity` is what the supplier says was used, in `unit`; `places` are the decimals of the currency.
    """

    supplier: str
    number: str
    code: str
    service: str
    first_day: date
    until_day: date
    charged_first: date
    charged_until: date
    currency: str
    places: int
    quantity: Decimal | None
    unit: str
    lines: tuple[Line, ...]

    @property
    def total(self) -> int:
        """The sum of the lines in smallest units."""
        return sum(each.amount for each in self.lines)

    def sum_of(self, kind: LineKind) -> int:
        """This will return the sum of the lines of a kind in smallest units."""
        return sum(each.amount for each in self.lines if each.kind is kind)


@dataclass(frozen=True)
class Tier:
    """A block of the supplier's price: up to `up_to` units in all, None for the final one, at an average price."""

    up_to: Decimal | None
    price: Decimal


@dataclass(frozen=True)
class Derived:
    """What follows from an invoice, in money a unit, 8 decimals; None where a quantity lacks."""

    energy_price: Decimal | None
    overall_price: Decimal | None
    tiers: tuple[Tier, ...]


def write(made: Invoice) -> Plain:
    """This will write an invoice as the document that it is kept as: the same invoice gives the same document."""
    plain: Plain = {
        "format": FORMAT,
        "supplier": made.supplier,
        "number": made.number,
        "code": made.code,
        "service": made.service,
        "first_day": made.first_day.isoformat(),
        "until_day": made.until_day.isoformat(),
        "currency": made.currency,
        "lines": [_written(each, made.places) for each in made.lines],
        "total": money(made.total, made.places),
    }
    if (made.charged_first, made.charged_until) != (made.first_day, made.until_day):
        plain["charged_days"] = {
            "first_day": made.charged_first.isoformat(),
            "until_day": made.charged_until.isoformat(),
        }
    if made.quantity is not None:
        plain |= {"quantity": _tidy(made.quantity), "unit": made.unit}
    return plain


def derive(made: Invoice, *, sharers: int = 1) -> Derived:
    """This will return the average prices of an invoice, and its tiers as they are for each of some sharers.

    600 kWh at 0.10 and 400 at 0.20 for 10 flats: 0.14 on average; up to 60 kWh at 0.10, all above at 0.20. Lines of
    kind energy with quantities are the tiers, in their order (Texas, 16 TAC 24 I; California, SB-7).
    """
    energy = made.sum_of(LineKind.ENERGY)
    if made.quantity is None or made.quantity <= 0:
        return Derived(None, None, ())
    tiers, reached = [], Fraction(0)
    blocks = [each for each in made.lines if each.kind is LineKind.ENERGY and each.quantity is not None]
    blocks = [each for each in blocks if each.quantity is not None and each.quantity > 0]
    for place, each in enumerate(blocks, start=1):
        used = Fraction(each.quantity or 0)
        reached += used
        up_to = None if place == len(blocks) else rounding.round_fraction(reached / max(sharers, 1), 6)
        tiers.append(Tier(up_to, rounding.round_fraction(Fraction(each.amount) / 10**made.places / used, 8)))
    return Derived(_average(energy, made), _average(made.total, made), tuple(tiers))


def by_line(amounts: Sequence[int], part: int) -> list[int]:
    """This will say how much of each line is in a part of their sum: exact in all, largest remainders first.

    Lines of 70.00, 20.00 and 10.00 of which 50.00 were recovered: 35.00, 10.00, 5.00. Where the lines cancel each
    other out the first one takes the part.
    """
    whole = sum(amounts)
    if not amounts:
        return []
    if whole == 0:
        return [part, *(0 for _each in amounts[1:])]
    ideals = [Fraction(part) * each / whole for each in amounts]
    floors = [each.numerator // each.denominator for each in ideals]
    order = sorted(range(len(amounts)), key=lambda place: (floors[place] - ideals[place], place))
    for place in order[: part - sum(floors)]:
        floors[place] += 1
    return floors


def _average(amount: int, made: Invoice) -> Decimal:
    return rounding.round_fraction(Fraction(amount) / 10**made.places / Fraction(made.quantity or 1), 8)


def _written(line: Line, places: int) -> Plain:
    plain: Plain = {"kind": line.kind.value, "text": line.text, "amount": money(line.amount, places)}
    more = {"quantity": line.quantity, "price": line.price}
    plain |= {key: _tidy(value) for key, value in more.items() if value is not None}
    return plain | {key: value for key, value in {"unit": line.unit, "pool": line.pool}.items() if value}


def money(minor: int, places: int) -> str:
    """This will write smallest units as a decimal."""
    return f"{Decimal(minor).scaleb(-places):f}"


def _tidy(number: Decimal) -> str:
    return f"{number.normalize():f}"
