"""Fields of a charge for the highest power: how it is measured, and which is billed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from meterbook.web.tariffs.editor import fields, ladder_fields, limits, quantity_fields
from meterbook.web.tariffs.editor.fields import Field, Node
from meterbook.web.tariffs.editor.further_fields import (
    Numbers,
    OptionalChoice,
    OptionalWhole,
    Take,
    WholeChoice,
    including,
)
from meterbook.web.tariffs.editor.inner import Inner, Item
from meterbook.web.tariffs.editor.layout import Around

OF_INTERVALS = ("interval", "sliding_by", "take", "highest", "one_a_day", "periods", "estimated", "meters")
_UNITS = {"KW": "kW", "MW": "MW", "RT": "RT"}


@dataclass(frozen=True)
class Contract(OptionalChoice):
    """What of a contract is charged; without one all terms of it go. It is written after them."""

    owner: Node = field(default_factory=dict, repr=False, compare=False)

    def write(self, given: list[str]) -> None:
        """This will write the word, or take the contract away."""
        super().write(given)
        if not given[0]:
            self.owner.pop("contracted", None)


@dataclass(frozen=True)
class Source(fields.Choice):
    """What the power is read from; a register of the meter has no fields about intervals and hours."""

    owner: Node = field(default_factory=dict, repr=False, compare=False)

    def write(self, given: list[str]) -> None:
        """This will write the word, and take away what only intervals have."""
        super().write(given)
        if given[0] == "REGISTER":
            for key in OF_INTERVALS:
                self.node.pop(key, None)
            self.owner.pop("seasons", None)


def of(path: str, node: Node, around: Around) -> list[Field]:
    """This will return the fields of a charge for power, without the steps that it may have."""
    terms = Inner(node, "demand", is_kept=True)
    is_registered = terms.get("source") == "REGISTER"
    per_kilowatt = f"{around.money}/{_unit(terms)}"
    price: list[Field] = (
        []
        if node.keys() & {"tiers", "prices", "period_tiers"}
        else [fields.Amount(f"{path}.price", _("Price"), node, "price", unit=per_kilowatt)]
    )
    steps = ladder_fields.of_demand(path, node) if node.keys() & {"tiers", "period_tiers"} else []
    return [
        *price,
        *steps,
        *_source(f"{path}.demand", terms, node),
        *(_shown if is_registered else _measured)(f"{path}.demand", terms, around),
        *_billed(f"{path}.demand", terms, per_kilowatt),
        *([] if is_registered else limits.of_seasons(path, node, around.seasons)),
    ]


def _source(path: str, terms: Node, node: Node) -> list[Field]:
    """By price period there is nothing to choose: a register does not tell when its power was."""
    if node.keys() & {"prices", "period_tiers"} and terms.get("source") != "REGISTER":
        return []
    choices = (("INTERVALS", _("measured intervals")), ("REGISTER", _("the meter's register (MDI)")))
    words = _("The register is reset when it is read, once in each billing period; its reading is billed.")
    label = _("Taken from")
    return [
        Source(
            f"{path}.source",
            label,
            terms,
            "source",
            choices=choices,
            default="INTERVALS",
            help=words,
            is_submitting=True,
            owner=node,
        )
    ]


def _shown(path: str, terms: Node, _around: Around) -> list[Field]:
    """What there is to say of a register: its unit, and how finely it is billed."""
    return [_kind(path, terms), *_units(path, terms), _decimals(path, terms)]


def _kind(path: str, terms: Node) -> Field:
    kinds = (("ACTIVE", "kW"), ("APPARENT", "kVA"))
    return fields.Choice(f"{path}.of", _("In"), terms, "of", choices=kinds, default="ACTIVE", is_submitting=True)


def _decimals(path: str, terms: Node) -> Field:
    label, words = _("Decimals of power"), _("Empty: 3.")
    return OptionalWhole(f"{path}.decimals", label, terms, "decimals", help=words, is_further=True)


def _unit(terms: Node) -> str:
    return "kVA" if terms.get("of") == "APPARENT" else _UNITS.get(str(terms.get("unit", "KW")), "kW")


def _units(path: str, terms: Node) -> list[Field]:
    """The unit of active power; apparent power has one alone."""
    if terms.get("of") == "APPARENT" and "unit" not in terms:
        return []
    choices = including(terms.get("unit", "KW"), tuple(_UNITS.items()))
    words = _("RT for cold: 1 RT is 12,000 BTU/h, 3.517 kW.")
    label = _("Unit of active power")
    return [
        fields.Choice(
            f"{path}.unit", label, terms, "unit", choices=choices, default="KW", help=words, is_submitting=True
        )
    ]


def _measured(path: str, terms: Node, around: Around) -> list[Field]:
    intervals = (
        ("", _("each interval of the data")),
        *((f"{each}", _("%s min") % each) for each in (1, 5, 10, 15, 20, 30, 60)),
    )
    slides = (
        ("", _("no: one after the other")),
        *((f"{each}", _("%s min") % each) for each in (1, 5, 10, 15, 20, 30)),
    )
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
        _kind(path, terms),
        *_units(path, terms),
        *_taken(path, terms),
    ]
    if around.periods:
        found.append(
            fields.ChecksOrAll(f"{path}.periods", _("In the hours of"), terms, "periods", choices=around.periods)
        )
    estimated = (("EXCLUDE", _("are left out")), ("COUNT", _("are counted")))
    label = _("Intervals that nobody measured")
    return [
        *found,
        fields.Choice(
            f"{path}.estimated", label, terms, "estimated", choices=estimated, default="EXCLUDE", is_further=True
        ),
        _decimals(path, terms),
    ]


def _taken(path: str, terms: Node) -> list[Field]:
    takes = (
        ("MAXIMUM", _("the highest")),
        ("EACH_DAY", _("the highest of each day")),
        ("MEAN_OF_HIGHEST", _("the mean of the highest")),
        ("AT_SITE_PEAK", _("that at the peak of the site")),
    )
    meters = (
        ("", _("each meter by itself")),
        ("COINCIDENT", _("one demand: the sum of all, then the highest")),
        ("NON_COINCIDENT", _("one demand: the highest of each, then the sum")),
    )
    choices = including(terms.get("take", "MAXIMUM"), takes)
    what = _("What counts")
    found: list[Field] = [
        Take(f"{path}.take", what, terms, "take", choices=choices, default="MAXIMUM", is_submitting=True),
        OptionalChoice(f"{path}.meters", _("Several meters of an account"), terms, "meters", choices=meters),
    ]
    if terms.get("take") == "MEAN_OF_HIGHEST" or "highest" in terms:
        found.append(OptionalWhole(f"{path}.highest", _("How many of them"), terms, "highest"))
        found.append(fields.Check(f"{path}.one_a_day", _("Of each day only the highest"), terms, "one_a_day"))
    return found


def _billed(path: str, terms: Node, per_kilowatt: str) -> list[Field]:
    target = Inner(terms, "power_factor")
    return [
        fields.OptionalAmount(f"{path}.minimum", _("At least billed"), terms, "minimum", unit=_unit(terms)),
        *_ratchets(path, terms),
        *_contracted(path, terms),
        *limits.of_excess(path, terms, per_kilowatt),
        quantity_fields.Governing(
            f"{path}.power_factor.target",
            _("Power factor asked for"),
            target,
            "target",
            help=_("Below it the power is raised: times it, divided by the power factor. Empty: never."),
            owner=terms,
            inside="power_factor",
        ),
        OptionalWhole(
            f"{path}.power_factor.decimals",
            _("Decimals of that power factor"),
            target,
            "decimals",
            help=_("Empty: 2."),
            is_further=True,
        ),
        Numbers(
            f"{path}.actual_in_months",
            _("Months in which their own power counts"),
            terms,
            "actual_in_months",
            help=_("Numbers such as 6, 7, 8; in others only what stands at least. Empty: all."),
            is_further=True,
        ),
    ]


def _ratchets(path: str, terms: Node) -> list[Field]:
    """Each ratchet, and an empty one to fill."""
    listed = terms.get("ratchet", [])
    found: list[Field] = []
    for number in range(max(1, _count(listed) + 1)):
        found += _ratchet(f"{path}.ratchet[{number}]", Item(terms, "ratchet", number), is_further=number > 0)
    return found


def _ratchet(here: str, ratchet: Node, *, is_further: bool) -> list[Field]:
    months = _("Numbers such as 6, 7, 8; empty: all.")
    return [
        fields.OptionalAmount(
            f"{here}.percent",
            _("At least of months before"),
            ratchet,
            "percent",
            unit="%",
            help=_("A share of the highest of the months before; empty: none."),
            is_further=is_further,
        ),
        OptionalWhole(f"{here}.months", _("Months looked back"), ratchet, "months", is_further=is_further),
        Numbers(f"{here}.of_months", _("Of the months"), ratchet, "of_months", help=months, is_further=True),
        Numbers(f"{here}.in_months", _("In bills of the months"), ratchet, "in_months", help=months, is_further=True),
        fields.Check(
            f"{here}.with_current", _("The month itself is looked at, too"), ratchet, "with_current", is_further=True
        ),
    ]


def _contracted(path: str, terms: Node) -> list[Field]:
    contracted = Inner(terms, "contracted")
    charges = (
        ("", _("nothing is contracted")),
        ("HIGHER", _("the higher of both")),
        ("CONTRACTED", _("what is contracted")),
        ("MEASURED", _("what was measured")),
    )
    is_there = isinstance(terms.get("contracted"), dict)
    return [
        Contract(
            f"{path}.contracted.charge",
            _("Charged, where kW are contracted"),
            contracted,
            "charge",
            choices=charges,
            default="HIGHER" if is_there else "",
            owner=terms,
        ),
        fields.OptionalAmount(
            f"{path}.contracted.least_percent",
            _("At least of what is contracted"),
            contracted,
            "least_percent",
            unit="%",
            help=_("With what was measured: so much of the contracted kW is billed in any case. Empty: none."),
        ),
        quantity_fields.Fact(
            f"{path}.contracted.fact",
            _("What is contracted stands in"),
            contracted,
            "fact",
            help=_("The key of a field at place or customer; empty: %s.") % f"contracted_{_unit(terms).lower()}",
            choices=quantity_fields.facts(),
            is_further=True,
        ),
    ]


def _count(listed: object) -> int:
    return len(listed) if isinstance(listed, Sequence) else 0
