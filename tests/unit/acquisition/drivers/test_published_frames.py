"""Frames that others published, decoded by `decoding.decode`; each names where it comes from."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from meterbook.acquisition.contract.decoding import Options, Plain
from meterbook.acquisition.drivers import decoding

FRAMES: list[dict[str, Any]] = json.loads(Path(__file__).with_name("frames.json").read_text(), parse_float=Decimal)
KEYS = ("key", "authentication_key", "system_title", "request")


def options(given: dict[str, Any]) -> Options:
    """Bytes are hex in the file."""
    read = {name: bytes.fromhex(value) if name in KEYS else value for name, value in given.items()}
    return Options(**{**read, "registers": tuple(read.get("registers", ())), "capture": tuple(read.get("capture", ()))})


def without_what_was_not_expected(told: Plain, expected: Plain) -> Plain:
    """What a decoder says beside the expected keys; lists count whole."""
    if isinstance(told, dict) and isinstance(expected, dict):
        return {key: without_what_was_not_expected(told[key], expected[key]) for key in expected if key in told}
    if isinstance(told, list) and isinstance(expected, list) and len(told) == len(expected):
        return [without_what_was_not_expected(one, other) for one, other in zip(told, expected, strict=True)]
    return told


@pytest.mark.parametrize("frame", FRAMES, ids=[frame["id"] for frame in FRAMES])
def test_published_frame_means_what_its_publisher_says(frame: dict[str, Any]) -> None:
    octets = bytes.fromhex(frame["hex"]) if "hex" in frame else frame["text"].encode("latin-1")

    told = decoding.decode(frame["protocol"], octets, options(frame.get("options", {})))

    assert without_what_was_not_expected(told, frame["expected"]) == frame["expected"]
