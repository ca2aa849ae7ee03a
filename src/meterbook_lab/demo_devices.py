"""Simulated devices of the demonstration that send by themselves: at a broker of MQTT, by HTTP, and at a P1 port.

Where the machine has no broker (amqtt comes with the tools for development) the first one is left out. No Django.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import logging
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from meterbook.acquisition.contract import octets
from meterbook.acquisition.drivers.mqtt import mapping, shapes
from meterbook.acquisition.library import documents
from meterbook.kernel import clock, quantity, rounding
from meterbook.kernel.quantity import Unit
from meterbook_lab.modbus_meter import SimulatedMeter
from meterbook_lab.telegram_meter import TelegramMeter

PORTS = 2  # of the broker, and of the P1 port
KIOSK, CHARGER, BOATS = "shellypro3em-a0b1c2", "CHARGER-1", "E0031-7712345"  # serial numbers
TOPIC = "pier/kiosk"
CHARGER_TEXT = "energy_import: /energy/total kWh\npower: /power W\ntime: /ts"
OPENING = Fraction(1_250)  # kWh
EVERY_SECONDS, CHARGER_EVERY_SECONDS = 10.0, 30.0
UNITS = {KIOSK: 201, CHARGER: 202, BOATS: 203}
MODELS = {KIOSK: "shelly_pro_3em", CHARGER: "json_electricity", BOATS: "dsmr_electricity"}
log = logging.getLogger("meterbook.demo")


@dataclass(frozen=True)
class Door:
    """Where the charger sends to."""

    address: str
    token: str


def has_broker() -> bool:
    """This will tell whether this machine can be a broker."""
    return importlib.util.find_spec("amqtt") is not None


def meter(serial: str, since: datetime) -> SimulatedMeter:
    """This will return a meter, counting from where the history of the demonstration begins."""
    return SimulatedMeter(documents.load(MODELS[serial]), UNITS[serial], since, {"energy_import": OPENING})


async def run(stack: contextlib.AsyncExitStack, since: datetime, ports: Sequence[int], door: Door | None) -> None:
    """This will be the broker and the devices until the stack is closed.

    :param ports: of the broker and of the P1 port
    :param door: where the charger sends to; None: nowhere
    """
    boats = meter(BOATS, since)
    await stack.enter_async_context(
        TelegramMeter(lambda: p1_telegram(boats, clock.now()), every=EVERY_SECONDS, port=ports[1])
    )
    work: list[asyncio.Task[None]] = []
    if has_broker():
        work.append(asyncio.create_task(_publish(meter(KIOSK, since), ports[0])))
    if door is not None:
        work.append(asyncio.create_task(_post(meter(CHARGER, since), door)))
    stack.push_async_callback(_end, work)


async def _end(work: Iterable[asyncio.Task[None]]) -> None:
    for each in work:
        each.cancel()
    await asyncio.gather(*work, return_exceptions=True)


async def _publish(kiosk: SimulatedMeter, port: int) -> None:
    """The broker, and its one device."""
    import aiomqtt
    from amqtt.broker import Broker  # type: ignore[import-untyped]

    logging.getLogger("amqtt").setLevel(logging.WARNING)
    logging.getLogger("transitions").setLevel(logging.WARNING)
    anonymous = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}
    broker = Broker({"listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}}, "plugins": anonymous})
    await broker.start()
    try:
        while True:
            with contextlib.suppress(aiomqtt.MqttError):
                async with aiomqtt.Client("127.0.0.1", port) as client:
                    while True:
                        for topic, content in messages(kiosk, clock.now()).items():
                            await client.publish(f"{TOPIC}/{topic}", json.dumps(content), qos=1)
                        await asyncio.sleep(EVERY_SECONDS)
            await asyncio.sleep(EVERY_SECONDS)
    finally:
        await broker.shutdown()


async def _post(charger: SimulatedMeter, door: Door) -> None:
    while True:
        try:
            await asyncio.to_thread(_send, door, charged(charger, clock.now()))
        except (OSError, urllib.error.URLError) as error:  # the web server begins a little later, or is begun anew
            log.info("demo.charger_not_heard: %s", error)
        await asyncio.sleep(CHARGER_EVERY_SECONDS)


def _send(door: Door, content: Mapping[str, Any]) -> None:
    headers = {"Authorization": f"Bearer {door.token}", "Content-Type": "application/json"}
    request = urllib.request.Request(door.address, json.dumps(content).encode(), headers)  # noqa: S310 - our own server
    urllib.request.urlopen(request, timeout=10).close()  # noqa: S310


def messages(kiosk: SimulatedMeter, at: datetime) -> dict[str, dict[str, Any]]:
    """This will return what a Shelly Pro 3EM publishes, by topic below its own."""
    found: dict[str, dict[str, Any]] = {}
    map_of_model = shapes.of_model(kiosk.model, 0)
    for place in map_of_model.places if map_of_model is not None else ():
        register = kiosk.model.register(place.register)
        shown = kiosk.value(register, at) * quantity.factor(register.unit, place.unit)
        found.setdefault(place.topic, {"id": 0})[place.pointer[1:]] = float(rounding.round_fraction(shown, 2))
    return found


def charged(charger: SimulatedMeter, at: datetime) -> dict[str, Any]:
    """This will return what the charger sends."""
    energy = charger.value(charger.model.register("energy_import"), at)
    return {
        "energy": {"total": float(rounding.round_fraction(energy, 3))},
        "power": float(rounding.round_fraction(charger.watts(at), 0)),
        "ts": int(at.timestamp()),
    }


def p1_telegram(boats: SimulatedMeter, at: datetime) -> bytes:
    """This will return a telegram of a P1 port of DSMR 5: a total of two tariffs, power, and three voltages."""
    local = at.astimezone(ZoneInfo("Europe/Amsterdam"))
    total = rounding.round_fraction(boats.value(boats.model.register("energy_import"), at), 3)
    low = (total * Decimal("0.4")).quantize(Decimal("0.001"))
    values: list[tuple[str, Decimal | Fraction, int, str, int]] = [
        ("1-0:1.8.1", low, 3, "kWh", 10),
        ("1-0:1.8.2", total - low, 3, "kWh", 10),
        ("1-0:1.7.0", boats.watts(at) * quantity.factor(Unit.W, Unit.KW), 3, "kW", 6),
    ]
    values += [
        (f"1-0:{code}.7.0", boats.value(boats.model.register(f"voltage_l{phase}"), at), 1, "V", 5)
        for phase, code in enumerate((32, 52, 72), start=1)
    ]
    stamp = f"0-0:1.0.0({local:%y%m%d%H%M%S}{'S' if local.dst() else 'W'})"
    lines = [f"{name}({_padded(value, places, width)}*{unit})" for name, value, places, unit, width in values]
    body = ("/ISK5\\2M550T-1012\r\n\r\n" + "".join(f"{each}\r\n" for each in (stamp, *lines)) + "!").encode()
    return body + f"{octets.crc16_arc(body):04X}\r\n".encode()


def _padded(value: Decimal | Fraction, places: int, width: int) -> str:
    shown = rounding.round_fraction(value, places) if isinstance(value, Fraction) else value
    return f"{shown:0{width}.{places}f}"


def _sent(serial: str) -> frozenset[str]:
    model = documents.load(MODELS[serial])
    if serial == KIOSK:
        found = shapes.of_model(model, 0)
        return frozenset(found.registers) if found is not None else frozenset()
    if serial == CHARGER:
        return frozenset(mapping.read(CHARGER_TEXT, model).registers)
    return frozenset({"energy_import", "power", "voltage_l1", "voltage_l2", "voltage_l3"})


SENT = {serial: _sent(serial) for serial in MODELS}
