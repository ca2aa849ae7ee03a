"""The simulated gateway behaves like meters do, and fails on command."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.acquisition.drivers.modbus_tcp.bus import ModbusTcpBus
from meterbook.acquisition.library import documents
from meterbook.acquisition.polling import blocks, reading
from meterbook_lab import gateway_sim, modbus_control
from meterbook_lab.modbus_meter import SimulatedMeter
from tests.factories import lab

HOUR = timedelta(hours=1)
SDM630 = documents.load("eastron_sdm630")
EM24 = documents.load("carlo_gavazzi_em24")
MICROSECONDS = st.integers(0, 40 * 24 * 3_600 * 1_000_000)


def meter(model: documents.MeterModel = EM24) -> SimulatedMeter:
    """A meter that was switched on at noon."""
    return SimulatedMeter(model, 1, lab.NOON)


class TestAMeter:
    @given(MICROSECONDS, MICROSECONDS)
    def test_never_counts_backwards(self, first: int, second: int) -> None:
        start, end = sorted((first, second))
        one = meter()

        used = one.watt_hours(lab.NOON + timedelta(microseconds=start), lab.NOON + timedelta(microseconds=end))

        assert used >= 0
        assert (used == 0) == (start == end)

    @given(MICROSECONDS, st.integers(1, 3_600_000_000))
    def test_counts_exactly_what_its_power_is_over_time(self, offset: int, length: int) -> None:
        """Within an hour power is a straight line, so energy is the mean of both ends times the time."""
        start = lab.NOON + (timedelta(microseconds=offset) // HOUR) * HOUR
        end = start + timedelta(microseconds=length)
        one = meter()

        mean = (one.watts(start) + one.watts(end)) / 2

        assert one.watt_hours(start, end) == mean * Fraction(length, 3_600_000_000)

    def test_uses_more_in_the_afternoon_than_at_night(self) -> None:
        one = meter()

        assert one.watts(datetime(2026, 6, 17, 15, tzinfo=UTC)) > 4 * one.watts(datetime(2026, 6, 17, 3, tzinfo=UTC))

    def test_measures_phases_that_add_up(self) -> None:
        one, at = meter(), lab.NOON + HOUR / 3

        phases = sum(one.value(EM24.register(f"power_l{phase}"), at) for phase in (1, 2, 3))

        assert phases == one.value(EM24.register("power"), at) == one.watts(at)

    def test_counts_on_from_a_value_that_was_set(self) -> None:
        one, register = meter(), EM24.register("energy_import")
        one.set("energy_import", Fraction(5_000), lab.NOON + HOUR)

        later = one.value(register, lab.NOON + 2 * HOUR)

        assert later - 5_000 == one.watt_hours(lab.NOON + HOUR, lab.NOON + 2 * HOUR) / 1_000

    def test_starts_from_zero_after_a_reset(self) -> None:
        one = SimulatedMeter(EM24, 1, lab.NOON, {"energy_import": Fraction(777)})
        one.reset(lab.NOON + HOUR)

        assert one.value(EM24.register("energy_import"), lab.NOON + HOUR) == 0

    def test_rolls_over_at_its_last_digit(self) -> None:
        one, register = meter(), EM24.register("energy_import")
        one.roll_over("energy_import", lab.NOON, before=Fraction(1, 2))

        before = one.value(register, lab.NOON)
        after = one.value(register, lab.NOON + HOUR)

        assert before == 10**7 - Fraction(1, 2)
        assert after == one.watt_hours(lab.NOON, lab.NOON + HOUR) / 1_000 - Fraction(1, 2)


async def read_code(gateway: gateway_sim.SimulatedGateway, unit: int, code: str) -> int:
    """The stored value of one register, read over the wire."""
    model = gateway.meters[unit].model
    async with ModbusTcpBus("127.0.0.1", gateway.port, clock=lab.settable_clock().now) as bus:
        (answer,) = await reading.read(bus, unit, blocks.plan_model(model, [code]).everything, timeout=5)
    return answer.samples[0].value


class TestAGateway:
    def test_serves_each_meter_by_the_clock_it_was_given(self) -> None:
        async def scene() -> tuple[int, int, SimulatedMeter]:
            clock = lab.settable_clock()
            start = {2: {"energy_import": Fraction(100)}}
            async with lab.gateway(units={1: SDM630.code, 2: EM24.code}, clock=clock.now, start=start) as gateway:
                first = await read_code(gateway, 2, "energy_import")
                clock.advance(10 * HOUR)
                return first, await read_code(gateway, 2, "energy_import"), gateway.meters[2]

        first, second, one = asyncio.run(scene())

        used = one.watt_hours(lab.NOON, lab.NOON + 10 * HOUR)
        assert first == 1_000
        assert second == 1_000 + used // 100

    def test_obeys_its_control_port(self) -> None:
        async def scene() -> list[dict[str, Any]]:
            async with lab.gateway(units={1: EM24.code}, control_port=0) as gateway:
                reader, writer = await asyncio.open_connection("127.0.0.1", gateway.control_port)
                answers = []
                for command in (
                    {"do": "set", "unit": 1, "register": "energy_import", "value": "1234.5"},
                    {"do": "show"},
                    {"do": "set", "unit": 9, "register": "energy_import", "value": "1"},
                    {"do": "dance"},
                    {"do": "drop", "percent": 101},
                ):
                    writer.write(json.dumps(command).encode() + b"\n")
                    answers.append(json.loads(await reader.readline()))
                writer.close()
                await writer.wait_closed()
                assert await read_code(gateway, 1, "energy_import") == 12_345
                return answers

        done, shown, unknown_unit, unknown, too_much = asyncio.run(scene())

        assert done == {"ok": True}
        assert shown["units"]["1"]["values"]["energy_import"] == "1234.5 KWH"
        assert not unknown_unit["ok"]
        assert "CommandUnknown" in unknown["error"]
        assert "PercentRefused" in too_much["error"]

    @pytest.mark.parametrize("do", sorted(modbus_control.SWITCHES))
    def test_switches_a_fault_on_and_off(self, do: str) -> None:
        gateway = lab.gateway(units={1: EM24.code, 2: EM24.code})

        gateway.control.carry_out({"do": do, "unit": 1})
        is_on = gateway.faults.of(1) != gateway.faults.of(2)
        gateway.control.carry_out({"do": do, "unit": 1, "on": False})

        assert is_on
        assert gateway.faults.of(1) == gateway.faults.of(2)

    def test_loses_the_same_frames_in_every_run(self) -> None:
        boards = [lab.gateway(seed=5).faults for _ in range(2)]
        for board in boards:
            board.change(1, drop_percent=10)

        first, second = ([board.loses(1) for _ in range(1_000)] for board in boards)

        assert first == second
        assert 70 <= sum(first) <= 130

    def test_runs_inside_a_thread_for_programs_that_wait(self) -> None:
        with lab.running_gateway(units={1: EM24.code}) as gateway:
            assert asyncio.run(read_code(gateway, 1, "energy_import")) == (12_000 + 1_375) * 10

    def test_runs_as_a_process_and_says_its_ports(self) -> None:
        async def scene() -> int:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "meterbook_lab.gateway_sim", "--units", "1-2=eastron_sdm630", "--begin-at",
                "2026-06-16T12:00:00+00:00", stdout=asyncio.subprocess.PIPE,
            )  # fmt: skip
            assert process.stdout is not None
            try:
                ports = json.loads(await process.stdout.readline())
                async with ModbusTcpBus("127.0.0.1", ports["port"], clock=lab.settable_clock().now) as bus:
                    frame = await bus.read(2, blocks.plan_model(SDM630).energy[0].block, timeout=5)
                return len(frame.words)
            finally:
                process.terminate()
                await process.wait()

        assert asyncio.run(scene()) == 8


class TestUnits:
    def test_are_read_one_by_one_and_in_runs(self) -> None:
        assert gateway_sim.read_units("1=a,3-5=b") == {1: "a", 3: "b", 4: "b", 5: "b"}

    @pytest.mark.parametrize("text", ["", "1", "a=b", "1=b=c", "1-x=b"])
    def test_are_refused_when_written_otherwise(self, text: str) -> None:
        with pytest.raises(gateway_sim.UnitsUnreadable):
            gateway_sim.read_units(text)
