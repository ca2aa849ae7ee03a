"""Names of what a record only numbers, in English and Spanish, and prices as documents write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import TypeVar

from meterbook.tariffs.rating.problems import gettext_noop as _
from meterbook.tariffs.urdb.record import Record, RecordInvalid
from meterbook.tariffs.urdb.seasons import Plan

Chosen = TypeVar("Chosen")
Text = dict[str, str]
PLACES, THRESHOLD_PLACES = Decimal("1e-8"), Decimal("1e-6")  # what a document may hold
FIXED: Text = {"en": "Fixed charge", "es": "Cargo fijo"}
MINIMUM: Text = {"en": "Minimum bill", "es": "Factura mínima"}
ENERGY: Text = {"en": "Energy", "es": "Energía"}
FUEL: Text = {"en": "Fuel adjustment", "es": "Ajuste por combustible"}
DEMAND: Text = {"en": "Demand", "es": "Demanda"}
PEAK: Text = {"en": "Highest demand of the month", "es": "Demanda máxima del mes"}
WEEKDAY: Text = {"en": "Monday to Friday", "es": "Lunes a viernes"}
WEEKEND: Text = {"en": "Weekend", "es": "Fin de semana"}
_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ES = ("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic")


def season(months: Sequence[int]) -> Text:
    """This will name months in a row: Jan-May."""
    first, last = months[0] - 1, months[-1] - 1
    if first == last:
        return {"en": _EN[first], "es": _ES[first]}
    return {"en": f"{_EN[first]}-{_EN[last]}", "es": f"{_ES[first]}-{_ES[last]}"}


def periods(found: Plan, record: Record) -> dict[str, Text]:
    """This will name price periods: as the record does, else by numbers; those of one energy price by their demand."""
    named: dict[str, Text] = {}
    for code in found.codes:
        index = found.energy_of[code]
        label = record.period_names[index] if index < len(record.period_names) else ""
        text = {"en": label or f"Period {index + 1}", "es": label or f"Periodo {index + 1}"}
        if "-" in code:
            other = found.demand_of[code] + 1
            text = {"en": f"{text['en']}, demand {other}", "es": f"{text['es']}, demanda {other}"}
        named[code] = text
    return named


def numbered(text: Text, number: int) -> Text:
    """This will add a number to a name."""
    return {language: f"{words} {number}" for language, words in text.items()}


def price(amount: Decimal) -> str:
    """This will write a price with at most eight decimals; programs that keep floats write more than there were."""
    return _written(amount.quantize(PLACES, ROUND_HALF_UP))


def threshold(amount: Decimal) -> str:
    """This will write the end of a step with at most six decimals."""
    return _written(amount.quantize(THRESHOLD_PLACES, ROUND_HALF_UP))


def chosen(known: Mapping[str, Chosen], given: str, place: str) -> Chosen:
    """This will return what a word of the record stands for.

    :raises RecordInvalid: when it is none of those known
    """
    if given not in known:
        raise RecordInvalid(
            place, _("“%(given)s” is not taken; known are %(known)s"), given=given, known=", ".join(known)
        )
    return known[given]


def _written(amount: Decimal) -> str:
    text = f"{amount:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"
