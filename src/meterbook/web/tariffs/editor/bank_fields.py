"""Fields of what becomes of energy fed in beyond use: whether it is kept, and what happens at the end of a year."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.dates import MONTHS
from django.utils.translation import gettext as _

from meterbook.web.tariffs.editor import fields
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
        for key in ("reversal", "cash_out") if wanted != "CASH_OUT" else ():
            self.node.pop(key, None)
        if wanted == "CARRY":
            self.node.pop("year", None)
            self.node.pop("at_year_end", None)
            return
        self.node["at_year_end"] = wanted
        self.node["year"] = self.node.get("year", "01-01")
        if wanted == "CASH_OUT":
            self.node["cash_out"] = self.node.get("cash_out", "")


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
    if bank.get("at_year_end") == "CASH_OUT":
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
    if "cash_out" in bank:
        unit_price = f"{money}/{unit}"
        found.append(fields.Amount(f"{place}.cash_out", _("Paid for each"), bank, "cash_out", unit=unit_price))
    return found
