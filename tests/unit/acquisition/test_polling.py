"""Agenda, back-off and driver together: thirty meters behind one gateway on a real socket.

The product's clock is moved by what a read costs on a serial line, so that minutes pass in seconds; time-outs are real
and short.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from meterbook.acquisition.contract import errors
from meterbook.acquisition.drivers.modbus_tcp.bus import ModbusTcpBus
from meterbook.acquisition.library import documents
from meterbook.acquisition.polling import blocks, reading
from meterbook.acquisition.polling.agenda import Agenda
from meterbook.acquisition.polling.backoff import Policy
from meterbook.acquisition.polling.timetable import Timetable
from meterbook.kernel.clock import SettableClock
from tests.factories import lab

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
UNITS = range(1, 31)
DEAD = 7
READ_COST = timedelta(milliseconds=90)  # 21 bytes and a turn-around at 9600 baud
POLICY = Policy(timeout=SECOND, retries=3, first_pause=5 * SECOND, cap=5 * MINUTE)
REAL_TIMEOUT = 0.1
PLAN = blocks.plan_model(documents.load("eastron_sdm630"), ["energy_import"]).energy


@dataclass
class Round:
    """What one minute brought: when each unit was read, in product time and in real seconds from its beginning."""

    read_at: dict[int, datetime] = field(default_factory=dict)
    real: dict[int, float] = field(default_factory=dict)


def agenda() -> Agenda[int]:
    """An agenda that reads the counter of every unit once a minute."""
    made: Agenda[int] = Agenda()
    for unit in UNITS:
        made.put(unit, Timetable(MINUTE), POLICY)
    return made


async def poll_minute(bus: ModbusTcpBus, agenda: Agenda[int], clock: SettableClock, *, timeout: float) -> Round:
    """Polls from a minute's boundary to the next, the way the collector does."""
    found, end, began = Round(), clock.now() + MINUTE, time.monotonic()
    while clock.now() < end:
        job = agenda.take(clock.now())
        if job is None:
            wake = agenda.wake_at(clock.now())
            clock.instant = end if wake is None else min(wake, end)
            continue
        try:
            await reading.read(bus, job.key, PLAN, timeout=timeout)
        except errors.DeviceError:
            clock.advance(POLICY.timeout)
            agenda.failed(job, clock.now())
        else:
            clock.advance(READ_COST)
            agenda.succeeded(job)
            found.read_at[job.key] = clock.now()
            found.real[job.key] = time.monotonic() - began
    clock.instant = end
    return found


class TestThirtyMetersOnOneLine:
    @pytest.mark.spec("M-016/1")
    def test_lose_at_most_one_slot_in_two_hundred_when_a_tenth_of_the_frames_gets_lost(self) -> None:
        minutes = 20

        async def scene() -> tuple[int, int, int]:
            clock, devices = lab.settable_clock(), agenda()
            async with (
                lab.gateway(units=dict.fromkeys(UNITS, "eastron_sdm630"), clock=clock.now) as gateway,
                ModbusTcpBus("127.0.0.1", gateway.port, clock=clock.now) as bus,
            ):
                for unit in UNITS:
                    gateway.faults.change(unit, drop_percent=10)
                rounds = [await poll_minute(bus, devices, clock, timeout=REAL_TIMEOUT / 2) for _ in range(minutes)]
                return sum(len(each.read_at) for each in rounds), len(gateway.server.requests), len(rounds)

        served, requests, rounds = asyncio.run(scene())

        slots = rounds * len(UNITS)
        assert requests >= slots * 1.06  # frames did get lost
        assert served >= slots * 0.995

    @pytest.mark.spec("M-016/2")
    def test_are_delayed_by_a_dead_one_by_less_than_its_timeout_times_its_retries(self) -> None:
        async def scene(*, is_dead: bool) -> list[Round]:
            clock, devices = lab.settable_clock(), agenda()
            async with (
                lab.gateway(units=dict.fromkeys(UNITS, "eastron_sdm630"), clock=clock.now) as gateway,
                ModbusTcpBus("127.0.0.1", gateway.port, clock=clock.now) as bus,
            ):
                gateway.faults.change(DEAD, is_silent=is_dead)
                return [await poll_minute(bus, devices, clock, timeout=REAL_TIMEOUT) for _ in range(3)]

        healthy, with_dead = asyncio.run(scene(is_dead=False)), asyncio.run(scene(is_dead=True))

        limit = POLICY.timeout * POLICY.retries
        for before, after in zip(healthy, with_dead, strict=True):
            assert set(after.read_at) == set(UNITS) - {DEAD}
            delays = [after.read_at[unit] - before.read_at[unit] for unit in after.read_at]
            assert max(delays) < limit
            assert max(after.real.values()) - max(before.real.values()) < REAL_TIMEOUT * POLICY.retries

    @pytest.mark.spec("M-016/2")
    def test_ask_a_dead_one_ever_more_rarely_and_take_it_back(self) -> None:
        async def scene() -> tuple[list[int], Round]:
            clock, devices, asked = lab.settable_clock(), agenda(), []
            async with (
                lab.gateway(units=dict.fromkeys(UNITS, "eastron_sdm630"), clock=clock.now) as gateway,
                ModbusTcpBus("127.0.0.1", gateway.port, clock=clock.now) as bus,
            ):
                gateway.faults.change(DEAD, is_silent=True)
                for _ in range(12):
                    gateway.server.requests.clear()
                    await poll_minute(bus, devices, clock, timeout=REAL_TIMEOUT / 2)
                    asked.append(sum(unit == DEAD for unit, *_ in gateway.server.requests))
                gateway.faults.clear()
                for _ in range(int(POLICY.cap / MINUTE) + 1):
                    latest = await poll_minute(bus, devices, clock, timeout=REAL_TIMEOUT)
                return asked, latest

        asked, latest = asyncio.run(scene())

        assert asked[0] <= 1 + POLICY.retries + 4  # pauses of 5, 10, 20 and 40 s fit into the first minute
        assert max(asked[2:]) <= 1
        assert sum(asked[2:]) <= 4
        assert set(latest.read_at) == set(UNITS)
