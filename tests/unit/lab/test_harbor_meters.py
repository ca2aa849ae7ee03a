"""Which meters the mall has, and that what they show goes on from the history."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from meterbook.acquisition.library import decode, documents
from meterbook.metering.values import PointRole, Service
from meterbook_lab import gateway_sim, modbus_registers
from meterbook_lab.harbor import gateways, meters, points, units
from meterbook_lab.harbor.calendar import Calendar

AT = datetime(2026, 3, 31, 22, 30, tzinfo=UTC)  # the first of April at the mall
CALENDAR = Calendar.at(AT)
LATER = datetime(2026, 4, 2, 11, 15, tzinfo=UTC)


class TestCalendar:
    @pytest.mark.parametrize(
        ("at", "begins_at"),
        [
            (datetime(2026, 1, 1, 0, 30, tzinfo=UTC), datetime(2024, 12, 31, tzinfo=UTC)),
            (datetime(2026, 3, 31, 21, 59, tzinfo=UTC), datetime(2025, 2, 28, tzinfo=UTC)),
            (datetime(2026, 3, 31, 22, 0, tzinfo=UTC), datetime(2025, 3, 31, tzinfo=UTC)),
            (datetime(2028, 3, 1, 12, 0, tzinfo=UTC), datetime(2027, 2, 28, tzinfo=UTC)),
        ],
    )
    def test_begins_twelve_months_before_the_present_one(self, at: datetime, begins_at: datetime) -> None:
        assert Calendar.at(at).begins_at == begins_at
        assert Calendar.since(begins_at) == Calendar.at(at)

    def test_counts_months_from_the_present_one(self) -> None:
        assert CALENDAR.instant(-1, 15) == datetime(2026, 3, 14, 23, tzinfo=UTC)
        assert CALENDAR.instant(0, 1, 2, 30) == datetime(2026, 4, 1, 0, 30, tzinfo=UTC)


class TestUnits:
    def test_sixty_shops_are_there_now_and_four_units_are_empty(self) -> None:
        present = [unit for unit in units.units() if unit.stays and unit.stays[-1].ends is None]

        assert len(present) == 60
        assert len(units.units()) == 64

    def test_stays_follow_each_other(self) -> None:
        for unit in units.units():
            for former, later in zip(unit.stays, unit.stays[1:], strict=False):
                assert former.ends is not None, unit.code
                assert former.begins < former.ends <= later.begins, unit.code

    def test_each_tenant_rents_once(self) -> None:
        names = Counter(stay.tenant for unit in units.units() for stay in unit.stays)

        assert set(names.values()) == {1}


class TestPoints:
    def test_each_unit_has_one_to_three(self) -> None:
        by_unit = Counter(each.place for each in points.points(CALENDAR) if each.role is PointRole.TENANT)

        assert set(by_unit) == {unit.code for unit in units.units()}
        assert set(by_unit.values()) == {1, 2, 3}

    def test_there_are_six_models_of_electricity_meters(self) -> None:
        used = {each.model for each in points.points(CALENDAR) if each.service is Service.ELECTRICITY}

        assert used <= set(documents.codes())
        assert len(used) == 6

    @pytest.mark.parametrize("service", [Service.ELECTRICITY, Service.COLD_WATER, Service.GAS])
    def test_a_main_meter_sees_all_others_of_its_service_in_steps_that_it_can_show(self, service: Service) -> None:
        main, *parts = [each for each in points.points(CALENDAR) if each.service is service]

        assert main.role is PointRole.MAIN
        assert main.load.days(20_000, 40).sum() == sum(part.load.days(20_000, 40).sum() for part in parts)
        for part in parts:
            assert points.step_of(part.model, part.counter) % points.step_of(main.model, main.counter) == 0


class TestMeters:
    def test_serial_numbers_differ(self) -> None:
        serials = [each.serial for each in meters.hanging(CALENDAR)]

        assert len(set(serials)) == len(serials) == len(points.points(CALENDAR)) + 1

    def test_counters_of_small_floats_stay_exact(self) -> None:
        for each in meters.present(CALENDAR):
            if documents.load(each.point.model).register(each.point.counter).type == "float32":
                assert meters.counted(each, LATER, CALENDAR) * each.step < 130_000_000, each.point.code


class TestGateways:
    def test_reach_every_meter_that_hangs_there(self) -> None:
        addressed = gateways.addressed(CALENDAR)

        reached = [meter for each in addressed for _unit, meter in each]
        assert sorted(each.serial for each in reached) == sorted(each.serial for each in meters.present(CALENDAR))
        assert len(addressed) == gateways.GATEWAYS
        assert max(len(each) for each in addressed) < 40

    def test_go_on_where_the_history_ended(self) -> None:
        simulated = gateways.gateways(CALENDAR.begins_at)

        for behind, served in zip(gateways.addressed(CALENDAR), simulated, strict=True):
            answering = {unit: hanging for unit, hanging in behind if hanging.point.code != meters.GONE}
            assert [meter.unit for meter in served] == list(answering)
            for meter in served:
                hanging = answering[meter.unit]
                for at in (AT.replace(minute=15), LATER):
                    shown = self.read(meter, hanging, at)
                    assert shown == meters.counted(hanging, at, CALENDAR), (hanging.point.code, at)

    def test_live_longer_than_a_year(self) -> None:
        main = gateways.gateways(CALENDAR.begins_at)[0][0]
        register = documents.load(main.model).register("energy_import")

        a_year_on = main.simulated().value(register, AT + timedelta(days=400))

        assert a_year_on > main.simulated().value(register, AT)

    @staticmethod
    def read(meter: gateway_sim.Meter, hanging: meters.Hanging, at: datetime) -> int:
        """What a read over Modbus would store."""
        register = documents.load(meter.model).register(hanging.point.counter)
        words = modbus_registers.encode(register, meter.simulated().value(register, at))
        return decode.decode(register, tuple(words)).value
