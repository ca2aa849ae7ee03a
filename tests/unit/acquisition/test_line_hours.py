"""What a gateway tells of its lines: written, read back, added up, and refused when it is something else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from meterbook.acquisition.push import batch, line_hours
from meterbook.acquisition.push.line_hours import LineHour

HOUR = 1_767_225_600_000
ROW = LineHour(
    bus="b",
    device="d",
    hour=HOUR,
    outcomes={"answered": 3, "timeouts": 1},
    buckets=(0, 3, 0, 0, 0, 0, 0, 0),
    busy_ms=1_180,
    skews=1,
    skew_ms=300,
    skew_most_ms=300,
    clock_ms=0,
    clock_at=HOUR + 5,
)


def read(row: dict[str, Any]) -> batch.Batch:
    return batch.read(json.dumps({"format": batch.FORMAT, "lines": [row]}).encode())


def test_is_read_as_it_was_written() -> None:
    rows = (ROW, LineHour(bus="b", hour=HOUR, watched_ms=60_000))

    found = batch.read(batch.unpack(batch.write(batch.Batch(lines=rows)), "gzip"))

    assert found.lines == rows


def test_is_added_up() -> None:
    later = LineHour(bus="b", device="d", hour=HOUR, outcomes={"timeouts": 2, "lost": 1}, skews=1, skew_most_ms=200)

    both = ROW.added(later)

    assert both.outcomes == {"answered": 3, "timeouts": 3, "lost": 1}
    assert (both.skews, both.skew_most_ms, both.clock_at) == (2, 300, HOUR + 5)


@pytest.mark.parametrize(
    "change",
    [
        {"bus": 7},
        {"bus": "x" * 61},
        {"hour": HOUR + 1},
        {"hour": -line_hours.AN_HOUR_MS},
        {"hour": True},
        {"outcomes": {"bribed": 1}},
        {"outcomes": {"answered": -1}},
        {"outcomes": [1]},
        {"buckets": [1]},
        {"buckets": ["1"] * 8},
        {"busy_ms": 2**40},
        {"busy_ms": None},
        {"clock_ms": 5, "clock_at": None},
        {"clock_at": 2**60},
        {"secret": 1},
    ],
)
def test_that_is_something_else_is_refused_by_its_place(change: dict[str, Any]) -> None:
    with pytest.raises(batch.BatchUnreadable, match="/lines/0"):
        read({**ROW.as_json(), **change})
