"""The Modbus TCP driver against a gateway on a real socket."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from meterbook.acquisition.contract import errors
from meterbook.acquisition.contract.frames import Block, Bus, Frame
from meterbook.acquisition.drivers.modbus_tcp.bus import ModbusTcpBus
from meterbook.acquisition.library import documents
from meterbook.acquisition.polling import blocks, reading
from meterbook_lab import modbus_registers
from meterbook_lab.gateway_sim import SimulatedGateway
from tests.factories import lab

ENERGY, VOLTAGE = Block(4, 72, 2), Block(4, 0, 2)
SHORT, LONG = 0.08, 5.0
UNITS = {1: "eastron_sdm630", 2: "eastron_sdm630", 3: "carlo_gavazzi_em24"}
Scene = Callable[[SimulatedGateway, ModbusTcpBus], Awaitable[None]]


@asynccontextmanager
async def line() -> AsyncIterator[tuple[SimulatedGateway, ModbusTcpBus]]:
    """A gateway with three meters and a bus that leads to it."""
    clock = lab.settable_clock()
    async with (
        lab.gateway(units=UNITS, clock=clock.now) as gateway,
        ModbusTcpBus("127.0.0.1", gateway.port, clock=clock.now) as bus,
    ):
        yield gateway, bus


def play(scene: Scene) -> None:
    """Runs a scene on a line."""

    async def run() -> None:
        async with line() as (gateway, bus):
            await scene(gateway, bus)

    asyncio.run(run())


def words_of(gateway: SimulatedGateway, unit: int, block: Block) -> tuple[int, ...]:
    """What the meter itself says."""
    meter = gateway.meters[unit]
    return tuple(modbus_registers.read(meter, block.function, block.address, block.count, lab.NOON))


class TestRead:
    def test_brings_the_words_and_both_frames(self) -> None:
        async def scene(gateway: SimulatedGateway, bus: Bus) -> None:
            frame = await bus.read(1, ENERGY, timeout=LONG)

            assert frame.words == words_of(gateway, 1, ENERGY)
            assert frame.request == "000100000006010400480002"
            assert frame.response.startswith("0001000000070104" + "04")
            assert (frame.at, frame.attempts) == (lab.NOON, 1)
            assert 0 <= frame.took_ms < LONG * 1000

        play(scene)

    def test_decodes_a_whole_meter(self) -> None:
        async def scene(gateway: SimulatedGateway, bus: Bus) -> None:
            model = documents.load("carlo_gavazzi_em24")

            readings = await reading.read(bus, 3, blocks.plan_model(model).everything, timeout=LONG)

            samples = {sample.code: sample for each in readings for sample in each.samples}
            assert set(samples) == {register.code for register in model.registers}
            assert samples["energy_import"].value == (12_000 + 3 * 1_375) * 10
            assert not any(each.refused for each in readings)

        play(scene)

    def test_decodes_a_whole_meter_that_refuses_words_between_its_registers(self) -> None:
        async def scene(gateway: SimulatedGateway, bus: Bus) -> None:
            gateway.faults.change(1, is_strict=True)
            model = documents.load("eastron_sdm630")
            plan = blocks.plan_model(model).everything

            readings = await reading.read(bus, 1, plan, timeout=LONG)

            assert any(each.has_gaps for each in plan)
            found = {sample.code for each in readings for sample in each.samples}
            assert found == {register.code for register in model.registers}

        play(scene)

    def test_keeps_the_words_of_concurrent_callers_apart(self) -> None:
        async def scene(gateway: SimulatedGateway, bus: Bus) -> None:
            asked = [(unit, block) for unit in (1, 2) for block in (ENERGY, VOLTAGE)] * 10

            frames = await asyncio.gather(*(bus.read(unit, block, timeout=LONG) for unit, block in asked))

            assert [frame.words for frame in frames] == [words_of(gateway, unit, block) for unit, block in asked]

        play(scene)

    def test_repeats_a_request_that_got_lost(self) -> None:
        async def scene(gateway: SimulatedGateway, bus: Bus) -> None:
            gateway.faults.change(1, is_silent=True)
            asking = asyncio.create_task(bus.read(1, ENERGY, timeout=SHORT, retries=50))
            while len(gateway.server.requests) < 2:
                await asyncio.sleep(0)
            gateway.faults.clear()

            frame = await asking

            assert frame.words == words_of(gateway, 1, ENERGY)
            assert frame.attempts >= 3

        play(scene)

    def test_leaves_the_pause_of_a_slow_line_between_two_requests(self) -> None:
        async def scene(gateway: SimulatedGateway, _: Bus) -> None:
            async with ModbusTcpBus("127.0.0.1", gateway.port, clock=lab.settable_clock().now, pause=0.05) as bus:
                began = time.monotonic()

                for _number in range(4):
                    await bus.read(1, ENERGY, timeout=LONG)

                assert time.monotonic() - began >= 0.15

        play(scene)


class TestALateAnswer:
    def test_is_never_taken_for_the_next_one(self) -> None:
        async def scene(gateway: SimulatedGateway, bus: Bus) -> None:
            for _number in range(5):
                gateway.faults.change(1, late_seconds=2 * SHORT)
                with pytest.raises(errors.Timeout):
                    await bus.read(1, ENERGY, timeout=SHORT)
                gateway.faults.clear()

                # Same unit, same length: only the transaction and the connection tell the two answers apart.
                gateway.faults.change(1, late_seconds=1.5 * SHORT)
                frame = await bus.read(1, VOLTAGE, timeout=LONG)

                assert frame.words == words_of(gateway, 1, VOLTAGE)
                gateway.faults.clear()

        play(scene)

    def test_is_never_taken_when_the_caller_gave_up_himself(self) -> None:
        async def scene(gateway: SimulatedGateway, bus: Bus) -> None:
            gateway.faults.change(1, late_seconds=SHORT)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(bus.read(1, ENERGY, timeout=LONG), SHORT / 4)
            gateway.faults.change(1, late_seconds=2 * SHORT)

            assert (await bus.read(1, VOLTAGE, timeout=LONG)).words == words_of(gateway, 1, VOLTAGE)

        play(scene)


class TestFailures:
    @pytest.mark.parametrize(
        ("faults", "expected", "says"),
        [
            ({"is_silent": True}, errors.Timeout, "did not answer within 0.08 s"),
            ({"is_cut": True}, errors.Timeout, "7 bytes of an answer came"),
            ({"has_wrong_unit": True}, errors.FrameMismatch, "has unit 2, asked was 1"),
            ({"has_wrong_transaction": True}, errors.FrameMismatch, "has transaction"),
            ({"is_short": True}, errors.FrameMismatch, "has byte count 2, asked was 4"),
            ({"is_garbled": True}, errors.FrameMismatch, "begins no Modbus TCP frame"),
            ({"exception": 2}, errors.ExceptionAnswer, "illegal data address"),
            ({"exception": 6}, errors.ExceptionAnswer, "device busy"),
        ],
        ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
    )
    def test_are_told_by_kind_and_leave_the_bus_usable(
        self, faults: dict[str, object], expected: type[errors.DeviceError], says: str
    ) -> None:
        async def scene(gateway: SimulatedGateway, bus: Bus) -> None:
            gateway.faults.change(1, **faults)

            with pytest.raises(expected, match=says) as caught:
                await bus.read(1, ENERGY, timeout=SHORT)

            assert caught.value.remedy in str(caught.value)
            gateway.faults.clear()
            assert (await bus.read(1, ENERGY, timeout=LONG)).words == words_of(gateway, 1, ENERGY)

        play(scene)

    @pytest.mark.parametrize(("exception", "requests"), [(2, 1), (6, 3), (11, 3)])
    def test_are_repeated_only_when_that_can_help(self, exception: int, requests: int) -> None:
        async def scene(gateway: SimulatedGateway, bus: Bus) -> None:
            gateway.faults.change(1, exception=exception)

            with pytest.raises(errors.ExceptionAnswer):
                await bus.read(1, ENERGY, timeout=LONG, retries=2)

            assert len(gateway.server.requests) == requests

        play(scene)

    def test_of_one_register_do_not_spoil_the_block(self) -> None:
        async def scene(gateway: SimulatedGateway, bus: Bus) -> None:
            gateway.faults.change(1, is_nonsense=True)
            model = documents.load("eastron_sdm630")
            plan = blocks.plan_model(model, [each.code for each in model.registers if each.address < 80])

            (answer,) = await reading.read(bus, 1, plan.energy, timeout=LONG)

            assert answer.samples == ()
            assert {error.code for _, error in answer.refused} == {"NONSENSE"}
            assert len(answer.refused) == 4

        play(scene)

    def test_of_a_meter_that_is_not_there_name_wiring_and_address(self) -> None:
        async def scene(_: SimulatedGateway, bus: Bus) -> None:
            with pytest.raises(errors.ExceptionAnswer, match=r"gateway target did not respond.*wiring"):
                await bus.read(99, ENERGY, timeout=LONG)

        play(scene)

    def test_of_a_connection_that_broke_are_cured_by_a_retry(self) -> None:
        async def scene(gateway: SimulatedGateway, bus: Bus) -> None:
            await bus.read(1, ENERGY, timeout=LONG)
            gateway.control.carry_out({"do": "disconnect"})

            frame = await bus.read(1, ENERGY, timeout=LONG, retries=1)

            assert frame.words == words_of(gateway, 1, ENERGY)

        play(scene)

    def test_of_a_closed_port_name_host_and_port(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))  # bound, not listening: connections are refused
            port = taken.getsockname()[1]

            async def scene() -> Frame:
                async with ModbusTcpBus("127.0.0.1", port, clock=lab.settable_clock().now) as bus:
                    return await bus.read(1, ENERGY, timeout=LONG, retries=5)

            with pytest.raises(errors.ConnectionRefused, match=f"no connection to 127.0.0.1:{port}"):
                asyncio.run(scene())

    def test_of_a_gateway_that_came_back_are_forgotten(self) -> None:
        async def scene() -> None:
            clock = lab.settable_clock()
            async with lab.gateway(clock=clock.now) as first:
                port = first.port
                bus = ModbusTcpBus("127.0.0.1", port, clock=clock.now)
                await bus.read(1, ENERGY, timeout=LONG)
            with pytest.raises(errors.DeviceError):
                await bus.read(1, ENERGY, timeout=SHORT)
            again = SimulatedGateway({1: "eastron_sdm630"}, clock=clock.now, port=port)
            async with again:
                assert (await bus.read(1, ENERGY, timeout=LONG)).words == words_of(again, 1, ENERGY)
                await bus.close()

        asyncio.run(scene())
