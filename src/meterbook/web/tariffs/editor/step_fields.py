"""Fields of steps and of prices by the time of use, and for how long steps hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from meterbook.web.tariffs.editor import charge_fields, fields, further
from meterbook.web.tariffs.editor.fields import Field, Node
from meterbook.web.tariffs.editor.further_fields import OptionalChoice, including
from meterbook.web.tariffs.editor.layout import Group, said
from meterbook.web.tariffs.editor.loose import Raw


@dataclass(frozen=True)
class Steps:
    """The steps of a document, in its money and unit; `group` puts fields together with their problems."""

    raw: Raw
    money: str
    unit: str
    group: Callable[..., Group]

    def prices(self, path: str, node: Node) -> list[Field]:
        """This will return a price for each price by time of use, and those of codes that are not there."""
        names = {each.get("code", ""): said(each.get("name", "")) for each in self.raw.get("periods", [])}
        prices, unit = (
            node["prices"],
            f"{self.money}/kW" if node.get("charge") == "DEMAND" else f"{self.money}/{self.unit}",
        )
        found: list[Field] = [
            fields.Amount(f"{path}.prices.{code}", name, prices, code, unit=unit) for code, name in names.items()
        ]
        return found + [
            fields.OptionalAmount(f"{path}.prices.{code}", code, prices, code, unit=unit)
            for code in prices
            if code not in names
        ]

    def step_prices(self, path: str, node: Node) -> list[Field]:
        """This will ask for one price for each step or by time of use, then how the times fill the steps."""
        kinds = (("ONE", _("one price")), ("BY_PERIOD", _("a price by the time of use")))
        label = _("Each step has")
        found: list[Field] = [
            charge_fields.StepPrices(
                f"{path}.step_prices", label, node, "tiers", choices=kinds, document=self.raw, is_submitting=True
            )
        ]
        if found[0].value == "BY_PERIOD":
            ways = (
                ("PROPORTION", _("each time by its part of all use")),
                ("TIME_ORDER", _("what is used first")),
            )
            found.append(
                fields.Choice(
                    f"{path}.tier_sharing",
                    _("What fills the steps"),
                    node,
                    "tier_sharing",
                    choices=ways,
                    default="PROPORTION",
                )
            )
        return found

    def ladders(self, path: str, node: Node, shape: str) -> Iterator[Group]:
        """This will return the steps of a component, or those of each time of use in a group of their own."""
        if has_ladder(node, shape):
            yield from self._tiers(f"{path}.tiers", node["tiers"], node)
        elif shape in further.STEPS_BY_PERIOD:
            names = {each.get("code", ""): said(each.get("name", "")) for each in self.raw.get("periods", [])}
            ladders = node["period_tiers"]
            for code in [*names, *(each for each in ladders if each not in names)]:
                place = f"{path}.period_tiers.{code}"
                steps = tuple(self._tiers(place, ladders.get(code, []), node))
                yield self.group(place, (), title=names.get(code, code), groups=steps, ladder=place)

    def _tiers(self, path: str, tiers: list[Node], node: Node) -> Iterator[Group]:
        unit = self._step_unit(node)
        for index, tier in enumerate(tiers):
            place, is_last = f"{path}[{index}]", index == len(tiers) - 1
            found: list[Field] = []
            if "hours" in tier or ("hours_of" in node and not is_last):
                found += _of_hours(place, tier, unit)
            elif not is_last or "up_to" in tier:
                kind = fields.OptionalAmount if is_last else fields.Amount
                found.append(kind(f"{place}.up_to", _("Up to"), tier, "up_to", unit=unit))
            if "prices" in tier:
                found += self.prices(place, tier)
            else:
                found.append(fields.Amount(f"{place}.price", _("Price"), tier, "price", unit=f"{self.money}/{unit}"))
            found += self._extras(place, tier, node, unit)
            title = _("All above") if is_last else _("Step %(number)s") % {"number": index + 1}
            yield self.group(place, found, title=title, is_first=index == 0, is_last=is_last)

    def _step_unit(self, node: Node) -> str:
        """What steps count: kW, the fact that a fixed charge is multiplied by, or units of the document."""
        if node.get("charge") == "DEMAND":
            return "kW"
        return str(node.get("times", "")) if str(node.get("charge", "ENERGY")) != "ENERGY" else self.unit

    def _extras(self, place: str, tier: Node, node: Node, unit: str) -> list[Field]:
        """What a step costs once, and the size of its packages: those that the document can have there."""
        is_energy = str(node.get("charge", "ENERGY")) == "ENERGY"
        found: list[Field] = []
        if "fixed" in tier or node.get("charge") != "DEMAND":
            label = _("When it is entered")
            found.append(
                fields.OptionalAmount(f"{place}.fixed", label, tier, "fixed", unit=self.money, is_further=True)
            )
        if "package" in tier or (is_energy and "prices" not in tier):
            label = _("Its price is for packages of")
            found.append(fields.OptionalAmount(f"{place}.package", label, tier, "package", unit=unit, is_further=True))
        return found


def has_ladder(node: Node, shape: str) -> bool:
    """This will tell whether a component has steps of its own."""
    return shape in further.LADDERS or (shape in further.FIXED and isinstance(node.get("tiers"), list))


def reference(path: str, node: Node) -> list[Field]:
    """This will return the fields that say for how long the ends of steps hold."""
    kinds = [
        ("DAYS", _("a number of days")),
        ("CALENDAR_MONTH", _("a calendar month")),
        ("CALENDAR_YEAR", _("a calendar year")),
        ("BILLING_PERIOD", _("each bill, whatever its days")),
    ]
    value = node.get("tier_reference", {"days": 30})
    found: list[Field] = [
        charge_fields.ReferenceKind(
            f"{path}.tier_reference",
            _("The steps hold for"),
            node,
            "tier_reference",
            choices=tuple(kinds) + (((str(value), str(value)),) if _is_odd(value, kinds) else ()),
            is_submitting=True,
        )
    ]
    if isinstance(value, dict):
        found.append(
            charge_fields.ReferenceDays(f"{path}.tier_reference.days", _("Days"), node, "tier_reference", default=30)
        )
    words = _("Steps stay whole when the period is off by no more days than this.")
    found.append(
        fields.Whole(
            f"{path}.no_proration_within_days", _("Days of grace"), node, "no_proration_within_days", help=words
        )
    )
    return found


def hours_of(path: str, node: Node, demands: Sequence[tuple[str, str]]) -> list[Field]:
    """This will ask whether steps end at hours of use: kWh for each kW that a charge before bills."""
    if not demands and "hours_of" not in node:
        return []
    choices = including(node.get("hours_of", ""), (("", _("no: at quantities alone")), *demands))
    words = _("Each step then ends at kWh for each kW of this charge, or at kWh; leave the other empty.")
    return [
        HoursOf(
            f"{path}.hours_of",
            _("Steps end at hours of use of"),
            node,
            "hours_of",
            choices=choices,
            is_submitting=True,
            help=words,
        )
    ]


@dataclass(frozen=True)
class HoursOf(OptionalChoice):
    """The charge for power whose kW the steps go by; without it no step ends at hours."""

    def write(self, given: list[str]) -> None:
        """This will make quantities of steps in hours, to be filled in, when there are no hours any more."""
        super().write(given)
        if not given[0]:
            for tier in self.node.get("tiers", [])[:-1]:
                tier.pop("hours", None)
                tier.setdefault("up_to", "")


class _Hours(fields.Amount):
    """The end of a step in hours; where there is none, and no quantity either, the quantity is asked for."""

    def write(self, given: list[str]) -> None:
        """This will write the hours in the place of a quantity that was not filled in."""
        hours = fields.plain(given[0])
        if hours:
            self.node["hours"] = hours
            if self.node.get("up_to") == "":
                self.node.pop("up_to")
        else:
            self.node.pop("hours", None)
            self.node.setdefault("up_to", "")


class _Quantity(fields.Amount):
    """The end of a step as a quantity, in the place of hours."""

    def write(self, given: list[str]) -> None:
        """This will write the quantity; an empty one is asked for where the step has no hours."""
        quantity = fields.plain(given[0])
        if quantity or "hours" not in self.node:
            self.node["up_to"] = quantity
        else:
            self.node.pop("up_to", None)


def _of_hours(place: str, tier: Node, unit: str) -> list[Field]:
    return [
        _Quantity(f"{place}.up_to", _("Up to"), tier, "up_to", unit=unit),
        _Hours(f"{place}.hours", _("or up to"), tier, "hours", unit="kWh/kW"),
    ]


def _is_odd(value: object, kinds: Sequence[tuple[str, str]]) -> bool:
    return isinstance(value, str) and value not in {code for code, _caption in kinds}
