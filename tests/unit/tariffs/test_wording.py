"""Every component is put into words, in the order in which it is charged."""

from __future__ import annotations

import json

import pytest

from meterbook.tariffs.rating import reading, wording
from tests.factories import tariffs
from tests.unit.tariffs.test_format_page import BLOCKS, objects

COMPONENTS = [each for block in BLOCKS for each in objects(block) if "charge" in each and "code" in each]


@pytest.mark.spec("M-055/2")
def test_puts_a_combined_tariff_into_words_in_its_order() -> None:
    document = reading.read(
        tariffs.document(
            components=[
                {
                    "code": "use",
                    "name": "Energy",
                    "charge": "ENERGY",
                    "tiers": [{"up_to": "9", "price": "1"}, {"price": "2"}],
                },
                {"code": "kw", "name": "Demand", "charge": "DEMAND", "price": "3", "demand": {"interval": 15}},
                {"code": "off", "name": "Less", "charge": "DISCOUNT", "percent": "5", "components": ["use"]},
            ],
            taxes=[
                {"code": "levy", "name": "Levy", "rate": "0.05", "components": ["use"]},
                {"code": "vat", "name": "VAT", "rate": "0.21", "taxes": ["levy"]},
            ],
        )
    )

    told = [(each.name["en"], " ".join(part.words for part in each.sentences)) for each in wording.told(document)]
    assert [name for name, _words in told] == ["Energy", "Demand", "Less", "Levy", "VAT"]
    assert told[0][1] == (
        "Each unit used. Each part of the units at the price of its tier. The limits hold for 30 days, and go with the"
        " days of the bill. Up to 9: 1. All others: 2."
    )
    assert told[1][1] == "The highest power of the period. Over 15 minutes. 3 each. The price is for a bill."
    assert told[2][1] == "5 % off. On: Energy."
    assert told[4][1] == "21 %. And on: Levy."


def test_calls_price_periods_by_their_names() -> None:
    document = reading.read(
        tariffs.document(
            components=[
                {
                    "code": "kw",
                    "name": "Demand",
                    "charge": "DEMAND",
                    "prices": {"peak": "5.20", "off": "1"},
                    "demand": {"interval": 15},
                }
            ],
            periods=[{"code": "peak", "name": {"en": "Peak", "es": "Punta"}}, {"code": "off", "name": "Off-peak"}],
            calendar=[{"windows": tariffs.PEAK_WINDOWS}],
        )
    )

    told = [" ".join(each.words for each in wording.told(document, language)[0].sentences) for language in ("en", "es")]
    assert ["Peak: 5.20. Off-peak: 1." in each for each in told] == [True, False]
    assert "Punta: 5.20. Off-peak: 1." in told[1]


@pytest.mark.parametrize("raw", COMPONENTS, ids=json.dumps)
def test_has_words_for_every_example(raw: dict[str, object]) -> None:
    before = [
        {"code": "energy", "name": "Energy", "charge": "ENERGY", "price": "1"},
        {"code": "demand", "name": "Demand", "charge": "DEMAND", "price": "1"},
        {"code": "sun", "name": "Fed in", "charge": "ENERGY", "channel": "EXPORT", "price": "-0.10"},
    ]
    others = [each for each in before if each["code"] != raw["code"]]
    names = {"peak": "Peak", "off": "Off"}
    more = (
        {
            "periods": [{"code": code, "name": name} for code, name in names.items()],
            "calendar": [{"windows": tariffs.PEAK_WINDOWS}],
        }
        if "prices" in raw
        else {}
    )
    document = reading.read(tariffs.document(components=[*others, raw], **more))

    assert all(part.words for each in wording.told(document) for part in each.sentences)
