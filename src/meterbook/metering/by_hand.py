"""Which registers a meter of a service may have when people read it or files bring its readings, and usual choices."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from meterbook.metering.values import COUNTED_SERIES, MAXIMUM_SERIES, TARIFF_SERIES, Service

_HEAT = (Service.HEATING, Service.COOLING, Service.STEAM)
_FURTHER: dict[Service, tuple[str, ...]] = {
    Service.ELECTRICITY: (
        *("energy_export", "energy_reactive_import", "energy_reactive_export", "energy_apparent"),
        *TARIFF_SERIES,
        *MAXIMUM_SERIES,
    ),
    **dict.fromkeys(_HEAT, ("volume",)),
}
FURTHER = tuple(dict.fromkeys(code for codes in _FURTHER.values() for code in codes))


@dataclass(frozen=True)
class Preset:
    """Further registers that are often chosen together."""

    code: str
    caption: Promise
    registers: tuple[str, ...]
    services: tuple[Service, ...] = (Service.ELECTRICITY,)


PRESETS = (
    Preset("ONE", _("One counter"), (), tuple(Service)),
    Preset("RETURNED", _("Energy used and returned"), ("energy_export",)),
    Preset("REACTIVE", _("Energy and reactive energy"), ("energy_reactive_import",)),
    Preset(
        "BOTH",
        _("Energy and reactive energy, used and returned"),
        ("energy_export", "energy_reactive_import", "energy_reactive_export"),
    ),
    Preset("TARIFFS_2", _("Energy, with tariff registers T1 and T2"), TARIFF_SERIES[:2]),
    Preset("TARIFFS_3", _("Energy, with tariff registers T1 to T3"), TARIFF_SERIES[:3]),
    Preset("TARIFFS_4", _("Energy, with tariff registers T1 to T4"), TARIFF_SERIES),
    Preset("MAXIMUM", _("Energy and maximum demand"), MAXIMUM_SERIES[:1]),
    Preset(
        "MAXIMUM_TARIFFS",
        _("Energy, with tariff registers T1 to T3 and maximum demand"),
        (*TARIFF_SERIES[:3], *MAXIMUM_SERIES[:1]),
    ),
    Preset("VOLUME", _("Heat and volume"), ("volume",), _HEAT),
)


def offered(service: Service) -> tuple[str, ...]:
    """This will return the series that registers of a service may feed, the one that is billed first."""
    return (COUNTED_SERIES[service], *_FURTHER.get(service, ()))


def preset(code: str) -> Preset:
    """This will return a usual choice.

    :raises KeyError: for a code that there is not
    """
    return next(each for each in PRESETS if each.code == code)
