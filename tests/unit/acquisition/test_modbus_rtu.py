"""Modbus RTU against meters behind a converter and on a serial port, real sockets and pseudo terminals."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.acquisition.contract import errors
from meterbook.acquisition.contract.frames import Block
from meterbook.acquisition.contract.serial_lines import SerialPort
from meterbook.acquisition.drivers.modbus_rtu import codec
from meterbook.acquisition.drivers.modbus_rtu.bus import ModbusRtuLine, ModbusRtuTcpBus, ModbusSerialBus
from meterbook.acquisition.library import documents
from meterbook.acquisition.polling import blocks, reading
from meterbook_lab import modbus_registers
from meterbook_lab.gateway_sim import SimulatedGateway
from meterbook_lab.modbus_rtu import RtuServer
from tests.factories import lab

ENERGY, VOLTAGE = Block(4, 72, 2), Block(4, 0, 2)
SHORT, LONG = 0.08, 5.0
UNITS = {1: "eastron_sdm630", 2: "eastron_sdm630", 3: "carlo_gavazzi_em24"}
CARRIERS = ("tcp", "serial")
Scene = Callable[[SimulatedGateway, ModbusRtuLine], Awaitable[None]]


@asynccontextmanager
async def line(carrier: str) -> AsyncIterator[tuple[SimulatedGateway, ModbusRtuLine]]:
    """Three meters on a line, and a bus that leads to it."""
    clock = lab.settable_clock()
    async with lab.gateway(units=UNITS, clock=clock.now, speaks=RtuServer) as gateway:
        if carrier == "tcp":
            async with ModbusRtuTcpBus("127.0.0.1", gateway.port, clock=clock.now) as bus:
                yield gateway, bus
            return
        assert gateway.serial is not None
        async with ModbusSerialBus(SerialPort(gateway.serial.path), clock=clock.now) as serial:
            yield gateway, serial


def play(carrier: str, scene: Scene) -> None:
    """Runs a scene on a line."""

    async def run() -> None:
        async with line(carrier) as (gateway, bus):
            await scene(gateway, bus)

    asyncio.run(run())


@pytest.mark.parametrize("carrier", CARRIERS)
class TestRead:
    def test_brings_a_whole_meter(self, carrier: str) -> None:
        async def scene(gateway: SimulatedGateway, bus: ModbusRtuLine) -> None:
            model = documents.load("carlo_gavazzi_em24")

            readings = await reading.read(bus, 3, blocks.plan_model(model).everything, timeout=LONG)

            samples = {sample.code: sample for each in readings for sample in each.samples}
            assert set(samples) == {register.code for register in model.registers}
            assert samples["energy_import"].value == (12_000 + 3 * 1_375) * 10

        play(carrier, scene)

    def test_passes_over_what_a_line_adds_before_an_answer(self, carrier: str) -> None:
        async def scene(gateway: SimulatedGateway, bus: ModbusRtuLine) -> None:
            assert isinstance(gateway.server, RtuServer)
            gateway.server.noise = b"\x00\xff"
            meter = gateway.meters[1]

            frame = await bus.read(1, ENERGY, timeout=LONG)

            assert frame.words == tuple(modbus_registers.read(meter, 4, 72, 2, lab.NOON))
            assert frame.request == "01040048000" + "2f1dd"

        play(carrier, scene)

    def test_never_takes_a_late_answer_for_that_of_the_next_request(self, carrier: str) -> None:
        async def scene(gateway: SimulatedGateway, bus: ModbusRtuLine) -> None:
            gateway.faults.change(1, late_seconds=2 * SHORT)
            with pytest.raises(errors.Timeout):
                await bus.read(1, ENERGY, timeout=SHORT)
            gateway.faults.clear()

            frames = [await bus.read(2, VOLTAGE, timeout=LONG, retries=3) for _ in range(4)]

            meter = gateway.meters[2]
            assert {frame.words for frame in frames} == {tuple(modbus_registers.read(meter, 4, 0, 2, lab.NOON))}

        play(carrier, scene)

    def test_says_what_a_device_refused(self, carrier: str) -> None:
        async def scene(gateway: SimulatedGateway, bus: ModbusRtuLine) -> None:
            with pytest.raises(errors.ExceptionAnswer, match="illegal data address"):
                await bus.read(1, Block(4, 60_000, 2), timeout=LONG)

            assert (await bus.read(1, ENERGY, timeout=LONG)).attempts == 1

        play(carrier, scene)

    @pytest.mark.parametrize(
        ("faults", "error", "words"),
        [
            ({"is_silent": True}, errors.Timeout, "unit 1 at .* did not answer"),
            ({"has_wrong_unit": True}, errors.FrameMismatch, "the answer has unit 2, asked was 1"),
            ({"is_cut": True}, errors.Timeout, "6 bytes of an answer came"),
            ({"is_short": True}, errors.FrameMismatch, "byte count"),
            ({"is_garbled": True}, errors.Timeout, "16 bytes of an answer came"),
        ],
    )
    def test_fails_with_the_reason(
        self, carrier: str, faults: dict[str, object], error: type[errors.DeviceError], words: str
    ) -> None:
        async def scene(gateway: SimulatedGateway, bus: ModbusRtuLine) -> None:
            gateway.faults.change(1, **faults)
            with pytest.raises(error, match=words):
                await bus.read(1, ENERGY, timeout=SHORT)
            gateway.faults.clear()

            assert (await bus.read(1, ENERGY, timeout=LONG)).words

        play(carrier, scene)


class TestSerialPort:
    def test_that_is_not_there_is_named(self) -> None:
        async def scene() -> None:
            bus = ModbusSerialBus(SerialPort("/dev/nothing-hangs-here"), clock=lab.settable_clock().now)
            with pytest.raises(errors.ConnectionRefused, match="no serial port /dev/nothing-hangs-here"):
                await bus.read(1, ENERGY, timeout=LONG)

        asyncio.run(scene())

    def test_opens_again_after_the_adapter_was_pulled(self) -> None:
        async def scene(gateway: SimulatedGateway, bus: ModbusRtuLine) -> None:
            await bus.read(1, ENERGY, timeout=LONG)
            await bus.close()

            assert (await bus.read(1, ENERGY, timeout=LONG)).words

        play("serial", scene)


class TestFind:
    @given(st.binary(max_size=64))
    def test_takes_nothing_from_noise(self, noise: bytes) -> None:
        asked = codec.request(1, ENERGY)

        try:
            found = codec.find(asked, noise)
        except errors.DeviceError:
            found = None

        assert found is None or codec.accept(asked, found)

    @given(st.binary(max_size=6), st.integers(0, 65_535), st.integers(0, 65_535))
    def test_finds_an_answer_behind_noise(self, noise: bytes, high: int, low: int) -> None:
        asked = codec.request(9, ENERGY)
        answer = codec.rtu.build(9, bytes([4, 4]) + high.to_bytes(2, "big") + low.to_bytes(2, "big"))

        found = codec.find(asked, noise + answer)

        assert found is not None
        assert codec.accept(asked, found) == (high, low)

    def test_does_not_take_the_echo_of_the_question_for_an_answer(self) -> None:
        asked = codec.request(1, ENERGY)
        answer = codec.rtu.build(1, bytes.fromhex("0404deadbeef"))

        assert codec.find(asked, asked.octets) is None
        assert codec.find(asked, asked.octets + answer) == answer
