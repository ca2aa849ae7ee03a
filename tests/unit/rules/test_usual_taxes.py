"""What is proposed as the tax of a place."""

from __future__ import annotations

from decimal import Decimal

import pytest

from meterbook.rules import usual_taxes


@pytest.mark.parametrize(
    ("zone", "energy", "water"),
    [
        ("Europe/Madrid", Decimal("0.21"), Decimal("0.10")),
        ("Europe/Paris", Decimal("0.20"), None),  # sewerage has another rate than water
        ("Atlantic/Canary", None, None),
        ("America/Bogota", None, None),
    ],
    ids=["spain", "france", "canaries", "unknown"],
)
def test_follows_the_country_and_what_is_supplied(zone: str, energy: Decimal | None, water: Decimal | None) -> None:
    assert usual_taxes.rate_of(zone=zone, is_water=False) == energy
    assert usual_taxes.rate_of(zone=zone, is_water=True) == water
