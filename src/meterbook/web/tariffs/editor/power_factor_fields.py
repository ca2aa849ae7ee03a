"""Fields of the rules by which a power factor is priced."""

from __future__ import annotations

from django.utils.translation import gettext as _

from meterbook.web.tariffs.editor import fields
from meterbook.web.tariffs.editor.fields import Field, Node
from meterbook.web.tariffs.editor.further_fields import Rule, including
from meterbook.web.tariffs.editor.inner import Inner, Item
from meterbook.web.tariffs.editor.layout import Around


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
    elif rule == "FORMULA" and not isinstance(terms.get("reference"), list):
        found.append(fields.Amount(f"{place}.reference", _("Power factor asked for"), terms, "reference"))
        found += _slopes(place, terms)
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
    return [*found, small]


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
