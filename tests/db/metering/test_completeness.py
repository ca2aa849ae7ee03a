"""Completeness of meter points by local days and months."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from meterbook.foundation import scoping
from meterbook.kernel.actor import Actor
from meterbook.kernel.quality import Quality
from meterbook.metering import operations, queries
from meterbook.metering.operations import marking
from meterbook.metering.queries import SlotState, View
from tests.db.metering import derived
from tests.factories import identity, metering, sites, usage

ACTOR = Actor.system("test")
MADRID = ZoneInfo("Europe/Madrid")
LATER = datetime(2027, 1, 1, tzinfo=UTC)
# Written apart from the code that it checks: no packed days, no arrays, clocks by the database.
COUNTED = """
    WITH slots AS (
        SELECT p.id AS point, s.id AS series, slot AS starts_at, (slot AT TIME ZONE site.time_zone)::date AS local_day
        FROM metering_meterpoint p
        JOIN sites_site site ON site.id = p.site_id
        JOIN metering_series s ON s.meter_point_id = p.id AND s.code = 'energy_import'
        CROSS JOIN generate_series(
            %(first)s::timestamp AT TIME ZONE site.time_zone,
            (%(until)s::timestamp AT TIME ZONE site.time_zone) - interval '1 minute',
            interval '15 minutes') AS slot
        WHERE EXISTS (
            SELECT FROM metering_installation i WHERE i.meter_point_id = p.id AND lower(i.during) <= slot
                AND (upper(i.during) IS NULL OR upper(i.during) >= slot + interval '15 minutes'))
            AND slot + interval '30 minutes' <= %(at)s)
    SELECT slots.point, slots.local_day, count(*), count(*) FILTER (WHERE d.series_id IS NOT NULL AND (
        d.quality IS NULL OR get_byte(d.quality, (extract(epoch FROM starts_at)::bigint %% 86400 / 900)::int) <> 255))
    FROM slots LEFT JOIN metering_seriesday d ON d.series_id = slots.series
        AND d.day = (slots.starts_at AT TIME ZONE 'UTC')::date
    GROUP BY slots.point, slots.local_day ORDER BY 1, 2
"""


def ask(
    organization_id: int, points: list[int], grid: queries.Grid, at: datetime = LATER
) -> list[queries.CompletenessRow]:
    with scoping.scope([organization_id], actor=ACTOR):
        return queries.completeness(point_ids=points, grid=grid, at=at)


class TestCompleteness:
    @pytest.mark.parametrize("month", [date(2026, 3, 1), date(2026, 10, 1)], ids=["spring", "autumn"])
    @pytest.mark.spec("M-022/1")
    def test_equals_what_the_database_counts_by_itself(self, month: date) -> None:
        """Outages, an exchange, meters that come late and go early, both clock changes, a month that still runs."""
        organization = identity.organization()
        site = sites.site(organization=organization)
        start = datetime(month.year, month.month, 1, tzinfo=UTC)
        meters = [
            metering.installed_meter(organization=organization, site=site),
            metering.installed_meter(
                organization=organization, site=site, starts_at=start + timedelta(days=9, minutes=7)
            ),
            metering.installed_meter(organization=organization, site=site),
        ]
        for number, meter in enumerate(meters):
            for offset in range(-1, 31):
                if (offset * 7 + number) % 11 == 0:
                    continue  # a day that was never derived
                slots = range((offset + number) % 90, (offset + number) % 90 + 5)
                gap = dict.fromkeys(slots, Quality.MISSING) if offset % 3 == 0 else {}
                usage.day_block(meter.energy, (start + timedelta(days=offset)).date(), quality=gap)
        with scoping.scope([organization.pk], actor=ACTOR):
            operations.remove_meter(
                actor=ACTOR,
                at=LATER,
                installation=meters[2].installation,
                ends_at=start + timedelta(days=20, hours=5),
                closings={"energy_import": operations.Closing(500)},
                reason="Taken down",
            )
        at = start + timedelta(days=27, hours=13, minutes=5)
        grid = queries.Grid.month(month)

        rows = ask(organization.pk, [each.point.pk for each in meters], grid, at)

        with scoping.scope([organization.pk], actor=ACTOR), connection.cursor() as cursor:
            cursor.execute(COUNTED, {"first": grid.starts[0], "until": grid.until, "at": at})
            counted = {(point, day): (expected, known) for point, day, expected, known in cursor.fetchall()}
        shown = {
            (meter.point.pk, day): (cell.tally.expected, cell.tally.known)
            for meter, row in zip(meters, rows, strict=True)
            for day, cell in zip(grid.starts, row.cells, strict=True)
            if cell.tally.expected
        }
        assert shown == counted
        assert len({expected for expected, _known in counted.values()}) > 3

    def test_equals_what_was_read_where_nothing_lies_behind_the_outage(self) -> None:
        """From register to cell: readings until 6:00 of a local day are 24 of its 96 intervals."""
        meter = metering.installed_meter(organization=identity.organization(), starts_at=derived.MIDNIGHT)
        metering.record(meter.energy, derived.counted(derived.MIDNIGHT, derived.MIDNIGHT + timedelta(hours=29.25)))
        derived.derive(meter.organization_id)

        [row] = ask(meter.organization_id, [meter.point.pk], queries.Grid.month(derived.DAY))

        first, second, third = row.cells[9:12]
        assert (first.tally.expected, first.tally.known, first.state) == (92, 92, SlotState.MEASURED)
        assert (second.tally.expected, second.tally.known, second.state) == (96, 24, SlotState.PARTLY)
        assert (third.tally.missing, third.state) == (96, SlotState.MISSING)
        assert row.cells[8].state is SlotState.NO_METER
        assert row.is_end_open

    def test_agrees_with_the_page_of_the_meter(self) -> None:
        meter = metering.installed_meter(organization=identity.organization())
        day = date(2026, 3, 29)
        usage.day_block(meter.energy, day - timedelta(days=1))
        usage.day_block(meter.energy, day, quality={3: Quality.MISSING, 4: Quality.ESTIMATED, 5: Quality.MIXED})

        [row] = ask(meter.organization_id, [meter.point.pk], queries.Grid.month(day))

        with scoping.scope([meter.organization_id], actor=ACTOR):
            [series] = queries.list_series(meter_point_ids=[meter.point.pk], codes=["energy_import"])
            page = queries.usage(
                series=series, view=View.DAY, day=day, zone=MADRID, at=LATER, installed=[(metering.LONG_AGO, None)]
            )
        cell = row.cells[28]
        assert (cell.tally.known, cell.tally.missing) == (page.known, page.missing) == (91, 1)

    @pytest.mark.parametrize(
        ("quality", "state"),
        [
            ({}, SlotState.MEASURED),
            ({5: Quality.VALIDATED}, SlotState.MEASURED),
            ({5: Quality.EDITED}, SlotState.EDITED),
            ({5: Quality.EDITED, 6: Quality.INTERPOLATED}, SlotState.APPORTIONED),
            ({6: Quality.INTERPOLATED, 7: Quality.ESTIMATED}, SlotState.ESTIMATED),
            ({7: Quality.ESTIMATED, 8: Quality.QUESTIONABLE}, SlotState.HELD),
            ({8: Quality.QUESTIONABLE, 9: Quality.MISSING}, SlotState.PARTLY),
            (dict.fromkeys(range(96), Quality.MISSING), SlotState.MISSING),
        ],
        ids=["measured", "released", "edited", "apportioned", "estimated", "held", "gap", "nothing"],
    )
    def test_shows_the_worst_of_a_day(self, quality: dict[int, Quality], state: SlotState) -> None:
        meter = metering.installed_meter(
            organization=(organization := identity.organization()),
            site=sites.site(organization=organization, time_zone="UTC"),
        )
        usage.day_block(meter.energy, date(2026, 6, 16), quality=quality)

        [row] = ask(meter.organization_id, [meter.point.pk], queries.Grid.month(date(2026, 6, 1)))

        assert row.cells[15].state is state

    def test_of_a_day_that_runs_tells_what_is_there_so_far(self) -> None:
        meter = metering.installed_meter(organization=identity.organization())
        usage.day_block(meter.energy, date(2026, 6, 15))
        usage.day_block(meter.energy, date(2026, 6, 16), quality=dict.fromkeys(range(40, 96), Quality.MISSING))
        at = datetime(2026, 6, 16, 10, 10, tzinfo=UTC)

        [row] = ask(meter.organization_id, [meter.point.pk], queries.Grid.month(at.date()), at)

        assert (row.cells[15].tally.expected, row.cells[15].tally.missing) == (47, 0)
        assert [each.state for each in row.cells[14:17]] == [SlotState.PARTLY, SlotState.SO_FAR, SlotState.LATER]

    def test_keeps_foreign_meters_out(self) -> None:
        own, foreign = (metering.installed_meter(organization=identity.organization()) for _each in range(2))

        assert ask(own.organization_id, [foreign.point.pk], queries.Grid.month(date(2026, 6, 1))) == []


class TestSums:
    def test_are_those_of_the_rows_by_column_by_site_and_as_a_whole(self) -> None:
        organization = identity.organization()
        places = [sites.site(organization=organization, name=name) for name in ("Harbor", "Annex")]
        meters = [metering.installed_meter(organization=organization, site=places[number % 2]) for number in range(5)]
        for number, meter in enumerate(meters[:4]):
            for offset in range(-1, 30):
                gap = {number: Quality.MISSING} if number and offset == 3 * number else {}
                usage.day_block(meter.energy, date(2026, 6, 1) + timedelta(days=offset), quality=gap)
        ids = [each.point.pk for each in meters]
        grid = queries.Grid.month(date(2026, 6, 1))

        rows = ask(organization.pk, ids, grid)
        with (
            scoping.scope([organization.pk], actor=ACTOR),
            CaptureQueriesContext(
                connection,
            ) as asked,
        ):
            sums = queries.completeness_sums(point_ids=ids, grid=grid, at=LATER)

        assert len(asked) == 3
        assert sums.whole.expected == sum(row.total.expected for row in rows) == 5 * 30 * 96
        assert sums.whole.missing == sum(row.total.missing for row in rows) == 30 * 96 + 3
        assert [each.missing for each in sums.cells] == [
            sum(row.cells[place].tally.missing for row in rows) for place in range(30)
        ]
        assert [(each.name, each.points, each.whole.missing) for each in sums.sites] == [
            ("Annex", 2, 2),
            ("Harbor", 3, 30 * 96 + 1),
        ]
        assert [each.cells[9].missing for each in sums.sites] == [1, 96]
        with scoping.scope([organization.pk], actor=ACTOR):
            assert queries.points_with_gaps(point_ids=ids, grid=grid, at=LATER) == tuple(ids[1:])
            assert queries.points_with_open_end(point_ids=ids, grid=grid, at=LATER) == (ids[4],)

    def test_of_a_year_have_its_months(self) -> None:
        meter = metering.installed_meter(organization=identity.organization())
        usage.flat_days(meter.energy, date(2026, 1, 31), 30)

        [row] = ask(meter.organization_id, [meter.point.pk], queries.Grid.year(date(2026, 7, 9)))

        assert [each.tally.expected for each in row.cells][:4] == [31 * 96, 28 * 96, 31 * 96 - 4, 30 * 96]
        assert [each.tally.known for each in row.cells][:4] == [92, 28 * 96, 100, 0]
        assert row.cells[1].tally.percent == Decimal("100.0")


class TestOpenEnds:
    def test_are_counted_where_a_month_has_ended_and_its_last_interval_is_not_known(self) -> None:
        organization = identity.organization()
        site = sites.site(organization=organization)
        whole, short = (metering.installed_meter(organization=organization, site=site) for _each in range(2))
        usage.flat_days(whole.energy, date(2026, 6, 29), 2)
        usage.flat_days(short.energy, date(2026, 6, 29), 1)

        with scoping.scope([organization.pk], actor=ACTOR):
            over = queries.count_open_ends(site_ids=[site.pk], month=date(2026, 6, 1), at=LATER)
            elsewhere = queries.count_open_ends(site_ids=[], month=date(2026, 6, 1), at=LATER)
            everywhere = queries.count_open_ends(site_ids=None, month=date(2026, 6, 1), at=LATER)
            running = queries.count_open_ends(
                site_ids=[site.pk], month=date(2026, 6, 1), at=datetime(2026, 6, 30, 12, tzinfo=UTC)
            )

        assert [each.unknown for each in (over, elsewhere, everywhere, running)] == [1, 0, 1, 0]
        assert over.in_work == 0

    def test_are_being_worked_on_until_their_days_are_derived(self) -> None:
        meter = metering.installed_meter(organization=identity.organization())
        usage.flat_days(meter.energy, date(2026, 6, 29), 1)
        with scoping.scope([meter.organization_id], actor=ACTOR):
            marking.mark_dirty(
                organization_id=meter.organization_id,
                series_ids=[meter.energy.pk],
                first_day=date(2026, 6, 1),
                until_day=date(2026, 7, 2),
            )

        with scoping.scope([meter.organization_id], actor=ACTOR):
            found = queries.count_open_ends(site_ids=None, month=date(2026, 6, 1), at=LATER)

        assert (found.unknown, found.in_work) == (0, 1)
