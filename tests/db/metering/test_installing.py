"""Meters come and go; the meter point and its series stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from meterbook.audit import models as audit_models
from meterbook.foundation import scoping
from meterbook.kernel.quantity import Unit, UnitMismatch
from meterbook.metering import models, operations
from meterbook.metering.validation.inputs import CorrectionKind
from tests.factories import identity, metering

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


@pytest.fixture
def meter() -> metering.Installed:
    return metering.installed_meter(organization=identity.organization())


def actions(meter: metering.Installed) -> list[str]:
    entries = audit_models.AuditEntry.objects.filter(organization_id=meter.organization_id).order_by("id")
    return [each.action for each in entries]


class TestInstallMeter:
    def test_refuses_a_second_meter_at_the_point(self, meter: metering.Installed) -> None:
        second = metering.meter(organization_id=meter.organization_id)

        with (
            scoping.scope([meter.organization_id], actor=metering.ACTOR),
            pytest.raises(operations.PointOccupied, match=meter.point.code),
        ):
            operations.install_meter(
                actor=metering.ACTOR, at=NOON, meter_point=meter.point, meter=second, starts_at=NOON, registers=()
            )

    def test_refuses_a_meter_that_hangs_elsewhere(self, meter: metering.Installed) -> None:
        other = metering.installed_meter(
            organization=identity.models.Organization(pk=meter.organization_id), site=meter.point.site
        )

        with scoping.scope([meter.organization_id], actor=metering.ACTOR):
            operations.remove_meter(
                actor=metering.ACTOR,
                at=NOON,
                installation=meter.installation,
                ends_at=NOON,
                closings={"energy_import": operations.Closing(1)},
                reason="gone",
            )
        with (
            scoping.scope([meter.organization_id], actor=metering.ACTOR),
            pytest.raises(operations.MeterElsewhere, match=other.meter.serial_number),
        ):
            operations.install_meter(
                actor=metering.ACTOR, at=NOON, meter_point=meter.point, meter=other.meter, starts_at=NOON, registers=()
            )

    def test_refuses_a_multiplier_on_a_meter_that_multiplies_inside(self) -> None:
        with pytest.raises(operations.RegistersArePrimary):
            metering.installed_meter(organization=identity.organization(), is_primary=True, multiplier=Fraction(40))

    def test_refuses_a_register_that_cannot_feed_its_series(self) -> None:
        wrong = operations.RegisterPlan("volume", "energy_import", Unit.M3, 2)

        with pytest.raises(UnitMismatch):
            metering.installed_meter(organization=identity.organization(), registers=(wrong,))


class TestExchangeMeter:
    def test_keeps_the_series_and_both_registers(self, meter: metering.Installed) -> None:
        new = metering.meter(organization_id=meter.organization_id, model_code="carlo_gavazzi_em24")
        plan = operations.RegisterPlan("energy_import", "energy_import", Unit.KWH, 1, opening=3)

        with scoping.scope([meter.organization_id], actor=metering.ACTOR):
            operations.exchange_meter(
                actor=metering.ACTOR,
                at=NOON,
                installation=meter.installation,
                exchanged_at=NOON,
                closings={"energy_import": operations.Closing(1_240_000)},
                meter=new,
                registers=[plan],
                reason="calibration ran out",
            )

            feeds = models.InstallationRegister.objects.filter(
                organization_id=meter.organization_id, series=meter.energy
            ).order_by("id")
            assert [(each.opening, each.closing) for each in feeds] == [(None, 1_240_000), (3, None)]
            assert actions(meter)[-2:] == ["metering:remove_meter", "metering:install_meter"]

    def test_asks_for_what_the_old_meter_showed_and_changes_nothing(self, meter: metering.Installed) -> None:
        new = metering.meter(organization_id=meter.organization_id)

        with (
            scoping.scope([meter.organization_id], actor=metering.ACTOR),
            pytest.raises(operations.ClosingMissing, match="Energy"),
        ):
            operations.exchange_meter(
                actor=metering.ACTOR,
                at=NOON,
                installation=meter.installation,
                exchanged_at=NOON,
                closings={},
                meter=new,
                registers=[metering.ENERGY],
                reason="broken",
            )

        with scoping.scope([meter.organization_id], actor=metering.ACTOR):
            meter.installation.refresh_from_db()
            assert meter.installation.during.upper is None


class TestChangeMultiplier:
    def test_is_written_with_what_the_register_showed(self, meter: metering.Installed) -> None:
        with scoping.scope([meter.organization_id], actor=metering.ACTOR):
            segment = operations.change_multiplier(
                actor=metering.ACTOR,
                at=NOON,
                installation=meter.installation,
                starts_at=NOON,
                multiplier=Fraction(40),
                registers={"energy_import": 51_250},
                reason="transformers 200/5",
            )

            assert segment.registers == {str(meter.energy.pk): 51_250}
            entry = audit_models.AuditEntry.objects.filter(organization_id=meter.organization_id).latest("id")
            assert (entry.action, entry.before, entry.reason) == (
                "metering:change_multiplier",
                {"multiplier": "1"},
                "transformers 200/5",
            )

    def test_needs_the_meter_to_hang_there(self, meter: metering.Installed) -> None:
        with (
            scoping.scope([meter.organization_id], actor=metering.ACTOR),
            pytest.raises(operations.OutsideInstallation),
        ):
            operations.change_multiplier(
                actor=metering.ACTOR,
                at=NOON,
                installation=meter.installation,
                starts_at=metering.LONG_AGO - timedelta(days=1),
                multiplier=Fraction(40),
                registers={"energy_import": 1},
                reason="too early",
            )


class TestCorrectReadings:
    @pytest.mark.spec("X-11/2")
    def test_marks_the_days_it_reaches(self, meter: metering.Installed) -> None:
        metering.record(meter.energy, [(NOON - timedelta(days=2), 1), (NOON, 2), (NOON + timedelta(days=1), 3)])
        with scoping.scope([meter.organization_id], actor=metering.ACTOR):
            models.DirtyDays.objects.filter(organization_id=meter.organization_id)
            before = models.DirtyDays.objects.filter(organization_id=meter.organization_id).latest("id").pk

            operations.correct_readings(
                actor=metering.ACTOR,
                at=NOON,
                series=meter.energy,
                kind=CorrectionKind.EXCLUDE,
                corrected_at=NOON,
                reason="misread",
            )

            marked = models.DirtyDays.objects.filter(organization_id=meter.organization_id, pk__gt=before)
            assert {each.day.day for each in marked} == {7, 8, 9, 10, 11}
            entry = audit_models.AuditEntry.objects.filter(organization_id=meter.organization_id).latest("id")
            assert (entry.action, entry.at, entry.reason) == ("metering:correct_reading", NOON, "misread")
            assert (entry.actor_label, entry.after["kind"]) == (metering.ACTOR.label, CorrectionKind.EXCLUDE)

    @pytest.mark.parametrize(
        ("kind", "reason"),
        [(CorrectionKind.SET, "why"), (CorrectionKind.EXCLUDE, " "), (CorrectionKind.RELEASE, "why")],
    )
    def test_refuses_half_a_correction(self, meter: metering.Installed, kind: CorrectionKind, reason: str) -> None:
        with (
            scoping.scope([meter.organization_id], actor=metering.ACTOR),
            pytest.raises(operations.CorrectionIncomplete),
        ):
            operations.correct_readings(
                actor=metering.ACTOR, at=NOON, series=meter.energy, kind=kind, corrected_at=NOON, reason=reason
            )
