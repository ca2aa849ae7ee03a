"""Readings at local midnight where clocks change at midnight, by half an hour, or by a whole day: from hand to cell."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from meterbook.foundation import scoping
from meterbook.kernel import civil
from meterbook.kernel.period import Period
from meterbook.metering import queries, values
from tests.db.metering import derived
from tests.factories import metering, sites

# The first day, and how many quarters of an hour it and the days behind it have: IANA time zone database.
PLACES = [
    ("Africa/Cairo", date(2024, 4, 25), [96, 92, 96]),  # 0:00 is 1:00
    ("Africa/Cairo", date(2024, 10, 30), [96, 100, 96]),  # 24:00 is 23:00
    ("America/Havana", date(2024, 11, 2), [96, 100, 96]),  # midnight comes twice
    ("America/Santiago", date(2024, 9, 7), [96, 92, 96]),
    ("Australia/Lord_Howe", date(2024, 10, 5), [96, 94, 96]),
    ("Pacific/Apia", date(2011, 12, 29), [96, 0, 96]),  # the 30th was skipped
]
DAY = timedelta(days=1)
WH_A_COUNT = 10  # the register shows hundredths of a kWh
LATER = datetime(2027, 1, 1, tzinfo=UTC)


def test_hand_readings_at_midnight_make_days_that_are_their_differences() -> None:
    organization = derived.organization()
    made = []
    for zone, first, slots in PLACES:
        there = ZoneInfo(zone)
        midnights = [civil.start_of_day(first + each * DAY, there) for each in range(len(slots) + 1)]
        place = sites.site(organization=organization, time_zone=zone)
        meter = metering.installed_meter(organization=organization, site=place, starts_at=midnights[0])
        shown = dict.fromkeys(midnights, 0)  # a day that was skipped begins with the next
        for number, at in enumerate(shown):
            shown[at] = 10_000 + 517 * number + 13 * number**2
        metering.record(meter.energy, list(shown.items()), source=values.Source.FIELD)
        made.append((there, first, slots, meter, shown))

    derived.derive(organization.pk)

    for there, first, slots, meter, shown in made:
        with scoping.scope([organization.pk], actor=derived.ACTOR):
            [series] = queries.list_series(meter_point_ids=[meter.point.pk], codes=["energy_import"])
            used = [
                queries.get_intervals(series=series, period=Period(start, end)).total
                for start, end in itertools.pairwise(shown)
            ]
            days = tuple(first + each * DAY for each in range(len(slots)))
            grid = queries.Grid(days, days[-1] + DAY)
            [row] = queries.completeness(point_ids=[meter.point.pk], grid=grid, at=LATER)
        counts = [each * WH_A_COUNT for each in shown.values()]
        assert used == [after - before for before, after in itertools.pairwise(counts)], there
        assert sum(used) == counts[-1] - counts[0]
        assert [cell.tally.expected for cell in row.cells] == slots, there
        assert (row.total.expected, row.total.known, row.total.missing) == (sum(slots), sum(slots), 0), there
