"""Records of the Utility Rate Database as others wrote them: what is wrong is named, and nothing gets a wrong price."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given as examples
from hypothesis import strategies as st

from meterbook.tariffs.rating import reading
from meterbook.tariffs.rating.problems import TariffInvalid
from meterbook.tariffs.urdb import converting, record

DAY = [0] * 8 + [1] * 12 + [0] * 4
SOUND: dict[str, Any] = {
    "name": "Sound",
    "energyratestructure": [[{"rate": 0.1, "max": 100, "unit": "kWh"}, {"rate": 0.2}], [{"rate": 0.3, "adj": 0.01}]],
    "energyweekdayschedule": [DAY] * 12,
    "energyweekendschedule": [[0] * 24] * 12,
    "flatdemandstructure": [[{"rate": 5}]],
    "demandratestructure": [[{"rate": 0}], [{"rate": 7, "max": 10}, {"rate": 9}]],
    "demandweekdayschedule": [DAY] * 12,
    "demandweekendschedule": [[0] * 24] * 12,
    "fixedchargefirstmeter": 3,
    "mincharge": 10,
}
TWO_SHAPES = [
    [{"rate": 0.1, "max": 100}, {"rate": 0.2}],
    [{"rate": 0.3, "max": 50}, {"rate": 0.4}],
]


def converted(**more: object) -> converting.Converted:
    return converting.convert(record.read_text(json.dumps(SOUND | more)))


def component(found: converting.Converted, code: str) -> dict[str, Any]:
    return next(each for each in found.document["components"] if each["code"] == code)


@pytest.mark.parametrize(
    ("key", "value", "place"),
    [
        ("energyratestructure", [[{"rate": 0.1, "unit": "MWh"}]] * 2, "energyratestructure[0][0].unit"),
        ("energyratestructure", [[{"rate": "0.1"}]] * 2, "energyratestructure[0][0].rate"),
        ("energyratestructure", [[{"rate": None}]] * 2, "energyratestructure[0][0].rate"),
        ("energyratestructure", [[{"rate": 1e300}]] * 2, "energyratestructure[0][0].rate"),
        ("energyratestructure", [[{"rate": 1, "max": 0}, {"rate": 2}]] * 2, "energyratestructure[0][0].max"),
        ("energyratestructure", 0, "energyratestructure"),
        ("energyratestructure", [[{"rate": 0.1}]], "energyweekdayschedule[0][8]"),
        ("energyweekdayschedule", None, "energyweekdayschedule"),
        ("energyweekendschedule", [[0] * 24] * 11, "energyweekendschedule"),
        ("flatdemandstructure", [[{"rate": 5, "unit": "kWh"}]], "flatdemandstructure[0][0].unit"),
        ("flatdemandunit", "hp", "flatdemandunit"),
        ("demandrateunit", "MVA", "demandrateunit"),
        ("demandwindow", 45, "demandwindow"),
        ("coincidentratestructure", 5, "coincidentratestructure"),
        ("coincidentratestructure", [[{"rate": 5}]], "coincidentratestructure"),
        ("energytoulabels", 5, "energytoulabels"),
        ("fueladjustmentsmonthly", "0.1", "fueladjustmentsmonthly"),
        ("fueladjustmentsmonthly", [0.1], "fueladjustmentsmonthly"),
        ("mincharge", "10", "mincharge"),
        ("lookbackrange", 40, "lookbackrange"),
        ("lookbackpercent", -0.5, "lookbackpercent"),
        ("lookbackmonths", [True], "lookbackmonths"),
        ("fixedchargeunits", "$/week", "fixedchargeunits"),
        ("fixedchargefirstmeter", True, "fixedchargefirstmeter"),
    ],
)
def test_what_cannot_be_taken_is_named(key: str, value: object, place: str) -> None:
    with pytest.raises(record.RecordInvalid) as caught:
        converted(**{key: value})

    assert str(caught.value).startswith(f"{place}: ")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"energyratestructure": [[{"rate": 0.1, "rate": 0.2}]]}', "rate: it is there twice in one object"),
        ('{"energyratestructure": [[{"rate": ' + "9" * 5000 + "}]]}", "too large"),
        ('{"energyratestructure": [[{"rate": NaN}]]}', "NaN is not a number"),
        ('{"energyratestructure": [], "mincharge": 5}', "nothing has a price but the minimum bill"),
    ],
)
def test_text_that_is_no_record(text: str, words: str) -> None:
    with pytest.raises(record.RecordInvalid, match=words):
        converting.convert(record.read_text(text))


def test_steps_of_a_period_are_not_climbed_twice_for_two_demand_periods() -> None:
    """Periods with ladders of their own: one that demand periods divide would begin each part at its first step."""
    by_half_day = [[0] * 12 + [1] * 12] * 12
    with pytest.raises(record.RecordInvalid, match=r"energyratestructure\[0\]: its steps end otherwise"):
        converted(energyratestructure=TWO_SHAPES, demandweekdayschedule=by_half_day)

    whole = converted(energyratestructure=TWO_SHAPES)

    assert component(whole, "energy")["period_tiers"].keys() == {"p0-0", "p1-1"}


def test_units_of_power_are_those_of_each_charge() -> None:
    found = converted(flatdemandunit="kVA", demandrateunit="kW")

    assert component(found, "demand")["demand"]["of"] == "APPARENT"
    assert "of" not in component(found, "demand-of-2")["demand"]


def test_a_ratchet_is_of_the_highest_demand_or_else_of_demand_periods() -> None:
    looked_at = [True] * 6 + [False] * 6
    both = converted(lookbackpercent=0.8, lookbackrange=11, lookbackmonths=looked_at)
    alone = converted(lookbackpercent=0.8, lookbackrange=11, lookbackmonths=looked_at, flatdemandstructure=None)

    expected = [{"percent": "80", "months": 11, "of_months": [1, 2, 3, 4, 5, 6]}]
    assert component(both, "demand")["demand"]["ratchet"] == expected
    assert "ratchet" not in component(both, "demand-of-2")["demand"]
    assert "not for that of demand periods" in " ".join(map(str, both.remarks))
    assert component(alone, "demand-of-2")["demand"]["ratchet"] == expected


def test_what_is_left_out_is_said() -> None:
    steps = [[{"unit": "kWh"}], [{"rate": 0.1, "sell": 0.05}]]
    found = converted(energyratestructure=steps, mincharge=120, minchargeunits="$/year", dgrules="Net Metering")

    said = " ".join(map(str, found.remarks))
    assert "energyratestructure[0][0]: this step has no rate; it costs nothing" in said
    assert "mincharge: a minimum of the year (120) is not taken" in said
    assert "sell: " in said
    assert "dgrules: the rule for what is fed in (Net Metering) is not taken" in said
    assert all(each["charge"] != "MINIMUM_BILL" for each in found.document["components"])


def test_as_ssc_reads_it() -> None:
    """A price for a day is due 365/12 times in each month, and demand is that of the intervals there are."""
    text = json.dumps(SOUND | {"fixedchargeunits": "$/day", "minchargeunits": "$/day", "demandwindow": 15})
    found = converting.convert(record.read_text(text), as_ssc=True)

    assert component(found, "fixed")["charge"] == "FIXED_MONTHLY"
    assert component(found, "fixed")["price"] == "91.25"
    assert component(found, "minimum")["price"] == "304.16666667"
    assert "interval" not in component(found, "demand")["demand"]
    assert component(converting.convert(record.read_text(text)), "demand")["demand"]["interval"] == 15


ODD = st.sampled_from(
    [None, "0.1", "", [], {}, True, -1, 0, 0.5, 7, 1e308, 1e25, "MWh", "$/week", "hp", [[]], [[{}]], [[0] * 23] * 12]
)


def places(given: Any, before: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:  # noqa: ANN401 - JSON
    inner = given.items() if isinstance(given, dict) else enumerate(given) if isinstance(given, list) else ()
    return [place for key, each in inner for place in [(*before, key), *places(each, (*before, key))]]


EVERY = [place for place in places(SOUND) if not any(isinstance(each, int) and each > 2 for each in place)]


@examples(st.lists(st.tuples(st.sampled_from(EVERY), ODD), min_size=1, max_size=2), st.booleans())
def test_whatever_is_written_makes_a_sound_tariff_or_names_the_place(changes: list[Any], as_ssc: bool) -> None:
    raw = json.loads(json.dumps(SOUND))
    for place, value in changes:
        node = raw
        try:
            for key in place[:-1]:
                node = node[key]
            node[place[-1]] = value
        except (KeyError, IndexError, TypeError):
            continue  # the first change took the place of the second away
    try:
        document = converting.convert(record.read_text(json.dumps(raw)), as_ssc=as_ssc).document
    except record.RecordInvalid:
        return
    try:
        reading.read(document)
    except TariffInvalid as error:
        pytest.fail(f"the record was taken and made no tariff: {error.problems}")
