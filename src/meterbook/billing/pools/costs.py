"""The cost that a sheet divides: its lines, and what of it is the landlord's. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Plain = dict[str, Any]


@dataclass(frozen=True)
class Line:
    """A line of the cost: quantity x price, where there are both, is the amount in smallest units.

    `left` of it is the landlord's: the later difference of members who left.
    """

    kind: str
    text: str
    amount: int
    quantity: str = ""
    unit: str = ""
    price: str = ""
    mode: str = ""
    data: Plain = field(default_factory=dict)
    left: int = 0


@dataclass(frozen=True)
class Costs:
    """The cost of a period in smallest units, `quantity` in 10^-`decimals` `unit` where it has one.

    `landlord` of it is never shared, `landlord_quantity` likewise; `flags` are what a reader should know.
    """

    lines: Sequence[Line]
    quantity: int | None = None
    unit: str = ""
    decimals: int = 0
    landlord: int = 0
    landlord_quantity: int = 0
    why: str = ""
    flags: Sequence[str] = ()
    loss: Plain = field(default_factory=dict)

    @property
    def total(self) -> int:
        """The sum of the lines."""
        return sum(each.amount for each in self.lines)

    @property
    def left(self) -> int:
        """What of them is the landlord's for members who left."""
        return sum(each.left for each in self.lines)
