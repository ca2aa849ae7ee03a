"""Slots, back-off and whose turn it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.acquisition.polling import backoff, timetable
from meterbook.acquisition.polling.agenda import Agenda, Job
from meterbook.acquisition.polling.backoff import Health, Policy
from meterbook.acquisition.polling.timetable import Done, Due, Timetable, Work

NOON = datetime(2026, 6, 16, 12, 0, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
TABLE = Timetable(15 * MINUTE, 10 * SECOND)
POLICY = Policy(timeout=SECOND, retries=2, first_pause=5 * SECOND, cap=MINUTE)


class TestLiveEvery:
    @pytest.mark.parametrize(
        ("configured", "speed", "watched", "expected"),
        [
            (10, 1, 0, 10),
            (10, 1, 1, 1),
            (10, 1, 25, 1),
            (10, 1, 26, 2),
            (10, 1, 50, 2),
            (1, 1, 50, 1),  # never more rarely than without anybody
            (10, 1, 100_000, 10),
            (10, 2, 0, 10),
            (10, 60, 0, 150),  # 2.5 real seconds
            (10, 60, 1, 60),  # one real second
            (3600, 60, 0, 3600),
        ],
    )
    def test_follows_who_looks_and_how_fast_time_runs(
        self, configured: int, speed: int, watched: int, expected: int
    ) -> None:
        assert timetable.live_every(configured, speed=speed, watched=watched) == expected * SECOND

    @given(st.integers(1, 3600), st.integers(2, 60), st.integers(0, 300))
    def test_of_a_fast_clock_meets_the_beginning_of_every_slot(self, configured: int, speed: int, watched: int) -> None:
        every = timetable.live_every(configured, speed=speed, watched=watched)

        assert every == configured * SECOND or 5 * MINUTE % every == timedelta(0)


class TestTimetable:
    def test_asks_for_counters_before_instant_values(self) -> None:
        assert timetable.due(NOON, TABLE, Done()) == (Due(Work.ENERGY, NOON), Due(Work.INSTANT, NOON))

    def test_keeps_a_slot_due_until_it_is_served_or_over(self) -> None:
        late = NOON + 14 * MINUTE
        done = Done(instant=timetable.slot_of(late, 10 * SECOND))

        assert timetable.due(late, TABLE, done) == (Due(Work.ENERGY, NOON),)
        assert timetable.due(late, TABLE, done.with_slot(Work.ENERGY, NOON)) == ()

    def test_never_makes_up_for_missed_slots(self) -> None:
        done = Done(energy=NOON, instant=NOON)

        assert timetable.due(NOON + timedelta(hours=3), TABLE, done) == (
            Due(Work.ENERGY, NOON + timedelta(hours=3)),
            Due(Work.INSTANT, NOON + timedelta(hours=3)),
        )

    def test_lies_on_the_grid_of_the_utc_day(self) -> None:
        assert timetable.slot_of(NOON + 7.5 * MINUTE, 15 * MINUTE) == NOON

    @given(st.integers(0, 90_000), st.integers(1, 86_400))
    def test_wakes_exactly_when_something_is_due(self, seconds: int, step: int) -> None:
        now, table = NOON + seconds * SECOND, Timetable(step * SECOND)
        done = Done(energy=timetable.slot_of(now, step * SECOND))

        wake = timetable.next_due(now, table, done)

        assert wake is not None
        assert timetable.due(wake, table, done)
        assert not timetable.due(wake - timedelta(microseconds=1), table, done)

    def test_of_nothing_never_wakes(self) -> None:
        assert timetable.next_due(NOON, Timetable(None), Done()) is None

    @pytest.mark.parametrize("step", [timedelta(0), -SECOND, timedelta(milliseconds=1500), timedelta(days=2)])
    def test_refuses_steps_off_the_grid(self, step: timedelta) -> None:
        with pytest.raises(timetable.StepRefused):
            Timetable(step)


class TestBackoff:
    def test_doubles_from_the_first_pause_to_the_cap(self) -> None:
        pauses = [backoff.pause(failures, POLICY) / SECOND for failures in range(1, 10)]

        assert pauses == [0, 0, 5, 10, 20, 40, 60, 60, 60]

    @given(st.integers(0, 10**9))
    def test_never_passes_the_cap(self, failures: int) -> None:
        assert backoff.pause(failures, POLICY) <= POLICY.cap

    def test_lets_the_device_rest_until_its_pause_is_over(self) -> None:
        health = backoff.failed(Health(failures=2), NOON, POLICY)

        assert not health.may_try(NOON + 4 * SECOND)
        assert health.may_try(NOON + 5 * SECOND)

    @pytest.mark.parametrize(
        "changes", [{"timeout": timedelta(0)}, {"retries": -1}, {"first_pause": timedelta(0)}, {"cap": SECOND}]
    )
    def test_refuses_a_policy_without_sense(self, changes: dict[str, timedelta]) -> None:
        with pytest.raises(backoff.PolicyRefused):
            Policy(**{"first_pause": 5 * SECOND, **changes})  # type: ignore[arg-type]


def agenda_of(*keys: str, table: Timetable = TABLE) -> Agenda[str]:
    """An agenda with these devices."""
    agenda: Agenda[str] = Agenda()
    for key in keys:
        agenda.put(key, table, POLICY)
    return agenda


def take(agenda: Agenda[str], now: datetime = NOON) -> Job[str]:
    """The next job, which must exist."""
    job = agenda.take(now)
    assert job is not None
    return job


class TestAgenda:
    def test_reads_all_counters_before_any_instant_value(self) -> None:
        agenda, order = agenda_of("a", "b"), []

        while job := agenda.take(NOON):
            order.append((job.work, job.key))
            agenda.succeeded(job)

        assert order == [(Work.ENERGY, "a"), (Work.ENERGY, "b"), (Work.INSTANT, "a"), (Work.INSTANT, "b")]

    def test_puts_a_device_that_failed_behind_the_others(self) -> None:
        agenda, order = agenda_of("dead", "a", "b", table=Timetable(15 * MINUTE)), []

        while job := agenda.take(NOON):
            order.append(job.key)
            if job.key == "dead":
                agenda.failed(job, NOON)
            else:
                agenda.succeeded(job)

        assert order == ["dead", "a", "b", "dead", "dead"]
        assert agenda.wake_at(NOON) == NOON + 5 * SECOND

    def test_asks_a_resting_device_once_when_its_pause_is_over(self) -> None:
        agenda = agenda_of("dead")
        for _ in range(3):
            agenda.failed(take(agenda), NOON)

        again = take(agenda, NOON + 5 * SECOND)
        agenda.failed(again, NOON + 6 * SECOND)

        assert agenda.take(NOON + 7 * SECOND) is None
        assert agenda.wake_at(NOON + 7 * SECOND) == NOON + 16 * SECOND

    def test_takes_a_device_back_fully_when_it_answers(self) -> None:
        agenda = agenda_of("a")
        agenda.failed(take(agenda), NOON)

        agenda.succeeded(take(agenda))

        assert agenda.health("a") == backoff.WELL

    def test_lets_all_wait_while_the_gateway_cannot_be_reached_and_blames_nobody(self) -> None:
        agenda = agenda_of("a", "b")

        agenda.unreachable(NOON)

        assert agenda.take(NOON) is None
        assert agenda.wake_at(NOON) == NOON + SECOND
        assert agenda.health("a") == backoff.WELL
        assert take(agenda, NOON + SECOND).key == "a"

    def test_shares_turns_fairly_when_the_bus_is_too_slow_for_all(self) -> None:
        agenda = agenda_of("a", "b", "c", table=Timetable(None, SECOND))
        counts = dict.fromkeys("abc", 0)

        for second in range(30):  # one read takes as long as a slot
            job = take(agenda, NOON + second * SECOND)
            counts[job.key] += 1
            agenda.succeeded(job)

        assert counts == {"a": 10, "b": 10, "c": 10}

    def test_keeps_what_it_knows_when_a_timetable_changes(self) -> None:
        agenda = agenda_of("a", table=Timetable(15 * MINUTE))
        agenda.succeeded(take(agenda))

        agenda.put("a", Timetable(30 * MINUTE), POLICY)

        assert agenda.take(NOON) is None

    def test_forgets_a_device_that_was_removed_while_its_job_ran(self) -> None:
        agenda = agenda_of("a")
        job = take(agenda)

        agenda.remove("a")
        agenda.succeeded(job)
        agenda.failed(job, NOON)

        assert agenda.keys() == frozenset()
        assert agenda.wake_at(NOON) is None
