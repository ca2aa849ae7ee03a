"""What components take their figures from, in the form: prices by the hour, a utility's invoice, credits kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.utils.translation import gettext as _

from meterbook.web.tariffs.editor import bank_fields, fields, quantity_fields
from meterbook.web.tariffs.editor.fields import Field, Node
from meterbook.web.tariffs.editor.further_fields import including
from meterbook.web.tariffs.editor.inner import Inner
from meterbook.web.tariffs.editor.layout import Around


class Codes(fields.Field):
    """Codes with spaces or commas between them; none means all."""

    @property
    def shown(self) -> list[str]:
        """Commas between them."""
        held = self.node.get(self.key, [])
        return [", ".join(map(str, held)) if isinstance(held, list) else str(held)]

    def write(self, given: list[str]) -> None:
        """This will list the codes, or take the key away."""
        codes = given[0].replace(",", " ").split()
        if codes:
            self.node[self.key] = codes
        else:
            self.node.pop(self.key, None)


def series(path: str, node: Node, around: Around) -> list[Field]:
    """This will return the fields of a charge at prices by the hour."""
    terms, place = Inner(node, "price_series", is_kept=True), f"{path}.price_series"
    label = _("Prices by the hour")
    words = _("The code under which the prices are loaded: Tariffs, prices by the hour.")
    held = str(terms.get("code", ""))
    code: Field = fields.Field(f"{place}.code", label, terms, "code", help=words)
    if around.series:
        choices = including(held, (("", _("Choose …")), *around.series))
        code = fields.Choice(f"{place}.code", label, terms, "code", choices=choices, help=words)
    return [
        code,
        fields.OptionalAmount(
            f"{place}.factor", _("Each price times"), terms, "factor", help=_("0.001 for prices by the MWh; empty: 1.")
        ),
        fields.OptionalAmount(f"{place}.add", _("And added to it"), terms, "add", unit=f"{around.money}/{around.unit}"),
        fields.Check(f"{place}.by_period", _("A line for each price by time of use"), terms, "by_period"),
        *quantity_fields.allowance(path, node, around.unit),
    ]


def _passed(path: str, node: Node, around: Around) -> list[Field]:
    terms, place = Inner(node, "invoice", is_kept=True), f"{path}.invoice"
    hows = (
        ("AVERAGE_PRICE", _("own use at its average price")),
        ("SHARE", _("a share of it")),
    )
    found = [
        *_invoice(place, terms),
        fields.Choice(
            f"{place}.how",
            _("What of it is passed on"),
            terms,
            "how",
            choices=including(terms.get("how", "AVERAGE_PRICE"), hows),
            default="AVERAGE_PRICE",
            is_submitting=True,
        ),
    ]
    if terms.get("how") == "SHARE":
        words = _("area, headcount, or the key of a field of your own at place or customer; empty: by own use.")
        facts = quantity_fields.facts()
        found.append(quantity_fields.Fact(f"{place}.key", _("Shared by"), terms, "key", help=words, choices=facts))
    return found


def _cap(path: str, node: Node, around: Around) -> list[Field]:
    terms = Inner(node, "invoice", is_kept=True)
    on = fields.Checks(f"{path}.components", _("On the charges"), node, "components", choices=around.earlier)
    return [*_invoice(f"{path}.invoice", terms), on]


def _invoice(place: str, terms: Node) -> list[Field]:
    words = _("The code of the shared cost at which the invoice is entered.")
    return [
        fields.Field(f"{place}.code", _("Invoice"), terms, "code", help=words),
        Codes(f"{place}.lines", _("Its lines"), terms, "lines", help=_("Codes with commas between; empty: all.")),
    ]


def _bank(path: str, node: Node, around: Around) -> list[Field]:
    on = fields.ChecksOrAll(
        f"{path}.components",
        _("Charges that it pays, and credits that it keeps"),
        node,
        "components",
        choices=around.earlier,
    )
    return [on, *bank_fields.of_money(path, node, money=around.money, unit=around.unit)]


def _bank_end(path: str, node: Node, around: Around) -> list[Field]:
    return bank_fields.of_end(path, node, money=around.money, unit=around.unit)


MAKERS: Mapping[str, Callable[[str, Node, Around], list[Field]]] = {
    "SERIES": series,
    "PASSED": _passed,
    "CAP": _cap,
    "BANK": _bank,
    "BANK_END": _bank_end,
}
