"""Periods cut to the time of one's own contracts."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.customers.clipping import Stay, clip, joined
from meterbook.customers.granularity import class_of
from meterbook.customers.values import PlaceClass
from meterbook.kernel.period import Period

TENTH = datetime(2026, 6, 9, 22, tzinfo=UTC)  # 10 June 00:00 in Madrid
BASE = datetime(2026, 1, 1, tzinfo=UTC)
hours = st.integers(0, 400)


def at(hour: int) -> datetime:
    return BASE + timedelta(hours=hour)


@st.composite
def periods(draw: st.DrawFn) -> Period:
    start = draw(hours)
    return Period(at(start), at(start + draw(st.integers(1, 100))))


@st.composite
def stays(draw: st.DrawFn) -> Stay:
    start = draw(hours)
    length = draw(st.none() | st.integers(0, 100))
    return Stay(at(start), None if length is None else at(start + length))


class TestJoined:
    def test_makes_one_of_a_contract_that_another_tariff_cut_in_two(self) -> None:
        cut = TENTH + timedelta(days=30)

        assert joined([Stay(cut, None), Stay(TENTH, cut)]) == (Stay(TENTH, None),)

    def test_keeps_a_time_that_somebody_else_had_between(self) -> None:
        first, later = Stay(at(0), at(10)), Stay(at(11), None)

        assert joined([later, first]) == (first, later)

    @given(st.lists(stays(), max_size=6), periods())
    def test_shows_exactly_what_the_single_stays_show(self, listed: list[Stay], asked: Period) -> None:
        found = joined(listed)

        assert clip(asked, found) == clip(asked, listed)
        assert all(one.end is not None and one.end < other.start for one, other in itertools.pairwise(found))


class TestClip:
    def test_begins_with_the_contract(self) -> None:
        june = Period(datetime(2026, 5, 31, 22, tzinfo=UTC), datetime(2026, 6, 30, 22, tzinfo=UTC))

        assert clip(june, [Stay(TENTH, None)]) == (Period(TENTH, june.end),)

    def test_leaves_nothing_of_the_instant_before(self) -> None:
        assert clip(Period(TENTH - timedelta(days=30), TENTH), [Stay(TENTH, None)]) == ()

    def test_ends_with_the_contract(self) -> None:
        stay = Stay(TENTH - timedelta(days=9), TENTH)

        assert clip(Period(TENTH, TENTH + timedelta(hours=1)), [stay]) == ()
        assert clip(Period(TENTH - timedelta(hours=1), TENTH + timedelta(hours=1)), [stay]) == (
            Period(TENTH - timedelta(hours=1), TENTH),
        )

    def test_joins_contracts_that_touch(self) -> None:
        parts = [Stay(at(0), at(10)), Stay(at(10), at(20)), Stay(at(30), None)]

        assert clip(Period(at(5), at(40)), parts) == (Period(at(5), at(20)), Period(at(30), at(40)))

    @given(periods(), st.lists(stays(), max_size=4), hours)
    def test_holds_exactly_the_instants_of_both(self, asked: Period, own: list[Stay], hour: int) -> None:
        instant = at(hour)

        found = any(instant in each for each in clip(asked, own))

        is_own = any(each.start <= instant and (each.end is None or instant < each.end) for each in own)
        assert found == (instant in asked and is_own)

    @given(periods(), st.lists(stays(), max_size=4))
    def test_gives_parts_in_order_that_do_not_touch(self, asked: Period, own: list[Stay]) -> None:
        found = clip(asked, own)

        assert all(before.end < after.start for before, after in itertools.pairwise(found))


@pytest.mark.parametrize(
    ("usage", "is_unit", "is_person", "expected"),
    [
        ("HOME", False, False, PlaceClass.DWELLING),
        ("SHOP", True, True, PlaceClass.COMMERCIAL),
        ("", True, True, PlaceClass.DWELLING),
        ("", True, False, PlaceClass.COMMERCIAL),
        ("", False, True, PlaceClass.COMMERCIAL),
    ],
)
def test_what_counts_as_a_dwelling(usage: str, is_unit: bool, is_person: bool, expected: PlaceClass) -> None:
    assert class_of(usage=usage, is_unit=is_unit, is_person=is_person) is expected
