"""What price sheets of utilities ask for, entered by the form alone: taxes on taxes, hours of use, seasons, steps."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.http import QueryDict

from meterbook.tariffs.rating import reading
from meterbook.tariffs.rating.problems import TariffInvalid
from meterbook.web.tariffs.editor import faults, loose, sheet, starts, structure

DEMAND = {"code": "demand", "name": "Demand", "charge": "DEMAND", "price": "4.75", "demand": {"interval": 15}}


def typed(raw: loose.Raw, fields: dict[str, list[str]]) -> loose.Raw:
    """Fields that come back; each must be one of the form."""
    form = sheet.of(raw)
    assert set(fields) <= {each.path for each in form.fields()}
    posted = QueryDict(mutable=True)
    for name, values in fields.items():
        posted.setlist(name, values)
    sheet.take(form, posted)
    return raw


def test_a_discount_by_percent_needs_no_amount() -> None:
    raw = starts.document("flat")
    place = structure.act(raw, "add:components:DISCOUNT")

    with pytest.raises(TariffInvalid) as refused:
        reading.read(raw)
    (fault,) = faults.located(raw, refused.value.problems, sheet.of(raw))
    assert (fault.path, fault.words) == (f"{place}.percent", "Write a percentage or an amount, not both.")
    typed(raw, {f"{place}.percent": ["5"]})

    assert reading.read(raw).components[2].percent == Decimal(5)


def test_taxes_on_taxes_and_prices_that_hold_the_tax() -> None:
    """Spain: 5.11269632 % on electricity, and VAT on the sum with it; then a shop's prices with tax."""
    raw = starts.document("flat")
    assert structure.act(raw, "add:taxes") == "taxes[1]"
    typed(raw, {"taxes[0].rate": ["5.11269632"], "taxes[1].rate": ["21"], "taxes[1].taxes": ["", "vat"]})

    first, second = reading.read(raw).taxes

    assert (first.rate, second.rate, second.taxes) == (Decimal("0.0511269632"), Decimal("0.21"), (first.code,))
    structure.act(raw, "remove:taxes[0]")
    assert "taxes" not in raw["taxes"][0]
    typed(raw, {"taxes[0].inclusive": ["", "on"], "taxes[0].rounding": ["LINE"]})
    (held,) = reading.read(raw).taxes
    assert held.is_inclusive
    assert held.by_line


def test_steps_in_hours_of_use() -> None:
    raw = starts.document("steps")
    raw["components"].insert(0, dict(DEMAND))
    structure.act(raw, "add:components[1].tiers")
    typed(raw, {"components[1].hours_of": ["demand"]})

    typed(raw, {"components[1].tiers[1].hours": ["200"], "components[1].tiers[1].price": ["0.10"]})

    (demand, energy, _service) = reading.read(raw).components
    assert energy.ladder.hours_of == demand.code
    assert [(each.up_to, each.hours) for each in energy.tiers] == [
        (Decimal(100), None),
        (None, Decimal(200)),
        (None, None),
    ]
    typed(raw, {"components[1].hours_of": [""]})
    assert raw["components"][1]["tiers"][1]["up_to"] == ""  # to be filled in


def test_a_season_a_use_and_power_above_a_contract() -> None:
    raw = starts.document("hours")
    structure.act(raw, "add:seasons")
    raw["components"].append(dict(DEMAND))
    place, excess = "components[2].demand", "components[2].demand.contracted.excess[0]"

    typed(
        raw,
        {
            "components[2].seasons": ["", "summer"],
            "components[0].only_if.usage_above": ["500"],
            f"{excess}.above_percent": ["105"],
            f"{excess}.price": ["27.80"],
            f"{place}.per": ["MONTH"],
        },
    )

    reading.read(raw)
    assert raw["components"][2]["seasons"] == ["summer"]
    assert raw["components"][2]["demand"]["contracted"] == {"excess": [{"above_percent": "105", "price": "27.80"}]}
    typed(raw, {f"{excess}.above_percent": [""], f"{excess}.price": [""], "components[0].only_if.usage_above": [""]})
    assert "contracted" not in raw["components"][2]["demand"]
    assert "only_if" not in raw["components"][0]


def test_a_power_factor_in_several_steps() -> None:
    """India: 1 % for each hundredth below 0.90, and 2 % below 0.85; the first step is then taken away."""
    raw = starts.document("flat")
    place = structure.act(raw, "add:components:POWER_FACTOR") + ".power_factor.steps"
    typed(raw, {f"{place}[1].below": ["0.85"], f"{place}[1].percent": ["2"]})

    assert len(reading.read(raw).components) == 3
    typed(raw, {f"{place}[0].below": [""], f"{place}[0].percent": [""], f"{place}[1].percent": ["2.5"]})
    assert raw["components"][2]["power_factor"]["steps"] == [{"below": "0.85", "percent": "2.5"}]
