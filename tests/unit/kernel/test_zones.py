"""A change of zone is one more change of the clock: no day before it moves, no time is lost or counted twice."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, date, datetime, timedelta

import pytest

from meterbook.kernel import civil, zones
from meterbook.kernel.period import Period

JUNE = date(2026, 6, 1)
MADRID, MEXICO = "Europe/Madrid", "America/Mexico_City"
PAIRS = [
    (MADRID, MEXICO, 32),
    (MEXICO, MADRID, 16),
    (MADRID, "Asia/Kolkata", 20.5),
    ("Australia/Lord_Howe", MADRID, 32.5),
]


@pytest.mark.parametrize(("before", "after", "hours"), PAIRS, ids=[f"{a}-{b}" for a, b, _h in PAIRS])
def test_days_before_stay_and_the_day_of_the_change_is_longer_or_shorter(before: str, after: str, hours: float) -> None:
    zone = zones.dated(after, ((JUNE, before),))
    old, new = zones.dated(before), zones.dated(after)

    assert civil.month_bounds(date(2026, 5, 1), zone) == civil.month_bounds(date(2026, 5, 1), old)
    assert civil.start_of_day(JUNE, zone) == civil.start_of_day(JUNE, old)
    assert civil.day_bounds(JUNE, zone).duration == timedelta(hours=hours)
    assert civil.day_bounds(date(2026, 6, 2), zone) == civil.day_bounds(date(2026, 6, 2), new)
    june = civil.local_days(civil.month_bounds(JUNE, zone), zone)
    assert [day for day, _part in june] == list(civil.dates(JUNE, date(2026, 7, 1)))
    assert sum((part.duration for _day, part in june), timedelta()) == civil.month_bounds(JUNE, zone).duration
    assert zones.key_at(zone, civil.start_of_day(JUNE, zone) - timedelta(hours=1)) == before
    assert zones.key_at(zone, civil.start_of_day(date(2026, 6, 2), zone)) == after == zone.key


@pytest.mark.parametrize(("before", "after"), [pair[:2] for pair in PAIRS], ids=[f"{a}-{b}" for a, b, _h in PAIRS])
def test_instants_come_back_from_the_wall_clock(before: str, after: str) -> None:
    zone = zones.dated(after, ((JUNE, before),))
    whole = Period(datetime(2026, 5, 30, tzinfo=UTC), datetime(2026, 6, 4, tzinfo=UTC))

    for part in whole.steps(timedelta(minutes=30)):
        shown = part.start.astimezone(zone)
        assert shown.astimezone(UTC) == part.start
        other = zones.dated(before if part.start < zones.since(zone) else after)  # type: ignore[operator]
        assert shown.replace(tzinfo=None, fold=0) == part.start.astimezone(other).replace(tzinfo=None, fold=0)


def test_the_same_facts_are_the_same_object_also_when_copied() -> None:
    zone = zones.dated(MEXICO, ((date(2026, 1, 1), "UTC"), (JUNE, MADRID)))

    assert zones.dated(MEXICO, ((date(2026, 1, 1), "UTC"), (JUNE, MADRID))) is zone
    assert copy.deepcopy(zone) is zone
    assert pickle.loads(pickle.dumps(zone)) is zone  # noqa: S301 - own bytes
    assert zones.dated(MADRID) is zones.dated(MADRID)
    assert zones.key_at(zone, datetime(2025, 12, 31, tzinfo=UTC)) == "UTC"
    assert zones.key_at(zone, datetime(2026, 3, 1, tzinfo=UTC)) == MADRID


def test_changes_before_anything_was_billed_leave_nothing_behind() -> None:
    assert zones.changed(((JUNE, "UTC"),), before=MADRID, after=MEXICO, day=None) == ()
    assert zones.changed((), before=MADRID, after=MADRID, day=JUNE) == ()
    assert zones.changed((), before=MADRID, after=MEXICO, day=JUNE) == ((JUNE, MADRID),)


def test_a_second_change_from_the_same_day_replaces_the_first() -> None:
    once = zones.changed((), before=MADRID, after=MEXICO, day=JUNE)

    assert zones.changed(once, before=MEXICO, after="UTC", day=JUNE) == ((JUNE, MADRID),)
    assert zones.changed(once, before=MEXICO, after=MADRID, day=JUNE) == ()
    later = date(2026, 9, 1)
    assert zones.changed(once, before=MEXICO, after=MADRID, day=later) == ((JUNE, MADRID), (later, MEXICO))
    # A run was canceled, so the change may begin earlier than one before.
    assert zones.changed(once, before=MEXICO, after="UTC", day=date(2026, 5, 1)) == ((date(2026, 5, 1), MADRID),)


def test_they_are_stored_as_words() -> None:
    former = ((JUNE, MADRID),)

    assert zones.written(former) == [["2026-06-01", MADRID]]
    assert zones.read(zones.written(former)) == former
