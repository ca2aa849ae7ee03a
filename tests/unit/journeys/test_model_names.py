"""The models of the library as people write them in a workbook."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from meterbook.journeys.building import model_names


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("eastron_sdm630", "eastron_sdm630"),
        ("Eastron SDM630", "eastron_sdm630"),
        ("eastron sdm-630", "eastron_sdm630"),
        ("Nothing 9", None),
        ("", None),
    ],
)
def test_a_model_is_named_by_its_code_or_its_caption(given: str, code: str | None) -> None:
    assert model_names.code_of(given) == code


def test_near_ones_are_offered_and_simulated_ones_only_in_a_demo(settings: Settings) -> None:
    settings.IS_DEMO = False
    assert "Eastron SDM630" in model_names.near("Eastron SDM63")
    assert not any(code.startswith("demo_") for code in model_names.offered())
    settings.IS_DEMO = True
    assert any(code.startswith("demo_") for code in model_names.offered())
