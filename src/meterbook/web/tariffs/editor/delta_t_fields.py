"""Fields of the rules by which a low temperature difference is priced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from meterbook.kernel import water
from meterbook.web.tariffs.editor import fields
from meterbook.web.tariffs.editor.fields import Field, Node
from meterbook.web.tariffs.editor.further_fields import OptionalWhole, including
from meterbook.web.tariffs.editor.inner import Inner, Item
from meterbook.web.tariffs.editor.layout import Around

_USUAL_KELVINS = "8"


@dataclass(frozen=True)
class DeltaRule(fields.Choice):
    """Which rule prices the difference; another rule begins with its usual figures, on all charges before."""

    earlier: tuple[str, ...] = ()

    def write(self, given: list[str]) -> None:
        """This will take the figures of the other rule away."""
        set_rule(self.node, given[0], self.earlier)


def set_rule(component: Node, rule: str, earlier: Sequence[str]) -> None:
    """This will price a low difference by another rule, on charges by their codes."""
    component.pop("price", None)
    component.pop("components", None)
    if rule == "VOLUME_ABOVE":
        component["delta_t"] = {"rule": rule, "target": _USUAL_KELVINS}
        component["price"] = ""
        return
    component["delta_t"] = {"rule": rule, "steps": [{"below": _USUAL_KELVINS, "percent": "1"}]}
    if earlier:
        component["components"] = list(earlier)


def low_delta_t(path: str, node: Node, around: Around) -> list[Field]:
    """This will return the rule, and the figures that it has."""
    terms = Inner(node, "delta_t", is_kept=True)
    rules = (
        ("STEPS", _("a percentage for each kelvin below")),
        ("VOLUME_ABOVE", _("a price for water above what the energy needs")),
    )
    place, rule = f"{path}.delta_t", str(terms.get("rule", ""))
    found: list[Field] = [
        DeltaRule(
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
    if rule == "VOLUME_ABOVE":
        label, words = _("Difference agreed"), _("What the energy needs is worked out with it.")
        found.append(fields.Amount(f"{place}.target", label, terms, "target", unit="K", help=words))
        found.append(fields.Amount(f"{path}.price", _("Price"), node, "price", unit=f"{around.money}/m³"))
    else:
        found += _steps(place, terms)
        found.append(
            fields.Checks(f"{path}.components", _("On the charges"), node, "components", choices=around.earlier)
        )
    small = fields.OptionalAmount(
        f"{place}.least_usage", _("Not below a use of"), terms, "least_usage", unit=around.unit
    )
    return [*found, small, *_of_water(place, terms)]


def _steps(place: str, terms: Node) -> list[Field]:
    """Each step, and an empty one to fill; how kelvins between whole ones count."""
    counts = (
        ("BEGUN", _("each that is begun")),
        ("FULL", _("each that is full")),
        ("PROPORTION", _("parts in proportion")),
    )
    found: list[Field] = []
    for number in range(len(terms.get("steps", [])) + 1):
        here, step = f"{place}.steps[{number}]", Item(terms, "steps", number)
        found.append(fields.OptionalAmount(f"{here}.below", _("Below a difference of"), step, "below", unit="K"))
        found.append(fields.OptionalAmount(f"{here}.percent", _("For each kelvin"), step, "percent", unit="%"))
    words = _("So many kelvins cost the percentage; empty: 1.")
    return [
        *found,
        fields.Choice(f"{place}.count", _("Kelvins that count"), terms, "count", choices=counts, default="BEGUN"),
        fields.OptionalAmount(
            f"{place}.step", _("A step of kelvins"), terms, "step", unit="K", help=words, is_further=True
        ),
    ]


def _of_water(place: str, terms: Node) -> list[Field]:
    """What turns energy and volume into a difference; left empty it is water of 10 degrees Celsius."""
    usual = _("Empty: %s.")
    return [
        OptionalWhole(
            f"{place}.decimals",
            _("Decimals of the difference"),
            terms,
            "decimals",
            help=usual % "1",
            is_further=True,
        ),
        fields.OptionalAmount(
            f"{place}.density",
            _("Density"),
            terms,
            "density",
            unit="kg/m³",
            help=usual % fields.localized(str(water.DENSITY)),
            is_further=True,
        ),
        fields.OptionalAmount(
            f"{place}.specific_heat",
            _("Specific heat"),
            terms,
            "specific_heat",
            unit="kJ/(kg K)",
            help=usual % fields.localized(str(water.SPECIFIC_HEAT)),
            is_further=True,
        ),
    ]
