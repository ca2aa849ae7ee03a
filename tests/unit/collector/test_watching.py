"""What somebody looks at is polled faster, fairly, and never before counters at a slot's boundary."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta

import pytest

from meterbook.acquisition import networks, plans, values
from meterbook.collector import buffer, buses, watching
from meterbook.kernel import clock
from meterbook.kernel.quantity import Unit
from meterbook.metering.values import SeriesKind
from meterbook_lab.gateway_sim import SimulatedGateway
from tests.factories import lab

SECOND = timedelta(seconds=1)
ENERGY_BLOCK, POWER_BLOCK = 72, 52  # the addresses at which an SDM630 is asked
LATE = lab.NOON + timedelta(minutes=2)


class TestLeases:
    def test_run_out(self) -> None:
        leases = watching.Leases()
        leases.renew([1, 2], 100.0)
        leases.renew([2], 110.0)

        assert not leases.end(119.9)
        assert leases.end(120.0)
        assert leases.devices == {2}
        assert leases.end(130.0)
        assert leases.devices == frozenset()

    def test_tell_whether_somebody_new_is_among_them(self) -> None:
        leases = watching.Leases()

        assert leases.renew([1], 0.0)
        assert not leases.renew([1], 8.0)
        assert leases.renew([1, 2], 8.0)


def device(unit: int) -> plans.DevicePlan:
    """A meter that feeds a counter and its power; its live values are wanted each minute."""
    energy = plans.RegisterFeed("energy_import", 10 * unit, Unit.KWH, 2, SeriesKind.CUMULATIVE, 15)
    power = plans.RegisterFeed("power", 10 * unit + 1, Unit.W, 1, SeriesKind.INSTANT, 5)
    return plans.DevicePlan(100 + unit, 1, unit, "eastron_sdm630", 60, (energy, power))


def asked(gateway: SimulatedGateway) -> list[tuple[int, int]]:
    """Unit and address of what was asked since the last time."""
    found = [(unit, address) for unit, _function, address, _count in gateway.server.requests]
    gateway.server.requests.clear()
    return found


def on_a_bus(count: int, story: Callable[[buses.BusRunner, SimulatedGateway], Awaitable[None]]) -> None:
    """Tell a story of a bus whose meters have all been read at two minutes past noon; its clock stands."""

    async def run() -> None:
        async with lab.gateway(units=dict.fromkeys(range(1, count + 1), "eastron_sdm630")) as gateway:
            devices = tuple(device(unit) for unit in gateway.meters)
            protocol = values.BusProtocol.MODBUS_TCP
            plan = plans.BusPlan(1, 1, "Bus", protocol, gateway.host, gateway.port, 100, 1, devices)
            outlets = buses.Outlets(buffer.Buffer(), lambda: None, lambda _request, _answer: None)
            runner = buses.BusRunner(plan, networks.AllowedNetworks(is_demo=True), outlets)
            await runner.read_due()
            gateway.server.requests.clear()
            await story(runner, gateway)
            await runner.close()

    asyncio.run(run())


@pytest.fixture
def standing() -> Iterator[clock.Clock]:
    with clock.use(clock.SettableClock(LATE)) as installed:
        yield installed


class TestABus:
    def test_asks_a_watched_device_each_second_and_the_others_as_before(self, standing: clock.SettableClock) -> None:
        async def story(runner: buses.BusRunner, gateway: SimulatedGateway) -> None:
            runner.watch([102])
            for _second in range(5):
                standing.advance(SECOND)
                await runner.read_due()

            assert asked(gateway) == [(2, ENERGY_BLOCK), (2, POWER_BLOCK)] * 5

        on_a_bus(3, story)

    def test_reads_counters_first_at_the_boundary_of_a_slot(self, standing: clock.SettableClock) -> None:
        async def story(runner: buses.BusRunner, gateway: SimulatedGateway) -> None:
            runner.watch([101, 102])
            standing.instant = lab.NOON + timedelta(minutes=15)
            await runner.read_due()

            assert sorted(asked(gateway)[:3]) == [(1, ENERGY_BLOCK), (2, ENERGY_BLOCK), (3, ENERGY_BLOCK)]

        on_a_bus(3, story)

    def test_gives_every_other_turn_to_the_watched_when_all_are_due(self, standing: clock.SettableClock) -> None:
        async def story(runner: buses.BusRunner, gateway: SimulatedGateway) -> None:
            runner.watch([109, 110])
            standing.instant = LATE + timedelta(minutes=1)  # when the live values of all ten are due
            await runner.read_due()

            turns = [unit for unit, address in asked(gateway) if address == POWER_BLOCK]
            assert sorted(turns) == list(range(1, 11))
            assert {turns[0], turns[2]} == {9, 10}

        on_a_bus(10, story)

    def test_serves_the_watched_that_answer_when_one_of_them_is_dead(self, standing: clock.SettableClock) -> None:
        async def story(runner: buses.BusRunner, gateway: SimulatedGateway) -> None:
            gateway.control.carry_out({"do": "silent", "unit": 1})
            runner.watch([101, 102, 103])
            for _second in range(4):
                standing.advance(SECOND)
                await runner.read_due()

            units = [unit for unit, _address in asked(gateway)]
            assert units.count(1) == 2  # an attempt and its retry, then it rests
            assert units.count(2) == units.count(3) >= 4

        on_a_bus(3, story)

    def test_shares_its_turns_when_many_are_watched(self, standing: clock.SettableClock) -> None:
        async def story(runner: buses.BusRunner, gateway: SimulatedGateway) -> None:
            runner.watch(range(101, 131))
            turns = []
            for _second in range(4):
                standing.advance(SECOND)
                await runner.read_due()
                turns.append(len({unit for unit, _address in asked(gateway)}))

            assert sum(turns) == 2 * 30  # thirty share 25 turns a second: each has one every other second

        on_a_bus(30, story)

    def test_passes_over_devices_of_other_buses(self, standing: clock.SettableClock) -> None:
        async def story(runner: buses.BusRunner, gateway: SimulatedGateway) -> None:
            runner.watch([999])
            standing.advance(SECOND)
            await runner.read_due()

            assert asked(gateway) == []

        on_a_bus(2, story)
