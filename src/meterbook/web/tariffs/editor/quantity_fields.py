"""Fields of how a measured quantity becomes the billed one: what is free, what is billed at least, packages, steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from meterbook.web.tariffs.editor import fields
from meterbook.web.tariffs.editor.fields import Field, Node
from meterbook.web.tariffs.editor.further_fields import including
from meterbook.web.tariffs.editor.inner import Inner

_USUAL_DAYS = 30


@dataclass(frozen=True)
class Governing(fields.OptionalAmount):
    """A number without which the object around it says nothing: emptied, it takes the object along.

    It is written after the others of its object, which may still hold what was shown.
    """

    owner: Node = field(default_factory=dict, repr=False, compare=False)
    inside: str = ""

    def write(self, given: list[str]) -> None:
        """This will write the number, or take the whole object away."""
        super().write(given)
        if not given[0]:
            self.owner.pop(self.inside, None)


class Fact(Field):
    """The name of a fact of the account; it need not be there. `choices` are suggestions: others can be typed."""

    def write(self, given: list[str]) -> None:
        """This will write the name, or take the key away."""
        if given[0]:
            self.node[self.key] = given[0]
        else:
            self.node.pop(self.key, None)


@dataclass(frozen=True)
class LengthKind(fields.Choice):
    """For how long a quantity holds; it is written after the number of days."""

    default: str = "BILLING_PERIOD"

    @property
    def shown(self) -> list[str]:
        """DAYS for a number of days."""
        value = self.node.get(self.key, self.default)
        return ["DAYS" if isinstance(value, dict) else str(value)]

    def write(self, given: list[str]) -> None:
        """This will begin with 30 days, and leave the usual length out."""
        self.node.pop(self.key, None)
        if given[0] == "DAYS":
            self.node[self.key] = {"days": _USUAL_DAYS}
        elif given[0] != self.default:
            self.node[self.key] = given[0]


class LengthDays(Field):
    """The number of days for which a quantity holds."""

    look = fields.Look.NUMBER

    @property
    def shown(self) -> list[str]:
        """The days; empty where the length has a name."""
        value = self.node.get(self.key)
        return [str(value.get("days", "")) if isinstance(value, dict) else ""]

    def write(self, given: list[str]) -> None:
        """This will write the days."""
        self.node[self.key] = {"days": fields.whole(given[0])}


def facts() -> tuple[tuple[str, str], ...]:
    """This will return facts of accounts that are suggested, with what they are."""
    return (
        ("area", _("the area")),
        ("headcount", _("the people")),
        ("dwellings", _("the dwellings")),
        ("subscribed_kw", _("the subscribed kW")),
        ("subscribed_a", _("the subscribed A")),
        ("contracted_kw", _("the contracted kW")),
        ("contracted_rt", _("the contracted RT of cold")),
    )


def scale(place: str, node: Node, label: str, *, is_further: bool = True) -> list[Field]:
    """This will return by which fact of the account a quantity is multiplied, and at least by how many.

    :param place: that of the scale; `node` holds it under the key `scale`, or is the scale itself
    """
    words = _("area, headcount, or the key of a field of your own at place or customer; empty: nothing.")
    least = _("Counted as at least")
    return [
        Fact(f"{place}.fact", label, node, "fact", help=words, choices=facts(), is_further=is_further),
        fields.OptionalAmount(f"{place}.least", least, node, "least", is_further=True),
    ]


def length(place: str, node: Node, label: str, key: str = "reference") -> list[Field]:
    """This will return for how long a quantity holds."""
    kinds: Sequence[tuple[str, str]] = (
        ("BILLING_PERIOD", _("each bill, whatever its days")),
        ("CALENDAR_MONTH", _("a calendar month")),
        ("CALENDAR_YEAR", _("a calendar year")),
        ("DAYS", _("a number of days")),
    )
    made = LengthKind(place, label, node, key)
    kind = LengthKind(
        place, label, node, key, choices=including(made.shown[0], kinds), is_submitting=True, is_further=True
    )
    if kind.value != "DAYS":
        return [kind]
    return [kind, LengthDays(f"{place}.days", _("Days"), node, key, is_further=True)]


def allowance(path: str, node: Node, unit: str) -> list[Field]:
    """This will return what is free of a charge for energy."""
    terms, place = Inner(node, "allowance"), f"{path}.allowance"
    modes = (
        ("BEFORE_TIERS", _("are the first ones, before any step")),
        ("AVERAGE_PRICE", _("are a credit at the average price")),
    )
    unused = (("LOST", _("is lost")), ("CARRIED", _("is free in the next bill, too")))
    return [
        Governing(
            f"{place}.quantity",
            _("Free"),
            terms,
            "quantity",
            unit=unit,
            help=_("Each bill; empty: none."),
            owner=node,
            inside="allowance",
        ),
        *length(f"{place}.reference", terms, _("What is free holds for")),
        *scale(f"{place}.scale", Inner(terms, "scale"), _("What is free, times")),
        fields.Choice(
            f"{place}.mode",
            _("Free units"),
            terms,
            "mode",
            choices=modes,
            default="BEFORE_TIERS",
            is_further=True,
        ),
        fields.Choice(
            f"{place}.unused",
            _("What of it is not used"),
            terms,
            "unused",
            choices=unused,
            default="LOST",
            is_further=True,
        ),
    ]


def minimum(path: str, node: Node, unit: str) -> list[Field]:
    """This will return what is billed at least of a charge for energy."""
    terms, place = Inner(node, "minimum"), f"{path}.minimum"
    return [
        Governing(
            f"{place}.quantity",
            _("At least billed"),
            terms,
            "quantity",
            unit=unit,
            help=_("Each bill; empty: what was used."),
            owner=node,
            inside="minimum",
        ),
        *length(f"{place}.reference", terms, _("The least holds for")),
        *scale(f"{place}.scale", Inner(terms, "scale"), _("The least, times")),
    ]


def losses(path: str, node: Node) -> list[Field]:
    """This will return what a measured quantity is multiplied by."""
    terms = Inner(node, "loss")
    return [
        Governing(
            f"{path}.loss.factor",
            _("The measured quantity times"),
            terms,
            "factor",
            help=_("Losses, or a heating value: 1.085; empty: as measured."),
            owner=node,
            inside="loss",
        ),
        fields.Choice(
            f"{path}.loss.part",
            _("Billed of it"),
            terms,
            "part",
            choices=(("WHOLE", _("all of it")), ("ONLY", _("only what it adds"))),
            default="WHOLE",
        ),
    ]


def whole(path: str, node: Node, unit: str) -> list[Field]:
    """This will return in which steps a quantity is billed."""
    terms, place = Inner(node, "quantity_rounding"), f"{path}.quantity_rounding"
    modes = (("HALF_UP", _("to the nearest, half up")), ("UP", _("up: a step begun counts")), ("DOWN", _("down")))
    return [
        Governing(
            f"{place}.to",
            _("Billed in steps of"),
            terms,
            "to",
            unit=unit,
            help=_("1 for whole units; empty: as measured."),
            owner=node,
            inside="quantity_rounding",
        ),
        fields.Choice(
            f"{place}.mode",
            _("Rounded to a step"),
            terms,
            "mode",
            choices=modes,
            default="HALF_UP",
            is_further=True,
        ),
    ]


def packages(path: str, node: Node, unit: str) -> list[Field]:
    """This will return the size of packages that a single price is for, and whether one begun counts."""
    if "price" not in node and not node.keys() & {"package", "package_rounding"}:
        return []
    return [
        fields.OptionalAmount(
            f"{path}.package",
            _("The price is for packages of"),
            node,
            "package",
            unit=unit,
            help=_("50 prices each package of 50; empty: each unit."),
            is_further=True,
        ),
        rounding(path, node),
    ]


def rounding(path: str, node: Node) -> Field:
    """This will return whether packages that are begun count, or full ones."""
    ways = (("UP", _("each that is begun")), ("DOWN", _("each that is full")))
    label, place = _("Packages that count"), f"{path}.package_rounding"
    return fields.Choice(place, label, node, "package_rounding", choices=ways, default="UP", is_further=True)
