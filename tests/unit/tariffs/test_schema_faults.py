"""What the schema refuses is told by templates, so that it can be told in other languages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from meterbook.tariffs.rating import reading, schema_faults
from meterbook.tariffs.rating.problems import Problem, TariffInvalid, of_words
from tests.factories import tariffs


def problem(**changes: Any) -> Problem:  # noqa: ANN401 - parts of a document
    with pytest.raises(TariffInvalid) as caught:
        reading.read({**tariffs.peak_document(), **changes})
    (found,) = caught.value.problems
    return found


def descriptions(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("description"), str):
            yield part["description"]
        for each in part.values():
            yield from descriptions(each)
    elif isinstance(part, list):
        for each in part:
            yield from descriptions(each)


def test_every_description_of_the_schema_has_its_sentence() -> None:
    assert set(descriptions(reading.schema())) == schema_faults.SHAPES.keys()
    assert [said for said, words in schema_faults.SHAPES.items() if said not in words] == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"format": "other/1"}, 'format: "other/1" must be "meterbook-tariff/1"'),
        ({"rounding": "UP"}, 'rounding: "UP" is not possible; take one of "HALF_UP", "HALF_EVEN"'),
        ({"components": []}, "components: at least 1 must be there"),
        ({"note": "x" * 2001}, "note: the text is longer than 2000 characters"),
        ({"code": ""}, "code: the text is empty"),
        ({"code": None}, "code: null must be in quotation marks: numbers of a tariff are exact text"),
        ({"decimals": "3"}, 'decimals: "3" must be a whole number without quotation marks'),
        ({"decimals": 7}, "decimals: 7 is above 6"),
        ({"decimals": -1}, "decimals: -1 is below 0"),
        ({"holidays": {"a": True}}, 'holidays: {"a": true} must be a list, in square brackets'),
        ({"periods": [1]}, "periods[0]: 1 must be an object: keys with values, in braces"),
        ({"taxes": [{"code": "vat", "name": "VAT"}]}, "taxes[0]: “rate” is missing"),
        (
            {"taxes": [{"code": "vat", "name": "VAT", "rate": "0.2", "share": "1", "of": "2"}]},
            'taxes[0]: there is no "share", "of"; take from "code", "name", "rate", "components", "taxes",'
            ' "inclusive", "rounding", "reverse_charge", "tax_point", "rates"',
        ),
        ({"holidays": ["2026-12-25"] * 2}, "holidays: the same is there twice"),
    ],
)
def test_usual_faults_have_their_own_words(changes: dict[str, Any], told: str) -> None:
    found = problem(**changes)

    assert str(found) == told
    assert found.template != of_words("", "").template


def test_names_every_key_that_is_missing() -> None:
    with pytest.raises(TariffInvalid) as caught:
        reading.read({})

    assert [each.words for each in caught.value.problems] == [
        f"“{key}” is missing" for key in ("format", "code", "name", "currency", "unit", "components")
    ]


def test_a_rare_fault_is_told_in_the_words_of_the_library() -> None:
    (error,) = jsonschema.Draft202012Validator({"multipleOf": 5}).iter_errors(7)

    assert schema_faults.problem(error) == of_words("", "7 is not a multiple of 5")


def test_what_was_given_is_cut() -> None:
    assert len(problem(currency="EUR" * 10_000).words) < 400


def test_signs_of_templates_in_what_was_given_stay() -> None:
    assert problem(currency="%(x)s%").words == "“%(x)s%” is not a currency of ISO 4217 such as EUR"
