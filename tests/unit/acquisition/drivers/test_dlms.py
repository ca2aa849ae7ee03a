"""DLMS/COSEM: data, ciphered APDUs, HDLC segments, blocks, load profiles."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.acquisition.contract.decoding import DecodeError, KeyNeeded, KeyWrong, Options, Plain
from meterbook.acquisition.drivers import decoding
from meterbook.acquisition.drivers.dlms import hdlc

FRAMES = {frame["id"]: frame for frame in json.loads(Path(__file__).with_name("frames.json").read_text())}
PROFILE = FRAMES["dlms-profile-generic"]["hex"]
CIPHERED = FRAMES["dlms-general-glo-ciphering"]["hex"]
UA = FRAMES["dlms-hdlc-ua"]["hex"]
CLIENT, METER = b"\x21", b"\x02\x23"
COLUMNS = ("8:0-0:1.0.0", "1:0-0:96.10.1", "3:1-0:1.8.0", "3:1-0:2.8.0")


def decode(frame: str, **options: object) -> dict[str, Plain]:
    return decoding.decode("dlms", bytes.fromhex(frame), Options(**options))  # type: ignore[arg-type]


class TestData:
    @pytest.mark.parametrize(
        ("octets", "kind", "value"),
        [
            ("00", "null-data", None),
            ("0301", "boolean", True),
            ("040ab580", "bit-string", "1011010110"),
            ("05fffffffe", "double-long", -2),
            ("0600001391", "double-long-unsigned", 5009),
            ("09020a0b", "octet-string", "0a0b"),
            ("0a03414243", "visible-string", "ABC"),
            ("0c02c3bc", "utf8-string", "ü"),
            ("0ffe", "integer", -2),
            ("10ff9c", "long", -100),
            ("11ff", "unsigned", 255),
            ("14ffffffffffffffff", "long64", -1),
            ("15ffffffffffffffff", "long64-unsigned", 2**64 - 1),
            ("1605", "enum", 5),
            ("17488ad2a7", "float32", Decimal("284309.22")),
            ("183fb999999999999a", "float64", Decimal("0.1")),
            ("177fc00000", "float32", "nan"),
            ("1a07e30c1f02", "date", None),
        ],
    )
    def test_of_each_type_is_read(self, octets: str, kind: str, value: Plain) -> None:
        if kind == "date":
            octets, value = "1a07e30c1f02", "07e30c1f02"

        assert decode(octets)["data"] == {"type": kind, "value": value}

    def test_of_a_compact_array_is_spread_out(self) -> None:
        told = decode("13" + "020206" + "11" + "0a" + "0000000105" + "0000000206")

        assert told["data"] == {
            "type": "compact-array",
            "value": [
                {
                    "type": "structure",
                    "value": [{"type": "double-long-unsigned", "value": first}, {"type": "unsigned", "value": second}],
                }
                for first, second in ((1, 5), (2, 6))
            ],
        }

    @pytest.mark.parametrize(
        ("frame", "complaint"),
        [
            ("020106", "double-long-unsigned needs 4 bytes, 0 are left"),
            ("0cff", "begins no length"),
            ("0c01ff", "no UTF-8"),
            ("020500", "5 elements are announced, 1 bytes follow"),
            ("0201" * 40 + "00", "nested more than 32 deep"),
            ("13" + "0200" + "0100", "elements without a byte"),
            ("c401c1", "byte 3: choice of data or result"),
            ("c40901", "GET-RESPONSE has no kind 9"),
            ("c401c1020000", "byte 3: choice 2"),
            ("c301c0000f0000280000ff01010911", "octet string needs 17 bytes"),
            ("550102", "85 is no type of data"),
            ("01000000065f1f0400007e1f04", "byte"),
            ("0001000100010046db08", "byte 6: length 70, but 2 bytes follow"),
        ],
    )
    def test_names_the_place_of_a_fault(self, frame: str, complaint: str) -> None:
        with pytest.raises(DecodeError, match=complaint):
            decode(frame)


class TestCiphering:
    def test_says_whose_key_is_missing_and_what_is_readable(self) -> None:
        with pytest.raises(
            KeyNeeded, match="the encryption key of the meter with system title 2f19229199164103"
        ) as caught:
            decode(CIPHERED)

        assert caught.value.known == {
            "apdu": "GENERAL-GLO-CIPHERING",
            "system_title": "2f19229199164103",
            "security_control": "30 (auth+enc, suite 0)",
            "invocation_counter": 485,
        }

    def test_tells_who_must_open_what_was_agreed_by_diffie_hellman(self) -> None:
        # u9n/dlms-cosem tests/test_xdlms/test_general_ciphering.py (MIT), shortened
        head = "dd080102030405060708084d4d4d0000bc614e084d4d4d0000000001000001" + "02" + "0101" + "02c323"

        with pytest.raises(KeyNeeded, match="the private key of the receiver") as caught:
            decode(head + "08" + "3100000000" + "f43506")

        assert caught.value.known["recipient"] == "4d4d4d0000000001"
        assert caught.value.known["security_control"] == "31 (auth+enc, suite 1)"

    def test_names_the_dedicated_key(self) -> None:
        with pytest.raises(KeyNeeded, match="dedicated key"):
            decode("d0" + FRAMES["glo-get-request"]["hex"][2:])

    @pytest.mark.parametrize("key", [bytes(16), b"MYDUMMYGLOBALKEZ"])
    def test_fails_clearly_with_another_key(self, key: bytes) -> None:
        with pytest.raises(KeyWrong, match="authentication fails"):
            decode(CIPHERED, key=key)

    @given(at=st.integers(16, len(CIPHERED) // 2 - 1), bit=st.integers(0, 7))
    def test_notices_each_changed_bit(self, at: int, bit: int) -> None:
        frame = bytearray.fromhex(CIPHERED)
        frame[at] ^= 1 << bit

        with pytest.raises(KeyWrong):
            decode(frame.hex(), key=b"MYDUMMYGLOBALKEY")


class TestHdlc:
    @given(content=st.binary(min_size=1, max_size=600), size=st.integers(1, 128))
    def test_segments_are_joined(self, content: bytes, size: int) -> None:
        apdu = b"\xe6\xe7\x00\xc4\x01\xc1\x00\x09\x82" + len(content).to_bytes(2, "big") + content
        parts = [apdu[at : at + size] for at in range(0, len(apdu), size)]
        frames = b"".join(
            hdlc.build(CLIENT, METER, (number % 8 << 1) | 0x10, part, segmented=number < len(parts) - 1)
            for number, part in enumerate(parts)
        )

        told = decode(frames.hex())

        last = told["frames"][-1] if "frames" in told else told  # type: ignore[index,call-overload]
        assert isinstance(last, dict)
        assert last["data"] == {"type": "octet-string", "value": content.hex()}

    def test_frames_may_share_their_flag(self) -> None:
        told = decode(UA + UA[2:])

        assert isinstance(told["frames"], list)
        assert [frame["frame"] for frame in told["frames"]] == ["UA response"] * 2

    @pytest.mark.parametrize(
        ("frame", "kind"),
        [(0x11, "RR"), (0x31, "RR"), (0x15, "RNR"), (0x93, "SNRM"), (0x53, "DISC"), (0x1F, "DM"), (0x97, "FRMR")],
    )
    def test_frames_without_content_are_named(self, frame: int, kind: str) -> None:
        assert decode(hdlc.build(METER, CLIENT, frame).hex())["frame"] == kind

    @given(at=st.integers(1, len(UA) // 2 - 2), bit=st.integers(0, 7))
    def test_notices_each_changed_bit(self, at: int, bit: int) -> None:
        frame = bytearray.fromhex(UA)
        frame[at] ^= 1 << bit

        with pytest.raises(DecodeError, match="byte"):
            decode(frame.hex())

    @pytest.mark.parametrize(
        ("frame", "complaint"),
        [
            (UA[:-2], "the frame is cut off"),
            (UA[:20] + "7e", "the frame is cut off"),
            ("7e7e", "no frame between the flags"),
            ("7ec01f21", "format field"),
            (UA + "0000", "format field"),
        ],
    )
    def test_names_the_place_of_a_fault(self, frame: str, complaint: str) -> None:
        with pytest.raises(DecodeError, match=complaint):
            decode(frame)


class TestBlocks:
    def blocks(self, *parts: bytes) -> str:
        return b"".join(
            hdlc.build(
                CLIENT,
                METER,
                0x10,
                b"\xe6\xe7\x00\xc4\x02\xc1"
                + bytes([number == len(parts)])
                + number.to_bytes(4, "big")
                + b"\x00"
                + bytes([len(part)])
                + part,
            )
            for number, part in enumerate(parts, 1)
        ).hex()

    def test_that_are_all_there_are_joined(self) -> None:
        whole = bytes.fromhex(PROFILE)

        told = decode(self.blocks(whole[:30], whole[30:60], whole[60:]), capture=COLUMNS, step_minutes=60)

        assert isinstance(told["frames"], list)
        assert told["frames"][0]["apdu"] == "GET-RESPONSE-WITH-DATABLOCK"
        assert told["frames"][-1]["profile"]["entries"] == 4

    def test_that_are_not_all_there_stay_raw(self) -> None:
        frames = self.blocks(b"\x06\x00", b"\x00\x13\x91")
        first = len(self.blocks(b"\x06\x00"))

        told = decode(frames[first:])

        assert "data" not in told
        assert told["raw_data"] == "001391"


class TestLists:
    # toreamun/amshan tests/test_aidon.py and tests/test_kamstrup.py (MIT)
    def test_of_aidon_carry_units_and_scalers(self) -> None:
        told = decode(
            "0f40000000000103"
            "020209060000600107ff0a0436353235"
            "0203090601001f0700ff10000d02020fff1621"
            "020309060100010800ff060022ab8a02020f01161e"
        )

        assert told["objects"] == [
            {"obis": "0-0:96.1.7*255", "value": "6525", "unit_code": None, "scaler": None},
            {"obis": "1-0:31.7.0*255", "value": Decimal("1.3"), "unit_code": 33, "scaler": -1},
            {"obis": "1-0:1.8.0*255", "value": 22_721_380, "unit_code": 30, "scaler": 1},
        ]

    def test_of_kamstrup_are_codes_and_values_in_turn(self) -> None:
        told = decode(
            "e6e7000f000000000c07e1081003100005ff800000"
            "0207"
            "0a0e4b616d73747275705f5630303031"
            "09060101010700ff0600000926"
            "09060001010000ff090c07e1081003100005ff800000"
            "09060101010800ff0600000064"
        )

        assert told["date_time"] == "2017-08-16T16:00:05 deviation unknown (0x8000)"
        assert isinstance(told["objects"], list)
        assert [(each["obis"], each["value"]) for each in told["objects"]] == [
            ("1-1:1.7.0*255", 2342),
            ("0-1:1.0.0*255", "07e1081003100005ff800000"),
            ("1-1:1.8.0*255", 100),
        ]

    def test_without_codes_have_no_objects(self) -> None:
        assert "objects" not in decode("0f40000000090c07e3020401173416ff800000020106000016dc")


class TestProfile:
    def test_fills_what_its_rows_leave_out(self) -> None:
        told = decode(PROFILE, capture=COLUMNS, step_minutes=15)

        assert "assumed" not in told
        assert isinstance(told["rows"], list)
        assert [row["timestamp_local"] for row in told["rows"]] == [
            "2019-12-31T23:00:00 deviation -60 (0xFFC4)",
            "2019-12-31T23:15:00 deviation -60 (0xFFC4)",
            "2019-12-31T23:30:00 deviation -60 (0xFFC4)",
            "2019-12-31T23:45:00 deviation -60 (0xFFC4)",
        ]

    def test_repeats_a_value_that_is_left_out(self) -> None:
        told = decode(
            "0102" + "0202" + "090c07e30c1f0217000000800000" + "0600000001" + "02020000",
            capture=(COLUMNS[0], COLUMNS[2]),
        )

        assert told["rows"] == [
            {"timestamp_local": "2019-12-31T23:00:00 deviation unknown (0x8000)", "1.8.0": 1},
            {"timestamp_local": None, "1.8.0": 1},
        ]

    def test_says_what_it_assumes(self) -> None:
        assert "--capture" in str(decode(PROFILE)["assumed"])

    @pytest.mark.parametrize("capture", [COLUMNS[:2], ("1.8.0", *COLUMNS[1:])], ids=["too few", "no class"])
    def test_refuses_columns_that_do_not_fit(self, capture: tuple[str, ...]) -> None:
        with pytest.raises(DecodeError, match="--capture"):
            decode(PROFILE, capture=capture)
