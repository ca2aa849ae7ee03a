"""P1 telegrams: cutting a stream, CRC, encrypted ones, readouts with a block check."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from meterbook.acquisition.contract import octets
from meterbook.acquisition.contract.decoding import DecodeError, KeyNeeded, KeyWrong, Options
from meterbook.acquisition.drivers import decoding
from meterbook.acquisition.drivers.dsmr import decoding as dsmr
from meterbook.acquisition.drivers.dsmr.telegram import Splitter

FRAMES = json.loads(Path(__file__).with_name("frames.json").read_text())
TEXTS = {frame["id"]: frame["text"].encode() for frame in FRAMES if frame["protocol"] == "dsmr"}
V5, V2 = TEXTS["dsmr-telegram_v5"], TEXTS["dsmr-2.2"]
KEY, TITLE, COUNTER = bytes.fromhex("aa" * 16), b"SYSTEMID", 0x1000_0001


def telegram(*lines: str) -> bytes:
    body = ("/XMX5LGBBFFB231314239\r\n\r\n" + "".join(f"{line}\r\n" for line in lines) + "!").encode()
    return body + f"{octets.crc16_arc(body):04X}\r\n".encode()


def sealed(plain: bytes, *, authentication_key: bytes, control: int = 0x30) -> bytes:
    """As dsmr_parser test/encryption_helpers.py builds it (MIT)."""
    cipher = Cipher(algorithms.AES(KEY), modes.GCM(TITLE + COUNTER.to_bytes(4, "big"))).encryptor()
    cipher.authenticate_additional_data(bytes([control]) + authentication_key)
    content = cipher.update(plain) + cipher.finalize()
    if control & 0x10:
        content += cipher.tag[:12]
    inner = bytes([control]) + COUNTER.to_bytes(4, "big") + content
    return b"\xdb" + bytes([len(TITLE)]) + TITLE + b"\x82" + len(inner).to_bytes(2, "big") + inner


class TestTelegram:
    def test_keeps_every_digit(self) -> None:
        told = decoding.decode("dsmr", telegram("1-0:1.8.0(00052185.7825309*kWh)", "1-0:2.7.0(-0001.500*kW)"))

        assert told["objects"] == [
            {"obis": "1-0:1.8.0", "value": Decimal("52185.7825309"), "unit": "kWh"},
            {"obis": "1-0:2.7.0", "value": Decimal("-1.500"), "unit": "kW"},
        ]

    def test_tells_readings_with_their_time_and_everything_else(self) -> None:
        told = decoding.decode("dsmr", TEXTS["dsmr-telegram_fluvius_v171"])

        assert isinstance(told["others"], list)
        assert told["readings"] == [
            {"obis": "1-0:1.6.0", "at": "200509134558S", "value": Decimal("2.589"), "unit": "kW"},
            {"obis": "0-1:24.2.3", "at": "200512134558S", "value": Decimal("112.384"), "unit": "m3"},
            {"obis": "0-2:24.2.1", "at": "200512134558S", "value": Decimal("872.234"), "unit": "m3"},
        ]
        assert [(other["obis"], len(other["values"])) for other in told["others"]] == [("0-0:98.1.0", 12)]

    def test_may_hold_several_objects_on_a_line(self) -> None:
        told = decoding.decode("dsmr", telegram("1-0:1.8.1(1.0*kWh)0-0:1.0.0(180924132132S)"))

        assert isinstance(told["objects"], list)
        assert [each["obis"] for each in told["objects"]] == ["1-0:1.8.1", "0-0:1.0.0"]

    def test_may_have_a_control_character_in_its_name(self) -> None:
        # dsmr_parser test/example_telegrams.py at a88dfe1 (MIT)
        assert decoding.decode("dsmr", V5.replace(b"\\2", b"\x02").replace(b"6EEE", b"87B3"))["crc_ok"] is True

    def test_without_carriage_returns_came_from_an_editor(self) -> None:
        assert decoding.decode("dsmr", V5.replace(b"\r", b""))["crc_ok"] is True

    @pytest.mark.parametrize(
        ("frame", "complaint"),
        [
            (V5[:-20], "the line that begins with ! is missing"),
            (V5.replace(b"000004.426", b"000005.426"), "CRC 6EEE is sent, .* is computed"),
            (V5.replace(b"!6EEE", b"!6EEF"), "CRC 6EEF is sent, 6EEE is computed"),
            (b"1-0:1.8.1(1*kWh)\r\n!\r\n", "begins with /"),
            (telegram("1-0:1.8.1(1*kWh"), "byte 25: .* is no OBIS code"),
        ],
        ids=["cut", "changed", "crc", "no begin", "bracket"],
    )
    def test_names_the_place_of_a_fault(self, frame: bytes, complaint: str) -> None:
        with pytest.raises(DecodeError, match=complaint):
            decoding.decode("dsmr", frame)

    def test_says_with_the_fault_which_crc_came(self) -> None:
        with pytest.raises(DecodeError) as caught:
            decoding.decode("dsmr", V5.replace(b"!6EEE", b"!6EEF"))

        assert caught.value.known == {"crc16_arc": "6EEE", "crc_in_telegram": "6EEF", "crc_ok": False}

    def test_of_a_readout_is_guarded_by_its_block_check(self) -> None:
        content = b"1.8.0(000123.4*kWh)\r\n!\r\n\x03"
        check = 0
        for octet in content:
            check ^= octet
        readout = b"/ISK5ME162-0033\r\n\x02" + content + bytes([check])

        told = decoding.decode("dsmr", readout)

        assert told["objects"] == [{"obis": "1.8.0", "value": Decimal("123.4"), "unit": "kWh"}]
        assert told["bcc_ok"] is True
        with pytest.raises(DecodeError, match="block check"):
            decoding.decode("dsmr", readout.replace(b"123.4", b"123.5"))


class TestEncryptedTelegram:
    @pytest.mark.parametrize("control", [0x30, 0x20], ids=["authenticated", "encrypted only"])
    def test_is_opened_with_its_keys(self, control: int) -> None:
        authentication_key = bytes.fromhex("bb" * 16)
        frame = sealed(V5, authentication_key=authentication_key, control=control)

        told = decoding.decode("dsmr", frame, Options(key=KEY, authentication_key=authentication_key))

        assert told["crc_ok"] is True
        assert told["system_title"] == TITLE.hex()
        assert told["invocation_counter"] == COUNTER

    def test_needs_only_the_key_where_the_other_is_printed_for_everybody(self) -> None:
        frame = sealed(V5, authentication_key=dsmr.PRINTED_AUTHENTICATION_KEY)

        assert decoding.decode("dsmr", frame, Options(key=KEY))["crc_in_telegram"] == "6EEE"

    def test_says_whose_key_is_missing(self) -> None:
        with pytest.raises(KeyNeeded, match=f"system title {TITLE.hex()} is needed") as caught:
            decoding.decode("dsmr", sealed(V5, authentication_key=KEY))

        assert caught.value.known["security_control"] == "30 (auth+enc, suite 0)"

    @pytest.mark.parametrize("key", [bytes(16), bytes(32)], ids=["another", "too long"])
    def test_is_not_opened_by_another_key(self, key: bytes) -> None:
        with pytest.raises(KeyWrong):
            decoding.decode("dsmr", sealed(V5, authentication_key=KEY), Options(key=key))

    @given(at=st.integers(20, 200))
    def test_is_refused_when_one_byte_changed(self, at: int) -> None:
        frame = bytearray(sealed(V5, authentication_key=dsmr.PRINTED_AUTHENTICATION_KEY))
        frame[at] ^= 1

        with pytest.raises(KeyWrong):
            decoding.decode("dsmr", bytes(frame), Options(key=KEY))


class TestSplitter:
    @given(size=st.integers(1, 400), garbage=st.binary(max_size=30).filter(lambda octets_: b"!" not in octets_))
    def test_finds_telegrams_however_they_arrive(self, size: int, garbage: bytes) -> None:
        stream = garbage + V5 + garbage + V2 + V5
        splitter = Splitter()

        found = [each for at in range(0, len(stream), size) for each in splitter.add(stream[at : at + size])]

        assert found == [V5, V2, V5]

    def test_passes_over_telegrams_without_begin_or_end(self) -> None:
        splitter = Splitter()

        found = splitter.add(V5[1:] + V5[:-8] + V5 + V5[:50])

        assert found == [V5]
        assert splitter.add(V5[50:]) == [V5]

    def test_does_not_grow_without_end(self) -> None:
        splitter = Splitter()
        for _ in range(10):
            splitter.add(b"x" * 20_000)

        assert splitter.dropped == 200_000 - 65_536
