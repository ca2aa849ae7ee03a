"""A meter point whose zone changed on a day: its charts, its quarters and the hours of its tariff; and its language."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from meterbook.kernel import civil
from meterbook.metering import local_quarters, zones
from meterbook.metering.queries import spans
from meterbook.metering.queries.spans import View
from meterbook.tariffs.rating import classes

JUNE = date(2026, 6, 1)
MADRID, MEXICO = ZoneInfo("Europe/Madrid"), ZoneInfo("America/Mexico_City")
WEST = zones.resolve("America/Mexico_City", [["2026-06-01", "Europe/Madrid"]], "Europe/Madrid")
EAST = zones.resolve("", [["2026-06-01", "America/Mexico_City"]], "Europe/Madrid")
both = pytest.mark.parametrize(("zone", "hours"), [(WEST, 32), (EAST, 16)], ids=["westward", "eastward"])


@both
def test_charts_have_every_day_and_month_once(zone: ZoneInfo, hours: int) -> None:
    day, month, year = (spans.span(view, JUNE, zone, 15) for view in (View.DAY, View.MONTH, View.YEAR))

    assert day.period.duration == timedelta(hours=hours)
    assert len(day.edges) - 1 == hours
    assert len(month.edges) - 1 == 30
    assert month.edges[1] - month.edges[0] == timedelta(hours=hours)
    assert len(year.edges) - 1 == 12
    may = spans.span(View.MONTH, date(2026, 5, 1), zone, 15)
    assert may.period.end == month.period.start
    assert spans.step_back(View.DAY, JUNE, zone) == date(2026, 5, 31)
    assert spans.step_on(View.DAY, JUNE, zone) == date(2026, 6, 2)


@both
def test_quarters_that_the_clock_shows_twice_are_told_apart(zone: ZoneInfo, hours: int) -> None:
    found = local_quarters.stretch(civil.day_bounds(JUNE, zone), zone)

    assert len(found.place) == hours * 4
    assert int((found.place == local_quarters.TWICE).sum()) == max(0, hours - 24) * 4
    once = found.place[found.place != local_quarters.TWICE]
    assert len(np.unique(once)) == len(once) == min(hours, 24) * 4


@both
def test_tariff_hours_follow_the_wall_clock_before_and_after(zone: ZoneInfo, hours: int) -> None:
    period = civil.day_bounds(JUNE, zone)
    starts = np.array(
        [(each.start - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) for each in
         period.steps(timedelta(hours=1))], np.int64,
    )  # fmt: skip
    found = classes.offsets(starts, zone) // 3_600_000_000

    assert len(found) == hours
    assert set(found.tolist()) == {2, -6} if zone is WEST else {2}


def test_one_function_gives_the_zone() -> None:
    assert zones.resolve("", (), "Europe/Madrid") is MADRID
    assert zones.resolve("America/Mexico_City", (), "Europe/Madrid") is MEXICO
    assert zones.resolve("America/Mexico_City", [["2026-06-01", "Europe/Madrid"]], "UTC") is WEST
    assert zones.common([MEXICO, MEXICO], MADRID) is MEXICO
    assert zones.common([MEXICO, WEST], MADRID) is MADRID
    assert zones.common([], MADRID) is MADRID


@pytest.mark.parametrize(
    ("own", "account", "site", "found"),
    [
        (("es",), "en", "en", "es"),
        (("",), "es", "en", "es"),
        (("",), "", "es", "es"),
        (("",), "", "", "en"),
        (("en", "es"), "es", "en", "es"),
        (("en", "es"), "en", "es", "en"),
        (("es", ""), "es", "en", "es"),
    ],
    ids=["meter", "account", "site", "organization", "mixed-es", "mixed-en", "meter-and-account-alike"],
)
def test_the_language_is_that_of_meter_account_site_organization(
    own: tuple[str, ...], account: str, site: str, found: str
) -> None:
    assert zones.language_of(own, account=account, site=site, organization="en") == found
