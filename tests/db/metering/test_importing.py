"""Importing readings from files: the register that comes of them, all or nothing, and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from django.db import DatabaseError, connections

from meterbook.audit import models as audit_models
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel import civil
from meterbook.kernel.quality import Quality
from meterbook.kernel.quantity import Unit
from meterbook.metering import models, operations, queries
from meterbook.metering.importing.mapping import Gaps, Mapping
from meterbook.metering.importing.problems import FileInvalid
from meterbook.metering.queries import intervals
from tests.factories import identity, imports, metering, sites

ACTOR, NOW = imports.ACTOR, imports.NOW
ENERGY = operations.RegisterPlan("energy_import", "energy_import", Unit.KWH, 3)
QUARTERS = [("2026-03-01 00:00", "1.5"), ("2026-03-01 00:15", "2"), ("2026-03-01 00:30", "0.25")]


@pytest.fixture
def organization() -> identity_models.Organization:
    return identity.organization()


def meter(organization: identity_models.Organization, code: str = "MP-1", **how: object) -> metering.Installed:
    given = {"registers": (ENERGY,), **how}
    return metering.installed_meter(organization=organization, code=code, **given)  # type: ignore[arg-type]


def stored(organization: identity_models.Organization) -> list[tuple[datetime, int]]:
    with scoping.scope([organization.pk], actor=ACTOR):
        found = models.Reading.objects.filter(organization_id=organization.pk)
        return list(found.order_by("series_id", "at", "source").values_list("at", "value"))


def problems(caught: pytest.ExceptionInfo[FileInvalid]) -> list[tuple[int, str]]:
    return [(each.line, each.column) for each in caught.value.problems]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Madrid"))


class TestIntervals:
    def test_become_a_register_that_is_rounded_as_a_whole(self, organization: identity_models.Organization) -> None:
        meter(organization, registers=(operations.RegisterPlan("e", "energy_import", Unit.KWH, 0),))

        imports.load(organization, imports.csv_file([(f"2026-03-01 00:{m:02}", "0.4") for m in (0, 15, 30, 45)]))

        assert [value for _at, value in stored(organization)] == [0, 0, 1, 1, 2]

    def test_go_on_from_what_the_register_showed(self, organization: identity_models.Organization) -> None:
        installed = meter(organization)
        metering.record(installed.energy, [(at("2026-03-01 00:00"), 120_000)])

        imports.load(organization, imports.csv_file(QUARTERS))

        assert [value for _at, value in stored(organization)] == [120_000, 121_500, 123_500, 123_750]

    def test_of_a_second_file_continue_the_first(self, organization: identity_models.Organization) -> None:
        meter(organization)
        imports.load(organization, imports.csv_file(QUARTERS[:2]))

        outcome = imports.load(organization, imports.csv_file([*QUARTERS[2:], ("2026-03-01 00:45", "1")]))

        assert [value for _at, value in stored(organization)] == [0, 1_500, 3_500, 3_750, 4_750]
        assert (outcome.inserted, outcome.unchanged) == (2, 1)

    def test_that_overlap_with_the_same_values_add_only_what_is_new(
        self, organization: identity_models.Organization
    ) -> None:
        meter(organization)
        imports.load(organization, imports.csv_file(QUARTERS[:2]))

        outcome = imports.load(organization, imports.csv_file(QUARTERS))

        assert (outcome.inserted, outcome.unchanged) == (1, 3)

    def test_that_overlap_with_other_values_are_refused_by_row(
        self, organization: identity_models.Organization
    ) -> None:
        meter(organization)
        imports.load(organization, imports.csv_file(QUARTERS))

        with pytest.raises(FileInvalid) as caught:
            imports.load(organization, imports.csv_file([QUARTERS[0], (QUARTERS[1][0], "2.5"), QUARTERS[2]]))

        assert problems(caught) == [(3, "kWh")]
        assert len(stored(organization)) == 4

    def test_before_what_is_stored_are_refused(self, organization: identity_models.Organization) -> None:
        meter(organization)
        imports.load(organization, imports.csv_file([*QUARTERS[2:], ("2026-03-01 00:45", "1")]))

        with pytest.raises(FileInvalid, match="Import files in order of time"):
            imports.load(organization, imports.csv_file(QUARTERS[:2]))

    def test_after_a_time_of_which_nothing_is_known_are_refused_unless_allowed(
        self, organization: identity_models.Organization
    ) -> None:
        meter(organization)
        imports.load(organization, imports.csv_file(QUARTERS))
        later = imports.csv_file([("2026-03-02 00:00", "1"), ("2026-03-02 00:15", "1")])

        with pytest.raises(FileInvalid, match="Nothing is known between 2026-03-01 00:45"):
            imports.load(organization, later)
        imports.load(organization, later, Mapping(point="MP-1", gaps=Gaps.ZERO))

        assert [value for _at, value in stored(organization)][-3:] == [3_750, 4_750, 5_750]

    def test_count_through_the_multiplier_of_the_meter(self, organization: identity_models.Organization) -> None:
        meter(organization, multiplier=Fraction(40))

        imports.load(organization, imports.csv_file([("2026-03-01 00:00", "4"), ("2026-03-01 00:15", "4")]))

        assert [value for _at, value in stored(organization)] == [0, 100, 200]

    def test_in_another_unit_are_converted_exactly(self, organization: identity_models.Organization) -> None:
        meter(organization)

        rows = [("2026-03-01 00:00", "3.6"), ("2026-03-01 00:15", "7.2")]

        imports.load(organization, imports.csv_file(rows, header="time,usage"), Mapping(point="MP-1", unit="MJ"))

        assert [value for _at, value in stored(organization)] == [0, 1_000, 3_000]

    @pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25)])
    def test_of_days_on_which_clocks_change(
        self, organization: identity_models.Organization, day: str, hours: int
    ) -> None:
        meter(organization)
        start = at(f"{day} 00:00").astimezone(UTC)
        zone = ZoneInfo("Europe/Madrid")
        shown = [(start + timedelta(hours=n)).astimezone(zone) for n in range(hours)]

        imports.load(organization, imports.csv_file([(f"{each:%Y-%m-%d %H:%M}", n) for n, each in enumerate(shown)]))

        assert stored(organization)[-1] == (
            at(f"{day} 00:00").astimezone(UTC) + timedelta(hours=hours),
            sum(range(hours)) * 1000,
        )

    def test_of_the_hour_that_clocks_jump_over_are_refused(self, organization: identity_models.Organization) -> None:
        meter(organization)
        rows = [(f"2026-03-29 {hour:02}:00", 1) for hour in range(24)]

        with pytest.raises(FileInvalid, match="does not exist in Europe/Madrid") as caught:
            imports.load(organization, imports.csv_file(rows))

        assert problems(caught)[0] == (4, "time")


class TestRegisters:
    MAPPING = Mapping(point="MP-1")
    HEADER = "time,meter reading kWh"

    def test_are_stored_as_they_stand(self, organization: identity_models.Organization) -> None:
        meter(organization)
        rows = [("2026-03-01 00:00", "1000.5"), ("2026-04-01 00:00", "1320.25")]

        outcome = imports.load(organization, imports.csv_file(rows, header=self.HEADER), self.MAPPING)

        assert outcome.mapping["kind"] == "REGISTERS"
        assert [value for _at, value in stored(organization)] == [1_000_500, 1_320_250]
        assert outcome.points[0].total == ""

    def test_that_contradict_a_stored_one_are_refused(self, organization: identity_models.Organization) -> None:
        meter(organization)
        rows = [("2026-03-01 00:00", "1000"), ("2026-04-01 00:00", "1320")]
        imports.load(organization, imports.csv_file(rows, header=self.HEADER), self.MAPPING)

        with pytest.raises(FileInvalid) as caught:
            imports.load(
                organization, imports.csv_file([rows[0], (rows[1][0], "1321")], header=self.HEADER), self.MAPPING
            )

        assert problems(caught) == [(3, "meter reading kWh")]


class TestNothingIsHalfDone:
    def test_with_one_wrong_cell(self, organization: identity_models.Organization) -> None:
        site = sites.site(organization=organization)
        rows = [*QUARTERS[:2], (QUARTERS[2][0], "12.4x")]

        with pytest.raises(FileInvalid):
            imports.load(organization, imports.csv_file(rows), new_meters_at=site.public_id)

        assert stored(organization) == []
        with scoping.scope([organization.pk], actor=ACTOR):
            assert not models.MeterPoint.objects.filter(organization_id=organization.pk).exists()
            assert not models.ImportFile.objects.filter(organization_id=organization.pk).exists()

    def test_when_the_server_ends_the_connection_in_the_middle(
        self, organization: identity_models.Organization
    ) -> None:
        meter(organization)

        with pytest.raises(DatabaseError):
            self.import_and_die(organization)
        connections["default"].close()

        assert stored(organization) == []
        with scoping.scope([organization.pk], actor=ACTOR):
            assert not models.DirtyDays.objects.filter(organization_id=organization.pk, day=date(2026, 3, 1)).exists()

    def import_and_die(self, organization: identity_models.Organization) -> None:
        with scoping.scope([organization.pk], actor=ACTOR):
            operations.import_readings(
                actor=ACTOR, at=NOW, content=imports.csv_file(QUARTERS), name="a.csv", mapping=Mapping(point="MP-1")
            )
            with connections["default"].cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    def test_by_a_dry_run(self, organization: identity_models.Organization) -> None:
        meter(organization)

        with scoping.scope([organization.pk], actor=ACTOR):
            outcome = operations.check_import(
                content=imports.csv_file(QUARTERS), name="a.csv", mapping=Mapping(point="MP-1")
            )

        assert (outcome.is_dry_run, outcome.inserted) == (True, 4)
        assert stored(organization) == []


class TestTrail:
    def test_notes_file_actor_and_digest_of_the_rows_once(self, organization: identity_models.Organization) -> None:
        meter(organization)
        imports.load(organization, imports.csv_file(QUARTERS))

        with scoping.scope([organization.pk], actor=ACTOR):
            entry = audit_models.AuditEntry.objects.get(
                organization_id=organization.pk, action="metering:import_readings"
            )

        assert (entry.subject_label, entry.row_count, entry.actor_label) == ("readings.csv", 4, "test")
        assert len(entry.rows_digest) == 64

    def test_the_live_value_follows(self, organization: identity_models.Organization) -> None:
        installed = meter(organization)
        imports.load(organization, imports.csv_file(QUARTERS))

        with scoping.scope([organization.pk], actor=ACTOR):
            detail = queries.get_meter(public_id=installed.point.public_id)
            live = queries.live_values(series=detail.series)

        assert [row.value for row in live] == [Decimal("3.750")]


class TestMeterPoints:
    def test_of_another_organization_are_not_found(self, organization: identity_models.Organization) -> None:
        meter(identity.organization())

        with pytest.raises(FileInvalid, match="no meter point “MP-1”"):
            imports.load(organization, imports.csv_file(QUARTERS))

    def test_can_be_named_by_a_column(self, organization: identity_models.Organization) -> None:
        site = sites.site(organization=organization)
        rows = [(code, *row) for row in QUARTERS for code in ("A", "B")]

        outcome = imports.load(
            organization,
            imports.csv_file(rows, header="point,time,kWh"),
            Mapping(point_column="point"),
            new_meters_at=site.public_id,
        )

        assert [(each.code, each.is_new, each.inserted) for each in outcome.points] == [("A", True, 4), ("B", True, 4)]
        assert len(stored(organization)) == 8

    def test_without_a_meter_at_that_time_are_refused(self, organization: identity_models.Organization) -> None:
        meter(organization, starts_at=at("2026-03-01 00:30"))

        with pytest.raises(FileInvalid, match="no one meter counted this"):
            imports.load(organization, imports.csv_file(QUARTERS))

    def test_with_a_meter_that_was_exchanged_take_only_its_own_past(
        self, organization: identity_models.Organization
    ) -> None:
        installed = meter(organization)
        metering.record(installed.energy, [(at("2026-02-01 00:00"), 900_000)])
        with scoping.scope([organization.pk], actor=ACTOR):
            operations.exchange_meter(
                actor=ACTOR,
                at=NOW,
                installation=models.Installation.objects.get(
                    pk=installed.installation.pk, organization_id=organization.pk
                ),
                exchanged_at=at("2026-03-01 00:00"),
                closings={"energy_import": operations.Closing(950_000)},
                meter=models.Meter.objects.create(organization_id=organization.pk, serial_number="N", model_code="x"),
                registers=(operations.RegisterPlan("e", "energy_import", Unit.KWH, 3, opening=7_000),),
                reason="old",
            )

        imports.load(organization, imports.csv_file(QUARTERS))

        assert [value for _at, value in stored(organization)][-3:] == [8_500, 10_500, 10_750]


class TestWorkbook:
    def test_is_read_like_text(self, organization: identity_models.Organization) -> None:
        meter(organization)
        rows = [(datetime.fromisoformat(text), float(value)) for text, value in QUARTERS]

        outcome = imports.load(organization, imports.workbook(rows))

        assert outcome.mapping["sheet"] == "Data"
        assert [value for _at, value in stored(organization)] == [0, 1_500, 3_500, 3_750]

    def test_with_a_formula_is_refused(self, organization: identity_models.Organization) -> None:
        meter(organization)
        rows = [
            (datetime.fromisoformat(text), value)
            for text, value in zip([q[0] for q in QUARTERS], [1, "=B2*2", 3], strict=True)
        ]

        with pytest.raises(FileInvalid, match="holds a formula") as caught:
            imports.load(organization, imports.workbook(rows))

        assert problems(caught) == [(3, "kWh")]


class TestStepOfANewMeter:
    @pytest.mark.parametrize(
        ("zone", "minutes", "expected"),
        [
            ("Europe/Madrid", 60, 60),
            ("Europe/Madrid", 30, 30),
            ("Europe/Madrid", 15, 15),
            ("Europe/Madrid", 5, 15),
            ("Asia/Kolkata", 60, 30),  # its hours begin at half past, UTC
            ("Asia/Kathmandu", 60, 15),
        ],
    )
    def test_is_that_of_the_file_where_its_slots_are_whole(
        self, organization: identity_models.Organization, zone: str, minutes: int, expected: int
    ) -> None:
        site = sites.site(organization=organization, time_zone=zone)
        start = datetime(2026, 3, 2, tzinfo=UTC)  # its clock is read as the zone's
        rows = [(f"{start + timedelta(minutes=minutes * n):%Y-%m-%d %H:%M}", "1.2") for n in range(1440 // minutes)]

        imports.load(organization, imports.csv_file(rows), new_meters_at=site.public_id)
        operations.derive_dirty_days(organization_id=organization.pk, actor=ACTOR, at=NOW)

        with scoping.scope([organization.pk], actor=ACTOR):
            point = models.MeterPoint.objects.get(organization_id=organization.pk)
            (series,) = queries.list_series(meter_point_ids=[point.pk])
            usage = intervals.get_intervals(series=series, period=civil.day_bounds(date(2026, 3, 2), ZoneInfo(zone)))
        assert series.step == expected
        assert bool(np.all(usage.quality == Quality.VALID)) == (minutes <= expected)
        assert usage.values.sum() == len(rows) * 1_200
