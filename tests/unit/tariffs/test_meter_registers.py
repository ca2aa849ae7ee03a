"""Prices of the registers into which a meter itself divides its energy (M-052)."""

from __future__ import annotations

import pytest

from meterbook.kernel.quantity import Unit
from meterbook.tariffs.rating import reading
from meterbook.tariffs.rating.inputs import InputMissing
from meterbook.tariffs.rating.problems import TariffInvalid
from meterbook.tariffs.rating.terms import Channel
from tests.factories import tariffs
from tests.unit.tariffs.pricing_cases import amounts, component, energy, plan, totals

DAY = component("day", "ENERGY", channel="IMPORT_T1", price="0.30")
NIGHT = component("night", "ENERGY", channel="IMPORT_T2", tiers=[{"up_to": "100", "price": "0.10"}, {"price": "0.20"}])


@pytest.mark.spec("M-052/4")
def test_each_register_has_its_own_price() -> None:
    given = plan(DAY, NIGHT)

    rated = totals(given, "500", channels={Channel.IMPORT_T1: "350", Channel.IMPORT_T2: "150"})

    assert amounts(rated) == {"day": "105.00", "night.1": "10.00", "night.2": "10.00"}
    with pytest.raises(InputMissing, match="IMPORT_T2"):
        totals(given, "500", channels={Channel.IMPORT_T1: "350"})


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"prices": {"all": "1"}}, "by its own clock"),
        ({"price_series": {"code": "spot"}}, "by its own clock"),
    ],
)
def test_hours_of_another_clock_do_not_divide_it_again(wrong: dict[str, object], words: str) -> None:
    with pytest.raises(TariffInvalid) as caught:
        reading.read(tariffs.document(components=[energy(channel="IMPORT_T1", **wrong)]))

    assert any(words in str(each.template) for each in caught.value.problems)


def test_meters_of_water_have_none() -> None:
    with pytest.raises(TariffInvalid) as caught:
        reading.read(tariffs.document(unit=Unit.M3.value, components=[energy(channel="IMPORT_T1", price="1")]))

    assert any("only a tariff for energy" in str(each.template) for each in caught.value.problems)
