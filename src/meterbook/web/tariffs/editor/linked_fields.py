"""Fields of a quantity that follows from what is measured: sewer from water, heat from hot water."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from meterbook.metering import values
from meterbook.web.tariffs.editor import fields, quantity_fields
from meterbook.web.tariffs.editor.fields import Field, Node
from meterbook.web.tariffs.editor.further_fields import Numbers, OptionalChoice, including
from meterbook.web.tariffs.editor.inner import Inner

_BETWEEN = ","


@dataclass(frozen=True)
class Linked(fields.Choice):
    """Whether a charge is for what is measured, or for what follows from it."""

    @property
    def shown(self) -> list[str]:
        """LINKED, or empty."""
        return ["LINKED" if "linked" in self.node else ""]

    def write(self, given: list[str]) -> None:
        """This will begin with all of what is measured, or take the link away."""
        self.node.pop("linked", None)
        if given[0]:
            self.node["linked"] = {"factor": "1"}


@dataclass(frozen=True)
class Months(fields.Choice):
    """The months of a winter, as numbers; empty: the use of the winter does not matter."""

    @property
    def shown(self) -> list[str]:
        """Their numbers with commas between them."""
        held = self.node.get("months", [])
        return [_BETWEEN.join(str(each) for each in held) if isinstance(held, list) else str(held)]

    def write(self, given: list[str]) -> None:
        """This will write the numbers, or take the whole limit away."""
        if given[0]:
            self.node["months"] = [fields.whole(each) for each in given[0].split(_BETWEEN)]
            return
        for key in ("months", "in_months", "percent", "without"):
            self.node.pop(key, None)


class FieldName(Field):
    """The name of a field of place or customer; it need not be there."""

    def write(self, given: list[str]) -> None:
        """This will write the name, or take the key away."""
        if given[0]:
            self.node[self.key] = given[0]
        else:
            self.node.pop(self.key, None)


def service(path: str, node: Node, *, is_further: bool = False) -> Field:
    """This will return the field that says under which service a charge stands on the bill."""
    known = (
        ("", _("that of the meter")),
        ("SEWER", _("sewer")),
        *((each.value, str(caption)) for each, caption in values.SERVICE_CAPTIONS.items()),
    )
    choices = including(node.get("service", ""), known)
    label = _("Service on the bill")
    return OptionalChoice(f"{path}.service", label, node, "service", choices=choices, is_further=is_further)


def of(path: str, node: Node, unit: str) -> list[Field]:
    """This will return the terms of a linked quantity; of another charge only the choice."""
    choices = (("", _("what is measured")), ("LINKED", _("what follows from it, such as sewer or heat")))
    place = f"{path}.linked"
    found: list[Field] = [
        service(path, node),
        Linked(place, _("Charged for"), node, "linked", choices=choices, is_submitting=True),
    ]
    if "linked" not in node:
        return found
    linked = Inner(node, "linked", is_kept=True)
    return [*found, *_terms(place, linked, unit), *_limits(place, linked)]


def _terms(place: str, linked: Inner, unit: str) -> list[Field]:
    units = (("", unit), ("KWH", "kWh"), ("MWH", "MWh"), ("MJ", "MJ"), ("GJ", "GJ"), ("M3", "m³"))
    return [
        fields.Amount(
            f"{place}.factor",
            _("For each unit measured"),
            linked,
            "factor",
            help=_("0.95 of the water is sewer; 58.15 kWh heat a cubic meter."),
        ),
        OptionalChoice(
            f"{place}.unit", _("Unit of the result"), linked, "unit", choices=including(linked.get("unit", ""), units)
        ),
        FieldName(
            f"{place}.less",
            _("Less the meters named in the field"),
            linked,
            "less",
            help=_("A field of your own at place or customer, such as irrigation_meter, with codes of meter points."),
        ),
    ]


def _limits(place: str, linked: Inner) -> list[Field]:
    winter, most = Inner(linked, "winter"), Inner(linked, "most")
    seasons = (
        ("", _("does not matter")),
        ("12,1,2", _("December to February")),
        ("11,12,1,2,3", _("November to March")),
        ("6,7,8", _("June to August")),
    )
    months = Months(f"{place}.winter.months", _("Winter use as a limit"), winter, "months")
    found: list[Field] = [
        Months(
            f"{place}.winter.months",
            _("Winter use as a limit"),
            winter,
            "months",
            choices=including(months.shown[0], seasons),
            is_submitting=True,
        )
    ]
    if "months" in winter:
        without = (("HOLD", _("it waits for a figure: winter_average")), ("NO_CAP", _("there is no limit")))
        found += [
            fields.OptionalAmount(f"{place}.winter.percent", _("Of the winter use"), winter, "percent", unit="%"),
            fields.Choice(
                f"{place}.winter.without",
                _("An account without a winter"),
                winter,
                "without",
                choices=without,
                default="HOLD",
            ),
            Numbers(
                f"{place}.winter.in_months",
                _("It limits bills of the months"),
                winter,
                "in_months",
                help=_("Numbers such as 4, 5, 6; empty: all others."),
                is_further=True,
            ),
        ]
    return [
        *found,
        quantity_fields.Governing(
            f"{place}.most.quantity",
            _("At most billed"),
            most,
            "quantity",
            help=_("Each bill; empty: no limit."),
            owner=linked,
            inside="most",
        ),
        *quantity_fields.length(f"{place}.most.reference", most, _("The most holds for")),
        *quantity_fields.scale(f"{place}.most.scale", Inner(most, "scale"), _("The most, times")),
    ]
