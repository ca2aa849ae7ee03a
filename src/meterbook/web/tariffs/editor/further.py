"""What components charge for beside energy and days, in the form: power, shares of lines, limits of a bill."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from meterbook.web.tariffs.editor import fields
from meterbook.web.tariffs.editor.fields import Field, Node
from meterbook.web.tariffs.editor.further_fields import (
    Choices,
    OptionalChoice,
    OptionalWhole,
    Proration,
    Rule,
    WholeChoice,
    including,
)
from meterbook.web.tariffs.editor.inner import First, Inner

# By the word of the form: the charge of the document, and what a new one begins with beside its price.
CHARGES: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "YEARLY": ("FIXED_YEARLY", {}),
    "PERIOD": ("FIXED_PERIOD", {}),
    "ONCE": ("ONE_OFF", {"due": "FIRST_PERIOD"}),
    "DEMAND": ("DEMAND", {"demand": {"interval": 15}}),
    "DEMAND_TIERS": ("DEMAND", {"demand": {"interval": 15}}),
    "POWER_FACTOR": ("POWER_FACTOR", {}),
    "DISCOUNT": ("DISCOUNT", {}),
    "SURCHARGE": ("SURCHARGE", {}),
    "MINIMUM": ("MINIMUM_BILL", {}),
    "MAXIMUM": ("MAXIMUM_BILL", {}),
}
SHAPES_OF: Mapping[str, str] = {charge: shape for shape, (charge, _more) in reversed(list(CHARGES.items()))}
# What the form has no fields for: such a component is shown, kept, and written as text.
AS_TEXT = ("period_tiers", "price_series", "invoice")


@dataclass(frozen=True)
class Around:
    """What stands around a component: the words of currency and unit, the codes of the other parts with their names."""

    money: str
    unit: str
    earlier: Choices
    periods: Choices


def fields_of(shape: str, path: str, node: Node, around: Around) -> list[Field]:
    """This will return the fields of a component of one of CHARGES, without its name and shape."""
    return _MAKERS[shape](path, node, around)


def times(path: str, node: Node) -> Field:
    """This will return the field that says by which fact of the account a fixed charge is multiplied."""
    known = (
        ("", _("nothing: once")),
        ("area", _("the area")),
        ("headcount", _("the people")),
        ("dwellings", _("the dwellings")),
        ("subscribed_kw", _("the subscribed kW")),
        ("subscribed_a", _("the subscribed A")),
    )
    return OptionalChoice(f"{path}.times", _("Times"), node, "times", choices=including(node.get("times", ""), known))


def of_energy(path: str, node: Node, unit: str) -> list[Field]:
    """This will return what a charge for energy may have beside its prices."""
    channels = (
        ("IMPORT", _("what is used")),
        ("EXPORT", _("what is fed in")),
        ("NET", _("what is used less what is fed in")),
        ("REACTIVE_IMPORT", _("reactive energy")),
    )
    minimum, allowance = Inner(node, "minimum"), Inner(node, "allowance")
    found: list[Field] = [
        fields.Choice(
            f"{path}.channel",
            _("Of"),
            node,
            "channel",
            choices=including(node.get("channel", "IMPORT"), channels),
            default="IMPORT",
        ),
        fields.OptionalAmount(
            f"{path}.allowance.quantity", _("Free"), allowance, "quantity", unit=unit, help=_("Each bill; empty: none.")
        ),
        fields.OptionalAmount(
            f"{path}.minimum.quantity",
            _("At least billed"),
            minimum,
            "quantity",
            unit=unit,
            help=_("Each bill; empty: what was used."),
        ),
    ]
    return found


def of_tiers(path: str, node: Node) -> list[Field]:
    """This will return how steps are climbed."""
    modes = (("BLOCK", _("each step its own units")), ("SLAB", _("all units cost what the step reached costs")))
    scale = Inner(node, "tier_scale")
    facts = (("", _("nothing")), ("headcount", _("the people")), ("dwellings", _("the dwellings")))
    return [
        fields.Choice(f"{path}.tier_mode", _("A step prices"), node, "tier_mode", choices=modes, default="BLOCK"),
        OptionalChoice(
            f"{path}.tier_scale.fact",
            _("Steps times"),
            scale,
            "fact",
            choices=including(scale.get("fact", ""), facts),
        ),
    ]


def _fixed(words: str) -> Callable[[str, Node, Around], list[Field]]:
    def make(path: str, node: Node, around: Around) -> list[Field]:
        price = fields.Amount(f"{path}.price", _("Price"), node, "price", unit=_(words) % around.money)
        return [price, times(path, node)]

    return make


def _once(path: str, node: Node, around: Around) -> list[Field]:
    words = _("FIRST_PERIOD for the first bill of an account, or a day such as 2026-07-01.")
    return [
        fields.Amount(f"{path}.price", _("Price"), node, "price", unit=around.money),
        fields.Field(f"{path}.due", _("Due"), node, "due", help=words),
        times(path, node),
    ]


def _demand(path: str, node: Node, around: Around) -> list[Field]:
    terms = Inner(node, "demand", is_kept=True)
    per_kilowatt = f"{around.money}/{'kVA' if terms.get('of') == 'APPARENT' else 'kW'}"
    price = [] if "tiers" in node else [fields.Amount(f"{path}.price", _("Price"), node, "price", unit=per_kilowatt)]
    return [*price, *_measured(f"{path}.demand", terms, around), *_billed(f"{path}.demand", terms)]


def _measured(path: str, terms: Node, around: Around) -> list[Field]:
    intervals = (
        ("", _("each interval of the data")),
        *((f"{each}", _("%s min") % each) for each in (5, 10, 15, 30, 60)),
    )
    slides = (("", _("no: one after the other")), *((f"{each}", _("%s min") % each) for each in (1, 5, 10, 15, 30)))
    takes = (
        ("MAXIMUM", _("the highest")),
        ("EACH_DAY", _("the highest of each day")),
        ("MEAN_OF_HIGHEST", _("the mean of the highest")),
        ("AT_SITE_PEAK", _("that at the peak of the site")),
    )
    kinds = (("ACTIVE", "kW"), ("APPARENT", "kVA"))
    found: list[Field] = [
        WholeChoice(
            f"{path}.interval",
            _("Mean over"),
            terms,
            "interval",
            choices=including(terms.get("interval", ""), intervals),
        ),
        WholeChoice(
            f"{path}.sliding_by",
            _("Sliding by"),
            terms,
            "sliding_by",
            choices=including(terms.get("sliding_by", ""), slides),
        ),
        fields.Choice(f"{path}.of", _("In"), terms, "of", choices=kinds, default="ACTIVE"),
        fields.Choice(
            f"{path}.take",
            _("What counts"),
            terms,
            "take",
            choices=including(terms.get("take", "MAXIMUM"), takes),
            default="MAXIMUM",
        ),
    ]
    if terms.get("take") == "MEAN_OF_HIGHEST" or "highest" in terms:
        found.append(OptionalWhole(f"{path}.highest", _("How many of them"), terms, "highest"))
    if around.periods:
        found.append(
            fields.ChecksOrAll(f"{path}.periods", _("In the hours of"), terms, "periods", choices=around.periods)
        )
    return found


def _billed(path: str, terms: Node) -> list[Field]:
    ratchet, contracted, target = First(terms, "ratchet"), Inner(terms, "contracted"), Inner(terms, "power_factor")
    charges = (
        ("", _("nothing is contracted")),
        ("HIGHER", _("the higher of both")),
        ("CONTRACTED", _("what is contracted")),
        ("MEASURED", _("what was measured")),
    )
    return [
        fields.OptionalAmount(f"{path}.minimum", _("At least billed"), terms, "minimum", unit="kW"),
        fields.OptionalAmount(
            f"{path}.ratchet[0].percent",
            _("At least of months before"),
            ratchet,
            "percent",
            unit="%",
            help=_("A share of the highest of the months before; empty: none."),
        ),
        OptionalWhole(f"{path}.ratchet[0].months", _("Months looked back"), ratchet, "months"),
        OptionalChoice(
            f"{path}.contracted.charge", _("Charged, where kW are contracted"), contracted, "charge", choices=charges
        ),
        fields.OptionalAmount(
            f"{path}.power_factor.target",
            _("Power factor asked for"),
            target,
            "target",
            help=_("Below it the power is raised: times it, divided by the power factor. Empty: never."),
        ),
    ]


def _power_factor(path: str, node: Node, around: Around) -> list[Field]:
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


def _share(path: str, node: Node, around: Around) -> list[Field]:
    words = _("A percentage of the charges, or an amount; leave the other empty.")
    return [
        fields.OptionalAmount(f"{path}.percent", _("Percentage"), node, "percent", unit="%", help=words),
        fields.OptionalAmount(f"{path}.price", _("Amount"), node, "price", unit=around.money),
        _on(path, node, around),
        fields.OptionalAmount(f"{path}.least", _("At least"), node, "least", unit=around.money),
        fields.OptionalAmount(f"{path}.most", _("At most"), node, "most", unit=around.money),
    ]


def _limit(path: str, node: Node, around: Around) -> list[Field]:
    known = [
        ("NONE", _("each bill, whatever its days")),
        ("MONTH_DAYS", _("a calendar month; parts of it by days")),
        ("PERIOD_DAYS", _("a billing period; parts of it by days")),
        ("DAYS:30", _("30 days")),
    ]
    made = Proration(f"{path}.proration", _("It holds for"), node, "proration", default="NONE")
    choices = including(made.shown[0], known)
    return [
        fields.Amount(f"{path}.price", _("Amount"), node, "price", unit=around.money),
        Proration(f"{path}.proration", _("It holds for"), node, "proration", default="NONE", choices=choices),
        _on(path, node, around),
    ]


def _on(path: str, node: Node, around: Around) -> Field:
    return fields.ChecksOrAll(f"{path}.components", _("On the charges"), node, "components", choices=around.earlier)


_MAKERS: Mapping[str, Callable[[str, Node, Around], list[Field]]] = {
    "YEARLY": _fixed(gettext_noop("%s a year")),
    "PERIOD": _fixed(gettext_noop("%s a bill")),
    "ONCE": _once,
    "DEMAND": _demand,
    "DEMAND_TIERS": _demand,
    "POWER_FACTOR": _power_factor,
    "DISCOUNT": _share,
    "SURCHARGE": _share,
    "MINIMUM": _limit,
    "MAXIMUM": _limit,
}
