"""Wireless M-Bus: published telegrams, check sums, keys, compact frames, and the tables of meter kinds."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from meterbook.acquisition.contract.decoding import DecodeError, KeyNeeded, KeyWrong, Options
from meterbook.acquisition.drivers import decoding, wmbus
from meterbook.acquisition.drivers.wmbus import codec, link, security
from meterbook.acquisition.library.en13757 import kinds, rules

FRAMES: list[dict[str, Any]] = json.loads(
    Path(__file__).with_name("wmbus_frames.json").read_text(), parse_float=Decimal
)
WATER = bytes.fromhex("1844ae4c4455223368077a55000000041389e20100023b0000")
PLAIN = bytes.fromhex("2f2f041389e20100023b00002f2f2f2f")
KEY = bytes(range(16))


def complaint_about(frame: bytes, given_options: Options) -> DecodeError | None:
    try:
        decoding.decode("wmbus", frame, given_options)
    except DecodeError as error:
        return error
    return None


def options(frame: dict[str, Any]) -> Options:
    key = frame.get("options", {}).get("key")
    return Options(key=bytes.fromhex(key) if key else None)


@pytest.mark.parametrize("frame", FRAMES, ids=[frame["id"] for frame in FRAMES])
def test_published_telegram_has_its_fields(frame: dict[str, Any]) -> None:
    told = decoding.decode("wmbus", bytes.fromhex(frame["hex"]), options(frame))

    assert {name: told.get(name, "not told") for name in frame["expected"]} == frame["expected"]


@pytest.mark.parametrize(
    "frame", [frame for frame in FRAMES if "further" not in frame["id"]], ids=lambda each: each["id"]
)
def test_nothing_is_told_beside_what_is_published(frame: dict[str, Any]) -> None:
    told = decoding.decode("wmbus", bytes.fromhex(frame["hex"]), options(frame))

    assert set(told) == set(frame["expected"])


def with_checks_a(frame: bytes) -> bytes:
    blocks = [frame[:10]] + [frame[at : at + 16] for at in range(10, len(frame), 16)]
    return b"".join(block + link.crc(block).to_bytes(2) for block in blocks)


def with_checks_b(frame: bytes) -> bytes:
    counted = bytes([frame[0] + 2]) + frame[1:]
    return counted + link.crc(counted).to_bytes(2)


@pytest.mark.parametrize("wrap", [with_checks_a, with_checks_b, lambda frame: frame], ids=["A", "B", "none"])
def test_check_sums_are_removed(wrap: Callable[[bytes], bytes]) -> None:
    assert decoding.decode("wmbus", wrap(WATER))["total_m3"] == Decimal("123.529")


def test_damaged_check_sum_names_its_byte() -> None:
    frame = bytearray(with_checks_a(WATER))
    frame[20] ^= 1

    with pytest.raises(DecodeError, match="check sum") as caught:
        decoding.decode("wmbus", bytes(frame))

    assert caught.value.place == "byte 27"


def telegram(header: str, body: bytes) -> bytes:
    rest = bytes.fromhex("44ae4c445522336807" + header) + body
    return bytes([len(rest)]) + rest


def encrypted(body: bytes, vector: bytes, key: bytes) -> bytes:
    made = Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()
    return made.update(body) + made.finalize()


class TestKeys:
    ADDRESS = bytes.fromhex("ae4c445522336807")
    MODE_5 = telegram("7a55001005", encrypted(PLAIN, ADDRESS + b"\x55" * 8, KEY))

    def test_mode_5(self) -> None:
        assert decoding.decode("wmbus", self.MODE_5, Options(key=KEY))["total_m3"] == Decimal("123.529")

    def test_key_is_asked_for_and_the_sender_is_told(self) -> None:
        with pytest.raises(KeyNeeded) as caught:
            decoding.decode("wmbus", self.MODE_5)

        assert caught.value.place == "byte 15"
        assert caught.value.known == {"id": "33225544", "manufacturer": "SEN", "media": "water"}

    def test_wrong_key(self) -> None:
        with pytest.raises(KeyWrong):
            decoding.decode("wmbus", self.MODE_5, Options(key=bytes(16)))

    def test_key_of_another_length(self) -> None:
        with pytest.raises(DecodeError, match="16 bytes"):
            decoding.decode("wmbus", self.MODE_5, Options(key=bytes(8)))

    def mode_7(self, *, change: int = 0) -> bytes:
        counter, number = bytes.fromhex("01020304"), self.ADDRESS[2:6]
        key = security.derived(KEY, security.FOR_ENCRYPTION, counter, number)
        message = bytes.fromhex("7a5500100710") + encrypted(PLAIN, bytes(16), key)
        own = security.derived(KEY, security.FOR_AUTHENTICATION, counter, number)
        mac = bytearray(security.mac(own, b"\x25" + counter + message)[:8])
        mac[0] ^= change
        return telegram("900f002c25", counter + bytes(mac) + message)

    def test_mode_7_with_its_mac(self) -> None:
        assert decoding.decode("wmbus", self.mode_7(), Options(key=KEY))["total_m3"] == Decimal("123.529")

    def test_changed_mac_is_refused(self) -> None:
        with pytest.raises(KeyWrong, match="MAC"):
            decoding.decode("wmbus", self.mode_7(change=1), Options(key=KEY))

    def test_extended_link_layer_with_ctr(self) -> None:
        session = bytes.fromhex("01020320")
        content = b"\x78" + PLAIN
        payload = link.crc(content).to_bytes(2, "little") + content
        sealed = security.ctr(KEY, self.ADDRESS + b"\x20" + session + bytes(3), payload)
        frame = telegram("8d2055", session + sealed)

        assert decoding.decode("wmbus", frame, Options(key=KEY))["total_m3"] == Decimal("123.529")
        with pytest.raises(KeyNeeded):
            decoding.decode("wmbus", frame)
        with pytest.raises(KeyWrong):
            decoding.decode("wmbus", frame, Options(key=bytes(16)))


def test_compact_frame_of_an_unknown_format_says_so() -> None:
    with pytest.raises(DecodeError, match="signature 3412 is not known"):
        decoding.decode("wmbus", telegram("79", bytes.fromhex("12340000") + bytes(4)))


def test_compact_frame_with_another_check_sum_is_marked() -> None:
    frame = next(bytes.fromhex(frame["hex"]) for frame in FRAMES if frame["id"] == "wmbus-kamwater-6-further")

    read = codec.read(frame)

    assert read.fault is not None
    assert "check sum of the full frame" in str(read.fault)


def test_meter_of_no_known_kind_gets_common_names() -> None:
    unknown = bytearray(WATER)
    unknown[8] = 0x99

    told = decoding.decode("wmbus", bytes(unknown))

    assert told == {
        "media": "water",
        "meter": "unknown",
        "id": "33225544",
        "total_m3": Decimal("123.529"),
        "volume_flow_m3h": 0,
        "status": "OK",
    }


def test_what_follows_a_fault_is_lost_and_what_stands_before_it_is_kept() -> None:
    cut = telegram("7a55000000", bytes.fromhex("041389e20100046d01"))

    read = codec.read(cut)

    assert [reading.key for reading in read.readings] == ["volume"]
    assert read.fault is not None
    assert read.fault.place == "byte 23"


def test_every_rule_of_the_tables_can_be_read() -> None:
    for kind in [*kinds.all_kinds(), kinds.unknown()]:
        texts = [text for each in kind.fields.values() for text in each]
        texts += [text for each in kind.lookups.values() for text in each.of]
        texts += [text for each in (kind.status.lookups if kind.status else ()) for text in each.of]
        texts += [block.of for block in kind.blocks]
        for text in texts:
            assert rules.read(text).quantity or rules.read(text).header, (kind.meter, text)


def test_no_two_kinds_claim_the_same_meter() -> None:
    claimed = [(who, kind.meter) for kind in kinds.all_kinds() for who in kind.identities]

    assert len({who for who, _ in claimed}) == len(claimed)


def test_manifest_is_kept_in_step() -> None:
    manifest = yaml.safe_load((resources.files(wmbus) / "manifest.yaml").read_text())

    assert manifest["quality"]["published_frames"] == len(FRAMES)
    assert manifest["quality"]["kinds"] == len(kinds.all_kinds())


def test_rule_without_a_quantity_is_refused() -> None:
    with pytest.raises(rules.RuleRefused):
        rules.read("s1 max")


@given(frame=st.binary(max_size=200), key=st.sampled_from([None, KEY]))
def test_random_octets(frame: bytes, key: bytes | None) -> None:
    complaint = complaint_about(frame or b"\0", Options(key=key))

    assert complaint is None or complaint.place


@given(sample=st.sampled_from(FRAMES), at=st.integers(0, 300), octet=st.integers(0, 255), lost=st.integers(0, 3))
def test_published_telegrams_with_an_octet_changed_and_some_lost(
    sample: dict[str, Any], at: int, octet: int, lost: int
) -> None:
    frame = bytearray.fromhex(sample["hex"])
    frame[at % len(frame)] = octet

    complaint = complaint_about(bytes(frame[: len(frame) - lost]), options(sample))

    assert complaint is None or complaint.place
