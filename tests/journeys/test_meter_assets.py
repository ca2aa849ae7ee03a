"""Meters as things, through HTTP: plates and seals, tests, removing and installing, photos, warnings, tenants."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import ClassVar

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from meterbook.acquisition import models as acquisition_models
from meterbook.audit import models as audit_models
from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from meterbook.kernel import clock
from meterbook.metering import assets, models, queries
from meterbook.metering.queries.calibrated import Expiry
from tests.factories import acquisition, meter_assets, metering, sites
from tests.journeys import test_exchanging_meters as exchanging
from tests.journeys.house import House, signed_in

NOON = datetime(2026, 6, 16, 10, 20, tzinfo=UTC)  # 12:20 in Madrid


@pytest.fixture(autouse=True)
def standing() -> Iterator[clock.SettableClock]:
    with clock.use(clock.SettableClock(NOON)) as installed:
        yield installed  # type: ignore[misc]


class Wall:
    """A meter on a bus, read six minutes before with 1,234.50 kWh, and its manager's browser."""

    def __init__(self) -> None:
        self.house = House()
        self.client: Client = self.house.client
        self.site = sites.site(organization=self.house.organization, time_zone="Europe/Madrid")
        self.made = metering.installed_meter(
            organization=self.house.organization, site=self.site, registers=(metering.ENERGY,), code="MP-7"
        )
        self.bus = acquisition.bus(site=self.site)
        acquisition.device(organization=self.house.organization, on=self.bus, meter=self.made.meter, unit_id=7)
        metering.record(self.made.energy, [(NOON - timedelta(minutes=6), 123_450)])

    def path(self, name: str, *more: object) -> str:
        return self.house.path(name, self.made.point.public_id, *more)

    def scope(self) -> scoping.scope:  # type: ignore[valid-type]
        return scoping.scope([self.made.organization_id], actor=metering.ACTOR)

    def asset(self) -> queries.Asset:
        with self.scope():
            detail = queries.get_meter(public_id=self.made.point.public_id)
            return queries.assets_of(installations=detail.installations)[0]

    def post(self, name: str, *more: object, **given: object) -> HttpResponse:
        return self.client.post(self.path(name, *more), given)  # type: ignore[return-value]


@pytest.fixture
def wall(database: str) -> Wall:
    return Wall()


def words(answer: HttpResponse) -> str:
    return answer.content.decode()


def pdf() -> SimpleUploadedFile:
    return SimpleUploadedFile("certificate.exe", meter_assets.PDF)


def photo() -> SimpleUploadedFile:
    return SimpleUploadedFile("wall.png", meter_assets.picture())


class TestPlateSealsAndPlace:
    FACTS: ClassVar[dict[str, object]] = {
        "starts_at": "2026-06-16T09:00",
        "seals": "S-1, S-2",
        "accuracy_class": "B",
        "approval": "MID",
        "approval_number": "0102",
        "battery_until": "2030-01-01",
        "location": "Basement, panel 3",
        "current_ratio": "200/5",
        "current_serials": "T1, T2, T3",
        "current_class": "0.5",
    }

    def test_are_noted_from_an_instant_on_and_shown(self, wall: Wall) -> None:
        begun = wall.client.get(wall.path("meter_asset"))
        meter = str(wall.made.meter.public_id)

        done = wall.post("meter_asset", meter=meter, **self.FACTS)
        page = words(wall.client.get(wall.path("meter")))
        again = wall.client.post(wall.path("meter_asset"), {"meter": meter, **self.FACTS}, follow=True)

        assert 'value="2026-06-16T12:20"' in words(begun)
        assert done.status_code == 302
        for shown in ("S-1, S-2", "Basement, panel 3", "200/5", "T1, T2, T3", "MID mark on the plate, 0102"):
            assert shown in page
        assert "Nothing changed" in words(again)
        with wall.scope():
            kept = models.MeterPlate.objects.get(organization_id=wall.made.organization_id)
            entry = audit_models.AuditEntry.objects.get(
                organization_id=wall.made.organization_id, action="metering:describe_meter"
            )
        assert kept.starts_at == datetime(2026, 6, 16, 7, tzinfo=UTC)
        assert entry.after["seals"] == ["S-1", "S-2"]

    def test_are_refused_beside_their_fields(self, wall: Wall) -> None:
        wrong = {**self.FACTS, "current_ratio": "forty", "seals": "x" * 41, "starts_at": "2027-01-01T00:00"}

        answer = wall.post("meter_asset", meter=str(wall.made.meter.public_id), **wrong)

        assert answer.status_code == 422
        assert "Write the ratio as it stands on the transformer" in words(answer)
        assert "Write the numbers with commas" in words(answer)
        assert "This lies ahead" in words(answer)

    def test_are_not_noted_of_another_meter_than_was_seen(self, wall: Wall) -> None:
        answer = wall.client.post(wall.path("meter_asset"), {**self.FACTS, "meter": ""}, follow=True)

        assert "Another meter hangs there by now" in words(answer)
        assert wall.asset().plates == ()


class TestTests:
    GIVEN: ClassVar[dict[str, object]] = {
        "tested_on": "2026-06-10",
        "outcome": "passed",
        "last_day": "2032-06-09",
        "largest_error": "-0.35",
    }

    def test_are_kept_with_their_certificate(self, wall: Wall) -> None:
        done = wall.post("meter_recalibrate", certificate=pdf(), **self.GIVEN)
        row = wall.asset().latest_test
        page = words(wall.client.get(wall.path("meter")))

        assert done.status_code == 302
        assert row is not None
        assert row.file is not None
        assert row.test.until_day == date(2032, 6, 10)
        assert "9 Jun 2032" in page
        given = wall.client.get(wall.path("meter_asset_file", row.file.public_id))
        assert given.content == meter_assets.PDF
        assert given.headers["Content-Disposition"].startswith("attachment; filename=")
        assert given.headers["Content-Type"] == "application/pdf"

        withdrawn = wall.post("meter_test_withdraw", row.public_id, reason="another meter's")

        assert withdrawn.status_code == 302
        assert wall.asset().latest_test is None
        assert "another meter&#x27;s" in words(wall.client.get(wall.path("meter")))

    def test_are_refused_beside_their_fields(self, wall: Wall) -> None:
        ahead = wall.post("meter_recalibrate", tested_on="2026-06-17", outcome="passed")
        before = wall.post("meter_recalibrate", **{**self.GIVEN, "last_day": "2026-06-09"})
        program = wall.post("meter_recalibrate", certificate=SimpleUploadedFile("x.pdf", b"MZ\x90"), **self.GIVEN)

        assert [each.status_code for each in (ahead, before, program)] == [422, 422, 422]
        assert "The test lies ahead" in words(ahead)
        assert "It would have run out before the test" in words(before)
        assert "This is no picture or PDF" in words(program)
        assert wall.asset().tests == ()

    def test_give_nothing_to_who_may_only_look_or_is_a_stranger(self, wall: Wall) -> None:
        test = meter_assets.calibrated(wall.made, with_certificate=True)
        viewer = signed_in(wall.house.person(role=RoleCode.MONITOR))
        stranger = House()
        assert test.file is not None

        assert viewer.get(wall.path("meter_recalibrate")).status_code == 403
        assert viewer.post(wall.path("meter_test_withdraw", test.public_id), {"reason": "x"}).status_code == 403
        assert viewer.get(wall.path("meter_asset_file", test.file.public_id)).status_code == 200
        assert "Recalibrate" not in words(viewer.get(wall.path("meter")))
        other = metering.installed_meter(organization=stranger.organization)
        elsewhere = stranger.path("meter_asset_file", other.point.public_id, test.file.public_id)
        assert stranger.client.get(elsewhere).status_code == 404
        assert stranger.client.get(wall.path("meter_asset_file", test.file.public_id)).status_code == 404


class TestRemoving:
    def test_leaves_the_point_without_a_meter_until_another_is_installed(self, wall: Wall) -> None:
        old = str(wall.made.meter.public_id)
        when = {"old": old, "removed_at": "2026-06-16T12:15", "reason": "shop closed"}

        readings = wall.post("meter_remove", step="when", **when)
        sure = wall.post("meter_remove", step="readings", final_energy_import="1,240.00", **when)
        done = wall.post("meter_remove", step="sure", final_energy_import="1,240.00", photo_went=photo(), **when)
        page = words(wall.client.get(wall.path("meter")))

        assert 'value="1234.50"' in words(readings)  # what the meter told a minute before
        assert "5.50" in words(sure)
        assert done.status_code == 302
        assert "Install a meter" in page
        assert "Photo when it was removed" in page
        with wall.scope():
            hung = models.Installation.objects.get(organization_id=wall.made.organization_id)
            device = acquisition_models.Device.objects.get(organization_id=wall.made.organization_id)
        assert hung.during.upper == datetime(2026, 6, 16, 10, 15, tzinfo=UTC)
        assert not device.is_enabled

        comes = {
            "exchanged_at": "2026-06-16T12:18",
            "serial_number": wall.made.meter.serial_number,
            "model_code": "imported",
            "multiplier": "1",
            "reason": "new shop",
            "seals": "S-7",
        }
        early = wall.post("meter_install", step="meter", **{**comes, "exchanged_at": "2026-06-16T12:00"})
        asked = wall.post("meter_install", step="meter", **comes)
        installed = wall.post("meter_install", step="sure", opening_energy_import="0", photo_came=photo(), **comes)

        assert early.status_code == 422
        assert "The meter before hung there until" in words(early)
        assert 'name="opening_energy_import"' in words(asked)
        assert installed.status_code == 302
        asset = wall.asset()
        assert asset.plate.seals == ("S-7",)
        assert [each.kind for each in asset.files] == [assets.FileKind.INSTALLED]

    def test_hangs_a_meter_again_that_hung_there_before(self, wall: Wall) -> None:
        old = str(wall.made.meter.public_id)
        when = {"old": old, "removed_at": "2026-06-16T12:15", "reason": "repair"}
        wall.post("meter_remove", step="sure", final_energy_import="1240", **when)
        counters = {f"opening_{code}": "0" for code in metering_codes()}
        comes = {
            "exchanged_at": "2026-06-16T12:18",
            "serial_number": wall.made.meter.serial_number,
            "model_code": "eastron_sdm630",
            "multiplier": "1",
            "unit_id": "7",
            "reason": "repaired",
        }

        done = wall.post("meter_install", step="sure", **counters, **comes)

        assert done.status_code == 302
        with wall.scope():
            hung = models.Installation.objects.filter(organization_id=wall.made.organization_id).order_by("id")
            devices = acquisition_models.Device.objects.filter(
                organization_id=wall.made.organization_id, is_enabled=True
            )
            assert {each.meter_id for each in hung} == {wall.made.meter.pk}
            assert [each.unit_id for each in devices] == [7]


def metering_codes() -> list[str]:
    return exchanging.COUNTERS


class TestExchangeAndMultiplier:
    def test_take_seals_transformers_and_photos(self, wall: Wall) -> None:
        given = {
            "starts_at": "2026-06-16T12:15",
            "multiplier": "200/5",
            "shown_energy_import": "1240",
            "reason": "transformers exchanged",
            "seals": "S-5",
            "current_ratio": "100/5",
            "transformers": "1",
        }
        wrong = wall.post("meter_multiplier", **given)
        right = {**given, "current_ratio": "200/5", "current_serials": "T9"}

        done = wall.post("meter_multiplier", sure="1", photo_came=photo(), **right)

        assert wrong.status_code == 422
        assert "divide by 20, but the multiplier is 40" in words(wrong)
        assert done.status_code == 302
        asset = wall.asset()
        assert asset.plate.seals == ("S-5",)
        assert [each.kind for each in asset.files] == [assets.FileKind.CHANGED]
        with wall.scope():
            around = queries.equipment_at(meter_point_id=wall.made.point.pk, at=NOON)
        assert around.current == assets.Transformers("200/5", "T9", "")
        assert around.factor == Fraction(40)


class TestCalibrationsList:
    def test_narrows_exports_and_waits_in_my_work(self, wall: Wall) -> None:
        meter_assets.calibrated(wall.made)  # through 31 May 2026
        later = metering.installed_meter(organization=wall.house.organization, site=wall.site, name="Shop 40")
        meter_assets.calibrated(later, last_day=date(2026, 12, 1), certificate_number="=1+1")
        pages = {show: words(wall.client.get(wall.house.path("calibrations"), {"show": show.value})) for show in Expiry}
        file = wall.client.get(wall.house.path("calibrations_file"), {"show": "6", "kind": "csv"})
        rows = list(csv.reader(io.StringIO(words(file).removeprefix("\ufeff"))))
        work = words(wall.client.get(wall.house.path("work")))
        nonsense = wall.client.get(wall.house.path("calibrations"), {"show": "x", "page": "-1", "kind": "y"})

        assert "Calibration expired" in pages[Expiry.EXPIRED]
        assert "Shop 40" not in pages[Expiry.THREE]
        assert "Shop 40" in pages[Expiry.SIX]
        assert "since 16 days" in pages[Expiry.EXPIRED]
        assert [row[2] for row in rows[1:]] == ["MP-7", later.point.code]
        assert rows[2][-1] == "'=1+1"
        assert "1 meter past its calibration, or within three months of it" in work
        assert nonsense.status_code == 200
