"""From readings to day blocks in the database."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from meterbook.foundation import scoping
from meterbook.kernel.quality import Quality
from meterbook.metering import blocks, models, operations, values
from meterbook.metering.operations import marking
from meterbook.metering.validation.inputs import FindingKind
from tests.db.metering import derived
from tests.factories import metering as factory


class TestDeriveDirtyDays:
    def test_gives_the_differences_of_the_register_in_the_series_scale(self) -> None:
        meter = factory.installed_meter(organization=derived.organization())
        factory.record(
            meter.energy,
            derived.counted(derived.MIDNIGHT - derived.QUARTER, derived.MIDNIGHT + timedelta(days=2, hours=1)),
        )

        outcome = derived.derive(meter.organization_id)

        found = derived.days_of(meter.energy)
        assert sorted(found) == [derived.DAY + timedelta(days=offset) for offset in (-1, 0, 1, 2)]
        assert found[derived.DAY] == ([250] * 96, [Quality.VALID] * 96)
        assert found[derived.DAY - timedelta(days=1)] == ([0] * 95 + [250], [Quality.MISSING] * 95 + [Quality.VALID])
        assert found[derived.DAY + timedelta(days=2)] == (
            [250] * 3 + [0] * 93,
            [Quality.VALID] * 3 + [Quality.MISSING] * 93,
        )
        assert outcome == operations.DeriveOutcome(derived=4, changed=4)

    def test_a_second_time_changes_nothing(self) -> None:
        meter = factory.installed_meter(organization=derived.organization())
        readings = derived.counted(derived.MIDNIGHT - derived.HOUR, derived.MIDNIGHT + timedelta(days=1))
        factory.record(meter.energy, readings)
        derived.derive(meter.organization_id)

        with scoping.scope([meter.organization_id], actor=derived.ACTOR):
            marking.mark_dirty(
                organization_id=meter.organization_id,
                series_ids=[meter.energy.pk],
                first_day=derived.DAY,
                until_day=derived.DAY + timedelta(days=1),
            )

        assert derived.derive(meter.organization_id).changed == 0
        assert derived.derive(meter.organization_id) == operations.DeriveOutcome()

    def test_updates_the_open_day_in_place(self) -> None:
        meter = factory.installed_meter(organization=derived.organization())
        readings = derived.counted(derived.MIDNIGHT, derived.MIDNIGHT + timedelta(hours=3))
        for reading in readings:
            factory.record(meter.energy, [reading])
            derived.derive(meter.organization_id)

        numbers, codes = derived.days_of(meter.energy)[derived.DAY]
        assert numbers[:12] == [250] * 11 + [0]
        assert codes[:12] == [Quality.VALID] * 11 + [Quality.MISSING]

    def test_takes_a_late_reading_into_an_old_day(self) -> None:
        meter = factory.installed_meter(organization=derived.organization())
        readings = derived.counted(derived.MIDNIGHT, derived.MIDNIGHT + timedelta(days=20))
        late = readings[500]
        factory.record(meter.energy, [each for each in readings if each != late])
        derived.derive(meter.organization_id)
        day = late[0].date()
        slot = (late[0] - datetime(day.year, day.month, day.day, tzinfo=UTC)) // derived.QUARTER
        assert derived.days_of(meter.energy)[day][1][slot - 1 : slot + 1] == [Quality.INTERPOLATED] * 2
        factory.record(meter.energy, [late])

        outcome = derived.derive(meter.organization_id)

        assert outcome.changed == 1
        assert derived.days_of(meter.energy)[day] == ([250] * 96, [Quality.VALID] * 96)

    def test_fills_the_days_of_a_gap_when_the_reading_after_it_arrives(self) -> None:
        meter = factory.installed_meter(organization=derived.organization())
        factory.record(meter.energy, derived.counted(derived.MIDNIGHT, derived.MIDNIGHT + 12 * derived.HOUR))
        derived.derive(meter.organization_id)
        after = derived.MIDNIGHT + timedelta(days=3, hours=6)
        factory.record(meter.energy, [(after, 10_000 + derived.RISE * ((after - derived.MIDNIGHT) // derived.QUARTER))])

        derived.derive(meter.organization_id)

        found = derived.days_of(meter.energy)
        assert sorted(found) == [derived.DAY + timedelta(days=offset) for offset in range(4)]
        assert found[derived.DAY + timedelta(days=1)] == ([250] * 96, [Quality.INTERPOLATED] * 96)
        assert derived.total(meter.energy) == 250 * ((after - derived.MIDNIGHT) // derived.QUARTER)

    def test_gives_means_of_instant_quantities(self) -> None:
        meter = factory.installed_meter(organization=derived.organization())
        power = meter.series["power"]
        minute = timedelta(minutes=1)
        factory.record(power, [(derived.MIDNIGHT + number * minute, 1_000 + number) for number in range(10)])

        derived.derive(meter.organization_id)

        numbers, codes = derived.days_of(power)[derived.DAY]
        assert len(numbers) == 288
        assert numbers[:3] == [1_002, 1_007, 0]
        assert codes[:3] == [Quality.VALID, Quality.VALID, Quality.MISSING]

    def test_writes_month_rows_that_agree_with_the_blocks(self) -> None:
        meter = factory.installed_meter(organization=derived.organization())
        begin = datetime(2026, 1, 30, tzinfo=UTC)
        factory.record(meter.energy, derived.counted(begin, begin + timedelta(days=4)))

        derived.derive(meter.organization_id)

        with scoping.scope([meter.organization_id], actor=derived.ACTOR):
            rows = models.SeriesMonth.objects.filter(organization_id=meter.organization_id, series_id=meter.energy.pk)
            months = {month: blocks.decode_month(bytes(data)) for month, data in rows.values_list("month", "days")}
        assert sorted(months) == [date(2026, 1, 1), date(2026, 2, 1)]
        january, february = (months[key].tolist() for key in sorted(months))
        assert [day[blocks.MISSING] for day in january] == [blocks.NOT_DERIVED] * 29 + [0, 0]
        assert [day[blocks.TOTAL] for day in february[:3]] == [24_000, 23_750, 0]
        assert january[29][blocks.MAX_AT] == factory.microseconds(begin)

    def test_leaves_other_organizations_alone(self) -> None:
        mine, other = (factory.installed_meter(organization=derived.organization()) for _ in range(2))
        for meter in (mine, other):
            factory.record(meter.energy, derived.counted(derived.MIDNIGHT, derived.MIDNIGHT + 6 * derived.HOUR))
        with scoping.scope([mine.organization_id], actor=derived.ACTOR):
            marking.mark_dirty(
                organization_id=mine.organization_id,
                series_ids=[other.energy.pk],
                first_day=derived.DAY,
                until_day=derived.DAY + timedelta(days=1),
            )

        derived.derive(mine.organization_id)

        assert derived.stored(other.organization_id) == {}
        assert {series_id for series_id, _ in derived.stored(mine.organization_id)} == {mine.energy.pk}

    @pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
    def test_has_whole_days_where_clocks_change(self, day: date) -> None:
        """The site is in Madrid; blocks are days of UTC."""
        meter = factory.installed_meter(organization=derived.organization())
        begin = datetime(day.year, day.month, day.day, tzinfo=UTC)
        factory.record(meter.energy, derived.counted(begin, begin + timedelta(days=1, minutes=15)))

        derived.derive(meter.organization_id)

        assert derived.days_of(meter.energy)[day] == ([250] * 96, [Quality.VALID] * 96)

    def test_remembers_over_midnight_that_the_counter_stepped_back(self) -> None:
        """It showed 10,001 once; what it counts up to that again was booked before."""
        meter = factory.installed_meter(organization=derived.organization())
        begin = derived.MIDNIGHT - derived.HOUR
        shown = [10_000, 10_001, 10_000, 10_000, 10_000, 10_000, 10_003]
        readings = [(begin + number * derived.QUARTER, value) for number, value in enumerate(shown)]
        for each in readings:
            factory.record(meter.energy, [each])
            derived.derive(meter.organization_id)

        assert derived.days_of(meter.energy)[derived.DAY][0][:3] == [0, 20, 0]
        assert derived.total(meter.energy) == 30

    def test_spreads_a_gap_again_when_a_late_reading_lies_before_it(self) -> None:
        meter = factory.installed_meter(organization=derived.organization())
        start = derived.MIDNIGHT - timedelta(days=1)
        after = derived.MIDNIGHT + timedelta(days=3)
        factory.record(meter.energy, derived.counted(start, derived.MIDNIGHT + 12 * derived.HOUR))
        factory.record(meter.energy, [(after, 20_000)])
        derived.derive(meter.organization_id)
        late = derived.MIDNIGHT + 18 * derived.HOUR

        factory.record(meter.energy, [(late, 19_784)])
        derived.derive(meter.organization_id)

        found = derived.days_of(meter.energy)
        assert found[derived.DAY + timedelta(days=1)][0] == [10] * 96
        assert derived.total(meter.energy) == 100_000

    def test_does_not_count_a_reading_that_its_source_flagged(self) -> None:
        meter = factory.installed_meter(organization=derived.organization())
        readings = derived.counted(derived.MIDNIGHT - timedelta(days=2), derived.MIDNIGHT + timedelta(days=1))
        flagged = readings[240]
        factory.record(meter.energy, [each for each in readings if each != flagged])
        derived.derive(meter.organization_id)

        factory.record(meter.energy, [(flagged[0], flagged[1] + 10)], quality=Quality.QUESTIONABLE)
        derived.derive(meter.organization_id)

        assert derived.days_of(meter.energy)[derived.DAY][0] == [250] * 95 + [0]
        assert derived.found_kinds(meter.energy) == [FindingKind.HELD_READING]

    def test_makes_no_blocks_after_the_latest_reading(self) -> None:
        meter = factory.installed_meter(organization=derived.organization())
        factory.record(meter.energy, derived.counted(derived.MIDNIGHT - timedelta(days=1), derived.MIDNIGHT))
        derived.derive(meter.organization_id)
        with scoping.scope([meter.organization_id], actor=derived.ACTOR):
            marking.mark_dirty(
                organization_id=meter.organization_id,
                series_ids=[meter.energy.pk, meter.series["power"].pk],
                first_day=derived.DAY,
                until_day=derived.DAY + timedelta(days=5),
            )

        derived.derive(meter.organization_id)

        assert list(derived.stored(meter.organization_id)) == [(meter.energy.pk, derived.DAY - timedelta(days=1))]

    def test_takes_the_meter_itself_where_two_sources_tell_of_one_instant(self) -> None:
        meter = factory.installed_meter(organization=derived.organization())
        derived.derive(meter.organization_id)  # the day of the installation, so that nothing special is left
        readings = derived.counted(derived.MIDNIGHT - timedelta(days=1), derived.MIDNIGHT + timedelta(days=1))
        power = meter.series["power"]
        for series in (meter.energy, power):
            factory.record(series, [(at, value + 3) for at, value in readings], source=values.Source.IMPORT)
            factory.record(series, readings, source=values.Source.METER)

        derived.derive(meter.organization_id)

        assert derived.days_of(meter.energy)[derived.DAY][0] == [250] * 95 + [0]
        assert derived.days_of(power)[derived.DAY][0][:4] == [12_400, 0, 0, 12_425]
