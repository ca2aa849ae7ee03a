"""Fields of the rules by which a power factor is priced."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from meterbook.web.tariffs.editor import fields
from meterbook.web.tariffs.editor.fields import Field, Node
from meterbook.web.tariffs.editor.further_fields import OptionalWhole, Rule, including
from meterbook.web.tariffs.editor.inner import Inner, Item
from meterbook.web.tariffs.editor.layout import Around

_LONG_AGO = "2000-01-01"


def power_factor(path: str, node: Node, around: Around) -> list[Field]:
    """This will return the rule, and the figures that it has."""
    terms = Inner(node, "power_factor", is_kept=True)
    rules = (
        ("STEPS", _("a percentage for each hundredth below")),
        ("FORMULA", _("a formula with penalty and bonus")),
        ("REACTIVE_ABOVE", _("a price for reactive energy above a share")),
    )
    place, rule = f"{path}.power_factor", str(terms.get("rule", ""))
    found: list[Field] = [
        Rule(
            f"{place}.rule",
            _("Rule"),
            node,
            "rule",
            choices=including(rule, rules),
            default=rule,
            is_submitting=True,
            earlier=tuple(code for code, _name in around.earlier),
        ),
    ]
    if rule == "STEPS":
        for number in range(len(terms.get("steps", [])) + 1):  # with an empty one to fill
            here, step = f"{place}.steps[{number}]", Item(terms, "steps", number)
            found.append(fields.OptionalAmount(f"{here}.below", _("Below a power factor of"), step, "below"))
            found.append(fields.OptionalAmount(f"{here}.percent", _("For each hundredth"), step, "percent", unit="%"))
        words = _("Each such part of a power factor costs the percentage; empty: 0.01.")
        found.append(
            fields.OptionalAmount(f"{place}.step", _("A step of it"), terms, "step", help=words, is_further=True)
        )
    elif rule == "FORMULA":
        found += [*_references(place, terms), *_slopes(place, terms)]
    elif rule == "REACTIVE_ABOVE":
        found.append(
            fields.Amount(f"{place}.tan_phi", _("Free up to, of the active energy"), terms, "tan_phi", unit="kvarh/kWh")
        )
        found.append(fields.Amount(f"{path}.price", _("Price"), node, "price", unit=f"{around.money}/kvarh"))
    if rule != "REACTIVE_ABOVE":
        found.append(
            fields.Checks(f"{path}.components", _("On the charges"), node, "components", choices=around.earlier)
        )
    small = fields.OptionalAmount(
        f"{place}.least_usage", _("Not below a use of"), terms, "least_usage", unit=around.unit
    )
    return [*found, small, *_further(place, terms, rule)]


def _references(place: str, terms: Node) -> list[Field]:
    """The power factor that is asked for, or those that begin on days."""
    label, is_dated = _("Power factor asked for"), isinstance(terms.get("reference"), list)
    kinds = (("ONE", _("the same on all days")), ("DATED", _("changes on days")))
    words = _("One a line, the first day and the power factor: 2026-01-01: 0.90")
    return [
        DatedFactors(f"{place}.reference", label, terms, "reference", help=words)
        if is_dated
        else fields.Amount(f"{place}.reference", label, terms, "reference"),
        ReferenceKind(
            f"{place}.reference_kind",
            _("What is asked for"),
            terms,
            "reference",
            choices=kinds,
            is_submitting=True,
            is_further=True,
        ),
    ]


def _further(place: str, terms: Node, rule: str) -> list[Field]:
    leading = (("IGNORE", _("is not counted")), ("ADD", _("is added")), ("SUBTRACT", _("is taken off")))
    usual = {"STEPS": "2", "FORMULA": "4"}
    found: list[Field] = [
        fields.Choice(
            f"{place}.leading",
            _("Reactive energy given back"),
            terms,
            "leading",
            choices=leading,
            default="IGNORE",
            is_further=True,
        )
    ]
    if rule in usual:
        words = _("Empty: %s.") % usual[rule]
        label = _("Decimals of the power factor")
        found.append(OptionalWhole(f"{place}.decimals", label, terms, "decimals", help=words, is_further=True))
    if rule == "FORMULA":
        label, words = _("Decimals of the percentage"), _("Empty: %s.") % "1"
        found.append(
            OptionalWhole(f"{place}.percent_decimals", label, terms, "percent_decimals", help=words, is_further=True)
        )
    return found


class DatedFactors(Field):
    """Power factors that are asked for from days on, one a line."""

    look = fields.Look.AREA

    @property
    def shown(self) -> list[str]:
        """As `2026-01-01: 0.90`, with the separators of the page's language."""
        lines = self.node.get(self.key, [])
        return ["\n".join(f"{each.get('from', '')}: {fields.localized(each.get('value', ''))}" for each in lines)]

    def write(self, given: list[str]) -> None:
        """This will list them in the order in which they were typed; the document's checks say what is wrong."""
        parts = [line.partition(":") for line in given[0].splitlines() if line.strip()]
        self.node[self.key] = [
            {"from": day.strip(), "value": fields.plain(value.strip())} for day, _colon, value in parts
        ]


@dataclass(frozen=True)
class ReferenceKind(fields.Choice):
    """Whether the power factor that is asked for changes on days; it is written after the figures."""

    @property
    def shown(self) -> list[str]:
        """ONE or DATED."""
        return ["DATED" if isinstance(self.node.get("reference"), list) else "ONE"]

    def write(self, given: list[str]) -> None:
        """This will let the figure hold from long ago on, or for all days the final one."""
        held = self.node.get("reference", "")
        if given[0] == "DATED":
            self.node["reference"] = [{"from": _LONG_AGO, "value": str(held)}]
        else:
            self.node["reference"] = held[-1].get("value", "") if isinstance(held, list) and held else ""


def _slopes(place: str, terms: Node) -> list[Field]:
    """How fast penalty and bonus grow: a share such as 3/5 of what the power factor is off, and their ends."""
    found: list[Field] = []
    words = _("A fraction such as 3/5, times how far the power factor is off in percent. Empty: none.")
    for key, share, most in (
        ("penalty", _("Penalty: share"), _("Penalty at most")),
        ("bonus", _("Bonus: share"), _("Bonus at most")),
    ):
        slope = Inner(terms, key)
        found.append(OptionalText(f"{place}.{key}.share", share, slope, "share", help=words))
        found.append(fields.OptionalAmount(f"{place}.{key}.most", most, slope, "most", unit="%"))
    return found


class OptionalText(Field):
    """A short text that need not be there."""

    def write(self, given: list[str]) -> None:
        """This will write the text, or take the key away."""
        if given[0]:
            self.node[self.key] = given[0]
        else:
            self.node.pop(self.key, None)
