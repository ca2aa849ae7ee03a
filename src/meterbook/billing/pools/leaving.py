"""Shares of members who left stay as they were billed: what differs later is the landlord's (B-65). Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

Plain = Mapping[str, Any]
Stay = tuple[str, str, str, str]  # member, account, first and until day


@dataclass
class Kept:
    """What a closed sheet gave to `accounts`, the numbers of those that left since. Money in smallest units."""

    content: Plain
    accounts: Collection[str]
    _was: dict[Stay, dict[int, int]] = field(init=False)

    def __post_init__(self) -> None:
        places = self.content["decimals"]
        self._was = defaultdict(dict)
        for part in self.content["parts"]:
            for row in part["rows"]:
                self._was[_stay(row)][part["number"]] = int(Decimal(row["share"]).scaleb(places))

    def later(self, row: Plain, number: int, of: int, share: int) -> int:
        """This will return by how much the share of a row in part `number` of `of` parts differs from what was billed.

        0 where its payer did not leave, or was not there on just these days. The last part takes what the closed sheet
        had in further ones, such as a line that was withdrawn from an invoice.
        """
        before = self._was.get(_stay(row))
        if before is None or row["payer"].get("account") not in self.accounts:
            return 0
        same = before.get(number, 0)
        return share - same - (sum(was for place, was in before.items() if place > of) if number == of else 0)

    def owed(self, content: Plain) -> dict[str, Decimal]:
        """This will return what a later sheet asks of those that left beyond what was billed, by their numbers."""
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for part in content["parts"]:
            for row in part["rows"]:
                share = int(Decimal(row["share"]).scaleb(content["decimals"]))
                later = self.later(row, part["number"], len(content["parts"]), share)
                sums[row["payer"].get("account", "")] += Decimal(later).scaleb(-content["decimals"])
        return {number: amount for number, amount in sorted(sums.items()) if amount}


def borne(content: Plain) -> Decimal:
    """This will return what of a sheet's shares is the landlord's since members left."""
    return sum((Decimal(row.get("left", 0)) for part in content["parts"] for row in part["rows"]), Decimal(0))


def _stay(row: Plain) -> Stay:
    return row["member"], row["payer"].get("account", ""), row["first_day"], row["until_day"]
