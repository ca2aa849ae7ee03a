"""Meters that move along a load count it exactly, and every model of the library shows them through its registers."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.acquisition.drivers.modbus_tcp.bus import ModbusTcpBus
from meterbook.acquisition.library import documents
from meterbook.acquisition.polling import blocks, reading
from meterbook_lab import modbus_load
from meterbook_lab.gateway_sim import Meter
from meterbook_lab.modbus_load import SLOT, Week
from tests.factories import lab

MONDAY = datetime(2026, 6, 15, tzinfo=UTC)
RISING = Week(tuple(range(672)))
MICROSECONDS = st.integers(0, 20 * 24 * 3_600 * 1_000_000)


def meter(model: str = "schneider_iem3155", since: datetime = MONDAY, **registers: int) -> modbus_load.LoadedMeter:
    """A meter whose load rises through the week."""
    return Meter(7, model, since, registers, RISING).simulated()


async def read_all(shown: Meter, at: datetime) -> tuple[reading.BlockReading, ...]:
    """All that a meter gives over a socket, with its clock standing."""
    clock = lab.settable_clock(at).now
    async with (
        lab.gateway(units=[shown], clock=clock) as gateway,
        ModbusTcpBus(gateway.host, gateway.port, clock=clock) as bus,
    ):
        plan = blocks.plan_model(documents.load(shown.model))
        return await reading.read(bus, shown.unit, plan.everything, timeout=5)


class TestAWeek:
    def test_begins_on_monday_in_utc(self) -> None:
        slots = [modbus_load.slot_of(at) for at in (MONDAY, MONDAY + SLOT, MONDAY - SLOT, MONDAY + timedelta(days=7))]

        assert [RISING.used(slot) for slot in slots] == [0, 1, 671, 0]


class TestALoadedMeter:
    def test_shows_what_it_was_given_and_counts_the_load_from_there(self) -> None:
        one = meter(energy_import=4_711_003)
        register = one.model.register("energy_import")

        shown = [one.value(register, MONDAY + each * SLOT) for each in (0, 1, 2, 3)]

        assert shown == [Fraction(4_711_003 + each, 1_000) for each in (0, 0, 1, 3)]

    def test_goes_on_where_another_that_was_given_its_register_had_come(self) -> None:
        """History is written up to any instant; the register that follows agrees with it."""
        first, at = meter(energy_import=5_000), MONDAY + timedelta(days=3, minutes=7)
        register = first.model.register("energy_import")
        shown = first.value(register, at) * 1_000
        second = meter(since=at, energy_import=int(shown))

        later = [one.value(register, at + timedelta(days=2)) for one in (first, second)]

        assert 0 <= later[0] - later[1] < Fraction(1, 1_000)

    @given(MICROSECONDS, MICROSECONDS)
    def test_never_counts_backwards_in_whatever_order_it_is_asked(self, first: int, second: int) -> None:
        one = meter()
        register = one.model.register("energy_import")
        start, end = sorted((first, second))

        after = one.value(register, MONDAY + timedelta(microseconds=end))
        before = one.value(register, MONDAY + timedelta(microseconds=start))

        assert before <= after
        assert after == one.value(register, MONDAY + timedelta(microseconds=end))

    def test_shows_a_power_whose_mean_over_a_quarter_is_the_load(self) -> None:
        one, start = meter(), MONDAY + timedelta(days=2)
        watts = [one.watts(start + timedelta(seconds=second)) for second in range(900)]

        assert sum(watts) / 900 == 4 * RISING.used(modbus_load.slot_of(start))
        assert len(set(watts)) > 20

    def test_before_others_shows_their_sum(self) -> None:
        loads = (RISING, Week((3,) * 672))
        parts = [Meter(unit, "abb_b23", MONDAY, {}, load).simulated() for unit, load in enumerate(loads, start=1)]
        whole = Meter(9, "siemens_pac2200", MONDAY, {}, modbus_load.Sum(loads)).simulated()
        at = MONDAY + timedelta(days=9, seconds=1_234)

        assert whole.value(whole.model.register("energy_import"), at) == sum(
            part.value(part.model.register("energy_import"), at) for part in parts
        )

    def test_of_water_counts_liters(self) -> None:
        one = meter("demo_water_pulse", volume=12_000)

        assert one.value(one.model.register("volume"), MONDAY + 3 * SLOT) == Fraction(12_003, 1_000)

    def test_refuses_a_register_that_its_model_does_not_have(self) -> None:
        with pytest.raises(KeyError, match="abb_b23 has no register volume"):
            meter("abb_b23", volume=1)


MODBUS = [each for each in documents.all_models() if not each.is_named]


class TestEveryModel:
    @pytest.mark.spec("M-015/1")
    @pytest.mark.parametrize("model", MODBUS, ids=lambda model: model.code)
    def test_is_read_over_the_wire_as_its_simulator_shows_it(self, model: documents.MeterModel) -> None:
        given = {register.code: 1_234_567 for register in model.registers if register.is_energy}
        at = MONDAY + timedelta(days=1, hours=13, minutes=20)
        shown = Meter(3, model.code, MONDAY, given, RISING)

        found = asyncio.run(read_all(shown, at))

        simulated = shown.simulated()
        samples = [sample for each in found for sample in each.samples]
        assert [each.refused for each in found] == [()] * len(found)
        assert {sample.code for sample in samples} == {register.code for register in model.registers}
        for sample in samples:
            register = model.register(sample.code)
            exact = simulated.value(register, at)
            # An integer register shows steps of its scale, a float those of its stored decimals.
            step = max(Fraction(1, 10**sample.decimals), 0 if "float" in register.type else register.scale)
            assert abs(Fraction(sample.value, 10**sample.decimals) - exact) <= step
        assert all(not sample.is_coarse for sample in samples if sample.code in given)
