"""Fields of a component that change more than one value: how it charges, and for how long its steps hold."""

from __future__ import annotations

from dataclasses import dataclass, field

from meterbook.web.tariffs.editor import fields, structure
from meterbook.web.tariffs.editor.loose import Raw


@dataclass(frozen=True)
class Shape(fields.Choice):
    """How a component charges; it is written after all others, because it takes fields away."""

    document: Raw = field(default_factory=dict, repr=False, compare=False)

    @property
    def shown(self) -> list[str]:
        """One word of structure.SHAPES."""
        return [structure.shape_of(self.node)]

    def write(self, given: list[str]) -> None:
        """This will take what the other shape does not have away, and add what it needs."""
        structure.reshape(self.document, self.node, given[0])


class ReferenceKind(fields.Choice):
    """Whether steps hold for a number of days or for calendar months."""

    @property
    def shown(self) -> list[str]:
        """DAYS when left out."""
        value = self.node.get("tier_reference", {})
        return ["DAYS" if isinstance(value, dict) else str(value)]

    def write(self, given: list[str]) -> None:
        """This will leave 30 days out."""
        self.node.pop("tier_reference", None)
        if given[0] != "DAYS":
            self.node["tier_reference"] = given[0]


class ReferenceDays(fields.Whole):
    """For how many days steps hold, unless they hold for a calendar month."""

    @property
    def shown(self) -> list[str]:
        """30 when left out."""
        value = self.node.get("tier_reference", {})
        return [str(value.get("days", self.default) if isinstance(value, dict) else self.default)]

    def write(self, given: list[str]) -> None:
        """This will write the days, which nobody wants to leave out once they were typed."""
        if isinstance(self.node.get("tier_reference", {}), dict):
            self.node["tier_reference"] = {"days": fields.whole(given[0])}


@dataclass(frozen=True)
class StepPrices(fields.Choice):
    """Whether each step has one price, or one for each price by time of use; it is written after the prices."""

    document: Raw = field(default_factory=dict, repr=False, compare=False)

    @property
    def shown(self) -> list[str]:
        """ONE or BY_PERIOD."""
        return ["BY_PERIOD" if any("prices" in each for each in self.node["tiers"]) else "ONE"]

    def write(self, given: list[str]) -> None:
        """This will take the first price along."""
        structure.price_steps(self.document, self.node, is_by_period=given[0] == "BY_PERIOD")
