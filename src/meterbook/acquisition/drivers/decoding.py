"""`decode(protocol, frame, options)`: finds the decoder of a protocol; nothing is loaded that was not asked for."""

from __future__ import annotations

import dataclasses
import importlib
from typing import Protocol, cast

from meterbook.acquisition.contract.decoding import DecodeError, Options, Plain

FOLDERS = {
    "modbus-tcp": "modbus_tcp",
    "modbus-rtu": "modbus_rtu",
    "modbus-ascii": "modbus_ascii",
    "mbus": "mbus",
    "wmbus": "wmbus",
    "sml": "sml",
    "dsmr": "dsmr",
    "dlms": "dlms",
    "sunspec": "sunspec",
    "lorawan": "lorawan",
}


class UnknownProtocol(ValueError):
    """No such protocol; the names are those of `FOLDERS`, and lorawan:PROFILE."""


class Decoder(Protocol):
    """What `drivers/<protocol>/decoding.py` offers."""

    def decode(self, frame: bytes, *, options: Options) -> dict[str, Plain]:
        """This will decode one buffer.

        :raises meterbook.acquisition.contract.decoding.DecodeError: with the place where the frame is wrong
        """
        ...


def decode(protocol: str, frame: bytes, options: Options | None = None) -> dict[str, Plain]:
    """This will decode a frame; "lorawan:PROFILE" names the profile in the protocol.

    :raises UnknownProtocol: when nothing decodes this protocol
    :raises meterbook.acquisition.contract.decoding.DecodeError: with the place where the frame is wrong
    """
    name, _, profile = protocol.partition(":")
    if name not in FOLDERS:
        raise UnknownProtocol(f"{protocol}: choose one of {', '.join(FOLDERS)}")
    given = options or Options()
    if profile:
        given = dataclasses.replace(given, profile=profile)
    if not frame and not given.registers:
        raise DecodeError("the frame is empty", place="byte 0")
    decoder = cast(Decoder, importlib.import_module(f"meterbook.acquisition.drivers.{FOLDERS[name]}.decoding"))
    return decoder.decode(frame, options=given)
