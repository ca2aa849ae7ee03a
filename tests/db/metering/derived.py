"""What the tests of deriving share: readings to record, and what is stored afterwards."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

from django.db import connections

from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel.actor import Actor
from meterbook.metering import blocks, models, operations
from meterbook.metering.operations import marking
from tests.factories import identity as identity_factory

ACTOR = Actor.system("test")
DAY = date(2026, 3, 10)
MIDNIGHT = datetime(2026, 3, 10, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)
RISE = 25  # counts a quarter of an hour; 0.25 kWh

Block = tuple[list[int], list[int]]


def organization() -> identity_models.Organization:
    return identity_factory.organization()


def derive(organization_id: int) -> operations.DeriveOutcome:
    return operations.derive_dirty_days(organization_id=organization_id, actor=ACTOR, at=MIDNIGHT)


def counted(start: datetime, until: datetime, *, value: int = 10_000, rise: int = RISE) -> list[tuple[datetime, int]]:
    """Readings each quarter of an hour of [start, until)."""
    count = (until - start) // QUARTER
    return [(start + number * QUARTER, value + number * rise) for number in range(count)]


def stored(organization_id: int) -> dict[tuple[int, date], Block]:
    with scoping.scope([organization_id], actor=ACTOR):
        rows = models.SeriesDay.objects.filter(organization_id=organization_id).values_list(
            "series_id", "day", "values", "quality", "step"
        )
        found = {}
        for series_id, day, values, quality, step in rows:
            numbers, codes = blocks.decode(bytes(values), None if quality is None else bytes(quality), step)
            found[series_id, day] = (numbers.tolist(), codes.tolist())
        return found


def days_of(series: models.Series) -> dict[date, Block]:
    return {day: block for (series_id, day), block in stored(series.organization_id).items() if series_id == series.pk}


def everything(organization_id: int) -> tuple[object, ...]:
    """All that derivation writes, byte for byte."""
    with scoping.scope([organization_id], actor=ACTOR):
        days = models.SeriesDay.objects.filter(organization_id=organization_id)
        months = models.SeriesMonth.objects.filter(organization_id=organization_id)
        findings = models.SeriesFinding.objects.filter(organization_id=organization_id)
        sums = models.SiteDay.objects.filter(organization_id=organization_id)
        return (
            {
                row[:2]: [bytes(each or b"-") for each in row[2:]]
                for row in days.values_list("series_id", "day", "values", "quality", "digest")
            },
            {row[:2]: bytes(row[2]) for row in months.values_list("series_id", "month", "days")},
            {
                row[:4]: [bytes(each) for each in row[4:]]
                for row in sums.values_list("site_id", "service", "role", "day", "use", "estimated", "known")
            },
            sorted(map(str, findings.values_list("series_id", "kind", "at", "until", "value", "baseline"))),
        )


def total(series: models.Series) -> int:
    return sum(sum(numbers) for numbers, _ in days_of(series).values())


def found_kinds(series: models.Series) -> list[str]:
    with scoping.scope([series.organization_id], actor=ACTOR):
        rows = models.SeriesFinding.objects.filter(organization_id=series.organization_id, series=series)
        return list(rows.order_by("at", "id").values_list("kind", flat=True))


def start_again(organization_id: int, series_ids: list[int], first: date, until: date) -> None:
    """Forget everything that was derived, and mark all days."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT set_config('meterbook.organizations', %s, false)", [f"{{{organization_id}}}"])
        for table in ("metering_seriesday", "metering_seriesmonth", "metering_siteday", "metering_seriesfinding"):
            cursor.execute(f"DELETE FROM {table} WHERE organization_id = %s", [organization_id])  # noqa: S608
    with scoping.scope([organization_id], actor=ACTOR):
        marking.mark_dirty(organization_id=organization_id, series_ids=series_ids, first_day=first, until_day=until)


def rough(seed: int) -> list[tuple[datetime, int]]:
    """Nine days of a counter with most of what goes wrong."""
    chance = random.Random(seed)  # noqa: S311
    readings, value = [], 50_000
    at = MIDNIGHT + timedelta(minutes=chance.randrange(0, 600))
    while at < MIDNIGHT + timedelta(days=9):
        what = chance.random()
        shown = value
        if what < 0.01:
            shown = 0
        elif what < 0.02:
            shown = value + 5_000_000
        elif what < 0.05:
            shown = value - chance.randrange(1, 4)
        readings.append((at, shown))
        pause = chance.choice([1] * 40 + [3, 30, 150]) * QUARTER
        at += pause + (timedelta(seconds=chance.randrange(0, 90)) if chance.random() < 0.3 else timedelta())
        value += chance.choice([0, 0, 1, 2, 25]) * (pause // QUARTER)
    return readings
