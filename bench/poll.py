"""What polling costs: 5,000 meters each minute through real Modbus TCP, and how fast a line can be asked at all.

`poll_cpu` runs the collector as its own process over a database of its own, against simulated gateways in processes of
their own: 28 gateways with 200 meters of 18 registers (100,800 registers a minute; 5,000 meters of 20 are 100,000). Its
value is the collector's processor time in percent of one core over whole minutes after the first; baseline is the
target of 40 %. `poll_line` asks one gateway for the same block again and again, in turn with a bare pymodbus client.
`poll_bus` is a line of 9600 baud with 31 meters, three of them dead, whose times are those of the wire.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench import live, measure

GATEWAYS, UNITS = int(os.environ.get("MB_BENCH_GATEWAYS", "28")), 200
MODEL, REGISTERS_READ = live.MODEL, live.REGISTERS_READ
PERIOD_SECONDS, MINUTES = 60, 3
TARGET_PERCENT = 40
REQUESTS, AT_ONCE = 2_000, 8
BLOCK_ADDRESS, BLOCK_COUNT = 0, 30


def main() -> None:
    """This will print three lines: the speed of a line, a cycle of a slow bus, the collector's share of a core."""
    with contextlib.ExitStack() as stack:
        gateway = stack.enter_context(live.gateway())
        pairs = measure.interleaved(lambda: asyncio.run(_bare(gateway.port)), lambda: asyncio.run(_ours(gateway.port)))
        measure.report_pairs("poll_line", "requests/s", pairs, lines=AT_ONCE, words=BLOCK_COUNT)
    folder = os.environ.get("MB_BENCH_FOLDER")
    with measure.database(Path(folder) if folder else None) as data:
        seconds, answered = asyncio.run(_slow_bus())
        measure.report("poll_bus", "ms", 1000 * seconds, 15_000, meters=31, dead=3, answered=answered, baud=9_600)
        _collector(data)


async def _ours(port: int) -> int:
    from meterbook.acquisition.contract.frames import Block
    from meterbook.acquisition.drivers.modbus_tcp.bus import ModbusTcpBus
    from meterbook.kernel import clock

    async def ask() -> None:
        async with ModbusTcpBus("127.0.0.1", port, clock=clock.now) as bus:
            for number in range(REQUESTS // AT_ONCE):
                await bus.read(1 + number % UNITS, Block(4, BLOCK_ADDRESS, BLOCK_COUNT), timeout=5)

    await asyncio.gather(*(ask() for _ in range(AT_ONCE)))
    return REQUESTS


async def _bare(port: int) -> int:
    from pymodbus.client import AsyncModbusTcpClient

    async def ask() -> None:
        client = AsyncModbusTcpClient("127.0.0.1", port=port, timeout=5)
        await client.connect()
        for number in range(REQUESTS // AT_ONCE):
            answer = await client.read_input_registers(BLOCK_ADDRESS, count=BLOCK_COUNT, device_id=1 + number % UNITS)
            if answer.isError():
                raise live.LiveFailed(str(answer))
        client.close()

    await asyncio.gather(*(ask() for _ in range(AT_ONCE)))
    return REQUESTS


async def _slow_bus() -> tuple[float, int]:
    """One cycle over 31 meters behind a converter whose line takes the time that 9600 baud take."""
    from meterbook.acquisition.contract import errors
    from meterbook.acquisition.drivers.modbus_rtu.bus import ModbusRtuTcpBus
    from meterbook.acquisition.library import documents
    from meterbook.acquisition.polling import blocks, reading
    from meterbook.kernel import clock
    from meterbook_lab.gateway_sim import SimulatedGateway
    from meterbook_lab.modbus_rtu import SlowRtuServer

    model = documents.load(MODEL)
    plan = blocks.plan_model(model, live_codes(model))
    answered = 0
    async with SimulatedGateway(dict.fromkeys(range(1, 32), MODEL), speaks=SlowRtuServer) as gateway:
        for unit in (5, 17, 29):
            gateway.faults.change(unit, is_silent=True)
        async with ModbusRtuTcpBus("127.0.0.1", gateway.port, clock=clock.now) as bus:
            began = time.perf_counter()
            for unit in range(1, 32):
                with contextlib.suppress(errors.Timeout):
                    await reading.read(bus, unit, plan.everything, timeout=1.0)
                    answered += 1
            return time.perf_counter() - began, answered


def live_codes(model: Any) -> list[str]:  # noqa: ANN401 - a MeterModel
    """This will return the registers that an installed meter of the model feeds series from."""
    from meterbook.acquisition import plans

    return [each.register_code for each in plans.registers_of_model(model.code)]


def _collector(data: Path) -> None:
    with contextlib.ExitStack() as stack:
        gateways = [stack.enter_context(live.gateway()) for _ in range(GATEWAYS)]
        _site(gateways)
        process = stack.enter_context(_running(data))
        time.sleep(PERIOD_SECONDS + 15)  # plans are loaded and every meter had its first turn
        before, stored = _seconds_of(process.pid), _answers()
        begun = time.monotonic()
        time.sleep(MINUTES * PERIOD_SECONDS)
        took = time.monotonic() - begun
        percent = 100 * (_seconds_of(process.pid) - before) / took
        measure.report(
            "poll_cpu",
            "percent of a core",
            percent,
            TARGET_PERCENT,
            meters=GATEWAYS * UNITS,
            registers_a_minute=GATEWAYS * UNITS * REGISTERS_READ,
            answers_a_minute=round((_answers() - stored) * 60 / took),
        )


def _site(gateways: list[live.Gateway]) -> None:
    from tests.factories import acquisition, identity, sites

    organization = identity.organization()
    site = sites.site(organization=organization)
    for gateway in gateways:
        bus = acquisition.bus(site=site, port=gateway.port, timeout_ms=1000, retries=2)
        for unit in range(1, UNITS + 1):
            installed = acquisition.installed_meter(organization=organization, site=site, model_code=MODEL)
            acquisition.device(
                organization=organization, on=bus, meter=installed.meter, unit_id=unit, live_seconds=PERIOD_SECONDS
            )


@contextlib.contextmanager
def _running(data: Path) -> Iterator[subprocess.Popen[bytes]]:
    from django.conf import settings
    from django.db import connections

    from tests.support import processes

    connections.close_all()
    environment = processes.environment(data, MB_SECRET_KEY=settings.SECRET_KEY, MB_DEMO="1")
    with (data.parent / "collector.log").open("wb") as log:
        process = subprocess.Popen(processes.command("collector"), env=environment, stdout=log, stderr=log)  # noqa: S603
        try:
            yield process
        finally:
            process.terminate()
            process.wait(live.STOP_SECONDS)


def _seconds_of(pid: int) -> float:
    """The processor time of a process and its threads, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _answers() -> int:
    """How often devices were asked with success, as the collector tallied it (within its last minute)."""
    from django.db import connections

    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT coalesce(sum(asked - failed), 0) FROM acquisition_devicetally")
        return int(cursor.fetchone()[0])


if __name__ == "__main__":
    main()
