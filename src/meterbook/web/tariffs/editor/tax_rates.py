"""Rates of a tax that change, and which day says the rate (B-34)."""

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


def of(path: str, node: fields.Node, components: Sequence[tuple[str, str]]) -> list[fields.Field]:
    """This will return the fields of a tax but its name.

    :param components: codes and names of what it can be on
    """
    points = (
        (TaxPoint.DELIVERY.value, _("of each day of the period")),
        (TaxPoint.INVOICE.value, _("of the date of the bill")),
    )
    words = _("One a line, the first day and the percentage: 2026-07-01: 10")
    return [
        fields.Percent(f"{path}.rate", pgettext("tax", "Rate"), node, "rate", unit="%"),
        Dated(f"{path}.rates", _("Later rates"), node, "rates", help=words),
        fields.Choice(
            f"{path}.tax_point",
            _("The rate that is due is that"),
            node,
            "tax_point",
            choices=points,
            default=TaxPoint.DELIVERY.value,
        ),
        fields.ChecksOrAll(f"{path}.components", _("On the charges"), node, "components", choices=tuple(components)),
    ]


def _percent(node: fields.Node) -> str:
    return fields.Percent("", "", node, "rate").value
