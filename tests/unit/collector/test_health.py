"""What the collector counts of its lines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from meterbook.acquisition.contract import errors, telegram_lines
from meterbook.acquisition.polling import counting
from meterbook.acquisition.polling.counting import Outcome
from meterbook.collector import health
from meterbook.monitoring.line_health import HourOfLine

AT = datetime(2026, 6, 16, 9, 59, 50, tzinfo=UTC)
NINE, TEN = AT.replace(minute=0, second=0), AT.replace(hour=10, minute=0, second=0)
SEVEN, EIGHT = health.Place(1, 2, 7), health.Place(1, 2, 8)


def rows(counted: health.Health) -> dict[tuple[int | None, datetime], HourOfLine]:
    return {(each.device_id, each.hour): each for found in counted.take().values() for each in found.rows()}


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (errors.Timeout("nothing"), Outcome.TIMEOUT),
        (errors.Timeout("half of it", response="0703"), Outcome.DAMAGED),
        (errors.FrameMismatch("crc", field="checksum"), Outcome.DAMAGED),
        (errors.FrameMismatch("two meters at once"), Outcome.DAMAGED),
        (errors.FrameMismatch("another unit", field="unit"), Outcome.STRANGE),
        (errors.ExceptionAnswer("no", exception=2), Outcome.REFUSED),
        (errors.ConnectionLost("gone"), Outcome.LOST),
        (errors.ConnectionRefused("shut"), Outcome.LOST),
        (telegram_lines.NoTelegram("quiet"), Outcome.TIMEOUT),
        (telegram_lines.TelegramDamaged("light"), Outcome.DAMAGED),
    ],
)
def test_what_drivers_give_up_is_told_apart(error: errors.DeviceError, outcome: Outcome) -> None:
    assert counting.outcome_of(error) is outcome


class TestHealth:
    def test_counts_each_device_and_sums_the_bus(self) -> None:
        counted = health.Health()
        counted.begin((1, 2), 100.0)
        counted.note(SEVEN, Outcome.ANSWERED, at=AT, monotonic=101.0, busy=0.04, took_ms=20)
        counted.note(SEVEN, Outcome.ANSWERED, at=AT, monotonic=102.0, busy=0.06, took_ms=21)
        counted.note(EIGHT, Outcome.TIMEOUT, at=AT, monotonic=104.0, busy=1.0)
        counted.note(EIGHT, Outcome.DAMAGED, at=AT + timedelta(seconds=10), monotonic=110.0, busy=0.5)

        found = rows(counted)

        assert found[7, NINE] == HourOfLine(
            2, 7, NINE, asked=2, answered=2, busy_ms=100, buckets=(1, 1, 0, 0, 0, 0, 0, 0)
        )
        bus = found[None, NINE]
        assert (bus.asked, bus.answered, bus.timeouts, bus.busy_ms, bus.watched_ms) == (3, 2, 1, 1_100, 4_000)
        later = found[None, TEN]
        assert (later.asked, later.damaged, later.busy_ms, later.watched_ms) == (1, 1, 500, 6_000)
        assert counted.take() == {}

    def test_the_slowest_answers_have_a_place(self) -> None:
        counted = health.Health()

        counted.note(SEVEN, Outcome.ANSWERED, at=AT, monotonic=1.0, busy=9.0, took_ms=9_000)

        assert rows(counted)[7, NINE].buckets == (0, 0, 0, 0, 0, 0, 0, 1)

    def test_skews_and_clocks_are_of_the_device(self) -> None:
        counted = health.Health()
        counted.note_skew(SEVEN, slot=AT - timedelta(seconds=5), at=AT)
        counted.note_skew(SEVEN, slot=AT - timedelta(seconds=1), at=AT)
        counted.note_clock(SEVEN, offset=timedelta(seconds=-90), at=AT)

        found = rows(counted)

        own, bus = found[7, NINE], found[None, NINE]
        assert (own.skews, own.skew_ms, own.skew_most_ms, own.clock_ms) == (2, 6_000, 5_000, -90_000)
        assert (bus.skews, bus.skew_ms, bus.clock_ms) == (2, 6_000, None)

    def test_what_could_not_be_written_is_added_the_next_time_for_a_day_at_most(self) -> None:
        counted = health.Health()
        for hours in (0, 30):
            at = AT + timedelta(hours=hours)
            counted.note(SEVEN, Outcome.TIMEOUT, at=at, monotonic=1.0, busy=1.0)
            counted.put_back(1, counted.take()[1])
        counted.note(SEVEN, Outcome.TIMEOUT, at=AT + timedelta(hours=30), monotonic=2.0, busy=1.0)

        found = rows(counted)

        assert {key: row.timeouts for key, row in found.items()} == {
            (7, NINE + timedelta(hours=30)): 2,
            (None, NINE + timedelta(hours=30)): 2,
        }
