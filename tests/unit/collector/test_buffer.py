"""The buffer keeps every reading until it is written, and says so when it cannot."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from structlog import testing

from meterbook.collector import buffer

HOUR = datetime(2026, 6, 16, 10, tzinfo=UTC)


def reading(series: int, at: int) -> tuple[buffer.Row, bool]:
    return (series, at, at * 10), True


def live(series: int, at: int) -> tuple[buffer.Row, bool]:
    return (series, at, at * 10), False


class TestBuffer:
    def test_hands_over_all_readings_and_the_newest_live_values(self) -> None:
        kept = buffer.Buffer()
        kept.add(1, [reading(5, 1), live(6, 1), reading(5, 2), live(6, 2)])

        content = kept.take()

        assert list(content.readings[1]) == [(5, 1, 10), (5, 2, 20)]
        assert list(content.latest[1].values()) == [(6, 2, 20)]
        assert kept.is_empty

    def test_puts_back_before_what_has_come_since(self) -> None:
        kept = buffer.Buffer()
        kept.add(1, [reading(5, 1), reading(5, 2), live(6, 1)])
        content = kept.take()
        kept.add(1, [reading(5, 3), live(6, 3)])

        kept.put_back(1, content)

        again = kept.take()
        assert [at for _series, at, _value in again.readings[1]] == [1, 2, 3]
        assert list(again.latest[1].values()) == [(6, 3, 30)]

    def test_keeps_organizations_apart(self) -> None:
        kept = buffer.Buffer()
        kept.add(1, [reading(5, 1)])
        kept.add(2, [reading(9, 1)])
        content = kept.take()

        kept.put_back(2, content)

        assert kept.take().organizations == [2]

    def test_loses_the_oldest_beyond_its_bound_and_says_how_many(self) -> None:
        kept = buffer.Buffer(most_readings=3)

        with testing.capture_logs() as logged:
            kept.add(1, [reading(5, at) for at in (1, 2, 3, 4, 5)])

        assert [at for _series, at, _value in kept.take().readings[1]] == [3, 4, 5]
        assert kept.lost == 2
        assert [(line["event"], line["count"]) for line in logged] == [("collector.readings_lost", 2)]


class TestTallies:
    def test_count_questions_and_failures_by_hour(self) -> None:
        kept = buffer.Buffer()
        for minute, is_failed in ((5, False), (59, True), (60, False)):
            kept.tally(1, 7, HOUR + timedelta(minutes=minute), is_failed=is_failed)

        counts = kept.take_tallies()

        assert counts == {
            1: {(7, HOUR, False): 1, (7, HOUR, True): 1, (7, HOUR + timedelta(hours=1), False): 1},
        }
        assert kept.take_tallies() == {}

    def test_of_more_than_two_hours_are_not_kept(self) -> None:
        kept = buffer.Buffer()
        for hours in range(5):
            kept.tally(1, 7, HOUR + timedelta(hours=hours), is_failed=False)

        assert sorted(hour for _device, hour, _failed in kept.take_tallies()[1]) == [
            HOUR + timedelta(hours=3),
            HOUR + timedelta(hours=4),
        ]

    def test_that_could_not_be_written_add_to_what_came_since(self) -> None:
        kept = buffer.Buffer()
        kept.tally(1, 7, HOUR, is_failed=True)
        (counts,) = kept.take_tallies().values()
        kept.tally(1, 7, HOUR, is_failed=True)

        kept.put_back_tallies(1, counts)

        assert kept.take_tallies()[1] == {(7, HOUR, True): 2}
