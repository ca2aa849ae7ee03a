"""What components charge for beside energy and days, in the form: power, shares of lines, limits of a bill."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from meterbook.web.tariffs.editor import (
    bank_fields,
    delta_t_fields,
    demand_fields,
    fields,
    ladder_fields,
    linked_fields,
    power_factor_fields,
    quantity_fields,
    source_fields,
)
from meterbook.web.tariffs.editor.fields import Field, Node
from meterbook.web.tariffs.editor.further_fields import OptionalChoice, Proration, including
from meterbook.web.tariffs.editor.layout import Around

# By the word of the form: the charge of the document, and what a new one begins with beside its price.
CHARGES: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "YEARLY": ("FIXED_YEARLY", {}),
    "PERIOD": ("FIXED_PERIOD", {}),
    "ONCE": ("ONE_OFF", {"due": "FIRST_PERIOD"}),
    "DEMAND": ("DEMAND", {"demand": {"interval": 15}}),
    "DEMAND_TIERS": ("DEMAND", {"demand": {"interval": 15}}),
    "POWER_FACTOR": ("POWER_FACTOR", {}),
    "DELTA_T": ("LOW_DELTA_T", {}),
    "DISCOUNT": ("DISCOUNT", {}),
    "SURCHARGE": ("SURCHARGE", {}),
    "MINIMUM": ("MINIMUM_BILL", {}),
    "MAXIMUM": ("MAXIMUM_BILL", {}),
    "SERIES": ("ENERGY", {"price_series": {"code": ""}}),
    "PERIOD_TIERS": ("ENERGY", {}),
    "DEMAND_PERIODS": ("DEMAND", {"demand": {"interval": 15}}),
    "DEMAND_PERIOD_TIERS": ("DEMAND", {"demand": {"interval": 15}}),
    "PASSED": ("PASS_THROUGH", {"invoice": {"code": ""}}),
    "CAP": ("COST_CAP", {"invoice": {"code": ""}}),
    "BANK": ("CREDIT_BANK", {"bank": {}}),
    "BANK_END": ("BANK_END", {"bank_end": {"holds": "MONEY", "at_end": "PAY_BALANCE"}}),
}
# Which shape a charge has by what it is priced with.
SHAPES_BY_KEY: Mapping[str, Mapping[str, str]] = {
    "DEMAND": {"tiers": "DEMAND_TIERS", "prices": "DEMAND_PERIODS", "period_tiers": "DEMAND_PERIOD_TIERS"},
    "ENERGY": {"price_series": "SERIES", "period_tiers": "PERIOD_TIERS"},
}
BY_PERIOD = ("PERIOD_TIERS", "DEMAND_PERIODS", "DEMAND_PERIOD_TIERS")
STEPS_BY_PERIOD = ("PERIOD_TIERS", "DEMAND_PERIOD_TIERS")
LADDERS = ("TIERS", "DEMAND_TIERS")
FIXED = ("DAILY", "MONTHLY", "YEARLY", "PERIOD")  # their steps, if any, are of the fact that they are multiplied by
WITHOUT_PERIODS = {"PERIOD_TIERS": "TIERS", "DEMAND_PERIODS": "DEMAND", "DEMAND_PERIOD_TIERS": "DEMAND_TIERS"}
LIMITED = ("ENERGY", "FIXED_DAILY", "FIXED_MONTHLY", "FIXED_YEARLY", "FIXED_PERIOD")  # by season and use
UNPRICED = ("SERIES", "PASSED", "CAP", "BANK", "BANK_END", "DISCOUNT", "SURCHARGE")  # the last two: percent or amount
SHAPES_OF: Mapping[str, str] = {charge: shape for shape, (charge, _more) in reversed(list(CHARGES.items()))}


def fields_of(shape: str, path: str, node: Node, around: Around) -> list[Field]:
    """This will return the fields of a component of one of CHARGES, without its name and shape."""
    return _MAKERS[shape](path, node, around)


def times(path: str, node: Node) -> Field:
    """This will return the field that says by which fact of the account a fixed charge is multiplied."""
    words = _("area, headcount, or the key of a field of your own at place or customer; empty: once.")
    place, choices = f"{path}.times", quantity_fields.facts()
    return quantity_fields.Fact(place, _("Multiplied by"), node, "times", help=words, choices=choices)


def of_energy(path: str, node: Node, money: str, unit: str) -> list[Field]:
    """This will return what a charge for energy may have beside its prices."""
    listed = [*_channel(path, node), *bank_fields.of_units(path, node, money=money, unit=unit)]
    free = quantity_fields.allowance(path, node, unit)
    if "prices" in node:
        least = quantity_fields.minimum(path, node, unit) if "minimum" in node else []
        rest = [linked_fields.service(path, node), *free, *least, *quantity_fields.losses(path, node)]
        return [*listed, *_folded(rest)]
    packages = quantity_fields.packages(path, node, unit)
    if any("package" in tier for tier in node.get("tiers", [])):
        packages = [quantity_fields.rounding(path, node)]
    rest = [
        *linked_fields.of(path, node, unit),
        *free,
        *quantity_fields.minimum(path, node, unit),
        *quantity_fields.losses(path, node),
        *quantity_fields.whole(path, node, unit),
        *packages,
    ]
    return [*listed, *_folded(rest)]


def _folded(listed: Iterable[Field]) -> list[Field]:
    """Few price sheets have them: they stand under "More options", so that the prices come first."""
    return [replace(each, is_further=True) for each in listed]


def of_tiers(path: str, node: Node) -> list[Field]:
    """This will return how steps of energy are climbed."""
    return [*ladder_fields.of_energy(path, node), *ladder_fields.year(path, node)]


def of_period_tiers(path: str, node: Node, unit: str) -> list[Field]:
    """This will return of what a charge is whose steps go by time of use, and how they are climbed."""
    return [
        *ladder_fields.of_energy(path, node),
        *_channel(path, node),
        linked_fields.service(path, node),
        *quantity_fields.allowance(path, node, unit),
        *quantity_fields.losses(path, node),
    ]


def months(path: str, node: Node) -> Field:
    """This will return how a fixed charge by the month charges a part of one."""
    known = [
        ("MONTH_DAYS", _("by the days of the month")),
        ("DAYS:30", _("by 30 days")),
        ("EQUAL:30", _("by 30 days, as if each month had them")),
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


def channels() -> tuple[tuple[str, str], ...]:
    """This will return the quantities that a charge can be of, by code, as a person calls them."""
    return (
        ("IMPORT", _("what is used")),
        ("EXPORT", _("what is fed in")),
        ("NET", _("what is used less what is fed in")),
        ("REACTIVE_IMPORT", _("reactive energy")),
        ("REACTIVE_EXPORT", _("reactive energy given back")),
        ("APPARENT", _("apparent energy")),
        ("VOLUME", _("the water that flowed")),
        ("IMPORT_T1", _("the meter's tariff register T1")),
        ("IMPORT_T2", _("the meter's tariff register T2")),
        ("IMPORT_T3", _("the meter's tariff register T3")),
        ("IMPORT_T4", _("the meter's tariff register T4")),
    )


def _channel(path: str, node: Node) -> list[Field]:
    return [
        fields.Choice(
            f"{path}.channel",
            _("Of"),
            node,
            "channel",
            choices=including(node.get("channel", "IMPORT"), channels()),
            default="IMPORT",
            is_submitting=True,
        )
    ]


def _fixed(words: str) -> Callable[[str, Node, Around], list[Field]]:
    def make(path: str, node: Node, around: Around) -> list[Field]:
        price = fields.Amount(f"{path}.price", _("Price"), node, "price", unit=_(words) % around.money)
        priced = [] if "tiers" in node else [price]
        return [*priced, times(path, node), *ladder_fields.of_fact(path, node)]

    return make


def _once(path: str, node: Node, around: Around) -> list[Field]:
    words = _("FIRST_PERIOD for the first bill of an account, or a day such as 2026-07-01.")
    return [
        fields.Amount(f"{path}.price", _("Price"), node, "price", unit=around.money),
        fields.Field(f"{path}.due", _("Due"), node, "due", help=words),
        times(path, node),
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
    "DEMAND": demand_fields.of,
    "DEMAND_TIERS": demand_fields.of,
    "POWER_FACTOR": power_factor_fields.power_factor,
    "DELTA_T": delta_t_fields.low_delta_t,
    "DISCOUNT": _share,
    "SURCHARGE": _share,
    "MINIMUM": _limit,
    "MAXIMUM": _limit,
    "DEMAND_PERIODS": demand_fields.of,
    "DEMAND_PERIOD_TIERS": demand_fields.of,
    **source_fields.MAKERS,
}
