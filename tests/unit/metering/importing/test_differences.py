"""A corrected file: what it says otherwise than is stored, and what the register then shows."""

from __future__ import annotations

import itertools
from decimal import Decimal
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from meterbook.metering.importing import differences, registers
from meterbook.metering.importing.mapping import Kind, Mapping
from meterbook.metering.importing.problems import Problems
from meterbook.metering.importing.registers import Known
from tests.unit.metering.importing.test_registers import MAPPING, QUARTER, column, known

BASE = 700
usages = st.lists(st.integers(0, 5), min_size=1, max_size=12)


def find(
    found: Known, values: list[Decimal], *, first: int = 0, counts: Fraction = Fraction(1), mapping: Mapping = MAPPING
) -> tuple[differences.Differences | None, list[int]]:
    problems, given_column = Problems(), column(values, first=first)
    readings = registers.readings_of(given_column, mapping, counts, problems)
    made = differences.find(found, readings, given_column, mapping, counts, problems)
    return made, [each.line for each in problems.found]


def shown(found: Known, made: differences.Differences) -> dict[int, int]:
    """What counts at each instant of the file and of the store up to its end."""
    kept = dict(zip(found.at.tolist(), found.value.tolist(), strict=True))
    kept |= dict(zip(made.set_at.tolist(), made.set_value.tolist(), strict=True))
    return dict(sorted((kept | dict(zip(made.new.at.tolist(), made.new.value.tolist(), strict=True))).items()))


def register(used: list[int]) -> Known:
    pairs = list(zip(range(0, (len(used) + 1) * QUARTER, QUARTER), itertools.accumulate([BASE, *used]), strict=True))
    return known(pairs, before=pairs[0])


class TestFind:
    @given(stored=usages, data=st.data())
    def test_makes_the_files_intervals_count_and_leaves_all_others(
        self, stored: list[int], data: st.DataObject
    ) -> None:
        first = data.draw(st.integers(0, len(stored) - 1))
        said = data.draw(usages)
        world = register(stored)
        inside = slice(first, min(first + len(said), len(stored)) + 1)
        begin = (int(world.at[first]), int(world.value[first]))
        part = Known(begin, world.at[inside], world.value[inside], None)

        made, faults = find(part, [Decimal(each) for each in said], first=first * QUARTER)

        assert faults == []
        was = stored[first : first + len(said)]
        differing = [n for n, (a, b) in enumerate(zip(was, said, strict=False)) if a != b]
        assert (made is None) == (not differing)
        if made is None:
            return
        assert np.diff(list(shown(part, made).values())).tolist() == said
        assert made.line.tolist() == [2 + n for n in differing]
        assert made.now.tolist() == [said[n] for n in differing]
        assert made.was.tolist() == [was[n] for n in differing]
        assert made.shift == sum(said[: len(was)]) - sum(was)
        assert made.unchanged == len(was) + 1 - len(differing)

    @given(
        stored=st.lists(st.decimals(0, 3, places=1), min_size=2, max_size=12),
        said=st.lists(st.decimals(0, 3, places=1), min_size=2, max_size=12),
    )
    def test_rounds_the_sum_once_and_finds_nothing_the_second_time(
        self, stored: list[Decimal], said: list[Decimal]
    ) -> None:
        said = (said * 12)[: len(stored)]
        whole = registers.readings_of(column(stored), MAPPING, Fraction(1), Problems())
        world = Known((0, BASE), whole.at, whole.value + BASE, None)
        made, faults = find(world, said)
        assert faults == []
        if made is None:
            return
        counting = shown(world, made)
        values = list(counting.values())

        again, _faults = find(Known((0, BASE), np.array(list(counting)), np.array(values), None), said)

        assert again is None
        assert values == sorted(values)
        assert abs(Decimal(values[-1] - BASE) - sum(said, Decimal(0))) <= 2

    def test_tells_where_the_meter_itself_contradicts(self) -> None:
        stored = register([1, 2, 1])
        read = Known(stored.before, stored.at, stored.value, None, measured=np.array([2 * QUARTER]))
        later = Known(stored.before, stored.at, stored.value, None, measured_after=9 * QUARTER)
        said = [Decimal(1), Decimal(5), Decimal(1)]

        assert find(read, said)[1] == [3]
        assert find(later, said)[1] == [4]
        assert find(later, [Decimal(2), Decimal(1), Decimal(1)])[1] == []

    def test_refuses_another_sum_of_time_that_is_stored_in_finer_intervals(self) -> None:
        stored = known([(0, 0), (QUARTER // 3, 4), (QUARTER, 10), (QUARTER + 5, 11), (2 * QUARTER, 15)], before=(0, 0))

        assert find(stored, [Decimal(12), Decimal(5)])[1] == [2]
        assert find(stored, [Decimal(10), Decimal(5)]) == (None, [])

    def test_moves_finer_readings_along_with_an_interval_that_stays(self) -> None:
        stored = known([(0, 0), (QUARTER, 10), (QUARTER + 5, 11), (2 * QUARTER, 15)], before=(0, 0))

        made, faults = find(stored, [Decimal(12), Decimal(5)])

        assert faults == []
        assert made is not None
        assert shown(stored, made) == {0: 0, QUARTER: 12, QUARTER + 5: 13, 2 * QUARTER: 17}
        assert made.is_end.tolist() == [True, False, False]

    def test_sets_registers_one_by_one(self) -> None:
        mapping = Mapping(kind=Kind.REGISTERS, time_column="time", value_column="kWh")

        made, faults = find(known([(QUARTER, 10), (2 * QUARTER, 20)]), [Decimal(10), Decimal(19)], mapping=mapping)

        assert faults == []
        assert made is not None
        assert (made.set_at.tolist(), made.set_value.tolist(), made.shift) == ([2 * QUARTER], [19], 0)

    def test_keeps_apart_what_does_not_hang_on_it(self) -> None:
        said = [Decimal(each) for each in (1, 5, 1, 7)]

        made, _faults = find(register([1, 2, 1]), said)

        assert made is not None
        assert made.new.value.tolist() == [BASE + 14]
        assert made.apart.value.tolist() == [BASE + 11]
