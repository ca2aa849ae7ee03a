"""SML telegrams: cutting a stream, check sums, values; built here field by field."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.acquisition.contract import octets
from meterbook.acquisition.contract.decoding import DecodeError, Plain
from meterbook.acquisition.drivers import decoding
from meterbook.acquisition.drivers.sml import transport
from meterbook.acquisition.drivers.sml.transport import ESCAPE, START, Splitter

NONE = b"\x01"
KERMIT = "kermit"


def string(value: bytes) -> bytes:
    size = len(value) + 1
    return bytes([size]) + value if size < 16 else bytes([0x80 | size + 1 >> 4, size + 1 & 15]) + value


def number(value: int, size: int, *, signed: bool = False) -> bytes:
    return bytes([(0x50 if signed else 0x60) | size + 1]) + value.to_bytes(size, "big", signed=signed)


def items(*parts: bytes) -> bytes:
    return bytes([0x70 | len(parts)]) + b"".join(parts)


def message(kind: int, body: bytes, *, crc: int | None = None) -> bytes:
    head = b"\x76" + string(b"\x00\x01") + number(0, 1) + number(0, 1) + items(number(kind, 2), body)
    computed = int.from_bytes(octets.crc16_x25(head).to_bytes(2, "little"), "big")
    return head + number(computed if crc is None else crc, 2) + b"\x00"


def entry(obis: str, value: bytes, *, unit: bytes = NONE, scaler: bytes = NONE) -> bytes:
    return items(string(bytes.fromhex(obis)), NONE, NONE, unit, scaler, value, NONE)


def listed(*entries: bytes, crc: int | None = None) -> bytes:
    head = (NONE, string(b"\x0a\x01DZG\x00\x02\x82\xc0\xb0"), NONE, NONE)
    values = bytes([0x70 | len(entries)]) + b"".join(entries)
    return message(0x701, items(*head, values, NONE, NONE), crc=crc)


def telegram(content: bytes, *, sums: str = "x25") -> bytes:
    escaped = content.replace(ESCAPE, ESCAPE + ESCAPE)
    filling = -len(escaped) % 4
    body = START + escaped + bytes(filling) + ESCAPE + b"\x1a" + bytes([filling])
    crc = octets.crc16_x25(body) if sums == "x25" else octets.crc16_kermit(body)
    return body + crc.to_bytes(2, "little")


ENERGY = entry("0100010800ff", number(13_391, 2), unit=number(30, 1), scaler=number(3, 1, signed=True))
POWER = entry("0100100700ff", number(-137, 4, signed=True), unit=number(27, 1), scaler=number(-1, 1, signed=True))
MAKER = entry("010060320101", string(b"DZG"))
VERSION = entry("010000020000", string(b"1.02.007"))
WHOLE = telegram(listed(ENERGY, POWER, MAKER, VERSION))


def values(frame: bytes) -> list[Plain]:
    told = decoding.decode("sml", frame)["obis_values"]
    assert isinstance(told, list)
    return [each["value"] for each in told]


class TestValues:
    def test_are_scaled_exactly_and_texts_are_read(self) -> None:
        told = decoding.decode("sml", WHOLE)

        assert told["obis_values"] == [
            {"obis": "0100010800ff", "value": 13_391_000, "unit_code": 30, "scaler": 3},
            {"obis": "0100100700ff", "value": Decimal("-13.7"), "unit_code": 27, "scaler": -1},
            {"obis": "010060320101", "value": "DZG", "unit_code": None, "scaler": None},
            {"obis": "010000020000", "value": "312e30322e303037", "unit_code": None, "scaler": None},
        ]
        assert told["server_id"] == "0a01445a47000282c0b0"

    @given(value=st.integers(-(2**63), 2**63 - 1), scaler=st.integers(-9, 9))
    def test_of_any_size_come_back(self, value: int, scaler: int) -> None:
        one = entry("0100010800ff", number(value, 8, signed=True), scaler=number(scaler, 1, signed=True))

        assert values(telegram(listed(one))) == [value * Decimal(10) ** scaler]

    @given(content=st.binary(min_size=12, max_size=40))
    def test_of_many_bytes_have_a_long_length(self, content: bytes) -> None:
        told = values(telegram(listed(entry("0100000009ff", string(content)))))

        assert told in ([content.hex()], [content.decode("utf-8", "replace")])

    def test_that_look_like_an_escape_are_escaped(self) -> None:
        assert values(telegram(listed(entry("0100000009ff", string(ESCAPE + b"\x1a\x00"))))) == ["1b1b1b1b1a00"]

    def test_of_messages_alone_are_read(self) -> None:
        assert values(listed(MAKER)) == ["DZG"]

    def test_with_the_crc_of_some_meters_are_accepted(self) -> None:
        assert values(telegram(listed(MAKER), sums=KERMIT)) == ["DZG"]

    def test_of_a_message_whose_own_crc_is_wrong_are_marked(self) -> None:
        told = decoding.decode("sml", telegram(listed(MAKER) + listed(MAKER, crc=1)))

        assert told["messages_with_wrong_crc"] == [2]


class TestTransport:
    # felixwrt/sml-rs, src/transport (MIT or Apache-2.0)
    @pytest.mark.parametrize(
        ("raw", "messages"),
        [
            ("1b1b1b1b01010101123456781b1b1b1b1a00b87b", "12345678"),
            ("1b1b1b1b01010101123456001b1b1b1b1a0191a5", "123456"),
            ("1b1b1b1b01010101121b1b1b1b1b1b1b1b0000001b1b1b1b1a03be25", "121b1b1b1b"),
        ],
    )
    def test_takes_filling_and_escapes_away(self, raw: str, messages: str) -> None:
        assert transport.unwrap(bytes.fromhex(raw)).messages.hex() == messages

    @pytest.mark.parametrize(
        ("frame", "complaint"),
        [
            (WHOLE[:-1], "its end mark 1b1b1b1b1a is missing"),
            (WHOLE[:-2] + b"\x00\x00", "CRC 0000 is sent"),
            (WHOLE[:30] + bytes([WHOLE[30] ^ 1]) + WHOLE[31:], "CRC .* is sent"),
            (b"\x00\x01\x02", "begins with 1b1b1b1b01010101"),
            (START + b"\x76", "end mark"),
            (telegram(b"\x75\x01"), "a message is a list of six"),
            (telegram(listed(MAKER)[:-5] + b"\x00"), "byte"),
            (telegram(b"\x76\x02\x00\x62\x00\x62\x00" + b"\x71" * 30), "byte"),
        ],
        ids=["cut", "crc", "flipped", "nothing", "start only", "no message", "short", "nested"],
    )
    def test_names_the_place_of_a_fault(self, frame: bytes, complaint: str) -> None:
        with pytest.raises(DecodeError, match=complaint):
            decoding.decode("sml", frame)

    def test_gives_all_telegrams_of_a_buffer(self) -> None:
        told = decoding.decode("sml", b"\x00\xff" + WHOLE + b"\x1b\x1b" + WHOLE)

        assert isinstance(told["frames"], list)
        assert [len(frame["obis_values"]) for frame in told["frames"]] == [4, 4]


class TestSplitter:
    @given(
        garbage=st.lists(st.binary(max_size=20).filter(lambda bytes_: b"\x1b" not in bytes_), min_size=4, max_size=4),
        size=st.integers(1, 50),
    )
    def test_finds_telegrams_among_garbage_however_they_arrive(self, garbage: list[bytes], size: int) -> None:
        stream = garbage[0] + WHOLE + garbage[1] + WHOLE + garbage[2] + WHOLE + garbage[3]
        splitter = Splitter()

        found = [each for at in range(0, len(stream), size) for each in splitter.add(stream[at : at + size])]

        assert found == [WHOLE] * 3

    @pytest.mark.parametrize("kept", [9, 20, len(WHOLE) - 5, len(WHOLE) - 1])
    def test_gives_up_a_telegram_whose_end_was_lost(self, kept: int) -> None:
        splitter = Splitter()

        found = splitter.add(WHOLE[:kept] + WHOLE)

        assert WHOLE in found or kept > len(WHOLE) - 8
        assert splitter.add(WHOLE)[-1] == WHOLE

    def test_does_not_grow_without_end(self) -> None:
        splitter = Splitter()
        for _ in range(30):
            splitter.add(START + b"\x00" * 10_000)

        assert len(splitter._buffer) <= transport.LONGEST + 10_100
