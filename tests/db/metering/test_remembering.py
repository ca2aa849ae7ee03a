"""What a meter remembers is taken where no reading is and where it fits, once; what contradicts is listed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from meterbook.foundation import scoping
from meterbook.kernel.actor import Actor
from meterbook.metering import models, operations
from meterbook.metering.operations import RememberedValue, RememberOutcome
from meterbook.metering.values import Source
from tests.factories import acquisition, identity, metering

ACTOR = Actor.system("test")
DAY = timedelta(days=1)
START = datetime(2026, 3, 1, tzinfo=UTC)
NOW = START + 20 * DAY


@pytest.fixture
def meter() -> metering.Installed:
    """A meter that hangs since 1 March and was read on the 3rd and on the 10th."""
    made = metering.installed_meter(organization=identity.organization(), starts_at=START)
    metering.record(made.energy, [(START + 2 * DAY, 2_000), (START + 9 * DAY + timedelta(seconds=7), 9_000)])
    return made


def remember(made: metering.Installed, *found: tuple[float, int]) -> RememberOutcome:
    return operations.remember(
        organization_id=made.organization_id,
        actor=ACTOR,
        at=NOW,
        meter_id=made.meter.pk,
        found=[RememberedValue(made.energy.pk, START + days * DAY, value) for days, value in found],
    )


def taken(made: metering.Installed) -> list[tuple[float, int]]:
    with scoping.scope([made.organization_id], actor=ACTOR):
        rows = models.Reading.objects.filter(
            organization_id=made.organization_id, series_id=made.energy.pk, source=Source.MEMORY
        )
        return [((at - START) / DAY, value) for at, value in rows.order_by("at").values_list("at", "value")]


def missing(made: metering.Installed, *days: int, at: datetime = NOW) -> list[float]:
    with scoping.scope([made.organization_id], actor=ACTOR):
        found = operations.missing_moments(
            meter_id=made.meter.pk,
            series_ids=[made.energy.pk],
            moments=[START + day * DAY for day in days],
            at=at,
        )
    return [(each - START) / DAY for each in found]


def test_is_taken_between_readings_and_once(meter: metering.Installed) -> None:
    assert remember(meter, (4, 4_000), (5, 5_000), (12, 12_000)) == RememberOutcome(3, 0, 0)
    assert remember(meter, (5, 5_000)) == RememberOutcome(0, 1, 0)
    assert taken(meter) == [(4, 4_000), (5, 5_000), (12, 12_000)]


def test_never_stands_beside_a_reading_of_its_slot(meter: metering.Installed) -> None:
    assert remember(meter, (9, 9_000), (2, 2_000)) == RememberOutcome(0, 2, 0)
    assert taken(meter) == []


def test_that_contradicts_is_listed_once_with_the_reading_that_counts(meter: metering.Installed) -> None:
    for _again in range(2):
        assert remember(meter, (4, 1_999), (6, 9_001), (2, 2_001), (13, 8_000)) == RememberOutcome(0, 0, 4)

    with scoping.scope([meter.organization_id], actor=ACTOR):
        listed = models.ReadingConflict.objects.filter(organization_id=meter.organization_id).order_by("at")
        assert [(each.source, each.kept_value, each.offered_value) for each in listed] == [
            (Source.MEMORY, 2_000, 2_001),
            (Source.MEMORY, 2_000, 1_999),
            (Source.MEMORY, 9_000, 9_001),
            (Source.MEMORY, 9_000, 8_000),
        ]
    assert taken(meter) == []


def test_fits_on_either_side_of_a_fall(meter: metering.Installed) -> None:
    metering.record(meter.energy, [(START + 15 * DAY, 40)])

    assert remember(meter, (11, 9_500), (14, 20), (13, 5_000)) == RememberOutcome(2, 0, 1)


def test_of_before_the_meter_hung_here_or_of_later_or_of_other_meters_is_left_out(meter: metering.Installed) -> None:
    other = metering.installed_meter(organization=identity.organization())

    assert remember(meter, (-1, 10), (21, 20_000)) == RememberOutcome(0, 0, 0)
    assert operations.remember(
        organization_id=meter.organization_id,
        actor=ACTOR,
        at=NOW,
        meter_id=meter.meter.pk,
        found=[RememberedValue(other.energy.pk, START + 4 * DAY, 4_000)],
    ) == RememberOutcome(0, 0, 0)
    assert acquisition.stored(other.energy) == []


def test_is_missing_where_no_slot_has_a_reading_and_the_slot_is_over(meter: metering.Installed) -> None:
    assert missing(meter, 20, 9, 5, 2, -3) == [5]
    assert missing(meter, 20, 9, 5, 2, -3, at=NOW + timedelta(minutes=15)) == [20, 5]
