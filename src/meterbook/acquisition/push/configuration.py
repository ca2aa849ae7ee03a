"""What a gateway is told to read: buses, devices, registers, and the documents of their models, signed by the server.

It has no place for a write: no register to be written, no function of Modbus that writes. A gateway refuses a
configuration that names one, whoever signed it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from meterbook.acquisition.drivers.mqtt import mapping
from meterbook.acquisition.library import checks, documents
from meterbook.acquisition.library.orders import ByteOrder
from meterbook.acquisition.push import signing

FORMAT = "meterbook-configuration-1"
READING = frozenset({1, 2, 3, 4})  # functions of Modbus that change nothing
_TOP, CARRIER = {"format", "gateway", "number", "buses", "models"}, "carrier"
_CARRIER = {"host", "port", "is_encrypted", "authority"}
_BUS = {"id", "protocol", "host", "port", "timeout_ms", "retries", "line", "devices"}
_LINE = {"baud", "parity", "stop_bits", "pause_ms"}
_DEVICE = {"id", "meter", "unit_id", "model", "byte_order", "live_seconds", "registers"}
_REGISTER = {"code", "step"}
BROKER, SUBSCRIPTION, ZONE = "broker", "subscription", "zone"
_BROKER, _SUBSCRIPTION = {"user", "password", "is_encrypted", "authority"}, {"topic", "mapping"}


class ConfigurationRefused(ValueError):
    """A configuration that is not the server's, is older than the one in force, or holds what has no place in it."""


@dataclass(frozen=True)
class Subscription:
    """Under which topic a device sends at a broker, and where its values stand."""

    topic: str
    map: mapping.MessageMap


@dataclass(frozen=True)
class Broker:
    """How a broker at the site is entered, at which devices send. The configuration comes over HTTPS only."""

    user: str
    password: str = field(repr=False)
    is_encrypted: bool
    authority: str


@dataclass(frozen=True)
class Device:
    """A meter as it is reached; `unit_id` is the number by which its driver knows it.

    `registers` maps each register that is sent to the minutes between its readings. A device that sends by itself has a
    subscription; `live_seconds` is then how long it is quiet at most.
    """

    id: str
    meter: str
    unit_id: int
    model: documents.MeterModel
    byte_order: ByteOrder | None
    live_seconds: int
    registers: Mapping[str, int]
    subscription: Subscription | None = None


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
    broker: Broker | None = None
    zone: str = ""  # of the site, which clocks of meters keep that tell none


@dataclass(frozen=True)
class Carrier:
    """The broker through which batches go. User and password are no part of it: they are kept at the gateway.

    `authority` are certificates (PEM) that the broker's is checked against; empty: those of the machine.
    """

    host: str
    port: int
    is_encrypted: bool
    authority: str


@dataclass(frozen=True)
class Configuration:
    """All that a gateway reads, and which way it sends. A higher number replaces a lower one, never the other way."""

    number: int
    buses: tuple[Bus, ...] = ()
    carrier: Carrier | None = None


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
    _require(content, _TOP | ({CARRIER} & content.keys()), "configuration")
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
    carrier = read_carrier(content[CARRIER]) if CARRIER in content else None
    return Configuration(content["number"], tuple(_bus(each, models) for each in content["buses"]), carrier)


def read_carrier(given: Mapping[str, Any]) -> Carrier:
    """This will read the broker through which batches go.

    :raises ConfigurationRefused: when it says something else
    """
    _require(given, _CARRIER, CARRIER)
    return Carrier(**given)


def _bus(given: Mapping[str, Any], models: Mapping[str, documents.MeterModel]) -> Bus:
    _require(given, _BUS | ({BROKER, ZONE} & given.keys()), "bus")
    _require(given["line"], _LINE, "line")
    fields = {name: given[name] for name in ("id", "protocol", "host", "port", "timeout_ms", "retries")}
    broker = None
    if BROKER in given:
        _require(given[BROKER], _BROKER, BROKER)
        broker = Broker(**given[BROKER])
    devices = tuple(_device(each, models) for each in given["devices"])
    return Bus(**fields, **given["line"], devices=devices, broker=broker, zone=given.get(ZONE, ""))


def _device(given: Mapping[str, Any], models: Mapping[str, documents.MeterModel]) -> Device:
    _require(given, _DEVICE | ({SUBSCRIPTION} & given.keys()), "device")
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
        subscription=_subscription(given[SUBSCRIPTION]) if SUBSCRIPTION in given else None,
    )


def _subscription(given: Mapping[str, Any]) -> Subscription:
    _require(given, _SUBSCRIPTION, SUBSCRIPTION)
    return Subscription(given["topic"], mapping.MessageMap.from_json(given["mapping"]))


def _require(given: object, names: set[str], what: str) -> None:
    """What is not known might be a write: it is refused, not passed over."""
    if not isinstance(given, dict) or given.keys() != names:
        found = sorted(given.keys() ^ names) if isinstance(given, dict) else []
        raise ConfigurationRefused(f"A {what} has the fields {', '.join(sorted(names))}; wrong: {', '.join(found)}.")


def _signed(text: str) -> bytes:
    return f"{FORMAT}\n{text}".encode()
