"""The balance sheet of energy (I-05): what came in is what went out, in quantities and in money. Pure.

Nothing is spread over the other parts to make a sum fit: what is left has a name and an amount of its own.
"""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction


class Part(enum.StrEnum):
    """Where a quantity went."""

    TENANTS = "TENANTS"  # on bills of tenants
    COMMON = "COMMON"  # common areas: on the bill of who looks after them, or shared by a pool
    LOSSES = "LOSSES"  # counted by a meter whose cost is shared as losses
    VACANCY = "VACANCY"  # of empty units, on the landlord's bill
    LANDLORD = "LANDLORD"  # what the landlord uses otherwise
    ELSEWHERE = "ELSEWHERE"  # on bills that reach beyond these days
    UNBILLED = "UNBILLED"  # measured, and on no bill yet
    CHANGED = "CHANGED"  # known now, and not so when the bill was made
    UNMETERED = "UNMETERED"  # counted by the main meter and by none behind it: losses


class Bearer(enum.StrEnum):
    """Who bears a cost."""

    TARIFF = "TARIFF"  # tenants, by their tariffs
    SHARED = "SHARED"  # tenants, by shared costs
    SETTLED = "SETTLED"  # tenants, differences of earlier estimated bills
    COMMON = "COMMON"  # whoever has the bill of common areas
    VACANCY = "VACANCY"  # the landlord, for empty units
    LANDLORD = "LANDLORD"  # the landlord, on an own bill
    REMAINDER = "REMAINDER"  # the landlord, what no bill says; below zero: more was billed than paid


@dataclass(frozen=True)
class Point:
    """A meter point behind the main one, with what it counted in the period."""

    key: str
    name: str
    measured: Fraction
    is_common: bool = False
    is_loss: bool = False
    is_elsewhere: bool = False  # bills that reach beyond the period have some of its days


@dataclass(frozen=True)
class Billed:
    """What a bill says of a meter point; `bill` and `account` name them, `href` is the bill's id."""

    key: str
    quantity: Fraction
    account: str
    bill: str
    href: str
    is_landlord: bool = False
    is_vacancy: bool = False


@dataclass(frozen=True)
class Row:
    """One quantity of a part; without a bill it is what is left of a meter point or of the site."""

    part: Part
    key: str
    name: str
    quantity: Fraction
    account: str = ""
    bill: str = ""
    href: str = ""


@dataclass(frozen=True)
class Quantities:
    """What came in (None: no main meter tells) and where it went."""

    through: Fraction | None
    rows: tuple[Row, ...]

    @property
    def parts(self) -> dict[Part, Fraction]:
        """The sum of each part that has rows, in their order."""
        sums: dict[Part, Fraction] = defaultdict(Fraction)
        for each in self.rows:
            sums[each.part] += each.quantity
        return {part: sums[part] for part in Part if part in sums}

    @property
    def total(self) -> Fraction:
        """All that went out."""
        return sum((each.quantity for each in self.rows), Fraction(0))

    @property
    def difference(self) -> Fraction:
        """What came in and did not go out: zero, or somebody made a mistake here."""
        return Fraction(0) if self.through is None else self.through - self.total


@dataclass(frozen=True)
class Cost:
    """What was paid, as far as it falls into the period; `is_part`: only some days of it do."""

    name: str
    detail: str
    amount: Decimal
    href: str = ""
    is_part: bool = False


@dataclass(frozen=True)
class Borne:
    """What somebody bears of the costs, before taxes on the bill."""

    bearer: Bearer
    name: str
    account: str
    amount: Decimal
    bill: str = ""
    href: str = ""


@dataclass(frozen=True)
class Money:
    """Costs and who bears them; the remainder is among `rows` where costs are known."""

    costs: tuple[Cost, ...]
    rows: tuple[Borne, ...]

    @property
    def paid(self) -> Decimal:
        """All costs."""
        return sum((each.amount for each in self.costs), Decimal(0))

    @property
    def bearers(self) -> dict[Bearer, Decimal]:
        """What each kind of bearer bears, in their order."""
        sums: dict[Bearer, Decimal] = defaultdict(Decimal)
        for each in self.rows:
            sums[each.bearer] += each.amount
        return {bearer: sums[bearer] for bearer in Bearer if bearer in sums}

    @property
    def total(self) -> Decimal:
        """All that is borne."""
        return sum((each.amount for each in self.rows), Decimal(0))

    @property
    def difference(self) -> Decimal:
        """What was paid and is not borne: zero where costs are known."""
        return self.paid - self.total if self.costs else Decimal(0)


def quantities(points: Sequence[Point], billed: Iterable[Billed], through: Fraction | None) -> Quantities:
    """This will say where a quantity went, meter point by meter point.

    A main meter counts 100, a shop 60 of which 58 are on its bill, the stairs 30 on none: 58 to tenants, 2 changed
    since the bill, 30 common, 10 unmetered; together 100.

    :param billed: only of meter points among `points`, for time within the period
    """
    by_point: dict[str, list[Billed]] = defaultdict(list)
    for each in billed:
        by_point[each.key].append(each)
    rows: list[Row] = []
    for point in points:
        own = by_point.get(point.key, [])
        rows += [_row(point, each) for each in own]
        rest = point.measured - sum((each.quantity for each in own), Fraction(0))
        if rest:
            rows.append(Row(_rest(point, bool(own)), point.key, point.name, rest))
    if through is not None:
        unmetered = through - sum((each.measured for each in points), Fraction(0))
        if unmetered:
            rows.append(Row(Part.UNMETERED, "", "", unmetered))
    return Quantities(through, tuple(sorted(rows, key=lambda each: list(Part).index(each.part))))


def money(costs: Sequence[Cost], borne: Sequence[Borne]) -> Money:
    """This will say who bears the costs; what no bill says is the landlord's.

    Paid 100, tenants 70 by tariffs and 20 by shared costs, vacancy 4: the remainder is 6.
    """
    rows = sorted((each for each in borne if each.amount), key=lambda each: list(Bearer).index(each.bearer))
    if costs:
        rest = sum((each.amount for each in costs), Decimal(0)) - sum((each.amount for each in rows), Decimal(0))
        if rest:
            rows.append(Borne(Bearer.REMAINDER, "", "", rest))
    return Money(tuple(costs), tuple(rows))


def of_days(amount: Decimal, *, shared: int, of: int, places: int) -> Decimal:
    """This will return the part of an amount that falls to some of its days, rounded half up once.

    31.00 of 31 days, 10 of which are shared, is 10.00.
    """
    exact = Fraction(amount) * shared / of * 10**places
    whole, rest = divmod(abs(exact.numerator), exact.denominator)
    whole += 2 * rest >= exact.denominator
    return Decimal(whole if exact >= 0 else -whole).scaleb(-places)


def _row(point: Point, billed: Billed) -> Row:
    return Row(_part(point, billed), point.key, point.name, billed.quantity, billed.account, billed.bill, billed.href)


def _part(point: Point, billed: Billed) -> Part:
    own = _own(point)
    if own is not None:
        return own
    if not billed.is_landlord:
        return Part.TENANTS
    return Part.VACANCY if billed.is_vacancy else Part.LANDLORD


def _rest(point: Point, is_billed: bool) -> Part:
    """What a meter counted beyond what bills of the period say."""
    if point.is_elsewhere:
        return Part.ELSEWHERE
    if is_billed:
        return Part.CHANGED
    return _own(point) or Part.UNBILLED


def _own(point: Point) -> Part | None:
    if point.is_loss:
        return Part.LOSSES
    return Part.COMMON if point.is_common else None
