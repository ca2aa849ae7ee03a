"""The page and the schema that are published are those that the program reads by."""

from __future__ import annotations

import json
import re
from pathlib import Path

from meterbook.tariffs.rating import reading
from tests.factories import tariffs

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"
PAGE = (REFERENCE / "tariff-document.md").read_text(encoding="utf-8")
BLOCKS = [
    "\n".join(line[4:] for line in block.splitlines()) for block in re.findall(r"(?:^ {4}.*\n)+", PAGE, re.MULTILINE)
]


def test_the_published_schema_is_the_one_in_use() -> None:
    assert json.loads((REFERENCE / "tariff.schema.json").read_text(encoding="utf-8")) == reading.schema()


def test_the_examples_are_sound_tariffs() -> None:
    home = reading.read_text(next(block for block in BLOCKS if '"format"' in block))
    by_time = next(block for block in BLOCKS if '"seasons"' in block)

    document = reading.read({**tariffs.document(components=[]), **json.loads(f"{{{by_time}}}")})

    assert (home.code, len(home.components), len(document.table)) == ("HOME", 2, 4)


def test_every_key_is_explained() -> None:
    schema = reading.schema()
    component = schema["properties"]["components"]["items"]["properties"]
    keys = [*schema["properties"], *component]

    assert [key for key in keys if f"`{key}`" not in PAGE and key != "note"] == []


def test_every_example_of_a_component_is_sound() -> None:
    """Each alone, behind those that it names."""
    before = [
        {"code": "energy", "name": "Energy", "charge": "ENERGY", "price": "1"},
        {"code": "demand", "name": "Demand", "charge": "DEMAND", "price": "1"},
    ]
    found = [
        each
        for block in BLOCKS
        if block.startswith('{"code"') or block.startswith('    {"code"')
        for each in objects(block)
        if "charge" in each and "code" in each
    ]

    for each in found:
        others = [other for other in before if other["code"] != each["code"]]
        reading.read(tariffs.document(components=[*others, each]))
    assert len(found) >= 20


def objects(text: str) -> list[dict[str, object]]:
    """JSON objects one behind the other; what is not one is passed over."""
    decoder, found, place = json.JSONDecoder(), [], 0
    while (place := text.find("{", place)) >= 0:
        try:
            each, place = decoder.raw_decode(text, place)
        except json.JSONDecodeError:
            return found
        found.append(each)
    return found
