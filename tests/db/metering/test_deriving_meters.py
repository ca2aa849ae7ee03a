"""Deriving follows what happens to meters: roll-overs, exchanges, glitches, corrections."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from meterbook.foundation import scoping
from meterbook.kernel.quality import Quality
from meterbook.metering import operations
from meterbook.metering.validation.inputs import CorrectionKind, FindingKind
from tests.db.metering import derived
from tests.factories import metering as factory


class TestDeriveDirtyDays:
    @pytest.mark.spec("B-01")
    def test_converts_units_scales_and_multiplier_exactly(self) -> None:
        """One count is 10 Wh times 1/3; only whole Wh are booked, and no rest is lost."""
        meter = factory.installed_meter(organization=derived.organization(), multiplier=Fraction(1, 3))
        factory.record(
            meter.energy, derived.counted(derived.MIDNIGHT, derived.MIDNIGHT + timedelta(days=1, minutes=15), rise=1)
        )

        derived.derive(meter.organization_id)

        numbers, _ = derived.days_of(meter.energy)[derived.DAY]
        assert set(numbers) == {3, 4}
        assert sum(numbers) == 320

    @pytest.mark.spec("G-04")
    @pytest.mark.spec("M-029/1")
    def test_follows_a_rollover(self) -> None:
        register = operations.RegisterPlan(
            "energy_import", "energy_import", factory.ENERGY.unit, 1, wrap=10_000_000, opening=None
        )
        meter = factory.installed_meter(
            organization=derived.organization(),
            registers=(register,),
            multiplier=Fraction(40),
            rated_per_hour=Decimal(6_000),
        )
        factory.record(meter.energy, [(derived.MIDNIGHT, 9_999_805), (derived.MIDNIGHT + derived.QUARTER, 152)])

        derived.derive(meter.organization_id)

        assert derived.total(meter.energy) == 1_388_000
        assert derived.found_kinds(meter.energy) == [FindingKind.ROLLOVER]

    @pytest.mark.spec("G-05")
    @pytest.mark.spec("M-029/1")
    @pytest.mark.spec("B-07")
    def test_follows_an_exchange(self) -> None:
        meter = factory.installed_meter(
            organization=derived.organization(),
            registers=(operations.RegisterPlan("energy_import", "energy_import", factory.ENERGY.unit, 1),),
        )
        factory.record(meter.energy, [(derived.MIDNIGHT, 123_456), (derived.MIDNIGHT + 12 * derived.HOUR, 123_900)])
        derived.derive(meter.organization_id)
        new = factory.meter(organization_id=meter.organization_id)
        with scoping.scope([meter.organization_id], actor=derived.ACTOR):
            operations.exchange_meter(
                actor=derived.ACTOR,
                at=derived.MIDNIGHT,
                installation=meter.installation,
                meter=new,
                exchanged_at=derived.MIDNIGHT + 15 * derived.HOUR,
                reason="Seal broken",
                closings={"energy_import": operations.Closing(124_000)},
                registers=(
                    operations.RegisterPlan("energy_import", "energy_import", factory.ENERGY.unit, 1, opening=3),
                ),
            )
        factory.record(meter.energy, [(derived.MIDNIGHT + timedelta(days=1), 1_208)])

        derived.derive(meter.organization_id)

        assert derived.total(meter.energy) == 174_900
        assert derived.found_kinds(meter.energy) == []
        assert Quality.MISSING not in derived.days_of(meter.energy)[derived.DAY][1]

    @pytest.mark.spec("G-06")
    @pytest.mark.spec("M-029/1")
    @pytest.mark.spec("B-02")
    def test_follows_a_change_of_transformers(self) -> None:
        meter = factory.installed_meter(
            organization=derived.organization(),
            registers=(operations.RegisterPlan("energy_import", "energy_import", factory.ENERGY.unit, 1),),
            multiplier=Fraction(20),
        )
        factory.record(meter.energy, [(derived.MIDNIGHT, 5_000), (derived.MIDNIGHT + timedelta(days=2), 5_200)])
        derived.derive(meter.organization_id)
        with scoping.scope([meter.organization_id], actor=derived.ACTOR):
            operations.change_multiplier(
                actor=derived.ACTOR,
                at=derived.MIDNIGHT,
                installation=meter.installation,
                starts_at=derived.MIDNIGHT + timedelta(days=1),
                multiplier=Fraction(40),
                registers={"energy_import": 5_125},
                reason="200/5 instead of 100/5",
            )

        derived.derive(meter.organization_id)

        found = derived.days_of(meter.energy)
        assert sum(found[derived.DAY][0]) == 250_000
        assert sum(found[derived.DAY + timedelta(days=1)][0]) == 300_000

    @pytest.mark.spec("G-21")
    @pytest.mark.spec("B-04")
    @pytest.mark.spec("C-15")
    def test_does_not_book_a_zero_glitch_over_midnight(self) -> None:
        meter = factory.installed_meter(organization=derived.organization())
        end = derived.MIDNIGHT + timedelta(days=1)
        readings = derived.counted(derived.MIDNIGHT, end + 2 * derived.HOUR)
        glitch = {end - derived.QUARTER, end, end + derived.QUARTER}
        factory.record(meter.energy, [(at, 0 if at in glitch else value) for at, value in readings if at <= end])
        derived.derive(meter.organization_id)
        assert derived.total(meter.energy) == 94 * 250
        factory.record(meter.energy, [(at, 0 if at in glitch else value) for at, value in readings if at > end])

        derived.derive(meter.organization_id)

        found = derived.days_of(meter.energy)
        assert derived.found_kinds(meter.energy) == [FindingKind.GLITCH]
        assert derived.total(meter.energy) == (len(readings) - 1) * 250
        assert found[derived.DAY][0] == [250] * 96
        assert found[derived.DAY][1][93:] == [Quality.VALID, Quality.INTERPOLATED, Quality.INTERPOLATED]

    @pytest.mark.spec("C-15")
    def test_does_not_book_a_spike(self) -> None:
        meter = factory.installed_meter(organization=derived.organization(), rated_per_hour=Decimal(69))
        readings = derived.counted(derived.MIDNIGHT, derived.MIDNIGHT + timedelta(days=1, hours=1))
        spike = derived.MIDNIGHT + 10 * derived.HOUR
        factory.record(meter.energy, [(at, 9_000_000 if at == spike else value) for at, value in readings])

        derived.derive(meter.organization_id)

        assert derived.days_of(meter.energy)[derived.DAY][0] == [250] * 96
        assert derived.found_kinds(meter.energy) == [FindingKind.SPIKE]

    @pytest.mark.spec("B-05")
    def test_holds_what_the_supply_cannot_deliver_until_a_person_releases_it(self) -> None:
        meter = factory.installed_meter(organization=derived.organization(), rated_per_hour=Decimal(69))
        jump = derived.MIDNIGHT + 10 * derived.HOUR
        readings = [
            (at, value + (100_000 if at >= jump else 0))
            for at, value in derived.counted(derived.MIDNIGHT, derived.MIDNIGHT + timedelta(days=1))
        ]
        factory.record(meter.energy, readings)
        derived.derive(meter.organization_id)
        held = derived.days_of(meter.energy)[derived.DAY]
        with scoping.scope([meter.organization_id], actor=derived.ACTOR):
            operations.correct_readings(
                actor=derived.ACTOR,
                at=derived.MIDNIGHT,
                series=meter.energy,
                kind=CorrectionKind.RELEASE,
                corrected_at=jump - derived.HOUR,
                until=jump + derived.HOUR,
                reason="Seen on site",
            )

        derived.derive(meter.organization_id)

        assert [slot for slot, code in enumerate(held[1]) if code == Quality.QUESTIONABLE] == [39]
        assert derived.days_of(meter.energy)[derived.DAY][1][39] == Quality.VALIDATED
        assert derived.days_of(meter.energy)[derived.DAY][0] == held[0]

    def test_forgets_a_reading_that_a_person_excluded(self) -> None:
        meter = factory.installed_meter(organization=derived.organization())
        readings = derived.counted(derived.MIDNIGHT - timedelta(days=3), derived.MIDNIGHT + timedelta(days=2))
        wrong = derived.MIDNIGHT + timedelta(days=1)
        factory.record(meter.energy, [(at, value + (20 if at == wrong else 0)) for at, value in readings])
        derived.derive(meter.organization_id)
        with scoping.scope([meter.organization_id], actor=derived.ACTOR):
            operations.correct_readings(
                actor=derived.ACTOR,
                at=derived.MIDNIGHT,
                series=meter.energy,
                kind=CorrectionKind.EXCLUDE,
                corrected_at=wrong,
                reason="Misread",
            )

        derived.derive(meter.organization_id)

        found = derived.days_of(meter.energy)
        assert found[derived.DAY][0] == [250] * 96
        assert found[derived.DAY][1][95] == Quality.INTERPOLATED

    def test_leaves_time_without_a_meter_missing(self) -> None:
        meter = factory.installed_meter(organization=derived.organization())
        factory.record(meter.energy, derived.counted(derived.MIDNIGHT, derived.MIDNIGHT + 6 * derived.HOUR))
        removed, came = derived.MIDNIGHT + 6 * derived.HOUR, derived.MIDNIGHT + timedelta(days=2, hours=6)
        new = factory.meter(organization_id=meter.organization_id)
        with scoping.scope([meter.organization_id], actor=derived.ACTOR):
            operations.remove_meter(
                actor=derived.ACTOR,
                at=derived.MIDNIGHT,
                installation=meter.installation,
                ends_at=removed,
                closings={"energy_import": operations.Closing(10_000 + 24 * derived.RISE)},
                reason="Shop empty",
            )
            operations.install_meter(
                actor=derived.ACTOR,
                at=derived.MIDNIGHT,
                meter_point=meter.point,
                meter=new,
                starts_at=came,
                registers=(
                    operations.RegisterPlan("energy_import", "energy_import", factory.ENERGY.unit, 2, opening=0),
                ),
            )
        factory.record(meter.energy, derived.counted(came, came + 6 * derived.HOUR, value=0))

        derived.derive(meter.organization_id)

        found = derived.days_of(meter.energy)
        assert sorted(found) == [derived.DAY, derived.DAY + timedelta(days=1), derived.DAY + timedelta(days=2)]
        assert found[derived.DAY + timedelta(days=1)] == ([0] * 96, [Quality.MISSING] * 96)
        assert derived.total(meter.energy) == (24 + 23) * 250

    def test_of_a_meter_removed_long_after_its_latest_reading_reaches_to_the_removal(self) -> None:
        meter = factory.installed_meter(organization=derived.organization())
        factory.record(meter.energy, derived.counted(derived.MIDNIGHT, derived.MIDNIGHT + 6 * derived.HOUR))
        derived.derive(meter.organization_id)
        with scoping.scope([meter.organization_id], actor=derived.ACTOR):
            operations.remove_meter(
                actor=derived.ACTOR,
                at=derived.MIDNIGHT,
                installation=meter.installation,
                ends_at=derived.MIDNIGHT + timedelta(days=4, hours=6),
                closings={"energy_import": operations.Closing(20_000)},
                reason="Shop empty",
            )

        derived.derive(meter.organization_id)

        assert sorted(derived.days_of(meter.energy)) == [derived.DAY + timedelta(days=number) for number in range(5)]
        assert derived.total(meter.energy) == 100_000
