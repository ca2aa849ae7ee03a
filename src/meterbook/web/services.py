"""How services look on screens: their icon, and the color they have in every chart."""

from __future__ import annotations

from meterbook.metering.values import Service

ICONS = {
    Service.ELECTRICITY: "lightning",
    Service.COLD_WATER: "drop",
    Service.HOT_WATER: "drop",
    Service.GAS: "flame",
    Service.HEATING: "temperature",
    Service.COOLING: "cold",
    Service.STEAM: "wave",
    Service.AIR: "wave",
}
_TONES = {Service.COLD_WATER: "water", Service.HOT_WATER: "hot-water"}


def tone(service: Service) -> str:
    """This will return the word for a service's color: `tone-water` is the class of cold water."""
    return _TONES.get(service, service.lower())
