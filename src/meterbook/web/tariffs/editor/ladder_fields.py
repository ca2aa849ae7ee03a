"""Fields of how steps are climbed: block by block or as a slab, times what, and over which year from bill to bill."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.dates import MONTHS
from django.utils.translation import gettext as _

from meterbook.web.tariffs.editor import fields, quantity_fields
from meterbook.web.tariffs.editor.fields import Field, Node
from meterbook.web.tariffs.editor.further_fields import OptionalWhole
from meterbook.web.tariffs.editor.inner import Inner

_USUAL_YEAR = "01-01"


@dataclass(frozen=True)
class Year(fields.Choice):
    """Whether a ladder begins anew with each bill or goes on through a year; it is written after the day."""

    @property
    def shown(self) -> list[str]:
        """YEAR, or empty."""
        return ["YEAR" if "tier_year" in self.node else ""]

    def write(self, given: list[str]) -> None:
        """This will begin with the calendar year, or take the year away."""
        self.node.pop("tier_year", None)
        if given[0]:
            self.node["tier_year"] = _USUAL_YEAR


@dataclass(frozen=True)
class FixedSteps(fields.Choice):
    """Whether a fixed charge has one price for each of its fact, or steps of it; it is written after the price."""

    @property
    def shown(self) -> list[str]:
        """STEPS or ONE."""
        return ["STEPS" if "tiers" in self.node else "ONE"]

    def write(self, given: list[str]) -> None:
        """This will take the first price along."""
        tiers = self.node.pop("tiers", None)
        price = self.node.pop("price", "")
        if given[0] == "STEPS":
            self.node["tiers"] = [{"up_to": "", "price": price}, {"price": ""}]
        else:
            self.node["price"] = tiers[0].get("price", "") if tiers else price


def of_demand(path: str, node: Node) -> list[Field]:
    """This will return how steps of power are climbed."""
    modes = (("BLOCK", _("each step its own units")), ("SLAB", _("all units cost what the step reached costs")))
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
    ]


def of_energy(path: str, node: Node) -> list[Field]:
    """This will return how steps of energy, or of another quantity, are climbed."""
    return [
        *of_demand(path, node),
        *quantity_fields.scale(f"{path}.tier_scale", Inner(node, "tier_scale"), _("Steps times"), is_further=False),
        OptionalWhole(
            f"{path}.tier_factor_decimals",
            _("Decimals of the length of a bill"),
            node,
            "tier_factor_decimals",
            help=_("The length of the bill over that of the steps is rounded to these; empty: not rounded."),
            is_further=True,
        ),
    ]


def year(path: str, node: Node) -> list[Field]:
    """This will return whether steps go on from bill to bill, and on which day they begin anew."""
    choices = (("", _("with each bill")), ("YEAR", _("once a year: the next bill goes on")))
    found: list[Field] = [
        Year(
            f"{path}.climbs",
            _("The steps begin anew"),
            node,
            "tier_year",
            choices=choices,
            is_submitting=True,
            is_further=True,
        )
    ]
    if "tier_year" in node:
        months = tuple((str(number), str(name)) for number, name in MONTHS.items())
        words = _("What the bills before used stands on the steps already; the ends of steps are for a whole year.")
        found.append(
            fields.MonthDay(
                f"{path}.tier_year",
                _("They begin anew on"),
                node,
                "tier_year",
                choices=months,
                help=words,
                is_further=True,
            )
        )
    return found


def of_fact(path: str, node: Node) -> list[Field]:
    """This will return whether a fixed charge that is multiplied by a fact has one price, or steps of the fact."""
    if "times" not in node and "tiers" not in node:
        return []
    kinds = (("ONE", _("one price for each")), ("STEPS", _("prices in steps")))
    label = _("It is priced by")
    place = f"{path}.fact_steps"
    return [FixedSteps(place, label, node, "tiers", choices=kinds, is_submitting=True, is_further=True)]
