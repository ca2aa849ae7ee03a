"""Documents to start a tariff from, one for each way to charge. Their prices are examples."""

from __future__ import annotations

import copy
from collections.abc import Collection
from typing import Any

from django.utils.translation import gettext as _

LONGEST_CODE = 36  # with room for a number behind it
_SERVICE: dict[str, Any] = {
    "code": "service",
    "name": {"en": "Service", "es": "Servicio"},
    "charge": "FIXED_MONTHLY",
    "price": "6.00",
}
_TAX: dict[str, Any] = {"code": "vat", "name": {"en": "VAT", "es": "IVA"}, "rate": "0.21"}
_TIMES: dict[str, Any] = {
    "periods": [
        {"code": "peak", "name": {"en": "Peak", "es": "Punta"}},
        {"code": "off", "name": {"en": "Off-peak", "es": "Valle"}},
    ],
    "calendar": [
        {
            "windows": [
                {"from": "08:00", "to": "22:00", "period": "peak"},
                {"from": "22:00", "to": "08:00", "period": "off"},
            ]
        }
    ],
}
_ENERGY = {"code": "energy", "name": {"en": "Energy", "es": "Energía"}, "charge": "ENERGY"}


_ELECTRICITY = ("ELECTRICITY", {"en": "Electricity", "es": "Electricidad"})
_WATER = ("WATER", {"en": "Water", "es": "Agua"})


def named(start: str, *, place: str, place_code: str, currency: str, taken: Collection[str]) -> dict[str, Any]:
    """This will return a document to start from, called by its service and its place: "Electricity, Casa Sol".

    :param place: the name of the site, "" where none is chosen
    :param taken: the codes that other tariffs have; of ELECTRICITY-SOL the second is ELECTRICITY-SOL-2
    """
    made = document(start)
    code, names = _WATER if start == "water" else _ELECTRICITY
    wanted = f"{code}-{place_code}"[:LONGEST_CODE] if place_code else code
    made["code"], number = wanted, 1
    while made["code"] in taken:
        number += 1
        made["code"] = f"{wanted}-{number}"
    made["name"] = {language: f"{name}, {place}" if place else name for language, name in names.items()}
    made["currency"] = currency
    return made


def document(start: str) -> dict[str, Any]:
    """This will return a document to start from: `flat`, `steps`, `water`, else by the time of use."""
    if start == "flat":
        return _document([{**_ENERGY, "price": "0.1800"}, _SERVICE])
    if start == "steps":
        tiers = [{"up_to": "100", "price": "0.1500"}, {"price": "0.2100"}]
        return _document([{**_ENERGY, "tiers": tiers}, _SERVICE])
    if start == "water":
        water = {"code": "water", "name": {"en": "Water", "es": "Agua"}, "charge": "ENERGY"}
        sewerage = {"code": "sewerage", "name": {"en": "Sewerage", "es": "Alcantarillado"}, "charge": "ENERGY"}
        tiers = [{"up_to": "20", "price": "1.2000"}, {"price": "1.8000"}]
        reference: dict[str, Any] = {"tier_reference": "CALENDAR_MONTH"}
        return _document([{**water, "tiers": tiers, **reference}, {**sewerage, "price": "0.4500"}], unit="M3")
    return _document([{**_ENERGY, "prices": {"peak": "0.2200", "off": "0.1100"}}, _SERVICE], **_TIMES)


def captions() -> dict[str, str]:
    """This will return the starts in words."""
    return {
        "hours": _("Prices by the time of use"),
        "flat": _("One price"),
        "steps": _("Prices in steps"),
        "water": _("Water with sewerage"),
    }


def _document(components: list[dict[str, Any]], *, unit: str = "KWH", **more: object) -> dict[str, Any]:
    made = {
        "format": "meterbook-tariff/1",
        "code": "ELECTRICITY" if unit == "KWH" else "WATER",
        "name": dict(_ELECTRICITY[1] if unit == "KWH" else _WATER[1]),
        "currency": "EUR",
        "unit": unit,
        **more,
        "components": components,
        "taxes": [_TAX],
    }
    return copy.deepcopy(made)
