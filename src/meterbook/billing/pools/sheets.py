"""The allocation sheet, "meterbook-sheet/1": all that is needed to work out each share of a pool again (M-064)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from meterbook.billing.pools import sharing
from meterbook.billing.pools.costs import Costs as Costs
from meterbook.billing.pools.costs import Line as Line
from meterbook.billing.pools.definition import Definition, Division, Key, Leaving, Part, Rounding
from meterbook.billing.pools.leaving import Kept
from meterbook.kernel import rounding

FORMAT, ENGINE = "meterbook-sheet/1", "1"
LEFT = "LEFT"  # why: the later difference of members who left
PERCENT_PLACES = 3  # of a share as it is told; the exact one stands beside it

Plain = dict[str, Any]


class NothingToShareBy(ValueError):
    """No member has a key value above zero, and neither has the secondary key; give the members key values."""


@dataclass(frozen=True)
class Span:
    """A key value on days [first_day, until_day); of what was measured the whole, of all else the value of each day."""

    first_day: date
    until_day: date
    value: Fraction

    @property
    def days(self) -> int:
        """How many."""
        return (self.until_day - self.first_day).days


@dataclass(frozen=True)
class Row:
    """A member during the days for which one account, or a later pool, bears its share.

    `key` breaks ties: the code of the unit first. `spans` are its values by key.
    """

    key: str
    member: str
    name: str
    account_id: int | None
    account: str
    pool: str
    is_vacancy: bool
    first_day: date
    until_day: date
    spans: Mapping[Key, Sequence[Span]]


@dataclass(frozen=True)
class Charge:
    """What one row bears of one part; `account_id` None: a later pool, `pool`. `told` is what a bill says of it."""

    account_id: int | None
    pool: str
    amount: int
    quantity: int | None
    told: Plain


@dataclass(frozen=True)
class Sheet:
    """A sheet and what comes out of it; the charges together are the total."""

    content: Plain
    charges: tuple[Charge, ...]


@dataclass(frozen=True)
class Head:
    """Whose sheet it is: mappings are written as they are; `places` are the decimals of the currency."""

    pool: Plain
    site: Plain
    first_day: date
    until_day: date
    currency: str
    places: int
    landlord_id: int
    landlord: str
    key_units: Mapping[Key, str]


def build(head: Head, definition: Definition, costs: Costs, rows: Sequence[Row], kept: Kept | None = None) -> Sheet:
    """This will divide the costs of a period among rows and write down how.

    :param kept: whose shares stay as a closed sheet has them
    :raises NothingToShareBy: when a part has neither key values nor a secondary key above zero
    """
    return _Builder(head, definition, costs, rows, kept).build()


def text(value: Fraction) -> str:
    """This will write an exact number: 3.75 where a decimal holds it, else 10/3."""
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1:
        return f"{value.numerator}/{value.denominator}"
    return f"{rounding.EXACT.divide(Decimal(value.numerator), Decimal(value.denominator)):f}"


class _Builder:
    def __init__(
        self, head: Head, definition: Definition, costs: Costs, rows: Sequence[Row], kept: Kept | None
    ) -> None:
        self.head, self.definition, self.costs, self.kept = head, definition, costs, kept
        self.rows = sorted(rows, key=lambda each: each.key)
        self.days = (head.until_day - head.first_day).days
        self.flags = list(costs.flags)
        self.charges: list[Charge] = []
        self.borne: list[Plain] = []

    def build(self) -> Sheet:
        costs, definition = self.costs, self.definition
        shared = costs.total - costs.landlord - costs.left
        quantity = None if costs.quantity is None else costs.quantity - costs.landlord_quantity
        if costs.landlord or costs.landlord_quantity:
            self._bear(costs.why, costs.landlord, None if quantity is None else costs.landlord_quantity)
        if costs.left:
            self._bear(LEFT, costs.left, None)
        parts = self._each() if definition.division is Division.EACH else self._parts(shared, quantity)
        content: Plain = {
            "format": FORMAT,
            "engine": ENGINE,
            "pool": self.head.pool,
            "site": self.head.site,
            "first_day": self.head.first_day.isoformat(),
            "until_day": self.head.until_day.isoformat(),
            "days": self.days,
            "currency": self.head.currency,
            "decimals": self.head.places,
            "rounding": definition.rounding.value,
            "vacancy": definition.vacancy.value,
            "cap": "" if definition.cap is None else text(definition.cap),
            "lines": [self._line(each) for each in costs.lines],
            "total": self._money(costs.total),
            "shared": self._money(shared),
            "landlord": self.borne,
            "parts": parts,
            "flags": sorted(set(self.flags)),
        }
        if definition.division is Division.EACH:
            content["division"] = definition.division.value
        if definition.leaving is not Leaving.FORMER_MEMBER:
            content["leaving"] = definition.leaving.value
        if costs.loss:
            content["loss"] = costs.loss
        if costs.quantity is not None:
            content["quantity"] = {
                "unit": costs.unit,
                "decimals": costs.decimals,
                "total": self._quantity(costs.quantity),
                "shared": self._quantity(quantity or 0),
            }
        return Sheet(content, tuple(self.charges))

    def _parts(self, shared: int, quantity: int | None) -> list[Plain]:
        numbered = {f"{place}": each for place, each in enumerate(self.definition.parts, start=1)}
        percents = {number: each.percent for number, each in numbered.items()}
        amounts = sharing.by_percent(shared, percents)
        quantities = {} if quantity is None else sharing.by_percent(quantity, percents)
        return [self._part(each, int(n), amounts[n], quantities.get(n)) for n, each in numbered.items()]

    def _each(self) -> list[Plain]:
        """Each line by itself, so that the shares of a line are exactly the line (M-060)."""
        of, lines = self.definition.part_of, enumerate(self.costs.lines, start=1)
        return [
            self._part(of(each.data.get("line_kind", "")), n, each.amount - each.left, None, each) for n, each in lines
        ]

    def _later(self, told: Plain, number: int, share: int) -> int:
        """What the landlord bears of the share of a member who left."""
        if self.kept is None:
            return 0
        parts = self.costs.lines if self.definition.division is Division.EACH else self.definition.parts
        left = self.kept.later(told, number, len(parts), share)
        if left:
            told["left"] = self._money(left)
        return left

    def _part(self, part: Part, number: int, amount: int, quantity: int | None, line: Line | None = None) -> Plain:
        used, weights = self._weights(part.key)
        if not any(weights.values()) and part.secondary is not None:
            self.flags.append("SECONDARY_KEY")
            used, weights = self._weights(part.secondary)
        if not any(weights.values()):
            raise NothingToShareBy(NothingToShareBy.__doc__)
        is_kept = self.definition.rounding is Rounding.LANDLORD
        money = sharing.divide(amount, weights, is_residual_kept=is_kept)
        energy = None if quantity is None else sharing.divide(quantity, weights, is_residual_kept=is_kept)
        shares, over = money.shares, dict[str, int]()
        if self.definition.cap is not None:
            most = self.definition.cap * 10**self.head.places
            shares, over = sharing.capped(shares, most.numerator // most.denominator)
        whole = sum(weights.values(), Fraction(0))
        plain: Plain = {
            "number": number,
            "percent": text(part.percent),
            "key": part.key.value,
            "used": used.value,
            "unit": self.head.key_units.get(used, ""),
            "is_daily": self._is_daily(used),
            "amount": self._money(amount),
            "weight": text(whole),
            "rows": [],
        }
        if line is not None:
            plain["line"] = _told(line)
        if quantity is not None:
            plain["quantity"] = self._quantity(quantity)
        later: dict[str, int] = {}
        for row in self.rows:
            told = self._row(row, used, weights[row.key], whole)
            if left := self._later(told, number, shares[row.key]):
                later[row.key] = left
                shares[row.key] -= left
            told |= {
                "ideal": text(money.ideals[row.key] / 10**self.head.places),
                "share": self._money(shares[row.key]),
                "extra": money.extra.get(row.key, 0),
            }
            if over.get(row.key):
                told["over"] = self._money(over[row.key])
            if energy is not None:
                told["quantity"] = self._quantity(energy.shares[row.key])
                told["quantity_extra"] = energy.extra.get(row.key, 0)
            plain["rows"].append(told)
            own = None if energy is None else energy.shares[row.key]
            if shares[row.key] or own:
                self._charge(row, plain, told, shares[row.key], own)
        for why, sums in (("CAP", over), (LEFT, later)):
            for key, amount_borne in sums.items():
                self._bear(why, amount_borne, None, member=key, part=number)
        if money.kept or (energy is not None and energy.kept):
            self._bear("RESIDUAL", money.kept, None if energy is None else energy.kept, part=number)
        return plain

    def _weights(self, key: Key) -> tuple[Key, dict[str, Fraction]]:
        is_daily = self._is_daily(key)
        found = {}
        for row in self.rows:
            spans = row.spans.get(key, ())
            weight = sum((each.value * (each.days if is_daily else 1) for each in spans), Fraction(0))
            found[row.key] = Fraction(0) if self.definition.leaves_out(is_vacancy=row.is_vacancy) else weight
        if self.rows and all(self.definition.leaves_out(is_vacancy=each.is_vacancy) for each in self.rows):
            raise NothingToShareBy(NothingToShareBy.__doc__)
        return key, found

    def _is_daily(self, key: Key) -> bool:
        """Whether days count: not where all take part with one value on all of them, and not what was measured."""
        if key in (Key.USAGE, Key.HOURS):
            return False
        return any(
            len(spans) != 1 or spans[0].days != self.days for row in self.rows for spans in [row.spans.get(key, ())]
        )

    def _row(self, row: Row, used: Key, weight: Fraction, whole: Fraction) -> Plain:
        told: Plain = {
            "key": row.key,
            "member": row.member,
            "name": row.name,
            "payer": {"pool": row.pool} if row.pool else {"account": row.account},
            "is_vacancy": row.is_vacancy,
            "first_day": row.first_day.isoformat(),
            "until_day": row.until_day.isoformat(),
            "spans": [
                {
                    "first_day": each.first_day.isoformat(),
                    "until_day": each.until_day.isoformat(),
                    "days": each.days,
                    "value": text(each.value),
                }
                for each in row.spans.get(used, ())
            ],
            "weight": text(weight),
            "percent": str(rounding.round_fraction(100 * weight / whole, PERCENT_PLACES)),
        }
        if self.definition.leaves_out(is_vacancy=row.is_vacancy):
            told["is_redistributed"] = True
        return told

    def _charge(self, row: Row, part: Plain, told: Plain, amount: int, quantity: int | None) -> None:
        said = {
            **self._said(part),
            "member": {"code": row.member, "name": row.name},
            "first_day": told["first_day"],
            "until_day": told["until_day"],
            "days": (row.until_day - row.first_day).days,
            "is_vacancy": row.is_vacancy,
            "own": told["weight"],
            "whole": part["weight"],
            "percent": told["percent"],
            "exact": told["ideal"],
            "amount": told["share"],
        }
        if quantity is not None:
            said["quantity"] = told["quantity"]
            said["quantity_unit"] = self.costs.unit
        self.charges.append(Charge(row.account_id, row.pool, amount, quantity, said))

    def _said(self, part: Plain | None) -> Plain:
        said: Plain = {"total": self._money(self.costs.total)}
        if part is not None:
            said |= {"key": part["used"], "unit": part["unit"], "is_daily": part["is_daily"]}
            said["part"] = part["amount"]
            if "line" in part:
                said["line"] = part["line"]
            elif len(self.definition.parts) > 1:
                said["part_percent"] = part["percent"]
        return said

    def _bear(self, why: str, amount: int, quantity: int | None, *, member: str = "", part: int = 0) -> None:
        """What the landlord bears beside vacancies."""
        entry: Plain = {"why": why, "amount": self._money(amount), "payer": {"account": self.head.landlord}}
        if member:
            entry["member"] = member
        if part:
            entry["part"] = part
        if quantity is not None:
            entry["quantity"] = self._quantity(quantity)
        self.borne.append(entry)
        said = {
            **self._said(None),
            "why": why,
            "first_day": self.head.first_day.isoformat(),
            "until_day": self.head.until_day.isoformat(),
            "days": self.days,
            "is_vacancy": False,
            "amount": entry["amount"],
            **({"member": {"code": member, "name": ""}} if member else {}),
        }
        if quantity is not None:
            said |= {"quantity": entry["quantity"], "quantity_unit": self.costs.unit}
        self.charges.append(Charge(self.head.landlord_id, "", amount, quantity, said))

    def _line(self, line: Line) -> Plain:
        told: Plain = {"kind": line.kind, "text": line.text, "amount": self._money(line.amount), **line.data}
        if line.left:
            told["left"] = self._money(line.left)
        if line.price:
            told |= {"quantity": line.quantity, "unit": line.unit, "price": line.price, "mode": line.mode}
        elif line.quantity:
            told |= {"quantity": line.quantity, "unit": line.unit}
        return told

    def _money(self, minor: int) -> str:
        return f"{Decimal(minor).scaleb(-self.head.places):f}"

    def _quantity(self, value: int) -> str:
        return f"{Decimal(value).scaleb(-self.costs.decimals):f}"


def _told(line: Line) -> Plain:
    """What bills say of a line that was divided by itself."""
    told: Plain = {"kind": line.data.get("line_kind", line.kind), "text": line.text}
    return told | ({"texts": line.data["texts"]} if "texts" in line.data else {})
