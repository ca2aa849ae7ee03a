"""Fields of the rules by which a power factor is priced."""

from __future__ import annotations

from django.utils.translation import gettext as _

from meterbook.web.tariffs.editor import fields
from meterbook.web.tariffs.editor.fields import Field, Node
from meterbook.web.tariffs.editor.further_fields import Rule, including
from meterbook.web.tariffs.editor.inner import Inner
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
        for number, step in enumerate(terms.get("steps", [])):
            here = f"{place}.steps[{number}]"
            found.append(fields.Amount(f"{here}.below", _("Below a power factor of"), step, "below"))
            found.append(fields.Amount(f"{here}.percent", _("For each hundredth"), step, "percent", unit="%"))
    elif rule == "FORMULA" and not isinstance(terms.get("reference"), list):
        found.append(fields.Amount(f"{place}.reference", _("Power factor asked for"), terms, "reference"))
        for key, label in (("penalty", _("Penalty at most")), ("bonus", _("Bonus at most"))):
            found.append(fields.OptionalAmount(f"{place}.{key}.most", label, Inner(terms, key), "most", unit="%"))
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
