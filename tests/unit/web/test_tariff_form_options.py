"""Each option of a tariff document has a field, documents pass through the form, and faults stand at fields."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from meterbook.tariffs.rating import reading
from meterbook.web.tariffs.editor import forming, loose, sheet, starts, structure
from tests.unit.web.test_tariff_form import after, places, posted

GOLDEN = Path(__file__).parents[2] / "golden"
DATA = Path(__file__).parents[3] / "src" / "meterbook_lab" / "data"
# Codes are made of names, and stay; the form reads and writes its format.
WITHOUT_FIELD = {"format", "components[].code", "taxes[].code", "seasons[].code", "day_types[].code", "periods[].code"}


def named(code: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - parts of a document
    return {"code": code, "name": code, **more}


def fullest() -> dict[str, Any]:
    """A document with each way to charge, and what makes further fields appear."""
    raw = starts.document("")
    raw["components"] = []
    raw["periods"] = [*raw["periods"]]
    for shape in structure.SHAPES:
        structure.act(raw, f"add:components:{shape}")
    structure.act(raw, "add:seasons")
    structure.act(raw, "add:day_types")
    structure.act(raw, "on:holidays")
    structure.act(raw, "add:taxes")
    by_shape = {structure.shape_of(each): each for each in raw["components"]}
    scaled = {"quantity": "1", "reference": {"days": 30}, "scale": {"fact": "area", "least": "1"}}
    by_shape["FLAT"] |= {"linked": {"factor": "1", "winter": {"months": [1]}, "most": scaled}}
    by_shape["FLAT"] |= {"allowance": scaled, "minimum": scaled, "channel": "NET"}
    by_shape["FLAT"]["bank"] = {"year": "01-01", "at_year_end": "CASH_OUT", "cash_out": "1"}
    by_shape["BANK"]["bank"] = {"year": "01-01", "at_year_end": "CASH_OUT", "cash_out": "1"}
    by_shape["BANK_END"]["bank_end"] = {"holds": "UNITS", "at_end": "CASH_OUT", "cash_out": "1"}
    by_shape["TIERS"] |= {"tier_year": "01-01", "hours_of": "demand"}
    by_shape["MONTHLY"] |= {"times": "area"}
    by_shape["DEMAND"]["demand"] |= {"take": "MEAN_OF_HIGHEST", "highest": 3}
    by_shape["PASSED"]["invoice"] |= {"how": "SHARE"}
    raw["components"] += [
        named("steps", charge="ENERGY", tiers=[{"up_to": "1", "prices": {}}, {"prices": {}}]),
        named("formula", charge="POWER_FACTOR", power_factor={"rule": "FORMULA", "reference": []}),
        named("above", charge="POWER_FACTOR", power_factor={"rule": "REACTIVE_ABOVE"}),
        named("water", charge="LOW_DELTA_T", delta_t={"rule": "VOLUME_ABOVE"}),
    ]
    return raw


def options(node: dict[str, Any], place: str = "") -> Iterator[str]:
    """The places of all values that the schema knows, as `components[].demand.interval`."""
    definitions = reading.schema()["$defs"]
    node = definitions[node["$ref"].rsplit("/", 1)[1]] if "$ref" in node else node
    objects = [each for each in (node, *node.get("oneOf", ())) if "properties" in each]
    is_dated = "oneOf" in node and any(each.get("type") == "array" for each in node["oneOf"])
    if objects and not is_dated:
        for each in objects:
            for key, inner in each["properties"].items():
                yield from options(inner, f"{place}.{key}".lstrip("."))
    elif node.get("type") == "array" and options_of_items(node):
        yield from options(node["items"], f"{place}[]")
    elif place.endswith("period_tiers"):
        yield f"{place}.*"
    else:
        yield place


def options_of_items(node: dict[str, Any]) -> bool:
    """Whether the items are objects, and not values that one field lists."""
    return "properties" in node["items"]


SHORT = {  # values that one field of another name holds
    "components[].proration.days": "components[].proration",
    "components[].proration.count": "components[].proration",
    "taxes[].rates[].from": "taxes[].rates",
    "taxes[].rates[].rate": "taxes[].rates",
    "components[].period_tiers.*": "components[].period_tiers.peak[].price",
}


def test_each_option_of_the_schema_has_a_field() -> None:
    form = sheet.of(fullest(), calendars=(("es", "Spain"),))
    shown = {re.sub(r"\[\d+\]", "[]", each.path) for each in form.fields()}
    shown |= {re.sub(r"\.prices\.[a-z-]+$", ".prices", each) for each in shown}
    known = set(options(reading.schema())) - WITHOUT_FIELD

    missing = {each for each in known if SHORT.get(each, each) not in shown}

    assert missing == set()
    assert len(known) > 110


def documents() -> Iterator[tuple[str, dict[str, Any]]]:
    """Golden documents: those of files, and components of worked bills in a document of their own."""
    for path in sorted(DATA.glob("tariff_*.json")):
        yield path.stem, json.loads(path.read_text(encoding="utf-8"))
    bills = json.loads((GOLDEN / "worked_bills.json").read_text(encoding="utf-8"))["bills"]
    by_hand = json.loads((GOLDEN / "by_hand.json").read_text(encoding="utf-8"))
    for each in (*bills, *by_hand):
        keys = ("unit", "currency", "taxes", "periods", "calendar", "seasons", "day_types", "holidays", "decimals")
        own = {key: each[key] for key in keys if each.get(key)}
        base = {"format": "meterbook-tariff/1", "currency": "EUR", "unit": "KWH", **named("X")}
        yield each["id"], {**base, **own, "components": each["components"]}


@pytest.mark.parametrize("language", ["en", "es"])
def test_golden_documents_come_back_as_they_were(language: str) -> None:
    listed = list(documents())
    with translation.override(language):
        changed = [name for name, raw in listed if forming.filled(posted(raw)).text != loose.written(raw)]
        fuller = fullest()
        same = forming.filled(posted(fuller)).text == loose.written(fuller)

    assert (changed, same) == ([], True)
    assert len(listed) > 50


def one(**component: Any) -> dict[str, Any]:  # noqa: ANN401 - parts of a document
    raw = starts.document("flat")
    raw["components"] = [{**named("energy"), "charge": "ENERGY", **component}]
    return raw


def test_an_allowance_has_its_modes_and_goes_with_its_quantity() -> None:
    place = "components[0].allowance"
    typed = {f"{place}.quantity": ["50"], f"{place}.mode": ["AVERAGE_PRICE"], f"{place}.unused": ["CARRIED"]}
    more = {f"{place}.scale.fact": ["headcount"], f"{place}.reference": ["DAYS"]}

    filled = after(one(price="0.2"), {**typed, **more})
    days = after(filled, {f"{place}.reference.days": ["28"]})

    held = {"quantity": "50", "mode": "AVERAGE_PRICE", "unused": "CARRIED", "scale": {"fact": "headcount"}}
    assert filled["components"][0]["allowance"] == {**held, "reference": {"days": 30}}
    assert days["components"][0]["allowance"] == {**held, "reference": {"days": 28}}
    assert places(days) == {}
    assert "allowance" not in after(days, {f"{place}.quantity": [""]})["components"][0]
    assert places(after(one(price="0.2"), {f"{place}.unused": ["CARRIED"]})) == {f"{place}.quantity": ["Fill this in."]}


def test_steps_over_a_year_and_packages_are_told_at_their_fields() -> None:
    tiers = [{"up_to": "100", "price": "0.1"}, {"price": "0.2"}]
    year = after(one(tiers=tiers), {"components[0].climbs": ["YEAR"]})
    april = after(year, {"components[0].tier_year": ["4", "1"]})
    leap = after(year, {"components[0].tier_year": ["2", "29"]})

    assert (year["components"][0]["tier_year"], april["components"][0]["tier_year"]) == ("01-01", "04-01")
    assert places(april) == {}
    assert list(places(leap)) == ["components[0].tier_year"]
    assert "tier_year" not in after(april, {"components[0].climbs": [""]})["components"][0]

    packed = after(one(price="3"), {"components[0].package": ["50"], "components[0].package_rounding": ["DOWN"]})
    assert packed["components"][0] == one(price="3", package="50", package_rounding="DOWN")["components"][0]
    assert list(places(after(packed, {"components[0].package": ["0"]}))) == ["components[0].package"]


def test_a_contract_has_its_least_and_goes_with_its_charge() -> None:
    raw = one(price="0.1")
    structure.act(raw, "add:components:DEMAND")
    place = "components[1].demand"

    filled = after(
        raw,
        {
            "components[1].price": ["9"],
            f"{place}.contracted.charge": ["MEASURED"],
            f"{place}.contracted.least_percent": ["70"],
            f"{place}.contracted.fact": ["declared_kw"],
            f"{place}.ratchet[0].percent": ["80"],
            f"{place}.ratchet[0].months": ["11"],
            f"{place}.ratchet[0].of_months": ["6, 7"],
        },
    )

    assert filled["components"][1]["demand"] == {
        "interval": 15,
        "contracted": {"charge": "MEASURED", "least_percent": "70", "fact": "declared_kw"},
        "ratchet": [{"percent": "80", "months": 11, "of_months": [6, 7]}],
    }
    assert places(filled) == {}
    assert "contracted" not in after(filled, {f"{place}.contracted.charge": [""]})["components"][1]["demand"]
    assert list(places(after(filled, {f"{place}.contracted.least_percent": ["x"]}))) == [
        f"{place}.contracted.least_percent"
    ]


def test_a_power_factor_that_is_asked_for_may_change_on_days() -> None:
    raw = one(price="0.1")
    structure.act(raw, "add:components:POWER_FACTOR")
    formula = after(raw, {"components[1].power_factor.rule": ["FORMULA"]})
    place = "components[1].power_factor"

    dated = after(formula, {f"{place}.reference_kind": ["DATED"]})
    typed = after(dated, {f"{place}.reference": ["2020-01-01: 0.90\n2026-01-01: 0.92"]})

    assert places(dated) == places(typed) == {}
    assert typed["components"][1]["power_factor"]["reference"][1] == {"from": "2026-01-01", "value": "0.92"}
    back = after(typed, {f"{place}.reference_kind": ["ONE"]})
    assert back["components"][1]["power_factor"]["reference"] == "0.92"


def test_a_low_temperature_difference_has_its_rule_and_power_its_unit() -> None:
    raw = one(price="0.1")
    structure.act(raw, "add:components:DEMAND")
    structure.act(raw, "add:components:DELTA_T")
    place = "components[2].delta_t"
    steps = after(raw, {"components[1].price": ["21.50"], "components[1].demand.unit": ["RT"]})
    given = {f"{place}.steps[1].below": ["6"], f"{place}.steps[1].percent": ["4"], f"{place}.count": ["FULL"]}
    typed = after(steps, given)
    water = after(typed, {f"{place}.rule": ["VOLUME_ABOVE"]})

    assert places(typed) == {}
    assert typed["components"][1]["demand"] == {"interval": 15, "unit": "RT"}
    assert typed["components"][2]["components"] == ["energy", "demand"]
    assert typed["components"][2]["delta_t"] == {
        "rule": "STEPS",
        "steps": [{"below": "8", "percent": "1"}, {"below": "6", "percent": "4"}],
        "count": "FULL",
    }
    assert water["components"][2]["delta_t"] == {"rule": "VOLUME_ABOVE", "target": "8"}
    assert list(places(water)) == ["components[2].price"]
    wrong = after(typed, {f"{place}.steps[1].below": ["9"]})
    assert list(places(wrong)) == [f"{place}.steps[1].below"]
    shown = {each.path: each for each in sheet.of(typed).fields()}
    assert (shown["components[1].price"].unit, shown["components[1].demand.minimum"].unit) == ("EUR/RT", "RT")
    assert shown["components[1].demand.contracted.fact"].help.endswith("contracted_rt.")


def test_a_fixed_charge_may_have_steps_of_its_fact() -> None:
    raw = one(price="0.1")
    structure.act(raw, "add:components:PERIOD")
    times = after(raw, {"components[1].times": ["sanctioned_kw"], "components[1].price": ["85"]})
    steps = after(times, {"components[1].fact_steps": ["STEPS"]})
    filled = after(steps, {"components[1].tiers[0].up_to": ["1"], "components[1].tiers[1].price": ["95"]})

    assert filled["components"][1]["tiers"] == [{"up_to": "1", "price": "85"}, {"price": "95"}]
    assert places(filled) == {}
    again = copy.deepcopy(filled)
    structure.act(again, "add:components[1].tiers")
    assert len(again["components"][1]["tiers"]) == 3
    assert after(filled, {"components[1].fact_steps": ["ONE"]})["components"][1]["price"] == "85"
