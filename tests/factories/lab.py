"""Simulated gateways with meters, on real sockets, for tests."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from meterbook.acquisition.contract import octets
from meterbook.kernel import clock
from meterbook.kernel.clock import SettableClock
from meterbook_lab.gateway_sim import Meter, SimulatedGateway
from meterbook_lab.mbus_meter import MbusMeter
from meterbook_lab.mbus_server import SimulatedMbus
from meterbook_lab.modbus_server import ModbusServer
from meterbook_lab.telegram_meter import TelegramMeter

NOON = datetime(2026, 6, 16, 12, 0, tzinfo=UTC)


def settable_clock(at: datetime = NOON) -> SettableClock:
    """This will make a clock that stands at an instant until the test moves it."""
    return SettableClock(at)


def gateway(
    *,
    units: Mapping[int, str] | Iterable[Meter] | None = None,
    clock: Callable[[], datetime] | None = None,
    start: Mapping[int, Mapping[str, Fraction]] | None = None,
    seed: int = 1,
    control_port: int | None = None,
    speaks: type[ModbusServer] = ModbusServer,
) -> SimulatedGateway:
    """This will make a gateway for `async with`, in the loop of the test. Its meters live at noon, standing still."""
    return SimulatedGateway(
        units or {1: "eastron_sdm630"},
        clock=clock or settable_clock().now,
        start=start,
        seed=seed,
        control_port=control_port,
        speaks=speaks,
    )


@contextlib.contextmanager
def running_gateway(
    *,
    units: Mapping[int, str] | Iterable[Meter] | None = None,
    clock: Callable[[], datetime] | None = None,
    start: Mapping[int, Mapping[str, Fraction]] | None = None,
    seed: int = 1,
    control_port: int | None = None,
    speaks: type[ModbusServer] = ModbusServer,
) -> Iterator[SimulatedGateway]:
    """This will run a gateway in a thread of its own: for tests that are not asynchronous, and for other processes.

    Its faults and meters may be changed from the test; they are read anew for each request.
    """
    made = gateway(units=units, clock=clock, start=start, seed=seed, control_port=control_port, speaks=speaks)
    with _running(made):
        yield made


@contextlib.contextmanager
def running_mbus(meters: Mapping[int, str] | Iterable[MbusMeter]) -> Iterator[SimulatedMbus]:
    """This will run an M-Bus with its meters in a thread of its own, on a port and on a pseudo terminal."""
    made = SimulatedMbus(meters)
    with _running(made):
        yield made


@contextlib.contextmanager
def _running(made: SimulatedGateway | SimulatedMbus) -> Iterator[None]:
    is_ready, loop = threading.Event(), asyncio.new_event_loop()
    is_over = asyncio.Event()

    async def serve() -> None:
        async with made:
            is_ready.set()
            await is_over.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), name="simulated gateway")
    thread.start()
    try:
        if not is_ready.wait(timedelta(seconds=10).total_seconds()):
            raise RuntimeError("the simulated gateway did not start; is its port taken?")
        yield
    finally:
        loop.call_soon_threadsafe(is_over.set)
        thread.join()
        loop.close()


def p1_telegram() -> bytes:
    """This will make a telegram of a P1 port: 7 kWh, and 0.107 m3 of gas at the beginning of this hour."""
    hour = clock.now().astimezone(ZoneInfo("Europe/Amsterdam")).replace(minute=0, second=0)
    season = "S" if hour.dst() else "W"
    lines = ("1-0:1.8.1(000004.000*kWh)", "1-0:1.8.2(000003.000*kWh)", "1-0:1.7.0(00.244*kW)")
    gas = f"0-1:24.2.1({hour:%y%m%d%H%M%S}{season})(00000.107*m3)"
    body = ("/ISk5MT382\r\n\r\n" + "".join(f"{line}\r\n" for line in (*lines, gas)) + "!").encode()
    return body + f"{octets.crc16_arc(body):04X}\r\n".encode()


@contextlib.contextmanager
def running_telegrams(telegram: Callable[[], bytes]) -> Iterator[TelegramMeter]:
    """This will run a meter that sends telegrams by itself, in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="telegrams")
    thread.start()
    meter = TelegramMeter(telegram)
    asyncio.run_coroutine_threadsafe(meter.__aenter__(), loop).result(10)
    try:
        yield meter
    finally:
        meter.faults.hangs_up = True
        asyncio.run_coroutine_threadsafe(meter.__aexit__(None, None, None), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
