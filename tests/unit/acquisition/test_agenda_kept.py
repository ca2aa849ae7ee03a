"""What an agenda keeps of earlier questions never changes its answer, wherever the clock goes."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from meterbook.acquisition.polling.agenda import Agenda, Job
from meterbook.acquisition.polling.backoff import Policy
from meterbook.acquisition.polling.timetable import Timetable

SECOND = timedelta(seconds=1)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEYS = st.integers(0, 3)
STEPS = st.sampled_from((None, 10 * SECOND, 60 * SECOND, 900 * SECOND))
POLICY = Policy(timeout=SECOND, retries=1, first_pause=5 * SECOND, cap=40 * SECOND)

# What happens to an agenda, then by how many seconds the clock moves: it may be put back.
HAPPENED = st.one_of(
    st.tuples(st.just("put"), KEYS, st.builds(Timetable, STEPS, STEPS), st.booleans()),
    st.tuples(st.just("remove"), KEYS),
    st.tuples(
        st.sampled_from(("succeeded", "failed", "unreachable", "left")),
    ),
)
COURSES = st.lists(st.tuples(HAPPENED, st.integers(-400, 1000)), max_size=40)


def _asked_anew(agenda: Agenda[int], now: datetime) -> Job[int] | None:
    """The answer of one that keeps nothing."""
    fresh = copy.copy(agenda)
    fresh._due = {}
    return fresh.take(now)


class TestAgenda:
    @given(COURSES)
    def test_answers_as_if_it_were_asked_for_the_first_time(self, course: list[tuple[tuple, int]]) -> None:
        agenda: Agenda[int] = Agenda()
        agenda.put(0, Timetable(60 * SECOND, 10 * SECOND), POLICY)
        now = NOON
        for (what, *given_), seconds in course:
            job = agenda.take(now)
            assert job == _asked_anew(agenda, now)
            if what == "put":
                key, table, is_watched = given_
                agenda.put(key, table, POLICY, is_watched=is_watched)
            elif what == "remove":
                agenda.remove(given_[0])
            elif what == "unreachable":
                agenda.unreachable(now)
            elif job is not None and what == "succeeded":
                agenda.succeeded(job)
            elif job is not None and what == "failed":
                agenda.failed(job, now)
            now += seconds * SECOND
