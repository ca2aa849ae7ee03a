"""Columns of registers of maximum demand, as files name them."""

from __future__ import annotations

import pytest

from meterbook.metering.importing import targets


@pytest.mark.spec("M-026/7")
@pytest.mark.parametrize(
    ("name", "series"),
    [
        ("MDI (kW)", "power_maximum"),
        ("Max demand kVA", "power_apparent_maximum"),
        ("Potencia máxima kW", "power_maximum"),
        ("1.6.0", "power_maximum"),
        ("9.6.0", "power_apparent_maximum"),
        ("kWh", "energy_import"),
        ("Maxwell House kWh", "energy_import"),
        ("1.8.1", "energy_import_t1"),
    ],
)
def test_are_told_from_energy(name: str, series: str) -> None:
    assert targets.series_of(name, "energy_import") == series


@pytest.mark.spec("M-026/7")
def test_of_heat_is_what_heat_counts() -> None:
    assert targets.series_of("Max kW", "heat") == "heat"
