"""Usage of local days, weeks, months and years from day blocks."""

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
from meterbook.metering import queries
from meterbook.metering.queries import SlotState, View
from tests.factories import identity, metering, usage

ACTOR = Actor.system("test")
MADRID = ZoneInfo("Europe/Madrid")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
LATER = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture
def installed() -> metering.Installed:
    return metering.installed_meter(organization=identity.organization())


def ask(meter: metering.Installed, /, view: View, day: date, **changes: object) -> queries.Usage:
    """The usage of the energy series as a screen asks for it."""
    with scoping.scope([meter.organization_id], actor=ACTOR):
        [series] = [
            each for each in queries.list_series(meter_point_ids=[meter.point.pk]) if each.code == "energy_import"
        ]
        given = {"zone": MADRID, "at": LATER, "installed": [(metering.LONG_AGO, None)]} | changes
        return queries.usage(series=series, view=view, day=day, **given)  # type: ignore[arg-type]


class TestClockChanges:
    @pytest.mark.parametrize(
        ("day", "bars"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 16), 24)]
    )
    @pytest.mark.spec("M-031/1")
    def test_a_local_day_has_as_many_bars_as_hours(self, installed: metering.Installed, day: date, bars: int) -> None:
        for offset in (-1, 0):
            usage.day_block(installed.energy, day + timedelta(days=offset))

        found = ask(installed, View.DAY, day)

        assert len(found.slots) == bars
        assert len(found.curve) == bars * 4
        assert all(each.state is SlotState.MEASURED for each in found.slots)
        assert found.total == sum(each.value or 0 for each in found.slots)

    def test_the_spring_day_holds_exactly_its_intervals(self, installed: metering.Installed) -> None:
        usage.day_block(installed.energy, date(2026, 3, 28))
        usage.day_block(installed.energy, date(2026, 3, 29))

        found = ask(installed, View.DAY, date(2026, 3, 29))

        # 23:00 UTC of the 28th to 22:00 UTC of the 29th: slots 93 to 96, then 1 to 88.
        assert found.total == 93 + 94 + 95 + 96 + sum(range(1, 89))
        assert found.slots[0].value == 93 + 94 + 95 + 96

    @pytest.mark.parametrize(("day", "half_at"), [(date(2026, 4, 5), 2), (date(2026, 10, 4), 2)])
    def test_lord_howe_has_a_bar_of_half_an_hour(self, installed: metering.Installed, day: date, half_at: int) -> None:
        for offset in (-1, 0):
            usage.day_block(installed.energy, day + timedelta(days=offset))

        found = ask(installed, View.DAY, day, zone=LORD_HOWE)

        lengths = [each.end - each.start for each in found.slots]
        assert [place for place, each in enumerate(lengths) if each == timedelta(minutes=30)] == [half_at]
        assert sum(lengths, timedelta()) == found.period.duration
        assert found.total == sum(each.value or 0 for each in found.slots)


class TestGaps:
    @pytest.mark.spec("M-031/2")
    def test_a_gap_is_nothing_and_never_zero(self, installed: metering.Installed) -> None:
        usage.day_block(installed.energy, date(2026, 6, 16), quality=dict.fromkeys(range(8, 12), Quality.MISSING))

        found = ask(installed, View.DAY, date(2026, 6, 16), zone=UTC)

        assert (found.slots[2].value, found.slots[2].state, found.slots[2].missing) == (None, SlotState.MISSING, 4)
        assert (found.missing, found.known) == (4, 92)
        assert [each.rate for each in found.curve[8:12]] == [None] * 4

    def test_half_a_gap_keeps_what_is_known(self, installed: metering.Installed) -> None:
        usage.day_block(installed.energy, date(2026, 6, 16), quality=dict.fromkeys(range(10, 12), Quality.MISSING))

        found = ask(installed, View.DAY, date(2026, 6, 16), zone=UTC)

        assert (found.slots[2].value, found.slots[2].state, found.slots[2].missing) == (9 + 10, SlotState.PARTLY, 2)

    def test_a_day_without_a_block_is_missing(self, installed: metering.Installed) -> None:
        found = ask(installed, View.DAY, date(2026, 6, 16), zone=UTC)

        assert found.is_empty
        assert found.missing == 96
        assert found.measured_share == Decimal("0.0")

    def test_nothing_is_missing_where_no_meter_hung(self, installed: metering.Installed) -> None:
        noon = datetime(2026, 6, 16, 12, tzinfo=UTC)

        found = ask(installed, View.DAY, date(2026, 6, 16), zone=UTC, installed=[(noon, None)])

        assert found.missing == 48
        assert {each.state for each in found.slots[:12]} == {SlotState.NO_METER}

    def test_a_slot_in_which_the_meter_came_is_measured_but_not_whole(self, installed: metering.Installed) -> None:
        noon = datetime(2026, 6, 16, 12, 30, tzinfo=UTC)
        quality = dict.fromkeys(range(50), Quality.MISSING)
        usage.day_block(installed.energy, date(2026, 6, 16), quality=quality)

        found = ask(installed, View.DAY, date(2026, 6, 16), zone=UTC, installed=[(noon, None)])

        assert (found.slots[12].state, found.slots[12].is_whole) == (SlotState.MEASURED, False)
        assert (found.slots[13].state, found.slots[13].is_whole) == (SlotState.MEASURED, True)

    def test_what_is_to_come_is_not_missing(self, installed: metering.Installed) -> None:
        quality = dict.fromkeys(range(41, 96), Quality.MISSING)
        usage.day_block(installed.energy, date(2026, 6, 16), quality=quality)

        at = datetime(2026, 6, 16, 10, 20, tzinfo=UTC)
        found = ask(installed, View.DAY, date(2026, 6, 16), zone=UTC, at=at)

        assert found.missing == 0
        assert found.slots[10].state is SlotState.SO_FAR
        assert {each.state for each in found.slots[11:]} == {SlotState.LATER}

    def test_a_meter_that_fell_silent_today_has_a_gap(self, installed: metering.Installed) -> None:
        quality = dict.fromkeys(range(32, 96), Quality.MISSING)
        usage.day_block(installed.energy, date(2026, 6, 16), quality=quality)

        at = datetime(2026, 6, 16, 10, 20, tzinfo=UTC)
        found = ask(installed, View.DAY, date(2026, 6, 16), zone=UTC, at=at)

        assert found.missing == 8
        assert [each.state for each in found.slots[8:11]] == [
            SlotState.MISSING,
            SlotState.MISSING,
            SlotState.LATER,
        ]


class TestEstimates:
    def test_the_estimated_part_is_told_apart(self, installed: metering.Installed) -> None:
        quality = {4: Quality.ESTIMATED, 5: Quality.INTERPOLATED}
        usage.day_block(installed.energy, date(2026, 6, 16), quality=quality)

        found = ask(installed, View.DAY, date(2026, 6, 16), zone=UTC)

        assert (found.slots[1].state, found.slots[1].estimated) == (SlotState.ESTIMATED, 5 + 6)
        assert (found.measured, found.estimated) == (sum(range(1, 97)) - 11, 11)
        assert found.measured_share == Decimal("97.9")

    def test_the_newest_revision_counts(self, installed: metering.Installed) -> None:
        usage.day_block(installed.energy, date(2026, 6, 16), [1] * 96)
        usage.day_block(installed.energy, date(2026, 6, 16), [2] * 96, revision=1)

        found = ask(installed, View.DAY, date(2026, 6, 16), zone=UTC)

        assert found.total == 192


class TestViews:
    @pytest.mark.parametrize(("view", "bars", "total"), [(View.WEEK, 7, 7), (View.MONTH, 31, 31), (View.YEAR, 12, 365)])
    def test_all_lengths_add_up(self, installed: metering.Installed, view: View, bars: int, total: int) -> None:
        usage.flat_days(installed.energy, date(2025, 12, 31), 367, value=100)

        found = ask(installed, view, date(2026, 7, 15))

        assert len(found.slots) == bars
        assert found.total == total * 96 * 100
        assert found.total == sum(each.value or 0 for each in found.slots)
        assert found.peak is not None
        assert found.peak.rate == 400

    def test_the_march_bar_is_an_hour_short(self, installed: metering.Installed) -> None:
        usage.flat_days(installed.energy, date(2025, 12, 31), 367, value=100)

        found = ask(installed, View.YEAR, date(2026, 7, 15))

        assert found.slots[2].value == (31 * 24 - 1) * 400

    def test_only_what_both_periods_have_is_compared(self, installed: metering.Installed) -> None:
        usage.day_block(installed.energy, date(2026, 6, 15), [10] * 96, quality={0: Quality.MISSING})
        quality = dict.fromkeys(range(40, 96), Quality.MISSING)
        usage.day_block(installed.energy, date(2026, 6, 16), [12] * 96, quality=quality)

        at = datetime(2026, 6, 16, 10, 10, tzinfo=UTC)
        found = ask(installed, View.DAY, date(2026, 6, 16), zone=UTC, at=at)

        assert found.comparison is not None
        assert found.comparison.common == 10  # hours 0 to 9; of hour 0, of which yesterday has a gap, three quarters
        assert (found.comparison.here, found.comparison.there) == (9 * 48 + 36, 9 * 40 + 30)
        assert found.comparison.change == Decimal("20.0")

    def test_an_edited_interval_is_told_apart(self, installed: metering.Installed) -> None:
        usage.day_block(installed.energy, date(2026, 6, 16), quality={4: Quality.EDITED})

        found = ask(installed, View.DAY, date(2026, 6, 16), zone=UTC)

        assert (found.slots[1].state, found.slots[1].edited, found.edited) == (SlotState.EDITED, 5, 5)
        assert found.total == found.measured + found.estimated + found.edited

    def test_the_peak_of_a_month_names_its_interval(self, installed: metering.Installed) -> None:
        usage.flat_days(installed.energy, date(2026, 5, 31), 31, value=100)
        usage.day_block(installed.energy, date(2026, 6, 16), [100] * 40 + [900] + [100] * 55, revision=1)

        found = ask(installed, View.MONTH, date(2026, 6, 1), zone=UTC)

        assert found.peak is not None
        assert (found.peak.rate, found.peak_at) == (3_600, datetime(2026, 6, 16, 10, tzinfo=UTC))

    @pytest.mark.parametrize("view", [View.DAY, View.MONTH], ids=["day", "month"])
    def test_what_was_apportioned_between_readings_is_no_peak(self, installed: metering.Installed, view: View) -> None:
        apportioned = dict.fromkeys(range(96), Quality.INTERPOLATED)
        for day in (15, 16, 17):
            usage.day_block(installed.energy, date(2026, 6, day), [100] * 96, quality=apportioned)

        found = ask(installed, view, date(2026, 6, 16), zone=UTC)

        assert found.total > 0
        assert (found.peak, found.peak_at) == (None, None)
        assert {each.highest for each in found.slots} == {None}

    def test_the_ledger_ends_at_the_total(self, installed: metering.Installed) -> None:
        usage.day_block(installed.energy, date(2026, 6, 16))

        found = ask(installed, View.DAY, date(2026, 6, 16), zone=UTC)

        assert found.curve[-1].ledger == found.total


class TestCost:
    def test_a_year_with_its_comparison_is_one_query(self, installed: metering.Installed) -> None:
        usage.flat_days(installed.energy, date(2026, 6, 1), 30)
        with scoping.scope([installed.organization_id], actor=ACTOR):
            series = queries.list_series(meter_point_ids=[installed.point.pk])[0]
            with CaptureQueriesContext(connection) as asked:
                queries.usage(
                    series=series,
                    view=View.YEAR,
                    day=date(2026, 6, 16),
                    zone=MADRID,
                    at=LATER,
                    installed=[(metering.LONG_AGO, None)],
                )

        assert len(asked) == 1

    def test_another_organization_sees_nothing(self, installed: metering.Installed) -> None:
        usage.day_block(installed.energy, date(2026, 6, 16))
        stranger = identity.organization()
        with scoping.scope([installed.organization_id], actor=ACTOR):
            series = queries.list_series(meter_point_ids=[installed.point.pk])[0]

        with scoping.scope([stranger.pk], actor=ACTOR):
            found = queries.usage(
                series=series,
                view=View.DAY,
                day=date(2026, 6, 16),
                zone=UTC,
                at=LATER,
                installed=[(metering.LONG_AGO, None)],
            )

        assert found.is_empty
