"""Charges beside energy and days in the form: what nobody changed stays, what is typed is written where it belongs."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from meterbook.tariffs.rating import reading
from meterbook.tariffs.urdb import converting, record
from meterbook.web.tariffs.editor import forming, loose, sheet, starts, structure
from tests.unit.web.test_tariff_form import after, places, posted

RATES = Path(__file__).parents[2] / "golden" / "urdb"
FURTHER: list[dict[str, Any]] = [
    {"code": "energy", "name": "Energy", "charge": "ENERGY", "prices": {"off": "0.1", "peak": "0.2"}},
    {
        "code": "dem",
        "name": "Demand",
        "charge": "DEMAND",
        "price": "9",
        "demand": {
            "interval": 15,
            "sliding_by": 5,
            "periods": ["peak"],
            "ratchet": [{"percent": "80", "months": 11, "of_months": [6, 7]}],
            "contracted": {"charge": "HIGHER", "excess": [{"above_percent": "105", "price": "3"}]},
        },
    },
    {
        "code": "pf",
        "name": "Power factor",
        "charge": "POWER_FACTOR",
        "components": ["energy", "dem"],
        "power_factor": {"rule": "STEPS", "steps": [{"below": "0.85", "percent": "1.5"}], "step": "0.01"},
    },
    {"code": "less", "name": "Less", "charge": "DISCOUNT", "percent": "10", "components": ["energy"]},
    {"code": "once", "name": "Once", "charge": "ONE_OFF", "price": "50", "due": "2026-03-01"},
    {"code": "least", "name": "Least", "charge": "MINIMUM_BILL", "price": "5", "proration": {"days": 30}},
    {"code": "spot", "name": "Spot", "charge": "ENERGY", "price_series": {"code": "pvpc"}},
]


def document(components: list[dict[str, Any]]) -> dict[str, Any]:
    raw = starts.document("")
    raw["components"] = copy.deepcopy(components)
    raw.pop("taxes", None)
    return raw


def test_what_nobody_changed_stays() -> None:
    raw = document(FURTHER)
    reading.read(raw)

    assert forming.filled(posted(raw)).text == loose.written(raw)


@pytest.mark.parametrize("rate", sorted(each.stem for each in RATES.glob("*.json")))
def test_a_rate_of_others_passes_through_the_form(rate: str) -> None:
    found = json.loads((RATES / f"{rate}.json").read_text(encoding="utf-8"))["urdb"]
    raw = converting.convert(record.read_text(json.dumps(found))).document

    assert forming.filled(posted(raw)).text == loose.written(raw)


def test_what_is_typed_lands_inside() -> None:
    raw = document(FURTHER)
    place = "components[1].demand"

    changed = after(
        raw,
        {
            f"{place}.interval": ["30"],
            f"{place}.sliding_by": [""],
            f"{place}.ratchet[0].percent": [""],
            f"{place}.ratchet[0].months": [""],
            f"{place}.minimum": ["12.5"],
            f"{place}.power_factor.target": ["0.95"],
            "components[3].percent": [""],
            "components[3].price": ["2"],
            "components[5].proration": ["NONE"],
            "components[0].allowance.quantity": ["10"],
        },
    )["components"]

    assert changed[1]["demand"] == {
        "interval": 30,
        "periods": ["peak"],
        "ratchet": [{"of_months": [6, 7]}],
        "contracted": {"charge": "HIGHER", "excess": [{"above_percent": "105", "price": "3"}]},
        "minimum": "12.5",
        "power_factor": {"target": "0.95"},
    }
    assert changed[3] == {"code": "less", "name": "Less", "charge": "DISCOUNT", "components": ["energy"], "price": "2"}
    assert "proration" not in changed[5]
    assert changed[0]["allowance"] == {"quantity": "10"}


def test_what_is_emptied_again_leaves_nothing_behind() -> None:
    raw = document(FURTHER[:2])
    raw["components"][0]["minimum"] = {"quantity": "30"}

    changed = after(raw, {"components[0].minimum.quantity": [""]})

    assert "minimum" not in changed["components"][0]


def test_another_rule_begins_with_its_usual_figures() -> None:
    raw = document(FURTHER[:3])

    formula = after(raw, {"components[2].power_factor.rule": ["FORMULA"]})
    above = after(formula, {"components[2].power_factor.rule": ["REACTIVE_ABOVE"]})

    assert formula["components"][2]["power_factor"]["penalty"] == {"share": "3/5", "most": "120"}
    assert places(formula) == {}
    assert set(places(above)) <= {"components[2]", "components[2].price"}
    assert places(after(above, {"components[2].price": ["0.03"]})) == {}
    assert after(above, {"components[2].power_factor.rule": ["STEPS"]})["components"][2]["components"] == [
        "energy",
        "dem",
    ]
    assert "components[2].components" not in {each.path for each in sheet.of(above).fields()}


def test_what_a_charge_was_on_goes_with_it() -> None:
    raw = document(FURTHER[:4])

    structure.act(raw, "remove:components[0]")

    assert raw["components"][1]["components"] == ["dem"]
    assert "components" not in raw["components"][2]


NET = {"code": "net", "name": "Net", "charge": "ENERGY", "channel": "NET", "price": "0.20"}


def test_units_that_are_fed_in_may_be_kept_until_a_day_of_the_year() -> None:
    raw = document([])
    raw["components"] = [copy.deepcopy(NET)]

    kept = after(raw, {"components[0].bank": ["KEPT"]})
    ends = after(kept, {"components[0].bank.at_year_end": ["CASH_OUT"]})
    filled = after(ends, {"components[0].bank.year": ["4", "1"], "components[0].bank.cash_out": ["0.03"]})
    back = after(filled, {"components[0].bank.at_year_end": ["CARRY"]})

    assert kept["components"][0]["bank"] == {}
    assert places(ends) == {"components[0].bank.cash_out": ["Fill this in."]}
    assert filled["components"][0]["bank"] == {"at_year_end": "CASH_OUT", "year": "04-01", "cash_out": "0.03"}
    assert back["components"][0]["bank"] == {}
    assert places(filled) == places(back) == {}
    assert "bank" not in after(back, {"components[0].bank": [""]})["components"][0]


def test_a_bank_has_an_end_with_the_contract_and_may_go_on_from_another() -> None:
    raw = document([])
    raw["components"] = [copy.deepcopy(NET)]
    place = "components[0].bank"

    kept = after(raw, {place: ["KEPT"]})
    paid = after(kept, {f"{place}.at_move_out": ["CASH_OUT"], f"{place}.continues": ["old"]})
    filled = after(paid, {f"{place}.cash_out": ["0.03"]})
    both = after(filled, {f"{place}.at_year_end": ["CASH_OUT"]})
    back = after(both, {f"{place}.at_move_out": [""]})
    lapses = after(filled, {f"{place}.at_move_out": ["LAPSE"], f"{place}.continues": [""]})

    assert places(paid) == {f"{place}.cash_out": ["Fill this in."]}
    assert filled["components"][0]["bank"] == {"at_move_out": "CASH_OUT", "continues": "old", "cash_out": "0.03"}
    assert back["components"][0]["bank"]["cash_out"] == "0.03"
    assert lapses["components"][0]["bank"] == {"at_move_out": "LAPSE"}
    assert places(filled) == places(both) == places(back) == places(lapses) == {}


def test_what_a_tariff_no_longer_keeps_is_settled_as_its_kind_is() -> None:
    raw = document([])
    structure.act(raw, "add:components:BANK_END")
    place = f"components[{len(raw['components']) - 1}].bank_end"

    def terms(changed: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = changed["components"][-1]["bank_end"]
        return found

    units = after(raw, {f"{place}.holds": ["UNITS"], f"{place}.at_end": ["PAY_BALANCE"]})
    filled = after(units, {f"{place}.cash_out": ["0.03"], f"{place}.continues": ["energy"]})
    lapses = after(filled, {f"{place}.at_end": ["LAPSE"]})

    assert terms(raw) == {"holds": "MONEY", "at_end": "PAY_BALANCE"}
    assert places(units) == {f"{place}.cash_out": ["Fill this in."]}
    assert terms(filled) == {"holds": "UNITS", "at_end": "CASH_OUT", "cash_out": "0.03", "continues": "energy"}
    assert terms(lapses) == {"holds": "UNITS", "at_end": "LAPSE", "continues": "energy"}
    assert terms(after(filled, {f"{place}.holds": ["MONEY"]})) == {
        "holds": "MONEY",
        "at_end": "PAY_BALANCE",
        "continues": "energy",
    }
    assert places(raw) == places(filled) == places(lapses) == {}


def test_steps_of_each_time_of_use_are_fields_with_their_faults() -> None:
    raw = document([])
    structure.act(raw, "add:components:PERIOD_TIERS")
    index = len(raw["components"]) - 1
    here = f"components[{index}].period_tiers"
    codes = list(raw["components"][index]["period_tiers"])
    structure.act(raw, f"add:{here}.{codes[0]}")

    assert f"{here}.{codes[0]}[1].up_to" in places(raw)
    filled = after(raw, {path: ["100"] for path in places(raw)})
    assert places(filled) == {f"{here}.{codes[0]}[1].up_to": ["It must be above 100, where the step before ends."]}
    structure.act(filled, f"remove:{here}.{codes[0]}[1]")
    assert places(filled) == {}
    filled["components"][index]["period_tiers"].pop(codes[1])
    assert list(places(filled)) == [f"{here}"[: -len(".period_tiers")]]
    structure.act(filled, f"add:{here}.{codes[1]}")
    assert len(filled["components"][index]["period_tiers"][codes[1]]) == 2


def test_steps_may_have_a_price_for_each_time_of_use_and_one_again() -> None:
    raw = document([])
    structure.act(raw, "add:components:TIERS")
    index = len(raw["components"]) - 1
    raw["components"][index]["tiers"] = [{"up_to": "100", "price": "0.10"}, {"price": "0.20"}]

    by_time = after(raw, {f"components[{index}].step_prices": ["BY_PERIOD"]})
    one = after(by_time, {f"components[{index}].step_prices": ["ONE"]})

    assert by_time["components"][index]["tiers"][0]["prices"] == {"peak": "0.10", "off": "0.10"}
    assert places(by_time) == {}
    assert one["components"][index]["tiers"] == raw["components"][index]["tiers"]


def test_prices_by_the_hour_and_invoices_have_fields() -> None:
    raw = document([])
    for shape in ("SERIES", "PASSED", "CAP"):
        structure.act(raw, f"add:components:{shape}")
    at = len(raw["components"]) - 3

    filled = after(
        raw,
        {
            f"components[{at}].price_series.code": ["spot"],
            f"components[{at}].price_series.factor": ["0.001"],
            f"components[{at + 1}].invoice.code": ["utility"],
            f"components[{at + 1}].invoice.lines": ["energy, grid"],
            f"components[{at + 2}].invoice.code": ["utility"],
        },
    )

    assert places(filled) == {}
    assert filled["components"][at]["price_series"] == {"code": "spot", "factor": "0.001"}
    assert filled["components"][at + 1]["invoice"] == {"code": "utility", "lines": ["energy", "grid"]}


def test_demand_by_a_register_has_no_fields_about_intervals() -> None:
    raw = document(FURTHER[:2])
    place = "components[1].demand"

    changed = after(raw, {f"{place}.source": ["REGISTER"]})
    shown = {each.path for each in sheet.of(changed).fields()}
    back = after(changed, {f"{place}.source": ["INTERVALS"]})["components"][1]["demand"]

    assert changed["components"][1]["demand"].keys() == {"source", "ratchet", "contracted"}
    reading.read(changed)
    assert forming.filled(posted(changed)).text == loose.written(changed)
    assert {f"{place}.source", f"{place}.of", f"{place}.minimum"} <= shown
    assert not shown & {f"{place}.{key}" for key in ("interval", "take", "periods", "estimated", "meters")}
    assert "source" not in back
