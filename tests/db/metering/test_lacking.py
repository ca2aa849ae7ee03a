"""Which meter points lack something: found from the bits of month rows, as counting every interval finds it."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from meterbook.foundation import bulk, scoping
from meterbook.kernel.actor import Actor
from meterbook.kernel.quality import Quality
from meterbook.metering import blocks, operations, queries, tallies
from meterbook.metering.queries import gridded
from tests.factories import identity, metering, sites, usage

ACTOR = Actor.system("test")
NOW = datetime(2026, 7, 2, 10, 20, tzinfo=UTC)
FIRST, DAYS = date(2026, 5, 30), 34  # to 2 July
ZONES = ("Europe/Madrid", "UTC", "Asia/Kolkata", "America/Bogota")


def store(meter: metering.Installed, days: dict[date, dict[int, Quality]], *, has_months: bool) -> None:
    """Blocks of days, what lacks by slot, and the month rows that derivation keeps beside them."""
    months: dict[date, np.ndarray[tuple[int, ...], np.dtype[np.int64]]] = {}
    for day, quality in days.items():
        usage.day_block(meter.energy, day, quality=quality)
        codes = np.zeros((1, 96), np.uint8)
        for slot, code in quality.items():
            codes[0, slot] = code
        figures = blocks.figures(np.ones((1, 96), np.int64), codes, np.array([(day - date(1970, 1, 1)).days]))
        months.setdefault(day.replace(day=1), blocks.empty_months(1)[0])[day.day - 1] = figures[0]
    if not has_months:
        return
    with bulk.transact() as raw:
        for month, rows in months.items():
            raw.execute(
                "INSERT INTO metering_seriesmonth (organization_id, series_id, month, days) VALUES (%s, %s, %s, %s)",
                [meter.organization_id, meter.energy.pk, month, blocks.encode_month(rows)],
            )


def drawn(dice: random.Random) -> dict[date, dict[int, Quality]]:
    """Most meters are well; others lack a day, a slot, the end, or end in an interval that is covered in part."""
    days: dict[date, dict[int, Quality]] = {FIRST + timedelta(days=n): {} for n in range(DAYS)}
    days[NOW.date()] = dict.fromkeys(range(41, 96), Quality.MISSING)
    kind = dice.choice(("well", "day", "slot", "partly", "silent", "held", "now"))
    day = FIRST + timedelta(days=dice.randrange(DAYS - 1))
    if kind == "day":
        del days[day]
    elif kind == "slot":
        days[day] = {dice.choice((0, 7, 21, 22, 88, 95)): Quality.MISSING}
    elif kind == "held":
        days[day] = {3: Quality.QUESTIONABLE}
    elif kind == "now":
        days[NOW.date()] = dict.fromkeys(range(dice.randrange(38, 42), 96), Quality.MISSING)
    elif kind in ("silent", "partly"):
        if kind == "partly":
            days[day] = {95: Quality.MIXED}
        for each in [each for each in days if each > day]:
            del days[each]
    return days


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.spec("M-022/1")
def test_finds_what_counting_every_interval_finds(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - draws cases
    organization = identity.organization()
    places = [sites.site(organization=organization, time_zone=each) for each in ZONES]
    ids = []
    for number in range(24):
        late = FIRST + timedelta(days=dice.randrange(DAYS))
        starts_at = datetime(late.year, late.month, late.day, 9, 7, tzinfo=UTC)
        given = {"starts_at": starts_at} if number % 5 == 0 else {}
        meter = metering.installed_meter(organization=organization, site=places[number % 4], **given)
        store(meter, drawn(dice), has_months=number % 6 != 5)
        if number % 7 == 6 and not given:
            with scoping.scope([organization.pk], actor=ACTOR):
                operations.remove_meter(
                    actor=ACTOR,
                    at=NOW,
                    installation=meter.installation,
                    ends_at=datetime(2026, 6, dice.randrange(3, 30), tzinfo=UTC),
                    closings={"energy_import": operations.Closing(500)},
                    reason="Taken down",
                )
        ids.append(meter.point.pk)
    dice.shuffle(ids)

    for grid in (queries.Grid.month(date(2026, 6, 1)), queries.Grid.month(date(2026, 7, 1)), queries.Grid.year(FIRST)):
        with scoping.scope([organization.pk], actor=ACTOR):
            counted = list(gridded.count(ids, grid, NOW))
            gaps = queries.points_with_gaps(point_ids=ids, grid=grid, at=NOW)
            ends = queries.points_with_open_end(point_ids=ids, grid=grid, at=NOW)

        lacking = (tallies.MISSING, tallies.PARTLY)
        assert gaps == tuple(each.point.id for each in counted if each.counts[:, lacking].any())
        assert ends == tuple(each.point.id for each in counted if each.is_end_open)
        assert 0 < len(gaps) < len(ids) or grid.starts[0] != date(2026, 6, 1)


def test_reads_no_day_that_lacks_nothing() -> None:
    organization = identity.organization()
    site = sites.site(organization=organization)
    meters = [metering.installed_meter(organization=organization, site=site) for _ in range(3)]
    for meter in meters:
        store(meter, {FIRST + timedelta(days=n): {} for n in range(DAYS)}, has_months=True)
    grid = queries.Grid.month(date(2026, 6, 1))

    with scoping.scope([organization.pk], actor=ACTOR), CaptureQueriesContext(connection) as asked:
        found = queries.points_with_gaps(point_ids=[each.point.pk for each in meters], grid=grid, at=NOW)

    assert found == ()
    assert not [each["sql"] for each in asked if "metering_seriesday" in each["sql"]]


def test_nothing_lacks_where_nothing_hangs_or_is_asked() -> None:
    organization = identity.organization()
    foreign = metering.installed_meter(organization=identity.organization())
    grid = queries.Grid.month(date(2026, 6, 1))

    with scoping.scope([organization.pk], actor=ACTOR):
        assert queries.points_with_gaps(point_ids=[], grid=grid, at=NOW) == ()
        assert queries.points_with_gaps(point_ids=[foreign.point.pk], grid=grid, at=NOW) == ()
