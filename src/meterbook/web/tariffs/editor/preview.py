"""What a document under way would charge: an example month through the real rating, and what is worth a second look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from django import forms
from django.utils import translation
from django.utils.dates import MONTHS
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from meterbook.kernel import currency as currencies
from meterbook.kernel.quantity import Dimension
from meterbook.tariffs.rating import example
from meterbook.tariffs.rating.document import TariffDocument
from meterbook.tariffs.rating.example import Load
from meterbook.tariffs.rating.inputs import InputMissing
from meterbook.tariffs.rating.lines import DAY, MONTH, Rated
from meterbook.tariffs.rating.problems import UsageMisfit
from meterbook.web import amounts, typed
from meterbook.web.tariffs import picture
from meterbook.web.tariffs.editor import further

LOAD_CAPTIONS = {
    Load.EVEN: _("all hours alike"),
    Load.DAYTIME: _("mostly by day, 8 to 20"),
    Load.EVENING: _("mostly in the evening, 18 to 23"),
}
# Texts, as a browser sends them back.
_MONTHS = tuple((str(number), name) for number, name in MONTHS.items())
_LOADS = tuple((load.value, words) for load, words in LOAD_CAPTIONS.items())
_USUAL = {Dimension.ENERGY: Decimal(300), Dimension.VOLUME: Decimal(20)}
_ZONE = ZoneInfo("UTC")  # an example is of no place
_MOST = Decimal(10) ** 9


class ExampleForm(typed.Form):
    """Of which month, how much, and when."""

    prefix = "example"
    month = forms.TypedChoiceField(label=_("Month"), choices=_MONTHS, coerce=int)
    quantity = amounts.NumberField(label=_("Used"), places=3, least=Decimal(0), most=_MOST)
    load = forms.TypedChoiceField(label=_("When"), choices=_LOADS, coerce=Load)


@dataclass(frozen=True)
class Row:
    """One line of the example: what, how much at which price, and the amount."""

    text: str
    how: str
    amount: str


@dataclass(frozen=True)
class Example:
    """The example month in the page's language."""

    rows: tuple[Row, ...]
    total: str
    currency: str


def form_of(data: Mapping[str, str], document: TariffDocument | None, *, today: date) -> ExampleForm:
    """This will return the questions of the example, answered as usual where nothing was answered."""
    usual = _USUAL.get(document.unit.dimension, Decimal(100)) if document is not None else Decimal(300)
    answers = {"month": str(today.month), "quantity": amounts.written(usual), "load": Load.EVEN.value}
    given = {f"example-{key}": data.get(f"example-{key}") or value for key, value in answers.items()}
    return ExampleForm(given)


def rated(document: TariffDocument, form: ExampleForm, *, today: date) -> Rated | None:
    """This will rate the example month; None when its questions are not answered, or it cannot be rated."""
    try:
        return _rate(document, form, today)
    except UsageMisfit:
        return None


def lacking(document: TariffDocument, form: ExampleForm, *, today: date) -> str:
    """This will tell what the tariff needs that an example does not have; empty where nothing is lacking."""
    try:
        _rate(document, form, today)
    except InputMissing as error:
        if error.need == "CHANNEL":
            what = dict(further.channels()).get(error.name, error.name)
            return gettext("An example has no such quantity: %(what)s. Bills take it from the meter.") % {"what": what}
        if error.need == "FACT":
            words = gettext("An example knows nothing of an account, such as “%(name)s”. Bills do.")
            return words % {"name": error.name}
        return gettext("An example lacks what this tariff needs. “What if” prices what accounts used.")
    except UsageMisfit:
        return gettext("This is too much for an example; take a smaller quantity.")
    return ""


def _rate(document: TariffDocument, form: ExampleForm, today: date) -> Rated | None:
    if not form.is_valid():
        return None
    given = form.cleaned_data
    month = date(today.year, given["month"], 1)
    return example.rate(document, month=month, quantity=given["quantity"], load=given["load"], zone=_ZONE)


def told(found: Rated) -> Example:
    """This will tell a rated month in words and figures of the page's language."""
    language = (translation.get_language() or "en")[:2]
    places = currencies.minor_units(found.currency)
    rows = [
        Row(
            line.text.get(language, line.text["en"]),
            f"{_quantity(line.quantity)} {_unit(line.unit, line.quantity)} × {picture.written(line.price)}",
            picture.money(line.amount, places),
        )
        for line in found.lines
    ]
    rows += [
        Row(
            tax.text.get(language, tax.text["en"]),
            f"{picture.percent(tax.rate)} × {picture.money(tax.base, places)}",
            picture.money(tax.amount, places),
        )
        for tax in found.taxes
    ]
    return Example(tuple(rows), picture.money(found.total, places), found.currency)


def _quantity(text: str) -> str:
    """A number, or a part of a month such as 14/31."""
    if "/" in text:
        return text
    number = Decimal(text).normalize()
    return picture.written(number if number != number.to_integral_value() else number.quantize(Decimal(1)))


def _unit(code: str, quantity: str) -> str:
    count = int(quantity) if quantity.isdecimal() else 2
    words = {DAY: ngettext("day", "days", count), MONTH: ngettext("month", "months", count)}
    return words.get(code) or picture.symbol(code)
