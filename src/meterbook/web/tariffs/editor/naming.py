"""Names and codes of what the form adds to a document, in both languages: a document is read in any of them. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from typing import Any

Text = dict[str, str]
LONGEST = 40
_ENGLISH = dict(
    zip(
        ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN", "HOL"),
        ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday", "holidays"),
        strict=True,
    )
)
_SPANISH = dict(
    zip(
        _ENGLISH,
        ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo", "festivos"),
        strict=True,
    )
)
_KNOWN: Mapping[tuple[str, ...], tuple[str, str, str]] = {
    ("MON", "TUE", "WED", "THU", "FRI"): ("weekdays", "Weekdays", "Laborables"),
    ("SAT", "SUN"): ("weekend", "Weekend", "Fin de semana"),
    ("SAT", "SUN", "HOL"): ("rest", "Weekend and holidays", "Fin de semana y festivos"),
    ("HOL",): ("holidays", "Holidays", "Festivos"),
}
CHARGES: Mapping[str, Text] = {
    "FLAT": {"en": "Energy", "es": "Energía"},
    "BY_PERIOD": {"en": "Energy by time of use", "es": "Energía por horas"},
    "TIERS": {"en": "Energy in steps", "es": "Energía por tramos"},
    "DAILY": {"en": "Daily charge", "es": "Cargo por día"},
    "MONTHLY": {"en": "Service", "es": "Servicio"},
    "YEARLY": {"en": "Yearly charge", "es": "Cargo por año"},
    "PERIOD": {"en": "Charge of the bill", "es": "Cargo por factura"},
    "ONCE": {"en": "Connection", "es": "Conexión"},
    "DEMAND": {"en": "Demand", "es": "Demanda"},
    "DEMAND_TIERS": {"en": "Demand in steps", "es": "Demanda por tramos"},
    "POWER_FACTOR": {"en": "Power factor", "es": "Factor de potencia"},
    "DELTA_T": {"en": "Low temperature difference", "es": "Salto térmico bajo"},
    "DISCOUNT": {"en": "Discount", "es": "Descuento"},
    "SURCHARGE": {"en": "Surcharge", "es": "Recargo"},
    "MINIMUM": {"en": "Minimum bill", "es": "Factura mínima"},
    "MAXIMUM": {"en": "Maximum bill", "es": "Factura máxima"},
    "SERIES": {"en": "Energy by the hour", "es": "Energía por hora"},
    "PERIOD_TIERS": {"en": "Energy in steps by time of use", "es": "Energía por tramos y horas"},
    "DEMAND_PERIODS": {"en": "Demand by time of use", "es": "Demanda por horas"},
    "DEMAND_PERIOD_TIERS": {"en": "Demand in steps by time of use", "es": "Demanda por tramos y horas"},
    "PASSED": {"en": "Utility's invoice", "es": "Factura de la distribuidora"},
    "CAP": {"en": "Never above cost", "es": "Nunca por encima del costo"},
    "BANK": {"en": "Energy credits kept", "es": "Créditos de energía guardados"},
    "BANK_END": {"en": "Energy kept before", "es": "Energía guardada antes"},
}
FED_IN: Text = {"en": "Energy fed in", "es": "Energía vertida"}
PERIODS: Sequence[Text] = ({"en": "Peak", "es": "Punta"}, {"en": "Off-peak", "es": "Valle"})
SEASONS: Sequence[tuple[Text, str]] = (
    ({"en": "Summer", "es": "Verano"}, "04-01"),
    ({"en": "Winter", "es": "Invierno"}, "10-01"),
)
TAX: Text = {"en": "VAT", "es": "IVA"}
FURTHER_TAX: Text = {"en": "Tax", "es": "Impuesto"}


def every_day() -> dict[str, Any]:
    """This will return the day type that is meant when a document has none."""
    return {"code": "all", "name": {"en": "Every day", "es": "Todos los días"}, "weekdays": list(_ENGLISH)[:7]}


def day_type(days: Sequence[str], taken: Collection[str]) -> dict[str, Any]:
    """This will return code and name of a day type by its days, such as `mon-tue` for Monday and Tuesday."""
    known = _KNOWN.get(tuple(days))
    if known is not None:
        code, english, spanish = known
    else:
        code = "-".join(day.lower() for day in days)
        english, spanish = (", ".join(words[day] for day in days) for words in (_ENGLISH, _SPANISH))
        english, spanish = english[:1].upper() + english[1:], spanish[:1].upper() + spanish[1:]
    return {"code": unused(code, taken), "name": {"en": english, "es": spanish}}


def numbered(name: Text, number: int) -> Text:
    """This will return a name with a number behind it: "Price 3"."""
    return {language: f"{words} {number}" for language, words in name.items()}


def code_of(name: Text, taken: Collection[str]) -> str:
    """This will make a code that is not taken of the English name: "Off-peak 2" is off-peak-2."""
    letters = unicodedata.normalize("NFKD", name["en"]).encode("ascii", "ignore").decode().lower()
    return unused(re.sub(r"[^a-z0-9]+", "-", letters).strip("-") or "part", taken)


def unused(code: str, taken: Collection[str]) -> str:
    """This will return the code, with a number behind it when it is taken."""
    found, number = code[:LONGEST], 2
    while found in taken:
        found, number = f"{code[: LONGEST - 4]}-{number}", number + 1
    return found
