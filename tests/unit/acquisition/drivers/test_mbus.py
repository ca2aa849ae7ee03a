"""Wired M-Bus: published frames, requests, answers that are refused, and the place where a frame is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from meterbook.acquisition.contract import errors
from meterbook.acquisition.contract.decoding import DecodeError, KeyNeeded
from meterbook.acquisition.drivers import decoding, mbus
from meterbook.acquisition.drivers.mbus import codec
from meterbook.acquisition.library.en13757 import wired

FRAMES: list[dict[str, Any]] = json.loads(Path(__file__).with_name("mbus_frames.json").read_text(), parse_float=Decimal)
ANSWERS = [bytes.fromhex(frame["hex"]) for frame in FRAMES if "records" in frame["expected"]]
SIMPLE = bytes.fromhex("681515680802727856341224400107130000000c78040302019d16")


def complaint_about(frame: bytes) -> DecodeError | None:
    try:
        decoding.decode("mbus", frame)
    except DecodeError as error:
        return error
    return None


@pytest.mark.parametrize("frame", FRAMES, ids=[frame["id"] for frame in FRAMES])
def test_published_frame_is_told_as_its_publisher_tells_it(frame: dict[str, Any]) -> None:
    told = decoding.decode("mbus", bytes.fromhex(frame["hex"]))

    assert told == frame["expected"]


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (codec.reset_link(1), "1040014116"),
        (codec.request_data(1, frame_count=False), "105b015c16"),
        (codec.request_data(1, frame_count=True), "107b017c16"),
        (codec.request_alarm(254, frame_count=True), "107afe7816"),
        (codec.reset_application(1), "68030368530150a416"),
        (codec.set_baud_rate(1, 9600), "680303685301bd1116"),
        (codec.select(codec.SecondaryAddress("12345678")), "680b0b6853fd5278563412ffffffffb216"),
        (codec.select(codec.SecondaryAddress("1234567F", "PAD", 1, 7)), "680b0b6853fd527f563412244001072916"),
    ],
    ids=["nke", "ud2", "ud2-fcb", "ud1", "reset", "baud", "select-any", "select"],
)
def test_requests(octets: bytes, expected: str) -> None:
    assert octets.hex() == expected
    assert wired.parse(octets).control == octets[1 if len(octets) == 5 else 4]


class TestAccept:
    def test_readings_have_names_and_exact_values(self) -> None:
        answer = next(bytes.fromhex(frame["hex"]) for frame in FRAMES if frame["id"] == "mbus-gmc_emmod206")

        telegram = codec.accept(answer[5], answer)

        found = {reading.key: reading for reading in telegram.readings}
        assert found["voltage.subunit1"].value == Decimal("86.4")
        assert found["energy.tariff2.subunit3"].value == 450_000
        assert found["power.storage4.subunit1"].unit == "W"
        assert "power.subunit1#2" in found
        assert not telegram.is_followed

    def test_more_telegrams_are_announced(self) -> None:
        answer = next(bytes.fromhex(frame["hex"]) for frame in FRAMES if frame["id"] == "mbus-elv_temp_humid")

        assert codec.accept(5, answer).is_followed

    def test_selected_meter_answers_under_its_own_address(self) -> None:
        assert codec.accept(codec.BY_SELECTION, SIMPLE).readings[0].key == "fabrication-no"

    def test_another_meter_is_refused(self) -> None:
        with pytest.raises(errors.FrameMismatch, match="address 2 answered, asked was 3"):
            codec.accept(3, SIMPLE)

    def test_request_is_no_answer(self) -> None:
        with pytest.raises(errors.FrameMismatch, match="no answer"):
            codec.accept(1, codec.request_data(1, frame_count=True))

    def test_acknowledgement(self) -> None:
        codec.accept_acknowledgement(b"\xe5")
        with pytest.raises(errors.FrameMismatch, match="nothing came in place of E5"):
            codec.accept_acknowledgement(b"")


@pytest.mark.parametrize(
    ("change", "place", "words"),
    [
        ((0, 0x69), "byte 0", "begins no M-Bus frame"),
        ((2, 0x14), "byte 2", "lengths differ"),
        ((3, 0x16), "byte 3", "second start"),
        ((21, 0x05), "byte 25", "checksum is 9d"),
        ((26, 0x17), "byte 26", "ends with 17"),
    ],
    ids=["start", "length", "second-start", "checksum", "stop"],
)
def test_damage_names_its_byte(change: tuple[int, int], place: str, words: str) -> None:
    frame = bytearray(SIMPLE)
    frame[change[0]] = change[1]

    with pytest.raises(DecodeError, match=words) as caught:
        decoding.decode("mbus", bytes(frame))

    assert caught.value.place == place


@pytest.mark.parametrize("size", [1, 3, 4, 10, 26])
def test_cut_frame_names_its_end(size: int) -> None:
    with pytest.raises(DecodeError) as caught:
        decoding.decode("mbus", SIMPLE[:size])

    assert caught.value.place == f"byte {size}"


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ("0d1304d2040000", "\x00\x00\x04Ò"),  # text is sent backwards
        ("0d13c23412", Decimal("1.234")),
        ("0d13d23412", Decimal("-1.234")),
        ("0d13e23412", "12 34"),
        ("0b13560412", Decimal("120.456")),
        ("0b135604f2", Decimal("-20.456")),
        ("0513000020c1", Decimal("-0.01")),
        ("0713ffffffffffffffff", Decimal("-0.001")),
    ],
    ids=["text", "bcd", "negative-bcd", "binary", "digits", "minus-digit", "real", "long"],
)
def test_kinds_of_numbers(records: str, expected: object) -> None:
    body = bytes.fromhex("785634122440010713000000" + records)

    told: Any = decoding.decode("mbus", codec.long(codec.RSP_UD, 1, 0x72, body))

    assert told["records"][0]["value"] == expected


def test_manifest_is_kept_in_step() -> None:
    manifest = yaml.safe_load((resources.files(mbus) / "manifest.yaml").read_text())

    assert manifest["quality"]["published_frames"] == len(FRAMES)


def test_requests_and_acknowledgement_are_told() -> None:
    assert decoding.decode("mbus", b"\xe5") == {"frame": "acknowledgement"}
    asked = decoding.decode("mbus", codec.request_data(7, frame_count=True))
    assert asked == {"frame": "REQ_UD2", "address": 7, "frame_count_bit": True}


@given(address=st.integers(0, 250), frame_count=st.booleans(), data=st.binary(max_size=codec.LONGEST_DATA))
def test_what_is_built_is_parsed(address: int, frame_count: bool, data: bytes) -> None:
    link = wired.parse(codec.long(codec.SND_UD | (codec.FCB if frame_count else 0), address, codec.DATA_SEND, data))

    assert (link.address, link.ci, link.data) == (address, codec.DATA_SEND, data)
    assert bool((link.control or 0) & codec.FCB) == frame_count


@pytest.mark.parametrize(
    "build",
    [
        lambda: codec.reset_link(256),
        lambda: codec.set_baud_rate(1, 1000),
        lambda: codec.select(codec.SecondaryAddress("123")),
        lambda: codec.select(codec.SecondaryAddress("12345678", "P4D")),
        lambda: codec.select(codec.SecondaryAddress("12345678", version=300)),
        lambda: codec.long(codec.SND_UD, 1, codec.DATA_SEND, bytes(253)),
    ],
    ids=["address", "baud", "number", "maker", "version", "length"],
)
def test_impossible_requests_are_refused(build: Callable[[], bytes]) -> None:
    with pytest.raises(codec.RequestRefused):
        build()


@given(body=st.binary(max_size=200))
def test_any_body_is_decoded_or_refused_with_its_place(body: bytes) -> None:
    complaint = complaint_about(codec.long(codec.RSP_UD, 1, 0x72, bytes(12) + body))

    assert complaint is None or complaint.place.startswith("byte ")


@given(answer=st.sampled_from(ANSWERS), at=st.integers(0, 300), octet=st.integers(0, 255))
def test_changed_octet_never_comes_through(answer: bytes, at: int, octet: int) -> None:
    changed = bytearray(answer)
    changed[at % len(answer)] = octet
    if bytes(changed) != answer:
        with pytest.raises(DecodeError):
            decoding.decode("mbus", bytes(changed))


def test_encrypted_records_are_told_as_such() -> None:
    """Mode 5 in the header, and bytes that are no records."""
    body = bytes.fromhex("785634122c2d1b162a001005") + bytes.fromhex("5f7fef3f") * 4

    with pytest.raises(KeyNeeded, match="encrypted"):
        decoding.decode("mbus", codec.long(codec.RSP_UD, 1, 0x72, body))
