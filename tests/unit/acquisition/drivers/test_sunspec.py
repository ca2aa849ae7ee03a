"""The walk over SunSpec models, their points, and the registers that follow for a meter model."""

from __future__ import annotations

import json
from decimal import Decimal
from importlib import resources

import jsonschema
import pytest

from meterbook.acquisition.contract.decoding import DecodeError, Options
from meterbook.acquisition.drivers import decoding
from meterbook.acquisition.drivers.sunspec import models, walk
from meterbook.acquisition.drivers.sunspec.walk import Header, NotSunSpec, Walk

BASE = 40_000


def text(words: str, size: int) -> list[int]:
    octets = words.encode().ljust(2 * size, b"\0")
    return [int.from_bytes(octets[at : at + 2], "big") for at in range(0, 2 * size, 2)]


def content(number: int, **given: int) -> list[int]:
    """The registers of a model; what is not given is not implemented."""
    registers: list[int] = []
    for point in models.MODELS[number].points:
        absent = walk.ABSENT.get(point.type, 0)
        value = given.get(point.name, absent)
        registers += [value >> 16 * (point.size - 1 - at) & 0xFFFF for at in range(point.size)]
    return registers


COMMON = [*text("Acme", 16), *text("M1", 16), *text("", 8), *text("1.0", 8), *text("S-77", 16), 7, 0x8000]
METER = content(
    203,
    W=-1234,
    W_SF=1,
    WphA=0,
    Hz=4998,
    Hz_SF=-2,
    TotWhImp=123_456,
    TotWhImpPhA=0,
    TotWhExp=0,
    TotWh_SF=2,
    PhVphA=2301,
    V_SF=-1,
)
MAP = [*walk.MARK, 1, len(COMMON), *COMMON, 203, len(METER), *METER, 0xFFFF, 0]


def walked(register_map: list[int], base: int) -> Walk:
    going = Walk()
    for _ in range(100):
        if going.is_done:
            break
        at = going.question.address - base
        going.take(register_map[at : at + 2] if 0 <= at < len(register_map) else None)
    return going


class TestWalk:
    @pytest.mark.parametrize("base", walk.BASES)
    def test_finds_the_models_wherever_the_mark_is(self, base: int) -> None:
        found = walked(MAP, base).found

        assert [(each.number, each.address, each.length) for each in found] == [
            (1, base + 2, 66),
            (203, base + 70, 105),
        ]

    def test_reads_long_models_in_several_questions(self) -> None:
        blocks = Header(213, 40_070, 124 + 60).blocks

        assert [(block.address, block.count) for block in blocks] == [(40_072, 125), (40_197, 59)]

    @pytest.mark.parametrize(
        ("answers", "complaint"),
        [
            ([None, None, None], "none of the usual"),
            ([walk.MARK, None], "refused register 40002"),
            ([walk.MARK, (1, 60_000)], "leads nowhere"),
            ([walk.MARK, (0, 0)], "leads nowhere"),
        ],
        ids=["no mark", "refused", "too long", "zeros"],
    )
    def test_says_why_it_cannot_go_on(self, answers: list[tuple[int, int] | None], complaint: str) -> None:
        going = Walk()
        for answer in answers[:-1]:
            going.take(answer)

        with pytest.raises(NotSunSpec, match=complaint):
            going.take(answers[-1])


class TestValues:
    def test_are_scaled_exactly_and_absent_points_are_none(self) -> None:
        read = walk.values(203, METER)

        assert read["W"] == -12_340
        assert read["Hz"] == Decimal("49.98")
        assert read["TotWhImp"] == 12_345_600
        assert read["PhVphA"] == Decimal("230.1")
        assert read["WphA"] == 0
        assert read["TotWhExp"] == 0  # a counter of a new meter, not one that is missing
        assert read["WphB"] is None
        assert read["A"] is None  # no scale factor
        assert read["TotVAhImp"] is None

    def test_names_the_device(self) -> None:
        assert walk.values(1, COMMON) == {"Mn": "Acme", "Md": "M1", "Opt": None, "Vr": "1.0", "SN": "S-77", "DA": 7}

    def test_of_floats_are_the_shortest_decimal(self) -> None:
        read = walk.values(213, [*[0x7FC0, 0] * 12, 0x4248, 0x0000, *[0x7FC0, 0] * 49])

        assert read["Hz"] == 50
        assert read["W"] is None

    def test_lengths_are_those_of_the_standard(self) -> None:
        lengths = {number: model.length for number, model in models.MODELS.items()}

        assert {lengths[number] for number in (201, 202, 203, 204)} == {105}
        assert {lengths[number] for number in (211, 212, 213, 214)} == {124}
        assert {lengths[number] for number in (101, 102, 103)} == {50}
        assert {lengths[number] for number in (111, 112, 113)} == {60}
        assert lengths[1] == 66


class TestRegisterDocuments:
    def test_fit_the_schema_of_meter_models(self) -> None:
        schema = json.loads(resources.files("meterbook.acquisition.library").joinpath("schema.json").read_text())
        register = {"$ref": "#/$defs/register", "$defs": schema["$defs"]}

        documents = walk.register_documents(Header(203, 40_070, 105), METER)

        for each in documents:
            jsonschema.validate(each, register)
        energy = next(each for each in documents if each["code"] == "energy_import")
        assert energy["address"] == 40_072 + 44
        assert (energy["unit"], energy["scale"], energy["decimals"]) == ("WH", "100", 0)
        assert energy["wrap"] == 429_496_729_600
        assert "energy_apparent_import" not in [each["code"] for each in documents]

    def test_of_a_phase_carry_its_number(self) -> None:
        codes = {each["code"]: each for each in walk.register_documents(Header(203, 40_070, 105), METER)}

        assert codes["power_l1"]["caption"] == {"en": "Power L1", "es": "Potencia L1"}
        assert codes["voltage_l1"]["decimals"] == 1


class TestDecoding:
    def test_tells_a_whole_map(self) -> None:
        dump = b"".join(word.to_bytes(2, "big") for word in MAP)

        told = decoding.decode("sunspec", dump)

        assert told["is_complete"] is True
        assert isinstance(told["models"], list)
        assert told["models"][1]["points"]["TotWhImp"] == 12_345_600

    def test_takes_the_address_from_the_question(self) -> None:
        asked, answered = "000a0000000647039e1f0002", "000a00000007470304ffff0000"
        expected = {"unit": 71, "request_hex": asked, "address": 40_479, "registers": [65_535, 0]}

        told = decoding.decode("sunspec", bytes.fromhex(answered), Options(request=bytes.fromhex(asked)))

        assert told == {**expected, "meaning": "SunSpec end model"}
        assert decoding.decode("sunspec", bytes.fromhex(asked + answered)) == told

    def test_says_what_a_lone_header_is(self) -> None:
        told = decoding.decode("sunspec", bytes.fromhex("000600000007470304007b0018"))

        assert told == {"unit": 71, "registers": [123, 24], "meaning": "SunSpec model 123 length 24"}

    @pytest.mark.parametrize(
        ("frame", "complaint"),
        [("53756e53000100420041", "66 registers, 1 are there"), ("000600000006470304007b0018", "byte 12")],
        ids=["cut map", "wrong length"],
    )
    def test_names_the_place_of_a_fault(self, frame: str, complaint: str) -> None:
        with pytest.raises(DecodeError, match=complaint):
            decoding.decode("sunspec", bytes.fromhex(frame))
