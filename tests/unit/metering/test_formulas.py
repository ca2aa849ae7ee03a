"""What a virtual meter used follows from its inputs exactly, and a missing input makes a slot missing, never zero."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.kernel.quality import Quality
from meterbook.metering import blocks, formulas
from meterbook.metering.formulas import Block, Formula, Hours, Term, Version

A, B, C = 1, 2, 3
DAY = 20_500  # 2026-02-16, a Monday
MADRID = ZoneInfo("Europe/Madrid")
FACTORS = st.fractions(min_value=-50, max_value=50, max_denominator=12).filter(bool)


def block(*numbers: int, step: int = 60, codes: dict[int, Quality] | None = None) -> Block:
    """A day whose first slots hold these numbers, and all others 0."""
    slots = 1_440 // step
    values = np.zeros(slots, np.int64)
    values[: len(numbers)] = numbers
    quality = np.zeros(slots, np.uint8)
    for place, code in (codes or {}).items():
        quality[place] = code
        if code is Quality.MISSING:
            values[place] = 0
    return Block(step, values, quality)


def formula(*terms: Term, step: int = 60, starts_at: int = 0, zone: ZoneInfo = MADRID) -> Formula:
    return Formula(step, zone, (Version(starts_at, terms),))


def term(series_id: int | None, factor: int | Fraction = 1, hours: Hours = formulas.ALWAYS) -> Term:
    return Term(Fraction(factor), series_id, hours)


REST = formula(term(A), term(B, -1), term(C, -1))


class TestCompute:
    @pytest.mark.spec("M-028/1")
    def test_takes_others_from_one_slot_by_slot(self) -> None:
        given_blocks = {A: block(100, 90), B: block(30, 20), C: block(10, 80)}

        values, quality = formulas.compute(REST, DAY, given_blocks)

        assert values[:3].tolist() == [60, -10, 0]
        assert not quality.any()

    @pytest.mark.spec("M-028/1")
    def test_has_no_value_where_an_input_has_none(self) -> None:
        given_blocks = {A: block(100, 90), B: block(30, 20), C: block(10, 80, codes={0: Quality.MISSING})}

        values, quality = formulas.compute(REST, DAY, given_blocks)

        assert (values[0], quality[0]) == (0, Quality.MISSING)
        assert (values[1], quality[1]) == (-10, Quality.VALID)

    def test_has_no_value_where_an_input_has_no_block(self) -> None:
        _values, quality = formulas.compute(REST, DAY, {A: block(100), B: block(30)})

        assert set(quality.tolist()) == {Quality.MISSING}

    @pytest.mark.parametrize(
        ("codes", "worst"),
        [
            ((Quality.VALIDATED, Quality.QUESTIONABLE), Quality.QUESTIONABLE),
            ((Quality.ESTIMATED, Quality.INTERPOLATED), Quality.ESTIMATED),
            ((Quality.EDITED, Quality.VALID), Quality.EDITED),
            ((Quality.MIXED, Quality.ESTIMATED), Quality.MIXED),
        ],
    )
    def test_is_as_good_as_its_worst_input(self, codes: tuple[Quality, Quality], worst: Quality) -> None:
        given_blocks = {A: block(5, codes={0: codes[0]}), B: block(3, codes={0: codes[1]})}

        values, quality = formulas.compute(formula(term(A), term(B)), DAY, given_blocks)

        assert (values[0], quality[0]) == (8, worst)

    def test_counts_a_version_from_its_instant_on(self) -> None:
        noon = DAY * blocks.DAY + 12 * 60 * blocks.MINUTE
        both = Formula(
            60, MADRID, (Version(noon - blocks.DAY // 4, (term(A),)), Version(noon, (term(A, 2), term(B, -1))))
        )

        values, quality = formulas.compute(both, DAY, {A: block(*[10] * 24), B: block(*[1] * 24)})

        assert quality[:6].tolist() == [Quality.MISSING] * 6
        assert values.tolist() == [0] * 6 + [10] * 6 + [19] * 12

    def test_counts_hours_and_weekdays_of_the_clock_on_the_wall(self) -> None:
        night = term(A, 1, Hours(weekdays=0b000_0001, from_minute=22 * 60, until_minute=6 * 60))
        every = term(B)

        values, _quality = formulas.compute(formula(night, every), DAY, {A: block(*[7] * 24), B: block()})

        # Monday in Madrid begins at 23:00 UTC of Sunday, and this UTC day ends an hour into Tuesday.
        assert values.tolist() == [7] * 5 + [0] * 16 + [7] * 2 + [0]

    def test_needs_an_input_only_in_its_hours(self) -> None:
        early = term(B, -1, Hours(from_minute=0, until_minute=6 * 60))
        missing = dict.fromkeys(range(6, 24), Quality.MISSING)

        values, quality = formulas.compute(
            formula(term(A), early, zone=ZoneInfo("UTC")), DAY, {A: block(*[9] * 24), B: block(*[1] * 6, codes=missing)}
        )

        assert values.tolist() == [8] * 6 + [9] * 18
        assert not quality.any()

    def test_counts_a_constant_by_the_hour_as_far_as_the_inputs_go(self) -> None:
        later = dict.fromkeys(range(40, 96), Quality.MISSING)
        lamps = term(None, -10)

        values, quality = formulas.compute(
            formula(term(A, 1, Hours(weekdays=0b000_0010)), lamps, step=15), DAY, {A: block(step=15, codes=later)}
        )

        assert values[:40].sum() == -100
        assert not quality[:40].any()
        assert set(quality[40:].tolist()) == {Quality.MISSING}

    def test_holds_figures_larger_than_64_bits_on_the_way(self) -> None:
        large = 2**60
        terms = formula(term(A, Fraction(10**9, 10**9 - 1)), term(B, Fraction(-(10**9), 10**9 - 1)))

        values, _quality = formulas.compute(terms, DAY, {A: block(large, 5), B: block(large, 2)})

        assert values[:2].tolist() == [0, 3]

    @given(
        factors=st.lists(FACTORS, min_size=1, max_size=4),
        numbers=st.lists(st.lists(st.integers(-(10**7), 10**7), min_size=24, max_size=24), min_size=4, max_size=4),
        missing=st.sets(st.integers(0, 23), max_size=6),
    )
    def test_adds_up_to_the_exact_sum_rounded_once(
        self, factors: list[Fraction], numbers: list[list[int]], missing: set[int]
    ) -> None:
        codes = dict.fromkeys(missing, Quality.MISSING)
        given_blocks = {
            place: block(*numbers[place], codes=codes if place == 0 else None) for place in range(len(factors))
        }
        terms = formula(*(term(place, factor) for place, factor in enumerate(factors)))

        values, quality = formulas.compute(terms, DAY, given_blocks)

        known = [slot for slot in range(24) if quality[slot] != Quality.MISSING]
        exact = [sum(factor * numbers[place][slot] for place, factor in enumerate(factors)) for slot in range(24)]
        whole = sum((exact[slot] for slot in known), Fraction(0))
        assert set(known) == set(range(24)) - missing
        assert int(values.sum()) == (2 * whole + 1) // 2
        assert all(abs(values[slot] - exact[slot]) < 1 for slot in known)

    @given(numbers=st.lists(st.integers(-1000, 1000), min_size=24, max_size=24), factor=FACTORS)
    def test_is_the_same_in_whatever_order_its_rows_are(self, numbers: list[int], factor: Fraction) -> None:
        rows = (term(A, factor), term(B, -1), term(None, Fraction(1, 7)))
        given_blocks = {A: block(*numbers), B: block(*reversed(numbers))}

        forth, back = (formulas.compute(formula(*each), DAY, given_blocks) for each in (rows, rows[::-1]))

        assert forth[0].tolist() == back[0].tolist()
        assert forth[1].tolist() == back[1].tolist()


class TestRegroup:
    @given(
        numbers=st.lists(st.integers(-(10**9), 10**9), min_size=24, max_size=24), wanted=st.sampled_from([5, 15, 30])
    )
    def test_keeps_what_was_used_exactly(self, numbers: list[int], wanted: int) -> None:
        values, quality = formulas.regroup(np.array(numbers, np.int64), np.zeros(24, np.uint8), 60, wanted)
        back, _codes = formulas.regroup(values, quality, wanted, 60)

        assert back.tolist() == numbers
        assert set(quality.tolist()) == {Quality.INTERPOLATED}

    def test_takes_the_worst_of_finer_intervals(self) -> None:
        codes = np.array([Quality.VALIDATED, Quality.QUESTIONABLE, *[0] * 94], np.uint8)

        values, quality = formulas.regroup(np.ones(96, np.int64), codes, 15, 60)

        assert values.tolist() == [4] * 24
        assert quality[:2].tolist() == [Quality.QUESTIONABLE, Quality.VALID]


class TestFindCycle:
    @pytest.mark.spec("M-028/2")
    @pytest.mark.parametrize(
        ("inputs", "found"),
        [
            ({1: [1]}, (1, 1)),
            ({1: [2, 3], 2: [4], 3: [5], 5: [1]}, (1, 3, 5, 1)),
            ({1: [2, 3], 2: [4], 3: [4]}, ()),
            ({1: [2], 2: [3], 3: [2]}, ()),
        ],
    )
    def test_names_the_way_back(self, inputs: dict[int, list[int]], found: tuple[int, ...]) -> None:
        assert formulas.find_cycle(inputs, 1) == found


class TestHours:
    def test_of_this_file_are_those_of_a_monday(self) -> None:
        assert date(1970, 1, 1).toordinal() + DAY == date(2026, 2, 16).toordinal()
        assert datetime(2026, 2, 16, tzinfo=UTC).weekday() == 0
