"""The bytes of Modbus TCP, against frames that others published."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.acquisition.contract import errors
from meterbook.acquisition.contract.frames import Block
from meterbook.acquisition.contract.modbus import registers
from meterbook.acquisition.drivers.modbus_tcp import codec

# pymodbus test/framer/test_framer.py (BSD-3-Clause); KOSTAL header walk, evcc issue 15726
PUBLISHED = [
    (0, 17, Block(3, 124, 2), "0000000000061103007c0002", "000000000007110304008d008e", (141, 142)),
    (10, 71, Block(3, 0x9E1F, 2), "000a0000000647039e1f0002", "000a00000007470304ffff0000", (65_535, 0)),
    (6, 71, Block(3, 0x9D14, 2), "00060000000647039d140002", "000600000007470304007b0018", (123, 24)),
]
ASKED = codec.request(10, 71, Block(3, 0x9E1F, 2))
ANSWER = bytes.fromhex("000a00000007470304ffff0000")


@pytest.mark.parametrize(("transaction", "unit", "block", "sent", "received", "words"), PUBLISHED)
class TestPublishedFrames:
    def test_are_built_to_the_byte(
        self, transaction: int, unit: int, block: Block, sent: str, received: str, words: tuple[int, ...]
    ) -> None:
        assert codec.request(transaction, unit, block).octets.hex() == sent

    def test_are_accepted(
        self, transaction: int, unit: int, block: Block, sent: str, received: str, words: tuple[int, ...]
    ) -> None:
        assert codec.accept(codec.request(transaction, unit, block), bytes.fromhex(received)) == words


class TestRequest:
    @pytest.mark.parametrize(
        ("unit", "block"),
        [
            (0, Block(4, 0, 2)),
            (256, Block(4, 0, 2)),
            (1, Block(6, 0, 2)),
            (1, Block(4, 0, 0)),
            (1, Block(4, 0, 126)),
            (1, Block(4, 65_535, 2)),
            (1, Block(4, -1, 2)),
        ],
        ids=["broadcast", "unit", "function", "empty", "long", "end", "negative"],
    )
    def test_is_refused_when_the_protocol_has_none(self, unit: int, block: Block) -> None:
        with pytest.raises(registers.RequestRefused):
            codec.request(1, unit, block)


class TestAccept:
    @pytest.mark.parametrize(
        ("answer", "field"),
        [
            ("000b00000007470304ffff0000", "transaction"),
            ("000a00000007480304ffff0000", "unit"),
            ("000a00000007470404ffff0000", "function"),
            ("000a00000005470302ffff", "byte count"),
            ("000a00000009470304ffff00000000", "length"),
            ("000a00000006470304ffff00", "length"),
            ("000a0000000348018300", "unit"),
            ("000a000000034784020000", "function"),
        ],
    )
    def test_refuses_an_answer_of_another_request(self, answer: str, field: str) -> None:
        with pytest.raises(errors.FrameMismatch) as caught:
            codec.accept(ASKED, bytes.fromhex(answer))

        assert caught.value.data["field"] == field

    @pytest.mark.parametrize(
        ("code", "words", "is_passing"), [(2, "address", False), (6, "busy", True), (11, "respond", True)]
    )
    def test_tells_an_exception_in_words(self, code: int, words: str, is_passing: bool) -> None:
        with pytest.raises(errors.ExceptionAnswer, match=words) as caught:
            codec.accept(ASKED, bytes.fromhex(f"000a000000034783{code:02x}"))

        assert caught.value.exception == code
        assert caught.value.is_passing is is_passing

    @given(st.integers(0, len(ANSWER) - 7), st.integers(1, 255))
    def test_never_takes_an_answer_with_a_changed_header(self, place: int, change: int) -> None:
        spoiled = bytearray(ANSWER)
        index = (0, 1, 6, 7, 8)[place % 5]
        spoiled[index] ^= change

        with pytest.raises(errors.DeviceError):
            codec.accept(ASKED, bytes(spoiled))

    @given(st.binary(min_size=7, max_size=7))
    def test_reads_no_more_than_a_frame_can_hold(self, header: bytes) -> None:
        try:
            rest = codec.rest_of(header)
        except errors.FrameMismatch:
            return

        assert 2 <= rest <= 253
