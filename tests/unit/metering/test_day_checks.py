"""What is told of a day that cannot be right (B-18)."""

from __future__ import annotations

from dataclasses import fields, replace
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.metering.checking import days, thresholds
from meterbook.metering.checking.days import CheckKind, Found
from meterbook.metering.checking.thresholds import BOUNDS, USUAL, ThresholdInvalid, Thresholds

QUARTERS = 96


def day(value: int = 10, **slots: int) -> days.Integers:
    found = np.full(QUARTERS, value, np.int64)
    for slot, other in slots.items():
        found[int(slot[1:])] = other
    return found


def kind(found: Found | None) -> CheckKind | None:
    return None if found is None else found.kind


@pytest.mark.spec("B-18")
class TestChecks:
    def test_a_spike_is_above_three_times_the_95th_percentile_of_its_hour(self) -> None:
        past = [day() for _each in range(20)]

        assert days.spike(day(s40=30), past) is None
        assert days.spike(day(s40=31), past) == Found(
            CheckKind.SPIKE, {"slot": 40, "value": 31, "usual": 10, "times": 3}
        )
        assert days.spike(day(s40=31), past, times=Fraction(4)) is None
        # Of 80 intervals of the hour two were high before: P95 is still 10. Of four it is not asked.
        assert kind(days.spike(day(s40=90), [day(s40=80), day(s41=80), *past[2:]])) is CheckKind.SPIKE
        assert days.spike(day(s40=900), past[:4]) is None
        assert days.spike(day(0, s40=900), [day(0) for _each in range(9)]) is None
        assert days.spike(day(s40=900), [each[:92] for each in past]) is None

    def test_nothing_used_where_somebody_lives(self) -> None:
        before = [24] * 27 + [0]

        assert kind(days.nothing_used(0, before, is_occupied=True)) is CheckKind.ZERO_OCCUPIED
        assert days.nothing_used(0, before, is_occupied=False) is None
        assert days.nothing_used(1, before, is_occupied=True) is None
        assert days.nothing_used(0, [24, 0] * 14, is_occupied=True) is None
        assert days.nothing_used(0, before[:5], is_occupied=True) is None

    def test_use_in_a_vacant_unit(self) -> None:
        assert kind(days.used_while_vacant(1_001, 1_000, is_vacant=True)) is CheckKind.USE_VACANT
        assert days.used_while_vacant(1_000, 1_000, is_vacant=True) is None
        assert days.used_while_vacant(9_000, 1_000, is_vacant=False) is None

    def test_a_counter_that_stands_still_under_power(self) -> None:
        assert kind(days.stuck(0, day(500), 50)) is CheckKind.STUCK
        assert days.stuck(1, day(500), 50) is None
        assert days.stuck(0, day(50), 50) is None
        assert days.stuck(0, np.zeros(0, np.int64), 50) is None

    @pytest.mark.parametrize(
        ("intervals", "difference", "is_found"),
        [(10_000, 10_000, False), (10_010, 10_000, False), (10_021, 10_000, True), (0, 20, False), (0, 21, True)],
    )
    def test_intervals_that_differ_from_the_registers(self, intervals: int, difference: int, *, is_found: bool) -> None:
        assert (days.registers(intervals, difference, 10) is not None) == is_found

    @pytest.mark.parametrize(
        ("above", "below", "is_found"),
        [(100, [50, 45], False), (100, [55, 50], False), (100, [55, 51], True), (0, [1], True), (100, [], False)],
    )
    def test_parts_that_do_not_sum_to_the_main_meter(self, above: int, below: list[int], *, is_found: bool) -> None:
        assert (days.parent(above, below) is not None) == is_found

    def test_a_dead_phase(self) -> None:
        good, dead = np.full(288, 2300, np.int64), np.full(288, 2300, np.int64)
        dead[100:112] = 3

        assert days.phases([good, dead, good]) == Found(CheckKind.PHASE_MISSING, {"phase": 2, "intervals": 12})
        dead[100] = 2300
        assert days.phases([good, dead, good]) is None
        assert days.phases([good * 0, good * 0, good * 0]) is None
        assert days.phases([good, good]) is None

    def test_a_transformer_that_hangs_the_wrong_way_round(self) -> None:
        assert kind(days.reversed_transformer(0, 24, [24] * 9, [0] * 9)) is CheckKind.CT_REVERSED
        assert days.reversed_transformer(0, 24, [24] * 9, [0] * 8 + [1]) is None
        assert days.reversed_transformer(3, 24, [24] * 9, [0] * 9) is None
        assert days.reversed_transformer(0, 24, [0] * 9, [0] * 9) is None

    @given(st.lists(st.integers(0, 1000), min_size=QUARTERS, max_size=QUARTERS), st.integers(5, 30))
    def test_a_day_like_those_before_it_is_no_spike(self, values: list[int], count: int) -> None:
        same = np.sort(np.array(values, np.int64).reshape(24, 4), axis=1)
        same[:, :] = same[:, :1]

        assert days.spike(same.ravel(), [same.ravel()] * count) is None

    def test_a_counter_that_has_not_moved_for_days(self) -> None:
        before = [0, 0] + [24] * 20

        assert days.stood_still(0, before) == Found(CheckKind.STUCK, {"days": 3})
        assert days.stood_still(0, before[1:]) is None
        assert days.stood_still(1, before) is None
        assert days.stood_still(0, before[1:], replace(USUAL, stuck_days=2)) is not None
        assert days.stood_still(0, [0, 0] + [24, 0] * 10) is None

    def test_nothing_used_for_as_many_days_as_are_asked_for(self) -> None:
        two = replace(USUAL, zero_days=2)

        assert days.nothing_used(0, [24] * 20, is_occupied=True, thresholds=two) is None
        assert kind(days.nothing_used(0, [0] + [24] * 20, is_occupied=True, thresholds=two)) is CheckKind.ZERO_OCCUPIED

    def test_second_numbers_and_readings_beside_the_boundaries(self) -> None:
        assert days.duplicates(0) is None
        assert days.duplicates(1) == Found(CheckKind.DUPLICATE, {"count": 1})
        assert days.duplicates(4, replace(USUAL, duplicates=5)) is None
        assert days.off_time(48, 96, 96) == Found(CheckKind.OFF_TIME, {"count": 48, "of": 96})
        assert days.off_time(47, 96, 96) is None
        assert days.off_time(96, 96, 1) is None  # read once a day: its hours are not known, and that is all
        assert days.off_time(0, 96, 96, replace(USUAL, off_time_percent=Fraction(0))) is None

    @pytest.mark.spec("B-18/2")
    def test_tariff_registers_that_together_count_something_else(self) -> None:
        def shown(first: int, final: int, times: int = 1) -> days.Shown:
            return days.Shown(first, final, Fraction(times), 3)

        total = shown(1_000_000, 1_500_000)

        assert days.tariffs(total, [shown(700_000, 1_050_000), shown(300_000, 450_000)]) is None
        # Three displays of whole units may leave off nearly one each.
        assert days.tariffs(total, [shown(700_000, 1_049_000), shown(300_000, 448_000)]) is None
        assert days.tariffs(total, [shown(700_000, 1_048_000), shown(300_000, 448_000)]) == Found(
            CheckKind.TARIFF_SUM, {"tariffs": 496_000, "registers": 500_000, "count": 2}
        )
        # Of thousandths only 0.1 % is left off, and a transformer's factor holds for what is read.
        finer = [shown(700_001, 1_050_000), shown(300_000, 449_400)]
        assert kind(days.tariffs(shown(1_000_001, 1_500_001), finer)) is CheckKind.TARIFF_SUM
        assert days.tariffs(shown(1_000_001, 1_500_001), finer, replace(USUAL, register_percent=Fraction(1))) is None
        forty = days.tariffs(shown(0, 10_000, 40), [shown(0, 5_000, 40), shown(0, 1_000, 40)])
        assert forty == Found(CheckKind.TARIFF_SUM, {"tariffs": 240_000, "registers": 400_000, "count": 2})

    @given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**7)), min_size=2, max_size=4), st.integers(0, 3))
    def test_what_displays_leave_off_is_never_told(self, counted: list[tuple[int, int]], places: int) -> None:
        step = 10**places

        def display(first: int, final: int) -> days.Shown:
            return days.Shown(first - first % step, final - final % step, Fraction(1), 3)

        total = sum(first for first, _used in counted), sum(first + used for first, used in counted)

        assert days.tariffs(display(*total), [display(first, first + used) for first, used in counted]) is None


@pytest.mark.spec("B-18")
class TestThresholds:
    def test_of_a_narrower_setting_override_those_of_a_wider_one(self) -> None:
        found = thresholds.merged({"spike_times": "2.5", "zero_days": "2"}, {"spike_times": "4"}, {"gone": "1"})

        assert found == replace(USUAL, spike_times=Fraction(4), zero_days=2)
        assert isinstance(found.zero_days, int)
        assert set(BOUNDS) == {each.name for each in fields(Thresholds)}

    @pytest.mark.parametrize("written", ["0.9", "100.1", "2.55", "NaN", "Infinity", "-1"])
    def test_outside_of_their_bounds_are_refused(self, written: str) -> None:
        with pytest.raises(ThresholdInvalid) as refused:
            thresholds.check({"spike_times": written})

        assert refused.value.name == "spike_times"

    def test_that_there_are_not_are_refused(self) -> None:
        with pytest.raises(ThresholdInvalid):
            thresholds.check({"gone": "1"})

    @given(st.sampled_from(sorted(BOUNDS)), st.fractions(0, 1))
    def test_are_kept_as_they_were_written(self, name: str, share: Fraction) -> None:
        bound = BOUNDS[name]
        steps = int(share * (bound.most - bound.least) * 10**bound.places)
        number = bound.least + Decimal(steps).scaleb(-bound.places)

        kept = thresholds.check({name: f"{number:f}"})

        assert Decimal(kept[name]) == number
        assert getattr(thresholds.merged(kept), name) == Fraction(number)
        assert Decimal(thresholds.written(thresholds.merged(kept))[name]) == number
