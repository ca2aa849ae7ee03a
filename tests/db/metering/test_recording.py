"""Readings are stored once, durably, and whatever contradicts them is kept beside them."""

from __future__ import annotations

import concurrent.futures
import dataclasses
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from django.db import connections

from meterbook.foundation import bulk, scoping
from meterbook.kernel.quality import Quality
from meterbook.metering import models, operations, values
from meterbook.metering.operations import recording
from tests.factories import identity, metering

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


@pytest.fixture
def meter() -> metering.Installed:
    return metering.installed_meter(organization=identity.organization())


def stored(meter: metering.Installed) -> list[tuple[datetime, int, int]]:
    with scoping.scope([meter.organization_id], actor=metering.ACTOR):
        rows = models.Reading.objects.filter(organization_id=meter.organization_id)
        return list(rows.order_by("series_id", "at", "source").values_list("at", "value", "source"))


def conflicts(meter: metering.Installed) -> list[tuple[datetime, int, int]]:
    with scoping.scope([meter.organization_id], actor=metering.ACTOR):
        rows = models.ReadingConflict.objects.filter(organization_id=meter.organization_id).order_by("id")
        return list(rows.values_list("at", "kept_value", "offered_value"))


def dirty(meter: metering.Installed) -> list[tuple[date, list[int]]]:
    """The days that readings marked; those of the installation long ago are left out."""
    with scoping.scope([meter.organization_id], actor=metering.ACTOR):
        rows = models.DirtyDays.objects.filter(organization_id=meter.organization_id, day__gt=metering.LONG_AGO)
        rows = rows.order_by("id")
        return [(row.day, np.frombuffer(row.series, "<i8").tolist()) for row in rows]


def latest(series: models.Series) -> tuple[int, int] | None:
    with scoping.scope([series.organization_id], actor=metering.ACTOR):
        chunk, place = divmod(series.pk, values.SERIES_A_CHUNK)
        row = models.LatestChunk.objects.filter(organization_id=series.organization_id, chunk=chunk).first()
        if row is None:
            return None
        return int(np.frombuffer(row.at, "<i8")[place]), int(np.frombuffer(row.value, "<i8")[place])


class TestRecordReadings:
    def test_stores_a_batch_once_however_often_it_arrives(self, meter: metering.Installed) -> None:
        readings = [(NOON, 100), (NOON + QUARTER, 130)]

        first = metering.record(meter.energy, readings)
        again = metering.record(meter.energy, readings)

        assert first == operations.RecordOutcome(inserted=2, unchanged=0, conflicts=0)
        assert again == operations.RecordOutcome(inserted=0, unchanged=2, conflicts=0)
        assert stored(meter) == [(NOON, 100, 1), (NOON + QUARTER, 130, 1)]

    def test_keeps_when_each_reading_came_where_the_batch_says_it(self, meter: metering.Installed) -> None:
        rows = [(meter.energy.pk, metering.microseconds(NOON + offset * QUARTER), offset) for offset in range(2)]
        batch = operations.ReadingBatch.of(rows)
        noted = dataclasses.replace(batch, arrived=batch.at + 2_000_000)

        operations.record_readings(
            organization_id=meter.organization_id, actor=metering.ACTOR, at=NOON + 30 * QUARTER, batch=noted
        )

        with scoping.scope([meter.organization_id], actor=metering.ACTOR):
            kept = models.Reading.objects.filter(organization_id=meter.organization_id).order_by(
                "series_id", "at", "source"
            )
            assert [each.received_at - each.at for each in kept] == [timedelta(seconds=2)] * 2

    @pytest.mark.spec("M-022/3")
    def test_keeps_what_contradicts_beside_what_was_there(self, meter: metering.Installed) -> None:
        metering.record(meter.energy, [(NOON, 100)])

        outcome = metering.record(meter.energy, [(NOON, 101), (NOON + QUARTER, 130)])
        metering.record(meter.energy, [(NOON, 101)])

        assert outcome == operations.RecordOutcome(inserted=1, unchanged=0, conflicts=1)
        assert stored(meter) == [(NOON, 100, 1), (NOON + QUARTER, 130, 1)]
        assert conflicts(meter) == [(NOON, 100, 101)]

    def test_takes_the_first_of_two_values_inside_one_batch(self, meter: metering.Installed) -> None:
        outcome = metering.record(meter.energy, [(NOON, 100), (NOON, 100), (NOON, 99)])

        assert outcome == operations.RecordOutcome(inserted=1, unchanged=1, conflicts=1)
        assert stored(meter) == [(NOON, 100, 1)]
        assert conflicts(meter) == [(NOON, 100, 99)]

    def test_keeps_sources_apart(self, meter: metering.Installed) -> None:
        metering.record(meter.energy, [(NOON, 100)])

        outcome = metering.record(meter.energy, [(NOON, 102)], source=values.Source.FIELD)

        assert outcome.inserted == 1
        assert stored(meter) == [(NOON, 100, 1), (NOON, 102, 3)]

    def test_marks_the_days_that_a_reading_touches(self, meter: metering.Installed) -> None:
        midnight = datetime(2026, 3, 11, tzinfo=UTC)

        metering.record(meter.energy, [(NOON, 100), (midnight, 180)])
        metering.record(meter.energy, [(NOON, 100), (midnight, 181)])

        ids = [meter.energy.pk]
        assert dirty(meter) == [(date(2026, 3, 10), ids), (date(2026, 3, 11), ids)]

    def test_shows_the_newest_reading_whatever_the_order(self, meter: metering.Installed) -> None:
        metering.record(meter.energy, [(NOON, 100), (NOON + QUARTER, 130)])
        metering.record(meter.energy, [(NOON - QUARTER, 90)])

        assert latest(meter.energy) == (metering.microseconds(NOON + QUARTER), 130)
        assert latest(meter.series["power"]) == (values.NEVER, 0)

    def test_spans_months_that_have_no_partition_yet(self, meter: metering.Installed) -> None:
        readings = [(datetime(year, 7, 1, tzinfo=UTC), year) for year in range(1998, 2004)]

        assert metering.record(meter.energy, readings).inserted == 6
        assert [value for _at, value, _source in stored(meter)] == list(range(1998, 2004))

    def test_knows_what_is_stored_in_each_month_of_a_batch(self, meter: metering.Installed) -> None:
        readings = [(datetime(year, 7, 1, tzinfo=UTC), year) for year in range(1998, 2004)]
        metering.record(meter.energy, readings)

        again = metering.record(meter.energy, [*readings, (NOON, 7)])

        assert (again.inserted, again.unchanged, again.conflicts) == (1, 6, 0)

    def test_looks_for_each_key_through_the_index_of_its_month(self, meter: metering.Installed) -> None:
        """A plan that reads a month costs seconds a batch at a large site; the other months are not looked into."""
        metering.record(meter.energy, [(NOON + month * timedelta(days=31), 100) for month in range(3)])
        key = (meter.energy.pk, metering.microseconds(NOON), int(values.Source.METER))
        parameters = [*(bulk.Numbers(np.array([each], np.int64)) for each in key), key[1], key[1]]

        with bulk.transact() as connection:
            connection.execute(recording.INDEX_ONLY)
            rows = bulk.fetch(connection, "EXPLAIN " + recording.LOOK, parameters)

        plan = "\n".join(each for (each,) in rows)
        assert "Index Scan using metering_reading_y2026m03_pkey" in plan
        assert "y2026m04" not in plan

    def test_refuses_series_of_another_organization_and_stores_nothing(self, meter: metering.Installed) -> None:
        other = metering.installed_meter(organization=identity.organization())
        at = metering.microseconds(NOON)
        batch = operations.ReadingBatch.of([(meter.energy.pk, at, 1), (other.energy.pk, at, 2)])

        with pytest.raises(operations.SeriesNotInOrganization, match=str(other.energy.pk)):
            operations.record_readings(
                organization_id=meter.organization_id, actor=metering.ACTOR, at=NOON, batch=batch
            )

        assert stored(meter) == stored(other) == []

    @pytest.mark.parametrize(
        ("column", "value", "words"),
        [("quality", 42, "unknown quality"), ("source", 9, "unknown source"), ("at", 10**18, "1900")],
    )
    def test_names_the_row_that_is_wrong(self, meter: metering.Installed, column: str, value: int, words: str) -> None:
        rows = [(meter.energy.pk, metering.microseconds(NOON), 1), (meter.energy.pk, metering.microseconds(NOON), 2)]
        batch = operations.ReadingBatch.of(rows)
        getattr(batch, column)[1] = value

        with pytest.raises(operations.BatchInvalid, match=f"Reading 2 .*{words}"):
            operations.record_readings(
                organization_id=meter.organization_id, actor=metering.ACTOR, at=NOON, batch=batch
            )

        assert stored(meter) == []

    def test_many_writers_of_the_same_readings_store_them_once(self, meter: metering.Installed) -> None:
        readings = [(NOON + QUARTER * slot, slot) for slot in range(200)]

        def write(shift: int) -> int:
            try:
                return metering.record(meter.energy, readings[shift:] + readings[:shift]).inserted
            finally:
                connections.close_all()

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            inserted = list(pool.map(write, range(8)))

        assert sum(inserted) == 200
        assert len(stored(meter)) == 200

    def test_leaves_nothing_when_the_last_step_fails(self, meter: metering.Installed) -> None:
        """A trigger stands in for a full disk at the dirty marks: the readings before them must go too."""
        with connections["owner"].cursor() as cursor:
            cursor.execute(
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN RAISE EXCEPTION 'no space' USING ERRCODE = 'disk_full'; END $$;"
                f"CREATE TRIGGER refuse BEFORE INSERT ON metering_dirtydays FOR EACH ROW"
                f" WHEN (NEW.organization_id = {meter.organization_id}) EXECUTE FUNCTION refuse()"
            )
        try:
            with pytest.raises(Exception, match="no space"):
                metering.record(meter.energy, [(NOON, 100)])
        finally:
            with connections["owner"].cursor() as cursor:
                cursor.execute("DROP TRIGGER refuse ON metering_dirtydays; DROP FUNCTION refuse()")

        assert stored(meter) == []
        assert metering.record(meter.energy, [(NOON, 100)]).inserted == 1


class TestRecordLatest:
    def test_shows_a_value_without_storing_a_reading(self, meter: metering.Installed) -> None:
        batch = operations.ReadingBatch.of([(meter.energy.pk, metering.microseconds(NOON), 77)])

        operations.record_latest(organization_id=meter.organization_id, actor=metering.ACTOR, at=NOON, batch=batch)

        assert latest(meter.energy) == (metering.microseconds(NOON), 77)
        assert stored(meter) == []
        assert dirty(meter) == []


class TestWalls:
    def test_readings_of_others_are_not_there_by_orm_or_raw_sql_or_partition(self, meter: metering.Installed) -> None:
        metering.record(meter.energy, [(NOON, 100)], quality=Quality.VALID)
        stranger = identity.organization()

        with scoping.scope([stranger.pk], actor=metering.ACTOR), connections["default"].cursor() as cursor:
            cursor.execute("SELECT count(*) FROM metering_reading WHERE series_id = %s", [meter.energy.pk])
            assert cursor.fetchone() == (0,)

        with (
            pytest.raises(Exception, match="permission denied"),
            scoping.scope([stranger.pk], actor=metering.ACTOR),
            connections["default"].cursor() as cursor,
        ):
            cursor.execute("SELECT count(*) FROM metering_reading_y2026m03")

    def test_readings_are_never_changed(self, meter: metering.Installed) -> None:
        metering.record(meter.energy, [(NOON, 100)])

        for statement in ("UPDATE metering_reading SET value = 1", "DELETE FROM metering_reading"):
            with (
                pytest.raises(Exception, match="permission denied"),
                bulk.transact() as connection,
            ):
                connection.execute(f"{statement} WHERE series_id = {meter.energy.pk}")
