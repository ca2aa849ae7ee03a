"""Documents of own meter types: what they may say beside those of the library, written, compared, and told in words."""

from __future__ import annotations

import json
from fractions import Fraction
from importlib import resources

import pytest

from meterbook.acquisition import memory_texts, type_texts
from meterbook.acquisition.contract import errors
from meterbook.acquisition.library import checks, comparing, decode, documents, orders, writing
from meterbook.acquisition.library.comparing import Against, Effect
from meterbook.acquisition.library.orders import ByteOrder

OWN = """\
code: own_meter
manufacturer: Maker
name: "T: 1"
firmware: "from 2.10"
accuracy: B
service: ELECTRICITY
protocol: MODBUS
word_order: little
byte_order: little
notation: MODICON
source: "the maker's manual, page 9"
traps:
  - {en: "Say # it", es: "Dígalo"}
registers:
  - code: energy_import
    caption: {en: Energy, es: Energía, "no": Energi}
    function: 3
    address: 10
    type: uint32
    scale: "1/100"
    unit: KWH
    kind: CUMULATIVE
    decimals: 2
    wrap: 100000000
    sentinels: [4294967295, 2147483648]
  - code: voltage_l1
    caption: {en: Voltage, es: Tensión}
    function: 3
    address: 14
    type: int16
    byte_order: big
    scale: "0.1"
    unit: V
    kind: INSTANT
    decimals: 1
"""


def faults(text: str) -> list[checks.Fault]:
    """What is wrong with a document."""
    with pytest.raises(checks.DocumentInvalid) as caught:
        checks.parse(text, "own.yaml")
    return caught.value.faults


class TestOwnDocuments:
    def test_may_swap_the_bytes_of_words_for_all_registers_or_one(self) -> None:
        model = documents.validate(OWN, "own.yaml")

        assert [each.word_order for each in model.registers] == ["little_swapped", "little"]
        assert orders.order_of(model.registers[0]) is ByteOrder.O4321
        sample = decode.decode(model.registers[0], (0xE803, 0x0000))
        assert sample.value == 1000
        assert (model.firmware, model.accuracy, model.notation) == ("from 2.10", "B", "MODICON")

    @pytest.mark.parametrize("sent", [(0xFFFF, 0xFFFF), (0x0000, 0x0080)], ids=["largest", "sign"])
    def test_say_with_which_numbers_the_meter_has_no_value(self, sent: tuple[int, int]) -> None:
        register = documents.validate(OWN, "own.yaml").registers[0]

        with pytest.raises(decode.Absent):
            decode.decode(register, sent)
        assert orders.readings(register, "".join(f"{each:04x}" for each in sent))[3].number is None

    def test_keep_a_number_beside_them(self) -> None:
        register = documents.validate(OWN, "own.yaml").registers[0]

        with pytest.raises(errors.Nonsense, match="last digit"):
            decode.decode(register, (0xFFFE, 0xFFFF))

    @pytest.mark.parametrize(
        ("old", "new", "path", "words"),
        [
            ("[4294967295, 2147483648]", "[-1]", ("registers", 0, "sentinels"), "uint32 never holds -1"),
            ("type: uint32", "type: float32", ("registers", 0, "sentinels"), "float32 is no whole number"),
            ('"no": Energi', "no: Energi", ("registers", 0, "caption"), "the name False"),
            ('name: "T: 1"', 'name: "T\u200b1"', ("name",), "invisible sign U+200B"),
            ("    unit: KWH\n", "", ("registers", 0, "unit"), "'unit' is a required property"),
            ("address: 14", "address: 11", ("registers", 1, "address"), "lies inside register energy_import"),
        ],
        ids=["sentinel", "float", "key", "sign", "missing", "overlap"],
    )
    def test_are_told_where_they_are_wrong(self, old: str, new: str, path: tuple[object, ...], words: str) -> None:
        (fault, *_more) = faults(OWN.replace(old, new))

        assert fault.path == path
        assert words in str(fault)

    def test_nested_without_end_are_refused(self) -> None:
        assert "too many parts" in str(faults("[" * 100_000)[0])


class TestWriting:
    def test_gives_the_content_again(self) -> None:
        content = checks.parse(OWN, "own.yaml").content

        written = writing.write(content)

        assert checks.parse(written, "own.yaml").content == content
        assert writing.write(checks.parse(written, "own.yaml").content) == written
        assert documents.read(written) == documents.validate(OWN, "own.yaml")

    def test_gives_shipped_documents_again(self) -> None:
        for code in ("eastron_sdm630", "itron_cyble_gas", "acrel_adl400"):
            content = checks.parse(documents.source_of(code), code).content

            assert checks.parse(writing.write(content), code).content == content


class TestComparing:
    def test_lists_what_differs_with_when_it_shows(self) -> None:
        before = checks.parse(OWN, "own.yaml").content
        text = OWN.replace('"1/100"', '"1/10"').replace("100000000", "200000000").replace("B\n", "A\n", 1)
        after = checks.parse(text.replace("voltage_l1", "voltage_l2"), "own.yaml").content

        found = {(each.register, each.key): each.effect for each in comparing.compare(before, after)}

        assert found == {
            ("", "accuracy"): Effect.WORDS,
            ("energy_import", "scale"): Effect.NEXT_READING,
            ("energy_import", "wrap"): Effect.NEW_METERS,
            ("voltage_l2", "register"): Effect.NEW_METERS,
            ("voltage_l1", "register"): Effect.NEW_METERS,
        }
        assert comparing.compare(before, before) == ()

    @pytest.mark.spec("M-015/3")
    @pytest.mark.parametrize(
        ("old", "new", "what"),
        [
            ("code: energy_import", "code: energy", Against.GONE),
            ("code: energy_import", "code: energy_import\n    series: energy_export", Against.SERIES),
            ("unit: KWH", "unit: MWH", Against.UNIT),
            ("decimals: 2", "decimals: 3", Against.DECIMALS),
            ("kind: CUMULATIVE", "kind: INSTANT", Against.KIND),
            ('"1/100"', '"1/10"', None),
        ],
        ids=["gone", "series", "unit", "decimals", "kind", "scale"],
    )
    def test_says_what_stands_against_stored_readings(self, old: str, new: str, what: Against | None) -> None:
        text = OWN.replace(old, new, 1)
        if what is Against.KIND:
            text = text.replace("    wrap: 100000000\n", "")
        used = comparing.UsedRegister("energy_import", "energy_import", "KWH", 2, "CUMULATIVE", 3)

        found = comparing.conflicts(documents.validate(text, "own.yaml"), [used])

        assert [each.what for each in found] == ([what] if what else [])
        assert all("by it: 3" in type_texts.conflict(each) for each in found)


class TestWords:
    def test_know_every_advice_of_the_schema_and_every_fault(self) -> None:
        schema = json.loads(resources.files("meterbook.acquisition.library").joinpath("schema.json").read_text())
        advice = {each["description"] for each in _parts(schema) if isinstance(each.get("description"), str)}

        assert advice == {str(each) for each in (*type_texts.SCHEMA, *memory_texts.SCHEMA)}

    def test_tell_a_fault_with_its_remedy(self) -> None:
        (fault,) = faults(OWN.replace("type: int16", "type: int12"))

        assert type_texts.what(fault) == "“int12” cannot stand here"
        assert type_texts.remedy(fault) == "write one of the types in this list"
        assert type_texts.place(fault) == "registers.2.type"

    def test_name_what_is_missing(self) -> None:
        (fault,) = faults(OWN.replace("service: ELECTRICITY\n", ""))

        assert type_texts.what(fault) == "service is missing"


def _parts(schema: object) -> list[dict[str, object]]:
    if isinstance(schema, dict):
        return [schema, *(part for each in schema.values() for part in _parts(each))]
    return [part for each in schema for part in _parts(each)] if isinstance(schema, list) else []


def test_a_scale_is_exact() -> None:
    assert documents.validate(OWN, "own.yaml").register("voltage_l1").scale == Fraction(1, 10)
