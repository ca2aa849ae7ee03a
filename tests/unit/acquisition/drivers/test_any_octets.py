"""Whatever comes in, a decoder answers or says where it is wrong; it never fails otherwise."""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.acquisition.contract.decoding import DecodeError, Options, Plain
from meterbook.acquisition.drivers import decoding
from meterbook.acquisition.drivers.lorawan.decoding import PROFILES
from meterbook.cli import decode as command

FRAMES: list[dict[str, Any]] = [
    frame
    for name in ("frames.json", "mbus_frames.json", "wmbus_frames.json")
    for frame in json.loads(Path(__file__).with_name(name).read_text())
]
SAMPLES = [
    (frame["protocol"], bytes.fromhex(frame["hex"]) if "hex" in frame else frame["text"].encode("latin-1"))
    for frame in FRAMES
    if frame.get("hex") or frame.get("text")
]
PROTOCOLS = ["modbus-tcp", "modbus-rtu", "modbus-ascii", "mbus", "wmbus", "sml", "dsmr", "dlms", "sunspec"]
# Every single wrong bit of these is found; the telegrams of radio and of TCP come checked, without their check sums.
CHECKED = {"modbus-rtu", "mbus", "sml"}
SEED, MUTATIONS, LARGEST_CHANGE = 20_261_127, 400, 3
SPELLINGS: list[Callable[[bytes], str]] = [
    lambda frame: frame.hex(),
    lambda frame: frame.hex().upper(),
    lambda frame: frame.hex(" "),
    lambda frame: frame.hex(":"),
    lambda frame: "0x" + frame.hex(),
    lambda frame: " ".join(f"0X{each:02x}" for each in frame),
    lambda frame: "\n".join(frame.hex(" ", 16).split("  ")) + "\r\n",
    lambda frame: frame.hex("-"),
]
PARSER = argparse.ArgumentParser()
command.add_arguments(PARSER)
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


def run(protocol: str, text: str) -> int:
    return command.run(PARSER.parse_args(["--protocol", protocol, f"--hex={text}", "--json"]))


def mutated(frame: bytes, chance: random.Random) -> tuple[str, bytes]:
    """One fault of a line, or of copying: how it is called, and what became of the frame."""
    at = chance.randrange(len(frame))
    some = chance.randbytes(chance.randint(1, LARGEST_CHANGE))
    how, found = chance.choice(
        [
            ("bit", frame[:at] + bytes([frame[at] ^ 1 << chance.randrange(8)]) + frame[at + 1 :]),
            ("cut", frame[:at]),
            ("twice", frame + frame),
            ("before", some + frame),
            ("behind", frame + some),
            ("inserted", frame[:at] + some + frame[at:]),
            ("lost", frame[:at] + frame[at + len(some) :]),
        ]
    )
    return how, found


def test_mutated_frames_are_told_or_refused_with_place_and_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    """Through the command as people use it; the seed makes each run the same."""
    chance = random.Random(SEED)  # noqa: S311 - no secret
    by_protocol: dict[str, list[bytes]] = {}
    for protocol, frame in SAMPLES:
        by_protocol.setdefault(protocol, []).append(frame)
    refused: Counter[str] = Counter()
    for number in range(MUTATIONS):
        protocol = chance.choice(sorted(by_protocol))
        how, frame = mutated(chance.choice(by_protocol[protocol]), chance)
        text = SPELLINGS[number % len(SPELLINGS)](frame)

        status = run(protocol, text)

        printed = capsys.readouterr()
        told = json.loads(printed.out)
        assert status == (2 if "remedy" in told else 0), text
        if status:
            refused[how] += 1
            assert told["place"], text
            assert told["remedy"], text
            assert printed.err.startswith(f"meterbook: {told['place']}: "), text
        assert not (how == "bit" and protocol in CHECKED and status == 0), text
    assert len(refused) == 7


@pytest.mark.parametrize("spelling", SPELLINGS, ids=range(len(SPELLINGS)))
def test_hex_may_be_written_in_many_ways(spelling: Callable[[bytes], str], capsys: pytest.CaptureFixture[str]) -> None:
    frame = bytes.fromhex("1103007c00020743")

    assert run("modbus-rtu", spelling(frame)) == 0
    assert json.loads(capsys.readouterr().out)["unit"] == 17
    assert run("modbus-rtu", f"{spelling(frame)[:-1]}4 4") == 2


def test_an_odd_character_of_a_telegram_without_check_sum_is_told() -> None:
    telegram = b"/ESY5Q3DA1004 V3.04\r\n\r\n1-0:21.7.0*255(000557.29*W)\r\n!\r\n"
    at = telegram.index(b".29")

    with pytest.raises(DecodeError, match=f"byte {at}: 0xae is no character") as caught:
        decoding.decode("dsmr", telegram[:at] + bytes([telegram[at] | 0x80]) + telegram[at + 1 :])

    assert caught.value.place == f"byte {at}"
