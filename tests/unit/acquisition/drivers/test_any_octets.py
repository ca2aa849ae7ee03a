"""Whatever comes in, a decoder answers or says where it is wrong; it never fails otherwise."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.acquisition.contract.decoding import DecodeError, Options, Plain
from meterbook.acquisition.drivers import decoding
from meterbook.acquisition.drivers.lorawan.decoding import PROFILES

FRAMES: list[dict[str, Any]] = json.loads(Path(__file__).with_name("frames.json").read_text())
SAMPLES = [
    (frame["protocol"], bytes.fromhex(frame["hex"]) if "hex" in frame else frame["text"].encode("latin-1"))
    for frame in FRAMES
    if frame.get("hex") or frame.get("text")
]
PROTOCOLS = ["modbus-tcp", "modbus-rtu", "modbus-ascii", "sml", "dsmr", "dlms", "sunspec"]
KEYED = Options(key=bytes(16), system_title=bytes(8), type="float32", capture=("8:0-0:1.0.0", "3:1-0:1.8.0"))


def is_plain(value: Plain) -> bool:
    """No float, nothing that JSON does not have."""
    if isinstance(value, dict):
        return all(isinstance(key, str) and is_plain(each) for key, each in value.items())
    if isinstance(value, list):
        return all(is_plain(each) for each in value)
    if isinstance(value, Decimal):
        return value.is_finite()
    return value is None or isinstance(value, str | int | bool)


def check(protocol: str, frame: bytes) -> None:
    for options in (Options(), KEYED):
        fault: DecodeError | None = None
        try:
            told = decoding.decode(protocol, frame, options)
        except DecodeError as error:
            fault, told = error, error.known
        assert is_plain(told)
        assert fault is None or fault.place


@pytest.mark.parametrize("protocol", [*PROTOCOLS, *(f"lorawan:{name}" for name in sorted(PROFILES)[::4])])
@given(frame=st.binary(max_size=120))
def test_random_octets(protocol: str, frame: bytes) -> None:
    check(protocol, frame)


@given(sample=st.sampled_from(SAMPLES), data=st.data())
def test_published_frames_with_octets_changed_lost_or_added(sample: tuple[str, bytes], data: st.DataObject) -> None:
    protocol, frame = sample
    at = data.draw(st.integers(0, len(frame) - 1))
    lost = data.draw(st.integers(0, 3))
    added = data.draw(st.binary(max_size=3))

    check(protocol, frame[:at] + added + frame[at + lost :])


@pytest.mark.parametrize(
    "prefix", ["1b1b1b1b0101010176", "7ea0", "e6e7000f00000000", "db08", "60", "dd", "0113", "c401c100"]
)
@given(rest=st.binary(max_size=80))
def test_octets_behind_a_right_beginning(prefix: str, rest: bytes) -> None:
    for protocol in ("sml", "dlms", "dsmr"):
        check(protocol, bytes.fromhex(prefix) + rest)


@given(content=st.text(alphabet="0123456789.:*()-kWh!/\r\n", max_size=200))
def test_lines_of_a_telegram(content: str) -> None:
    check("dsmr", f"/ABC5x\r\n\r\n{content}\r\n!\r\n".encode())
