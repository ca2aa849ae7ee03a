"""Kinds of fields for further charges: what may be left out, the rule of a power factor, for how long a limit holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from meterbook.web.tariffs.editor import fields
from meterbook.web.tariffs.editor.fields import Node

Choices = tuple[tuple[str, str], ...]
RULES: Mapping[str, Mapping[str, Any]] = {
    "STEPS": {"steps": [{"below": "0.90", "percent": "1"}], "step": "0.01"},
    "FORMULA": {
        "reference": "0.90",
        "penalty": {"share": "3/5", "most": "120"},
        "bonus": {"share": "1/4", "most": "2.5"},
    },
    "REACTIVE_ABOVE": {"tan_phi": "0.5"},
}


@dataclass(frozen=True)
class OptionalChoice(fields.Choice):
    """One of several; the empty one takes the key away."""

    def write(self, given: list[str]) -> None:
        """This will write the word, or nothing."""
        if given[0]:
            self.node[self.key] = given[0]
        else:
            self.node.pop(self.key, None)


@dataclass(frozen=True)
class WholeChoice(fields.Choice):
    """One of several whole numbers; the empty one takes the key away."""

    def write(self, given: list[str]) -> None:
        """This will write the number, or nothing."""
        if given[0]:
            self.node[self.key] = fields.whole(given[0])
        else:
            self.node.pop(self.key, None)


@dataclass(frozen=True)
class OptionalWhole(fields.Field):
    """A whole number that need not be there."""

    def write(self, given: list[str]) -> None:
        """This will write the number, or take the key away."""
        if given[0]:
            self.node[self.key] = fields.whole(given[0])
        else:
            self.node.pop(self.key, None)


class Numbers(fields.Field):
    """Whole numbers, such as months, with commas between them; none means all."""

    @property
    def shown(self) -> list[str]:
        """Commas between them."""
        held = self.node.get(self.key, [])
        return [", ".join(map(str, held)) if isinstance(held, list) else str(held)]

    def write(self, given: list[str]) -> None:
        """This will list the numbers, or take the key away; what is no number is kept as it was typed."""
        numbers = [fields.whole(each) for each in given[0].replace(",", " ").split()]
        if numbers:
            self.node[self.key] = numbers
        else:
            self.node.pop(self.key, None)


@dataclass(frozen=True)
class Rule(fields.Choice):
    """Which rule prices the power factor; another rule begins with its usual figures, on all charges before."""

    earlier: tuple[str, ...] = ()

    def write(self, given: list[str]) -> None:
        """This will take the figures of the other rule away."""
        set_rule(self.node, given[0], self.earlier)


@dataclass(frozen=True)
class Take(fields.Choice):
    """Which of the measured powers counts; how many of them belongs to the mean of the highest alone."""

    def write(self, given: list[str]) -> None:
        """This will take away what another choice has no field for."""
        super().write(given)
        if given[0] != "MEAN_OF_HIGHEST":
            for key in ("highest", "one_a_day"):
                self.node.pop(key, None)


@dataclass(frozen=True)
class Proration(fields.Choice):
    """How a part of a month is charged, or for what a limit of a bill holds; it may be a number of days."""

    @property
    def shown(self) -> list[str]:
        """The usual one when left out; days as their number."""
        value = self.node.get("proration", self.default)
        if not isinstance(value, dict):
            return [str(value)]
        return [f"{'EQUAL' if value.get('count') == 'EQUAL_MONTHS' else 'DAYS'}:{value.get('days', '')}"]

    def write(self, given: list[str]) -> None:
        """This will leave the usual one out."""
        self.node.pop("proration", None)
        kind, colon, length = given[0].partition(":")
        if colon and kind in {"DAYS", "EQUAL"}:
            equal = {"count": "EQUAL_MONTHS"} if kind == "EQUAL" else {}
            self.node["proration"] = {"days": fields.whole(length), **equal}
        elif given[0] != self.default:
            self.node["proration"] = given[0]


def set_rule(component: Node, rule: str, earlier: Sequence[str]) -> None:
    """This will price the power factor by another rule, with its usual figures, on charges by their codes."""
    component["power_factor"] = {"rule": rule, **{key: _copied(each) for key, each in RULES.get(rule, {}).items()}}
    component.pop("price", None)
    component.pop("components", None)
    if rule == "REACTIVE_ABOVE":
        component["price"] = ""
    elif earlier:
        component["components"] = list(earlier)


def _copied(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, list):
        return [_copied(each) for each in value]
    return dict(value) if isinstance(value, dict) else value


def including(held: object, known: Sequence[tuple[str, str]]) -> Choices:
    """This will return the choices, and what the document holds where it is none of them."""
    text = str(held)
    return tuple(known) if text in {code for code, _caption in known} else ((text, text), *known)
