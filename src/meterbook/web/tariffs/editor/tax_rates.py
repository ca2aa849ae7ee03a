"""A tax in the form: its rates, which day says the rate (B-34), what it is on, and whether prices hold it (B-30)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from meterbook.tariffs.rating.tax_points import TaxPoint
from meterbook.web.tariffs.editor import fields


@dataclass(frozen=True)
class Dated(fields.Field):
    """Later rates, one a line: the first day and the percentage."""

    look = fields.Look.AREA

    @property
    def shown(self) -> list[str]:
        """As `2026-07-01: 10`, in percent with the separators of the page's language."""
        rates = self.node.get(self.key, [])
        return ["\n".join(f"{each.get('from', '')}: {_percent(each)}" for each in rates)]

    def write(self, given: list[str]) -> None:
        """This will list the rates in the order in which they were typed; the document's checks say what is wrong."""
        found = []
        for line in given[0].splitlines():
            day, _colon, percent = line.strip().partition(":")
            if not day:
                continue
            node: fields.Node = {"from": day.strip()}
            fields.Percent("", "", node, "rate").write([percent.strip()])
            found.append(node)
        if found:
            self.node[self.key] = found
        else:
            self.node.pop(self.key, None)


class Point(fields.Choice):
    """Which day says the rate; none takes the key away."""

    def write(self, given: list[str]) -> None:
        """This will leave the word to the legal profile where none is chosen."""
        if given[0]:
            self.node[self.key] = given[0]
        else:
            self.node.pop(self.key, None)


class TaxesBefore(fields.Checks):
    """Any of the taxes before; none takes the key away."""

    def write(self, given: list[str]) -> None:
        """This will list those that are ticked."""
        ticked = [each for each in given if each]
        if ticked:
            self.node[self.key] = ticked
        else:
            self.node.pop(self.key, None)


def of(
    path: str,
    node: fields.Node,
    components: Sequence[tuple[str, str]],
    earlier: Sequence[tuple[str, str]] = (),
) -> list[fields.Field]:
    """This will return the fields of a tax but its name.

    :param components: codes and names of what it can be on
    :param earlier: codes and names of the taxes before it, which it can be on, too
    """
    points = (
        ("", _("as the legal profile of the site says")),
        (TaxPoint.DELIVERY.value, _("of each day of the period")),
        (TaxPoint.INVOICE.value, _("of the date of the bill")),
    )
    words = _("One a line, the first day and the percentage: 2026-07-01: 10")
    return [
        fields.Percent(f"{path}.rate", pgettext("tax", "Rate"), node, "rate", unit="%"),
        Dated(f"{path}.rates", _("Later rates"), node, "rates", help=words),
        Point(
            f"{path}.tax_point",
            _("The rate that is due is that"),
            node,
            "tax_point",
            choices=points,
        ),
        fields.ChecksOrAll(f"{path}.components", _("On the charges"), node, "components", choices=tuple(components)),
        *_on_taxes(path, node, earlier),
        *_ways(path, node),
    ]


def _on_taxes(path: str, node: fields.Node, earlier: Sequence[tuple[str, str]]) -> list[fields.Field]:
    if not earlier and "taxes" not in node:
        return []
    words = _("A tax on a tax: what is ticked here is part of what this one is on.")
    return [TaxesBefore(f"{path}.taxes", _("And on the taxes"), node, "taxes", choices=tuple(earlier), help=words)]


def _ways(path: str, node: fields.Node) -> list[fields.Field]:
    words = _(
        "Customers are exempt by a field of your own with the key exempt_%(code)s: the number of the certificate."
    )
    bases = (("SUM", _("the sum of its charges")), ("LINE", _("each line")))
    return [
        fields.Choice(f"{path}.rounding", _("Worked out on"), node, "rounding", choices=bases, default="SUM"),
        fields.Check(f"{path}.inclusive", _("The prices above hold it already"), node, "inclusive"),
        fields.Check(
            f"{path}.reverse_charge",
            _("The customer owes it: shown, not charged"),
            node,
            "reverse_charge",
            help=words % {"code": node.get("code", "")},
        ),
    ]


def _percent(node: fields.Node) -> str:
    return fields.Percent("", "", node, "rate").value
