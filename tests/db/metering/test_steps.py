"""How long intervals are (M-021): where they begin on the clocks of the place, and what another length leaves."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from meterbook.audit import queries as audit_queries
from meterbook.foundation import scoping
from meterbook.kernel import civil
from meterbook.kernel.period import Period
from meterbook.metering import models, operations, queries, values
from meterbook.metering.operations import stepping
from tests.db.metering import derived
from tests.factories import metering as factory
from tests.factories import sites

BOTH_CHANGES = {
    "Europe/Madrid": (date(2026, 3, 29), date(2026, 10, 25)),
    "Australia/Lord_Howe": (date(2026, 4, 5), date(2026, 10, 4)),
    "America/St_Johns": (date(2026, 3, 8), date(2026, 11, 1)),
    "Pacific/Chatham": (date(2026, 4, 5), date(2026, 9, 27)),
    "Asia/Kathmandu": (date(2026, 3, 29), date(2026, 10, 25)),
}
LONGEST = {"Europe/Madrid": 60, "Australia/Lord_Howe": 30, "America/St_Johns": 30, "Pacific/Chatham": 15}


def change(meter: factory.Installed, minutes: int, at: datetime) -> None:
    with scoping.scope([meter.organization_id], actor=derived.ACTOR):
        operations.set_step(actor=derived.ACTOR, at=at, meter_point=meter.point.public_id, minutes=minutes)


@pytest.mark.spec("M-021/1")
@pytest.mark.parametrize("name", list(BOTH_CHANGES))
def test_intervals_begin_on_full_ones_of_the_local_clock(name: str) -> None:
    zone = ZoneInfo(name)

    fitting = operations.steps_in(zone, derived.MIDNIGHT)

    assert fitting[-1] == LONGEST.get(name, 15)
    for day in BOTH_CHANGES[name]:
        bounds = civil.day_bounds(day, zone)
        for minutes in fitting:
            step = timedelta(minutes=minutes)
            # As blocks are cut: by UTC midnights.
            begins = [
                datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=1) + step * number
                for number in range(3 * 1440 // minutes)
            ]
            inside = [each.astimezone(zone) for each in begins if bounds.start <= each < bounds.end]
            assert {(each.minute % minutes, each.second) for each in inside} == {(0, 0)}
            assert inside[0] == bounds.start
            assert len(inside) * step == bounds.duration
    for minutes in set(values.STEPS) - set(fitting):
        with pytest.raises(operations.StepUnfit, match=str(fitting[-1])):
            stepping.require_fitting(minutes, zone, derived.MIDNIGHT)


@pytest.mark.spec("M-021/2")
@pytest.mark.parametrize("minutes", [1, 5, 30, 60])
def test_another_length_in_the_middle_leaves_the_month_as_the_register_says(minutes: int) -> None:
    meter = factory.installed_meter(organization=derived.organization())
    first, middle = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 4, 9, 40, tzinfo=UTC)
    readings = [
        (first + number * timedelta(minutes=5), 1_000 + number * 7 + number % 3) for number in range(6 * 288 + 1)
    ]
    before = [each for each in readings if each[0] <= middle]
    factory.record(meter.energy, before)
    derived.derive(meter.organization_id)

    change(meter, minutes, middle)
    change(meter, minutes, middle)
    factory.record(meter.energy, readings[len(before) :])
    derived.derive(meter.organization_id)

    difference = (readings[-1][1] - readings[0][1]) * 10  # counts of 0.01 kWh in Wh
    lengths = {day: 1440 // len(numbers) for day, (numbers, _codes) in derived.days_of(meter.energy).items()}
    assert {day.day: length for day, length in lengths.items() if day.day < 7} == {
        1: 15,
        2: 15,
        3: 15,
        4: minutes,
        5: minutes,
        6: minutes,
    }
    assert derived.total(meter.energy) == difference
    with scoping.scope([meter.organization_id], actor=derived.ACTOR):
        (series,) = (
            each for each in queries.list_series(meter_point_ids=[meter.point.pk]) if each.id == meter.energy.pk
        )
        run = queries.get_intervals(series=series, period=Period(first, datetime(2026, 3, 7, tzinfo=UTC)))
        (entry,) = audit_queries.list_entries(action="metering:set_step")
        kept = models.Series.objects.filter(organization_id=meter.organization_id, kind=values.SeriesKind.INSTANT)
        steps_of_power = set(kept.values_list("step", flat=True))
    assert (run.step, int(run.values.sum())) == (timedelta(minutes=minutes), difference)
    assert entry.after == {"minutes": minutes, "from_day": "2026-03-04"}
    assert steps_of_power == {5}


def test_that_does_not_fit_the_place_is_refused() -> None:
    organization = derived.organization()
    place = sites.site(organization=organization, time_zone="Asia/Kolkata")
    meter = factory.installed_meter(organization=organization, site=place)

    with pytest.raises(operations.StepUnfit, match="1, 5, 15, 30"):
        change(meter, 60, derived.MIDNIGHT)
