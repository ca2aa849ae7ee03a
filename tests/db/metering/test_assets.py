"""Meters as things: what held when, tests that decide, files, and who is past calibration."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from meterbook.audit import models as audit_models
from meterbook.foundation import scoping
from meterbook.kernel.period import Period
from meterbook.metering import assets, models, operations, queries
from meterbook.metering.calibrations import CalibrationState
from meterbook.metering.queries.calibrated import Expiry
from tests.factories import identity, meter_assets, metering, sites

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def installed() -> metering.Installed:
    return metering.installed_meter(organization=identity.organization())


def scope(made: metering.Installed) -> scoping.scope:  # type: ignore[valid-type]
    return scoping.scope([made.organization_id], actor=metering.ACTOR)


class TestDescribing:
    def test_keeps_what_held_when_and_writes_nothing_twice(self) -> None:
        made = installed()
        meter_assets.described(made)
        later = assets.Plate("B", assets.Approval.MID, "0102", ("S-9",))
        with scope(made):
            known = {"actor": metering.ACTOR, "at": NOON, "meter": made.meter}

            first = operations.describe_meter(**known, starts_at=NOON - timedelta(days=2), plate=later, reason="broken")
            again = operations.describe_meter(**known, starts_at=NOON - timedelta(days=1), plate=later)
            with pytest.raises(operations.FactsAhead):
                operations.describe_meter(**known, starts_at=NOON + timedelta(days=1), plate=assets.Plate())

            assert (first, again) == (True, False)
            assert queries.plate_at(meter_id=made.meter.pk, at=NOON).seals == ("S-9",)
            assert queries.plate_at(meter_id=made.meter.pk, at=NOON - timedelta(days=3)).seals == ("S-1", "S-2")
            assert queries.equipment_at(meter_point_id=made.point.pk, at=NOON).current.serials == "T1, T2, T3"
            entry = audit_models.AuditEntry.objects.filter(
                organization_id=made.organization_id, action="metering:describe_meter"
            ).latest("id")
            assert entry.before["seals"] == ["S-1", "S-2"]
            assert entry.after["seals"] == ["S-9"]
            assert entry.reason == "broken"


class TestTests:
    def test_decide_and_can_be_withdrawn_once(self) -> None:
        made = installed()
        meter_assets.calibrated(made, with_certificate=True)
        wrong = meter_assets.calibrated(made, on=date(2025, 6, 1), last_day=date(2031, 5, 31))
        with scope(made):
            detail = queries.get_meter(public_id=made.point.public_id)
            (before,) = queries.assets_of(installations=detail.installations)
            operations.withdraw_test(actor=metering.ACTOR, at=NOON, test=wrong, reason="of another meter")
            with pytest.raises(operations.TestGone):
                operations.withdraw_test(actor=metering.ACTOR, at=NOON, test=wrong, reason="again")

            (after,) = queries.assets_of(installations=detail.installations)

            assert before.state_on(NOON.date()) is CalibrationState.VALID
            assert after.state_on(NOON.date()) is CalibrationState.EXPIRED
            assert [each.withdrawn_because for each in after.tests] == ["of another meter", ""]
            assert after.latest_test is not None
            file = after.latest_test.file
            assert file is not None
            _row, content, name = queries.get_asset_file(
                public_id=file.public_id, meter_public_ids=[made.meter.public_id]
            )
            assert content == meter_assets.PDF
            assert name.startswith("certificate-SN")
            with pytest.raises(queries.AssetFileNotFound):
                queries.get_asset_file(public_id=file.public_id, meter_public_ids=[made.point.public_id])

    def test_lie_behind_and_hold_a_day(self) -> None:
        made = installed()
        with scope(made):
            known = {"actor": metering.ACTOR, "at": NOON, "meter": made.meter, "today": NOON.date()}
            with pytest.raises(operations.TestImpossible):
                operations.record_test(**known, test=assets.Test(date(2026, 11, 27), None, is_passed=True))
            with pytest.raises(operations.TestImpossible):
                operations.record_test(**known, test=assets.Test(date(2026, 11, 1), date(2026, 11, 1), is_passed=True))
            assert not models.MeterTest.objects.filter(organization_id=made.organization_id).exists()


class TestCalibrationsExpiring:
    def test_lists_what_is_past_first_and_narrows(self) -> None:
        organization = identity.organization()
        site = sites.site(organization=organization, time_zone="Europe/Madrid")
        other = sites.site(organization=organization)
        ends = {"A": date(2026, 11, 25), "B": date(2026, 11, 26), "C": date(2027, 2, 25), "D": date(2027, 2, 27)}
        for code, last_day in ends.items():
            meter_assets.calibrated(
                metering.installed_meter(organization=organization, site=site, code=code), last_day=last_day
            )
        failed = metering.installed_meter(organization=organization, site=other, code="F")
        meter_assets.calibrated(failed, last_day=None, is_passed=False)
        metering.installed_meter(organization=organization, site=site, code="U")
        without_end = metering.installed_meter(organization=organization, site=site, code="V")
        meter_assets.calibrated(without_end, last_day=None)
        with scoping.scope([organization.pk], actor=metering.ACTOR):
            listed = queries.list_calibrations(at=NOON)
            narrowed = {
                show: [each.point_code for each in queries.list_calibrations(at=NOON, show=show)] for show in Expiry
            }
            soon = [each.point_code for each in queries.calibrations_expiring(at=NOON, months=3)]
            here = [each.point_code for each in queries.calibrations_expiring(at=NOON, site_ids=[other.pk])]
            found = [each.point_code for each in queries.list_calibrations(at=NOON, search="sn", site_ids=[other.pk])]

        assert [each.point_code for each in listed] == ["F", "A", "B", "C", "D", "V", "U"]
        assert [each.last_day for each in listed][1] == date(2026, 11, 25)
        assert narrowed[Expiry.EXPIRED] == ["F", "A"]
        assert narrowed[Expiry.THREE] == soon == ["F", "A", "B", "C"]
        assert narrowed[Expiry.TWELVE] == ["F", "A", "B", "C", "D"]
        assert narrowed[Expiry.UNKNOWN] == ["U"]
        assert here == found == ["F"]


class TestPastCalibration:
    def test_tells_the_time_that_a_meter_counted_without(self) -> None:
        made = installed()
        meter_assets.calibrated(made, last_day=date(2026, 9, 14))
        meter_assets.calibrated(made, on=date(2026, 9, 20), last_day=None)
        september = Period(datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC))
        august = Period(datetime(2026, 8, 1, tzinfo=UTC), september.start)
        with scope(made):
            (found,) = queries.past_calibration(meter_point_ids=[made.point.pk], within=september)
            before = queries.past_calibration(meter_point_ids=[made.point.pk], within=august)

        assert before == []
        assert found.first == date(2026, 9, 15)
        assert found.serial_number == made.meter.serial_number
        assert (found.period.end - found.period.start).days == 5
