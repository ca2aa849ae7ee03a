"""Fields of what becomes of energy fed in beyond use: whether it is kept, and what happens at its ends."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.dates import MONTHS
from django.utils.translation import gettext as _

from meterbook.web.tariffs.editor import fields, quantity_fields
from meterbook.web.tariffs.editor.fields import Field, Node
from meterbook.web.tariffs.editor.inner import Inner


@dataclass(frozen=True)
class Kept(fields.Choice):
    """Whether a component has a bank."""

    @property
    def shown(self) -> list[str]:
        """KEPT, or empty."""
        return ["KEPT" if "bank" in self.node else ""]

    def write(self, given: list[str]) -> None:
        """This will begin with a bank that goes on for ever, or take it away."""
        self.node.pop("bank", None)
        if given[0]:
            self.node["bank"] = {}


@dataclass(frozen=True)
class YearEnd(fields.Choice):
    """What becomes of a bank at the end of its year; it is written after the figures that belong to it."""

    @property
    def shown(self) -> list[str]:
        """CARRY when left out."""
        return [str(self.node.get("at_year_end", "CARRY"))]

    def write(self, given: list[str]) -> None:
        """This will take the figures of another end away, and add what this one needs."""
        wanted = given[0]
        if wanted == "CARRY":
            self.node.pop("year", None)
            self.node.pop("at_year_end", None)
        else:
            self.node["at_year_end"] = wanted
            self.node["year"] = self.node.get("year", "01-01")
        _fit(self.node)


@dataclass(frozen=True)
class MoveOut(fields.Choice):
    """What becomes of a bank with the end of the contract; without a word, as at the end of a year."""

    def write(self, given: list[str]) -> None:
        """This will take the figures of another end away, and add what this one needs."""
        if given[0]:
            self.node["at_move_out"] = given[0]
        else:
            self.node.pop("at_move_out", None)
        _fit(self.node)


@dataclass(frozen=True)
class Dropped(fields.Choice):
    """What becomes of a bank that the tariff drops."""

    def write(self, given: list[str]) -> None:
        """This will take the price away, or add it."""
        self.node["at_end"] = given[0]
        _fit(self.node)


@dataclass(frozen=True)
class Holds(fields.Choice):
    """What a bank that the tariff drops keeps; it is written last, because money and units end in other ways."""

    def write(self, given: list[str]) -> None:
        """This will pay what is kept in the way of its kind, unless it lapses."""
        self.node["holds"] = given[0]
        if self.node.get("at_end") != "LAPSE":
            self.node["at_end"] = "CASH_OUT" if given[0] == "UNITS" else "PAY_BALANCE"
        _fit(self.node)


def _fit(node: Node) -> None:
    """The figures of CASH_OUT are there where something is cashed out, and only there."""
    if "CASH_OUT" in {node.get(key) for key in ("at_year_end", "at_move_out", "at_end")}:
        node["cash_out"] = node.get("cash_out", "")
    else:
        node.pop("reversal", None)
        node.pop("cash_out", None)


def of_units(path: str, node: Node, *, money: str, unit: str) -> list[Field]:
    """This will return the bank of a charge for net energy; nothing for other channels."""
    if node.get("channel") != "NET":
        return []
    choices = (("", _("paid at the price of the charge")), ("KEPT", _("kept for later bills")))
    found: list[Field] = [
        Kept(f"{path}.bank", _("What is fed in beyond use"), node, "bank", choices=choices, is_submitting=True)
    ]
    return [*found, *_year(path, node, money=money, unit=unit)] if "bank" in node else found


def of_money(path: str, node: Node, *, money: str, unit: str) -> list[Field]:
    """This will return the terms of a bank of credits."""
    found = _year(path, node, money=money, unit=unit)
    bank = Inner(node, "bank", is_kept=True)
    if "CASH_OUT" in (bank.get("at_year_end"), bank.get("at_move_out")):
        choices = (
            ("AVERAGE", _("taken back, at what they were on average")),
            ("NONE", _("left in the bank")),
        )
        label = _("Credits of the units that are paid")
        found.append(
            fields.Choice(f"{path}.bank.reversal", label, bank, "reversal", choices=choices, default="AVERAGE")
        )
    return found


def _year(path: str, node: Node, *, money: str, unit: str) -> list[Field]:
    bank = Inner(node, "bank", is_kept=True)
    is_money = node.get("charge") == "CREDIT_BANK"
    ends = [
        ("CARRY", _("it goes on")),
        ("LAPSE", _("it lapses")),
        ("CASH_OUT", _("units fed in beyond use are paid") if is_money else _("units left are paid")),
        *([("PAY_BALANCE", _("its balance is paid"))] if is_money else []),
    ]
    place = f"{path}.bank"
    label = _("At the end of a year")
    found: list[Field] = [
        YearEnd(f"{place}.at_year_end", label, bank, "at_year_end", choices=tuple(ends), is_submitting=True)
    ]
    if "year" in bank:
        months = tuple((str(number), str(name)) for number, name in MONTHS.items())
        found.append(fields.MonthDay(f"{place}.year", _("A year begins on"), bank, "year", choices=months))
    usual = ("", _("as at the end of a year; where it goes on then, it lapses"))
    found.append(
        MoveOut(
            f"{place}.at_move_out",
            _("When the contract ends"),
            bank,
            "at_move_out",
            choices=(usual, *ends[1:]),
            is_submitting=True,
        )
    )
    if "cash_out" in bank:
        unit_price = f"{money}/{unit}"
        found.append(fields.Amount(f"{place}.cash_out", _("Paid for each"), bank, "cash_out", unit=unit_price))
    return [*found, _continues(place, bank, is_further=True)]


def of_end(path: str, node: Node, *, money: str, unit: str) -> list[Field]:
    """This will return how a bank of an earlier version is settled."""
    place, terms = f"{path}.bank_end", Inner(node, "bank_end", is_kept=True)
    kinds = (("MONEY", _("money that was credited")), ("UNITS", _("units that were fed in")))
    paid = (
        ("CASH_OUT", _("units left are paid"))
        if terms.get("holds") == "UNITS"
        else ("PAY_BALANCE", _("its balance is paid"))
    )
    found: list[Field] = [
        Holds(f"{place}.holds", _("The bank keeps"), terms, "holds", choices=kinds, is_submitting=True),
        Dropped(
            f"{place}.at_end",
            _("What becomes of it"),
            terms,
            "at_end",
            choices=(paid, ("LAPSE", _("it lapses"))),
            is_submitting=True,
        ),
    ]
    if "cash_out" in terms:
        found.append(fields.Amount(f"{place}.cash_out", _("Paid for each"), terms, "cash_out", unit=f"{money}/{unit}"))
    return [*found, _continues(place, terms)]


def _continues(place: str, terms: Node, *, is_further: bool = False) -> Field:
    words = _("The code of the charge of an earlier version that kept it; empty: the code of this charge.")
    label = _("Takes over the bank")
    return quantity_fields.Fact(f"{place}.continues", label, terms, "continues", help=words, is_further=is_further)
