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


@pytest.mark.parametrize("given", ["Nokia 3310", "unknown_model", "x", "", "Multical 9"])
def test_nothing_is_offered_that_is_not_near(given: str) -> None:
    assert model_names.near(given) == ()


def test_part_of_a_name_and_a_slip_are_near() -> None:
    assert model_names.near("em24")[0].startswith("Carlo Gavazzi EM24")
    assert model_names.near("Eastrn SDM630")[0] == "Eastron SDM630"


@pytest.mark.parametrize(
    ("given", "is_none"),
    [
        ("Read by hand or from files", True),
        (" read by hand  or from files. ", True),
        ("Leído a mano o de archivos", True),
        ("Eastron SDM630", False),
    ],
)
def test_what_forms_call_no_model_is_none(given: str, is_none: bool) -> None:
    assert model_names.is_none(given) is is_none
