"""What a gateway is told to read: buses, devices, registers, and the documents of their models, signed by the server.

It has no place for a write: no register to be written, no function of Modbus that writes. A gateway refuses a
configuration that names one, whoever signed it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from meterbook.acquisition.library import checks, documents
from meterbook.acquisition.library.orders import ByteOrder
from meterbook.acquisition.push import signing

FORMAT = "meterbook-configuration-1"
READING = frozenset({1, 2, 3, 4})  # functions of Modbus that change nothing
_TOP = {"format", "gateway", "number", "buses", "models"}
_BUS = {"id", "protocol", "host", "port", "timeout_ms", "retries", "line", "devices"}
_LINE = {"baud", "parity", "stop_bits", "pause_ms"}
_DEVICE = {"id", "meter", "unit_id", "model", "byte_order", "live_seconds", "registers"}
_REGISTER = {"code", "step"}


class ConfigurationRefused(ValueError):
    """A configuration that is not the server's, is older than the one in force, or holds what has no place in it."""


@dataclass(frozen=True)
class Device:
    """A meter as it is reached; `unit_id` is the number by which its driver knows it.

    `registers` maps each register that is sent to the minutes between its readings.
    """

    id: str
    meter: str
    unit_id: int
    model: documents.MeterModel
    byte_order: ByteOrder | None
    live_seconds: int
    registers: Mapping[str, int]


@dataclass(frozen=True)
class Bus:
    """A line that devices share. `protocol` as `acquisition.values.BusProtocol`; times are real milliseconds."""

    id: str
    protocol: str
    host: str
    port: int
    timeout_ms: int
    retries: int
    baud: int
    parity: str
    stop_bits: int
    pause_ms: int
    devices: tuple[Device, ...]


@dataclass(frozen=True)
class Configuration:
    """All that a gateway reads. A higher number replaces a lower one, never the other way."""

    number: int
    buses: tuple[Bus, ...] = ()


def write(content: Mapping[str, Any]) -> str:
    """This will write a configuration as it is signed: the same content gives the same text."""
    return json.dumps({"format": FORMAT, **content}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sign(secret: bytes, text: str) -> str:
    """This will sign a configuration with the server's key for one gateway."""
    return signing.sign(signing.Algorithm.ED25519, secret, _signed(text))


def read(text: str, signature: str, *, server_key: bytes, gateway: str, number: int = 0) -> Configuration:
    """This will read a configuration that the server signed for this gateway.

    :param server_key: what the gateway keeps from its enrolment
    :param number: of the configuration in force
    :raises ConfigurationRefused: naming what is wrong with it
    """
    if not signing.is_genuine(signing.Algorithm.ED25519, server_key, _signed(text), signature):
        raise ConfigurationRefused("The configuration is not signed with the key that was kept at the enrolment.")
    content = json.loads(text)
    _require(content, _TOP, "configuration")
    if content["format"] != FORMAT or content["gateway"] != gateway:
        raise ConfigurationRefused("The configuration is for another gateway, or of another format.")
    if content["number"] < number:
        raise ConfigurationRefused(f"Configuration {content['number']} is older than number {number} in force.")
    try:
        models = {code: documents.validate(each, f"{code}.yaml") for code, each in content["models"].items()}
    except checks.DocumentInvalid as error:
        raise ConfigurationRefused(str(error)) from error
    for model in models.values():
        writing = [each.code for each in model.registers if not each.record and each.function not in READING]
        if writing:
            raise ConfigurationRefused(f"Model {model.code} names functions that do not only read: {writing}.")
    return Configuration(content["number"], tuple(_bus(each, models) for each in content["buses"]))


def _bus(given: Mapping[str, Any], models: Mapping[str, documents.MeterModel]) -> Bus:
    _require(given, _BUS, "bus")
    _require(given["line"], _LINE, "line")
    fields = {name: given[name] for name in ("id", "protocol", "host", "port", "timeout_ms", "retries")}
    return Bus(**fields, **given["line"], devices=tuple(_device(each, models) for each in given["devices"]))


def _device(given: Mapping[str, Any], models: Mapping[str, documents.MeterModel]) -> Device:
    _require(given, _DEVICE, "device")
    for each in given["registers"]:
        _require(each, _REGISTER, "register")
    if given["model"] not in models:
        raise ConfigurationRefused(f"Model {given['model']} is not in the configuration.")
    return Device(
        id=given["id"],
        meter=given["meter"],
        unit_id=given["unit_id"],
        model=models[given["model"]],
        byte_order=ByteOrder(given["byte_order"]) if given["byte_order"] else None,
        live_seconds=given["live_seconds"],
        registers={each["code"]: each["step"] for each in given["registers"]},
    )


def _require(given: object, names: set[str], what: str) -> None:
    """What is not known might be a write: it is refused, not passed over."""
    if not isinstance(given, dict) or given.keys() != names:
        found = sorted(given.keys() ^ names) if isinstance(given, dict) else []
        raise ConfigurationRefused(f"A {what} has the fields {', '.join(sorted(names))}; wrong: {', '.join(found)}.")


def _signed(text: str) -> bytes:
    return f"{FORMAT}\n{text}".encode()
