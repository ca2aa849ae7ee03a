"""What components charge for beside energy and days, in the form: power, shares of lines, limits of a bill."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from meterbook.web.tariffs.editor import bank_fields, fields, limits, linked_fields, power_factor_fields, source_fields
from meterbook.web.tariffs.editor.fields import Field, Node
from meterbook.web.tariffs.editor.further_fields import (
    OptionalChoice,
    OptionalWhole,
    Proration,
    Take,
    WholeChoice,
    including,
)
from meterbook.web.tariffs.editor.inner import Inner, Item
from meterbook.web.tariffs.editor.layout import Around

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
    "SERIES": ("ENERGY", {"price_series": {"code": ""}}),
    "PERIOD_TIERS": ("ENERGY", {}),
    "DEMAND_PERIODS": ("DEMAND", {"demand": {"interval": 15}}),
    "PASSED": ("PASS_THROUGH", {"invoice": {"code": ""}}),
    "CAP": ("COST_CAP", {"invoice": {"code": ""}}),
    "BANK": ("CREDIT_BANK", {"bank": {}}),
}
# Which shape a charge has by what it is priced with.
SHAPES_BY_KEY: Mapping[str, Mapping[str, str]] = {
    "DEMAND": {"tiers": "DEMAND_TIERS", "prices": "DEMAND_PERIODS"},
    "ENERGY": {"price_series": "SERIES", "period_tiers": "PERIOD_TIERS"},
}
BY_PERIOD = ("PERIOD_TIERS", "DEMAND_PERIODS")
LADDERS = ("TIERS", "DEMAND_TIERS")
WITHOUT_PERIODS = {"PERIOD_TIERS": "TIERS", "DEMAND_PERIODS": "DEMAND"}
LIMITED = ("ENERGY", "FIXED_DAILY", "FIXED_MONTHLY", "FIXED_YEARLY", "FIXED_PERIOD")  # by season and use
UNPRICED = ("SERIES", "PASSED", "CAP", "BANK", "DISCOUNT", "SURCHARGE")  # the last two: a percentage, or an amount
SHAPES_OF: Mapping[str, str] = {charge: shape for shape, (charge, _more) in reversed(list(CHARGES.items()))}
# What the form has no fields for: such a component is shown, kept, and written as text.
AS_TEXT = ("period_tiers", "price_series")


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


def of_energy(path: str, node: Node, money: str, unit: str) -> list[Field]:
    """This will return what a charge for energy may have beside its prices."""
    listed = [*_channel(path, node), *bank_fields.of_units(path, node, money=money, unit=unit)]
    if "prices" in node:
        return [*listed, linked_fields.service(path, node), *_amounts(path, node, unit)]
    return [*listed, *linked_fields.of(path, node, unit), *_amounts(path, node, unit), *_steps(path, node, unit)]


def of_period_tiers(path: str, node: Node) -> list[Field]:
    """This will return of what a charge is whose steps go by time of use."""
    return [*of_tiers(path, node)[:1], *_channel(path, node)]


def months(path: str, node: Node) -> Field:
    """This will return how a fixed charge by the month charges a part of one."""
    known = [
        ("MONTH_DAYS", _("by the days of the month")),
        ("DAYS:30", _("by 30 days")),
        ("PERIOD_DAYS", _("by the days of the billing period")),
        ("NONE", _("whole")),
    ]
    usual, label, place = "MONTH_DAYS", _("A part of a month"), f"{path}.proration"
    made = Proration(place, label, node, "proration", default=usual)
    return Proration(place, label, node, "proration", default=usual, choices=including(made.shown[0], known))


def days(path: str, node: Node) -> Field:
    """This will return how many days a month has for a fixed charge by the day."""
    known = (("", _("its calendar days")), ("MEAN_MONTH", _("365/12 days, each month alike")))
    held = node.get("proration", "")
    return OptionalChoice(f"{path}.proration", _("Days of a month"), node, "proration", choices=including(held, known))


def _channel(path: str, node: Node) -> list[Field]:
    channels = (
        ("IMPORT", _("what is used")),
        ("EXPORT", _("what is fed in")),
        ("NET", _("what is used less what is fed in")),
        ("REACTIVE_IMPORT", _("reactive energy")),
    )
    return [
        fields.Choice(
            f"{path}.channel",
            _("Of"),
            node,
            "channel",
            choices=including(node.get("channel", "IMPORT"), channels),
            default="IMPORT",
            is_submitting=True,
        )
    ]


def _amounts(path: str, node: Node, unit: str) -> list[Field]:
    minimum, allowance = Inner(node, "minimum"), Inner(node, "allowance")
    return [
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


def _steps(path: str, node: Node, unit: str) -> list[Field]:
    """What a measured quantity is multiplied by, and in which steps it is billed."""
    return [
        fields.OptionalAmount(
            f"{path}.loss.factor",
            _("The measured quantity times"),
            Inner(node, "loss"),
            "factor",
            help=_("Losses, or a heating value: 1.085; empty: as measured."),
        ),
        fields.Choice(
            f"{path}.loss.part",
            _("Billed of it"),
            Inner(node, "loss"),
            "part",
            choices=(("WHOLE", _("all of it")), ("ONLY", _("only what it adds"))),
            default="WHOLE",
        ),
        fields.OptionalAmount(
            f"{path}.quantity_rounding.to",
            _("Billed in steps of"),
            Inner(node, "quantity_rounding"),
            "to",
            unit=unit,
            help=_("1 for whole units, rounded half up; empty: as measured."),
        ),
    ]


def of_tiers(path: str, node: Node) -> list[Field]:
    """This will return how steps are climbed."""
    modes = (("BLOCK", _("each step its own units")), ("SLAB", _("all units cost what the step reached costs")))
    scale = Inner(node, "tier_scale")
    facts = (("", _("nothing")), ("headcount", _("the people")), ("dwellings", _("the dwellings")))
    edges = (("LOWER", _("the step below")), ("UPPER", _("the step above")))
    return [
        fields.Choice(f"{path}.tier_mode", _("A step prices"), node, "tier_mode", choices=modes, default="BLOCK"),
        fields.Choice(
            f"{path}.tier_boundary",
            _("Exactly at an end belongs to"),
            node,
            "tier_boundary",
            choices=edges,
            default="LOWER",
        ),
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
    price = (
        []
        if "tiers" in node or "prices" in node
        else [fields.Amount(f"{path}.price", _("Price"), node, "price", unit=per_kilowatt)]
    )
    return [
        *price,
        *_measured(f"{path}.demand", terms, around),
        *_billed(f"{path}.demand", terms, per_kilowatt),
        *limits.of_seasons(path, node, around.seasons),
    ]


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
        fields.Choice(f"{path}.of", _("In"), terms, "of", choices=kinds, default="ACTIVE", is_submitting=True),
        Take(
            f"{path}.take",
            _("What counts"),
            terms,
            "take",
            choices=including(terms.get("take", "MAXIMUM"), takes),
            default="MAXIMUM",
            is_submitting=True,
        ),
    ]
    meters = (
        ("", _("each meter by itself")),
        ("COINCIDENT", _("one demand: the sum of all, then the highest")),
        ("NON_COINCIDENT", _("one demand: the highest of each, then the sum")),
    )
    found.append(OptionalChoice(f"{path}.meters", _("Several meters of an account"), terms, "meters", choices=meters))
    if terms.get("take") == "MEAN_OF_HIGHEST" or "highest" in terms:
        found.append(OptionalWhole(f"{path}.highest", _("How many of them"), terms, "highest"))
        found.append(fields.Check(f"{path}.one_a_day", _("Of each day only the highest"), terms, "one_a_day"))
    if around.periods:
        found.append(
            fields.ChecksOrAll(f"{path}.periods", _("In the hours of"), terms, "periods", choices=around.periods)
        )
    return found


def _billed(path: str, terms: Node, per_kilowatt: str) -> list[Field]:
    ratchet, contracted, target = Item(terms, "ratchet"), Inner(terms, "contracted"), Inner(terms, "power_factor")
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
            f"{path}.contracted.charge",
            _("Charged, where kW are contracted"),
            contracted,
            "charge",
            choices=charges,
            default="HIGHER" if "excess" in contracted else "",
        ),
        *limits.of_excess(path, terms, per_kilowatt),
        fields.OptionalAmount(
            f"{path}.power_factor.target",
            _("Power factor asked for"),
            target,
            "target",
            help=_("Below it the power is raised: times it, divided by the power factor. Empty: never."),
        ),
    ]


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
    "POWER_FACTOR": power_factor_fields.power_factor,
    "DISCOUNT": _share,
    "SURCHARGE": _share,
    "MINIMUM": _limit,
    "MAXIMUM": _limit,
    "DEMAND_PERIODS": _demand,
    **source_fields.MAKERS,
}
