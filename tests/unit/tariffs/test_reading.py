"""A broken tariff document is refused with every place that is wrong."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from meterbook.tariffs.rating import reading
from meterbook.tariffs.rating.problems import TariffInvalid
from tests.factories import tariffs


def problems(raw: object) -> list[str]:
    with pytest.raises(TariffInvalid) as caught:
        reading.read(raw)
    return [str(each) for each in caught.value.problems]


def changed(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - parts of a document
    return {**copy.deepcopy(tariffs.peak_document()), **changes}


class TestRead:
    def test_takes_a_sound_document(self) -> None:
        document = reading.read(tariffs.peak_document())

        assert [each.code for each in document.periods] == ["peak", "off"]
        assert document.table[0][7 * 60 + 59 : 8 * 60 + 1] == (1, 0)

    @pytest.mark.parametrize(
        ("windows", "words"),
        [
            ([{"from": "08:00", "to": "22:00", "period": "peak"}], "00:00 to 08:00 belongs to no window"),
            (
                [*tariffs.PEAK_WINDOWS, {"from": "12:00", "to": "13:00", "period": "off"}],
                "12:00 belongs to another window already",
            ),
            ([{"from": "00:00", "to": "24:00", "period": "night"}], "there is no price period “night”"),
            ([{"from": "08:00", "to": "08:00", "period": "peak"}], "is no window"),
        ],
    )
    def test_names_gaps_and_overlaps_of_the_day(self, windows: list[dict[str, str]], words: str) -> None:
        found = problems(changed(calendar=[{"windows": windows}]))

        assert any(words in each and each.startswith("calendar[0].windows") for each in found), found

    def test_names_a_combination_without_windows(self) -> None:
        seasons = [
            {"code": "summer", "name": "Summer", "starts": "06-01"},
            {"code": "winter", "name": "Winter", "starts": "10-01"},
        ]

        found = problems(changed(seasons=seasons, calendar=[{"seasons": ["summer"], "windows": tariffs.PEAK_WINDOWS}]))

        assert found == ["calendar: season “winter” with day type “all” has no windows"]

    def test_names_the_price_that_is_missing(self) -> None:
        component = {"code": "energy", "name": "Energy", "charge": "ENERGY", "prices": {"peak": "0.3", "valley": "1"}}

        assert problems(changed(components=[component])) == [
            "components[0].prices.valley: there is no such price period",
            "components[0].prices: price period “off” has no price; a price of 0 must be written",
        ]

    @pytest.mark.parametrize(
        ("tiers", "words"),
        [
            ([{"up_to": "100", "price": "1"}], "components[0].tiers[0]: the final tier has no up_to"),
            ([{"price": "1"}, {"price": "2"}], "components[0].tiers[0]: up_to is missing"),
            (
                [{"up_to": "100", "price": "1"}, {"up_to": "100", "price": "1"}, {"price": "2"}],
                "components[0].tiers[1].up_to: 100 is not above 100",
            ),
        ],
    )
    def test_names_broken_ladders(self, tiers: list[dict[str, str]], words: str) -> None:
        component = {"code": "energy", "name": "Energy", "charge": "ENERGY", "tiers": tiers}

        assert any(each.startswith(words) for each in problems(changed(components=[component])))

    def test_refuses_a_price_that_is_a_number(self) -> None:
        component = {"code": "energy", "name": "Energy", "charge": "ENERGY", "price": 0.1}

        found = problems(changed(components=[component]))

        assert found == ["components[0].price: 0.1 must be in quotation marks: numbers of a tariff are exact text"]

    def test_tells_all_problems_at_once(self) -> None:
        found = problems(changed(currency="XYZ", unit="KWHR", holidays=["2026-02-30"]))

        assert [each.split(":")[0] for each in found] == ["holidays[0]", "holidays", "currency", "unit"]

    def test_names_the_line_of_broken_json(self) -> None:
        with pytest.raises(TariffInvalid, match="line 2, column"):
            reading.read_text('{"format": "meterbook-tariff/1",\n "code": }')

    def test_refuses_a_key_that_is_there_twice(self) -> None:
        with pytest.raises(TariffInvalid, match="twice"):
            reading.read_text('{"code": "a", "code": "b"}')

    def test_weekdays_belong_to_one_day_type(self) -> None:
        day_types = [
            {"code": "work", "name": "Work", "weekdays": ["MON", "TUE", "WED", "THU", "FRI"]},
            {"code": "rest", "name": "Rest", "weekdays": ["FRI", "SAT"]},
        ]

        assert problems(changed(day_types=day_types)) == [
            "day_types[1].weekdays: FRI belongs to “work” already",
            "day_types: SUN belongs to no day type",
        ]

    def test_reads_the_same_from_text(self) -> None:
        raw = tariffs.peak_document()

        assert reading.read_text(json.dumps(raw)) == reading.read(raw)

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"currency": "eur"}, "currency: “eur” is not a currency of ISO 4217 such as EUR"),
            ({"unit": "kWh"}, "unit: “kWh” is not a unit in capitals such as KWH or M3"),
            ({"unit": "KW"}, "unit: “KW” is not used up"),
            ({"name": {"es": "Casa"}}, "name: this must be a text, or texts by language"),
            ({"taxes": [{"code": "a", "name": "A", "rate": "21"}]}, "taxes[0].rate: “21” is not a share from 0 to 1"),
            (
                {"taxes": [{"code": "a", "name": "A", "rate": "0.21"}] * 2},
                "taxes[1].code: “a” is there already; codes are used once",
            ),
            ({"holidays": ["2026-13-01"]}, "holidays[0]: “2026-13-01” is not a date such as 2026-12-25"),
        ],
    )
    def test_says_how_a_value_is_written(self, changes: dict[str, Any], words: str) -> None:
        assert any(words in each for each in problems(changed(**changes)))

    @pytest.mark.parametrize("key", ["note", "name", "decimals", "code"])
    def test_refuses_numbers_with_a_point_everywhere(self, key: str) -> None:
        text = json.dumps(changed(**{key: "here"})).replace('"here"', "3.0")

        with pytest.raises(TariffInvalid) as caught:
            reading.read_text(text)

        assert [each.place for each in caught.value.problems] == [key]
