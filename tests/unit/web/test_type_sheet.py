"""The form of a meter type: documents come out of it as they went in, and faults stand beside their cells."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import QueryDict
from django.utils import translation

from meterbook.acquisition import meter_types
from meterbook.acquisition.library import checks, documents
from meterbook.web.library import places, sheet

OWN = """\
code: own_meter
manufacturer: Maker
name: "T: 1"
service: ELECTRICITY
protocol: MODBUS
word_order: little
byte_order: little
notation: MODICON
side: SECONDARY
source: "the manual, page 9"
limits: {words: 60}
traps:
  - {en: "One", es: "Uno"}
registers:
  - code: energy_import
    caption: {en: Energy, es: Energía, de: Energie}
    function: 3
    address: 10
    type: uint32
    scale: "1/100"
    unit: KWH
    kind: CUMULATIVE
    decimals: 2
    wrap: 100000000
    sentinels: [4294967295]
  - code: seen
    series: something
    caption: {en: Voltage, es: Tensión}
    function: 4
    address: 14
    type: int32
    word_order: big
    byte_order: big
    scale: "0.001"
    unit: V
    kind: CUMULATIVE
    decimals: 0
    wrap: 12345
"""


NONSENSE = ["9" * 5000, "²", "-1", "0x" + "f" * 300, "\x00", "[" * 3000, "NaN", "1/0", "\u202e", "r0-r0", '{"a": [1]}']


def sent(shown: sheet.Sheet) -> QueryDict:
    """What a browser sends of the form."""
    data = QueryDict(mutable=True)
    data["spoken"] = shown.protocol
    for form in (shown.head, *shown.rows):
        for field in form:
            value = field.value()
            is_box = getattr(field.field.widget, "input_type", "") == "checkbox"
            if not is_box or value:
                data[field.html_name] = "on" if is_box else "" if value is None else str(value)
    return data


def again(content: Any) -> Any:  # noqa: ANN401 - of a document
    """The content after it was shown and sent."""
    text = sheet.bound(*sheet.given(sent(sheet.shown(content)))).document()
    assert text is not None
    return checks.parse(text, "own.yaml").content


class TestSheet:
    @pytest.mark.parametrize("language", ["en", "es"])
    def test_gives_a_document_again(self, language: str) -> None:
        content = checks.parse(OWN.replace("unit: V", "unit: KWH"), "own.yaml").content

        with translation.override(language):
            assert again(content) == content

    @pytest.mark.parametrize("code", ["eastron_sdm630", "itron_cyble_gas", "acrel_adl400", "siemens_pac2200"])
    def test_gives_shipped_types_again_under_a_code_of_their_own(self, code: str) -> None:
        content = {**meter_types.parsed(documents.source_of(code)), "code": "own_copy"}

        assert again(content) == content

    def test_says_beside_the_cell_what_is_wrong(self) -> None:
        content = checks.parse(OWN.replace("unit: V", "unit: KWH"), "own.yaml").content
        data = sent(sheet.shown(content))
        data.update({"r0-address": "9", "r0-unit": "V", "r1-scale": "-1", "type-code": "Own meter", "r1-digits": "3"})

        given = sheet.bound(*sheet.given(data))

        assert given.document() is None
        assert "code" in given.head.errors
        assert set(given.rows[1].errors) == {"scale", "wrap"}
        data.update({"type-code": "own_meter", "r1-scale": "1/10", "r1-digits": ""})
        given = sheet.bound(*sheet.given(data))
        assert given.document() is None
        assert given.rows[0].errors["address"] == [
            "Write it as the manual does, such as 40073, or 0x48 as on the wire."
        ]
        data["r0-address"] = "40011"
        given = sheet.bound(*sheet.given(data))
        assert given.document() is None
        assert "no counter adds it up" in given.rows[0].errors["unit"][0]

    def test_takes_what_a_quantity_says_where_nothing_is_written(self) -> None:
        data = sent(sheet.shown({**sheet.EMPTY[checks.MODBUS], "code": "m", "service": "ELECTRICITY"}))
        data.update({"type-code": "maker_m1", "type-manufacturer": "Maker", "type-name": "M1", "type-source": "manual"})
        given = sheet.bound(*sheet.given(data))
        assert given.document() is None
        assert given.head.non_field_errors() == ["Add at least one register."]
        row = {"series": "energy_import", "address": "0x48", "unit": "KWH", "kind": "CUMULATIVE", "decimals": "2"}
        data.update({f"r0-{name}": text for name, text in row.items()})

        text = sheet.bound(*sheet.given(data)).document()

        assert text is not None
        register = documents.read(text).registers[0]
        assert (register.code, register.address, register.scale) == ("energy_import", 72, 1)
        assert dict(register.caption) == {"en": "Energy", "es": "Energía"}

    @pytest.mark.parametrize(
        ("act", "place", "codes"),
        [
            ("add", 0, ["energy_import", "seen", ""]),
            ("copy", 0, ["energy_import", "", "seen"]),
            ("remove", 0, ["seen"]),
            ("up", 1, ["seen", "energy_import"]),
            ("down", 1, ["energy_import", "seen"]),
            ("remove", 9, ["energy_import", "seen"]),
        ],
    )
    def test_changes_its_lines(self, act: str, place: int, codes: list[str]) -> None:
        content = checks.parse(OWN.replace("unit: V", "unit: KWH"), "own.yaml").content

        changed = sheet.changed(*sheet.given(sent(sheet.shown(content))), act, place)

        assert [each["code"].value() or "" for each in changed.rows] == codes

    @pytest.mark.parametrize("value", NONSENSE, ids=[ascii(each)[1:9] for each in NONSENSE])
    def test_takes_no_nonsense_and_never_fails(self, value: str) -> None:
        sound = sent(sheet.shown(checks.parse(OWN.replace("unit: V", "unit: KWH"), "own.yaml").content))
        for name in (*sound, "r998-code", "r1-sentinels", "r1-digits", "r0-wrap"):
            data = sound.copy()
            data[name] = value

            text = sheet.bound(*sheet.given(data)).document()

            assert text is None or documents.validate(text, "own.yaml"), name


class TestPlaces:
    @pytest.mark.parametrize(
        ("text", "function", "notation", "address"),
        [
            ("72", 3, "", 72),
            ("0x48", 3, "MODICON", 72),
            ("73", 4, "ONE", 72),
            ("40073", 3, "MODICON", 72),
            ("30073", 4, "MODICON", 72),
            ("400073", 3, "MODICON", 72),
            ("465536", 3, "MODICON", 65535),
            ("30073", 3, "MODICON", None),
            ("0", 3, "ONE", None),
            ("7.2", 3, "", None),
            ("", 3, "", None),
        ],
    )
    def test_read_addresses_as_manuals_write_them(
        self, text: str, function: int, notation: str, address: int | None
    ) -> None:
        assert places.read_address(text, function=function, notation=notation) == address
        if address is not None:
            written = places.write_address(address, function=function, notation=notation)
            assert places.read_address(written, function=function, notation=notation) == address

    @pytest.mark.parametrize(
        ("text", "scale"),
        [("1/10", "1/10"), ("× 0.1", "0.1"), ("0,1", "0.1"), ("10", "10"), ("0", None), ("1/0", None), ("a", None)],
    )
    def test_read_scales(self, text: str, scale: str | None) -> None:
        assert places.read_scale(text) == scale

    @pytest.mark.parametrize(
        ("text", "type", "numbers"),
        [
            ("0x8000, 32767", "int16", [-32768, 32767]),
            ("65535", "uint16", [65535]),
            ("65536", "uint16", None),
            ("1", "float32", None),
            ("x", "int16", None),
        ],
    )
    def test_read_special_numbers(self, text: str, type: str, numbers: list[int] | None) -> None:  # noqa: A002
        assert places.read_sentinels(text, type=type) == numbers
