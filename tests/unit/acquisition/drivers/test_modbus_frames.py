"""Modbus frames of all three kinds: faults, what follows from a question, silence on a line."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.acquisition.contract.decoding import DecodeError, Options, Plain
from meterbook.acquisition.drivers import decoding
from meterbook.acquisition.drivers.modbus_rtu import rtu

RTU, TCP, ASCII = "modbus-rtu", "modbus-tcp", "modbus-ascii"


def decode(protocol: str, frame: str, **options: object) -> dict[str, Plain]:
    return decoding.decode(protocol, bytes.fromhex(frame), Options(**options))  # type: ignore[arg-type]


class TestFaults:
    @pytest.mark.parametrize(
        ("protocol", "frame", "complaint"),
        [
            (RTU, "1103007c00020744", "byte 6: CRC 0744 is sent, 0743 is computed"),
            (RTU, "110304008d008efb", "damaged on its way, or cut off: 9 bytes may be expected"),
            (RTU, "1103", "4 bytes at least, 2 are left"),
            (RTU, rtu.build(17, b"\x63\x00").hex(), "byte 1: function 99"),
            (TCP, "0000000100061103007c0002", "byte 2: protocol number 1"),
            (TCP, "0000000000061103007c00", "byte 4: length 6, but 5 bytes follow"),
            (TCP, "000000000007110305008d008e", "as answer: byte count 5, but 4 bytes follow at byte 8"),
            (TCP, "00000000000511030300 8d00".replace(" ", ""), "byte count 3, but 2 bytes follow"),
            (TCP, "0000000000061103007c0000", "0 items from address 124"),
            (TCP, "000000000006110500ac1234", "a coil is written with ff00 or 0000"),
            (TCP, "00000000000411630000", "byte 7: function 99"),
            (TCP, "000000000003118302ff", "2 bytes"),
            (ASCII, "3a3131303330300d0a", "byte 5: LRC 00 is sent, EC is computed"),
            (ASCII, "3a31315830333030374330303032364529", "cut off"),
            (ASCII, "3a3131303358580d0a", "byte 1: only pairs of hex digits"),
            (ASCII, "3131", "there is no colon"),
        ],
    )
    def test_name_the_place(self, protocol: str, frame: str, complaint: str) -> None:
        with pytest.raises(DecodeError, match=complaint):
            decode(protocol, frame)

    def test_an_answer_of_another_length_than_asked_is_refused(self) -> None:
        with pytest.raises(DecodeError, match="3 registers were asked for, 2 came"):
            decode(RTU, "110304008d008efbbd", request=rtu.build(17, bytes.fromhex("03007c0003")))


class TestQuestion:
    def test_cuts_the_bits_of_its_answer(self) -> None:
        told = decode(TCP, "000100000006010100130013000100000006010103cd6b05")

        assert isinstance(told["frames"], list)
        assert len(told["frames"][1]["bits"]) == 19

    def test_of_three_bits_decides_what_eight_bytes_are(self) -> None:
        answer = rtu.build(1, bytes.fromhex("0103000105"))

        alone = decode(RTU, answer.hex())
        answered = decode(RTU, answer.hex(), request=rtu.build(1, bytes.fromhex("0100000018")))

        assert alone["address"] == 768
        assert isinstance(answered["bits"], list)
        assert len(answered["bits"]) == 24

    def test_may_be_asked_again(self) -> None:
        told = decode(RTU, "1103007c00020743" * 2 + "110304008d008efbbd")

        assert isinstance(told["frames"], list)
        assert [frame.get("registers") for frame in told["frames"]] == [None, None, [141, 142]]


class TestRegisters:
    @pytest.mark.parametrize(
        ("registers", "kind", "order", "value"),
        [
            ((32_768, 17_254), "float32", "little", Decimal("230.5")),
            ((0x488A, 0xD2A7), "float32", "big", Decimal("284309.22")),
            ((64_536, 65_535), "int32", "little", -1000),
            ((0, 0, 1, 57_920), "uint64", "big", 123_456),
            ((0x7FC0, 0), "float32", "big", "nan"),
            ((0x4142, 0x4300), "string", "big", "ABC"),
        ],
    )
    def test_are_read_exactly(
        self, registers: tuple[int, ...], kind: str, order: str, value: Decimal | int | str
    ) -> None:
        told = decoding.decode(TCP, b"", Options(registers=registers, type=kind, word_order=order))

        assert told == {"registers": list(registers), "type": kind, "word_order": order, "value": value}

    def test_of_several_values_are_a_list(self) -> None:
        assert decode(TCP, "000000000007110304008d008e", type="uint16")["values"] == [141, 142]

    @pytest.mark.parametrize(("kind", "order"), [("int24", "big"), ("int32", "middle"), ("int64", "big")])
    def test_of_an_impossible_type_are_refused(self, kind: str, order: str) -> None:
        with pytest.raises(DecodeError):
            decoding.decode(TCP, b"", Options(registers=(1, 2), type=kind, word_order=order))


class TestLine:
    @pytest.mark.parametrize(
        ("baud", "seconds"), [(1200, "0.032084"), (9600, "0.004011"), (19_200, "0.002006"), (38_400, "0.00175")]
    )
    def test_is_silent_for_three_and_a_half_characters(self, baud: int, seconds: str) -> None:
        assert rtu.silence(baud) == Decimal(seconds)

    @given(unit=st.integers(0, 255), address=st.integers(0, 65_000), count=st.integers(1, 125))
    def test_carries_what_was_built(self, unit: int, address: int, count: int) -> None:
        frame = rtu.build(unit, bytes([3]) + address.to_bytes(2, "big") + count.to_bytes(2, "big"))

        assert decode(RTU, frame.hex()) == {"unit": unit, "fc": 3, "address": address, "count": count}

    @given(unit=st.integers(0, 255), registers=st.lists(st.integers(0, 65_535), min_size=1, max_size=125))
    def test_carries_registers(self, unit: int, registers: list[int]) -> None:
        words = b"".join(word.to_bytes(2, "big") for word in registers)
        frame = rtu.build(unit, bytes([4, len(words)]) + words)

        assert decode(RTU, frame.hex()) == {"unit": unit, "fc": 4, "registers": registers}
