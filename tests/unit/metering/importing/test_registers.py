"""Intervals become a register whose rounding never adds up, and which goes on from what is known."""

from __future__ import annotations

import itertools
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from meterbook.metering.importing import registers
from meterbook.metering.importing.mapping import Gaps, Kind, Mapping
from meterbook.metering.importing.parsing import Column
from meterbook.metering.importing.problems import Problems
from meterbook.metering.importing.registers import Known

QUARTER = 900_000_000
MAPPING = Mapping(kind=Kind.INTERVALS, step=15, time_column="time", value_column="kWh")
usages = st.lists(st.decimals(min_value=0, max_value=1000, places=4), min_size=1, max_size=50)


def column(values: list[Decimal], *, first: int = 0) -> Column:
    starts = [first + n * QUARTER for n in range(len(values))]
    lines = list(range(2, 2 + len(values)))
    return Column("A", ZoneInfo("UTC"), lines, starts, [each + QUARTER for each in starts], values)


def known(
    pairs: list[tuple[int, int]], *, before: tuple[int, int] | None = None, after: tuple[int, int] | None = None
) -> Known:
    at, value = [at for at, _value in pairs], [value for _at, value in pairs]
    return Known(before, np.array(at, np.int64), np.array(value, np.int64), after)


def go_on(found: Known, given_column: Column, mapping: Mapping = MAPPING) -> tuple[list[int], int, list[int]]:
    problems = Problems()
    readings = registers.readings_of(given_column, mapping, Fraction(1), problems)
    new, unchanged = registers.continue_from(found, readings, given_column, mapping, problems)
    return new.value.tolist(), unchanged, [each.line for each in problems.found]


class TestReadingsOf:
    @given(values=usages, decimals=st.integers(0, 6))
    def test_is_never_further_from_the_exact_sum_than_half_a_count(self, values: list[Decimal], decimals: int) -> None:
        counts = Fraction(10**decimals)

        found = registers.readings_of(column(values), MAPPING, counts, Problems()).value.tolist()

        sums = [Fraction(0), *itertools.accumulate(Fraction(value) for value in values)]
        assert all(abs(shown - exact * counts) <= Fraction(1, 2) for shown, exact in zip(found, sums, strict=True))
        assert found == sorted(found)

    def test_refuses_what_no_register_can_show(self) -> None:
        problems = Problems()

        registers.readings_of(column([Decimal(10**18)]), MAPPING, Fraction(10**6), problems)

        assert problems.total == 1


class TestContinueFrom:
    @given(values=usages, cut=st.integers(0, 49))
    def test_two_files_end_where_one_would_but_for_a_count(self, values: list[Decimal], cut: int) -> None:
        cut = min(cut, len(values) - 1)
        whole = registers.readings_of(column(values), MAPPING, Fraction(1), Problems())
        stored = list(zip(whole.at[: cut + 1].tolist(), whole.value[: cut + 1].tolist(), strict=True))

        later = column(values[cut:], first=cut * QUARTER)
        new, unchanged, faults = go_on(known(stored[-1:], before=stored[-1]), later)

        assert (faults, unchanged) == ([], 1)
        assert abs(new[-1] - int(whole.value[-1])) <= 1

    @given(values=usages)
    def test_the_same_file_again_brings_nothing(self, values: list[Decimal]) -> None:
        whole = registers.readings_of(column(values), MAPPING, Fraction(1), Problems())
        stored = [(at, value + 700) for at, value in zip(whole.at.tolist(), whole.value.tolist(), strict=True)]

        assert go_on(known(stored, before=stored[0]), column(values)) == ([], len(values) + 1, [])

    def test_blames_only_the_interval_that_differs(self) -> None:
        stored = [(0, 0), (QUARTER, 10), (2 * QUARTER, 20), (3 * QUARTER, 30)]

        found = go_on(known(stored, before=stored[0]), column([Decimal(10), Decimal(15), Decimal(10)]))

        assert found == ([], 4, [3])

    def test_lets_finer_readings_stand_between_its_instants(self) -> None:
        stored = [(0, 0), (QUARTER // 3, 4), (QUARTER, 10)]

        assert go_on(known(stored, before=stored[0]), column([Decimal(10), Decimal(5)])) == ([15], 2, [])

    def test_refuses_finer_readings_that_contradict_it(self) -> None:
        stored = [(0, 0), (QUARTER // 3, 40)]

        assert go_on(known(stored, before=stored[0]), column([Decimal(10), Decimal(5)]))[2] == [2]

    def test_refuses_to_end_above_a_later_reading(self) -> None:
        assert go_on(known([], after=(9 * QUARTER, 5)), column([Decimal(10), Decimal(5)]))[2] == [3]

    def test_refuses_time_of_which_nothing_is_known_unless_allowed(self) -> None:
        found = known([], before=(-QUARTER, 100))
        allowed = Mapping(kind=Kind.INTERVALS, step=15, gaps=Gaps.ZERO)

        assert go_on(found, column([Decimal(10)]))[2] == [2]
        assert go_on(found, column([Decimal(10)]), allowed) == ([100, 110], 0, [])
