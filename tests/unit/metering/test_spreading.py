"""Where in a time the use lies (B-20): by the usual hours, exact to the last unit, wherever the time is cut."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.kernel import allocation
from meterbook.kernel.quality import Quality
from meterbook.metering.estimating import spreading
from meterbook.metering.estimating.degrees import Follows, degree_days
from meterbook.metering.estimating.spreading import Mean
from meterbook.metering.validation import derivation, shapes
from meterbook.metering.validation.inputs import DAY, HOUR, Correction, CorrectionKind, Readings
from meterbook.metering.validation.shapes import Shape
from tests.unit.metering import series_of_readings as given_series

START, QUARTER = given_series.START, given_series.QUARTER
METER = given_series.installation()
NOON = START + 12 * HOUR
MONDAY_8, MONDAY_9, SUNDAY_8 = (0, 8), (0, 9), (6, 8)


def shape(start: int, *parts: int, first: int | None = None) -> Shape:
    begin = start + HOUR if first is None else first
    return Shape(start, begin + (len(parts) - 1) * HOUR, begin, HOUR, parts)


def fact(kind: CorrectionKind, found: Shape, value: int | None = None) -> Correction:
    return Correction(kind, found.start, value, found.end, found)


@pytest.mark.spec("B-20")
class TestWeights:
    def test_are_means_of_the_weekday_and_hour_else_of_the_hour_else_of_all(self) -> None:
        hours = {MONDAY_8: Mean(40, 4), SUNDAY_8: Mean(60, 2), MONDAY_9: Mean(0, 4)}

        assert spreading.usual(hours, MONDAY_8) == 10
        assert spreading.usual(hours, (2, 8)) == Fraction(100, 6)
        assert spreading.usual(hours, (2, 3)) == 10
        whole, half = Fraction(1), Fraction(1, 2)
        assert spreading.weigh(hours, [(MONDAY_8, whole), (SUNDAY_8, half), (MONDAY_9, whole)]) == [2, 3, 0]

    def test_are_none_where_nothing_is_usual(self) -> None:
        assert spreading.weigh({}, [(MONDAY_8, Fraction(1))]) is None
        assert spreading.weigh({MONDAY_8: Mean(0, 4)}, [(MONDAY_8, Fraction(1))]) is None

    @given(st.integers(0, 10**12), st.lists(st.integers(0, 10**6), min_size=1, max_size=200))
    def test_spread_a_quantity_exactly_and_never_below_nothing(self, total: int, weights: list[int]) -> None:
        if not any(weights):
            with pytest.raises(allocation.WeightsUnusable):
                spreading.spread(total, weights)
            return
        parts = spreading.spread(total, weights)

        assert sum(parts) == total
        assert all(each >= 0 for each in parts)
        assert all(part == 0 for part, weight in zip(parts, weights, strict=True) if not weight)
        ideal = [Fraction(total * weight, sum(weights)) for weight in weights]
        assert all(abs(part - exact) < 1 for part, exact in zip(parts, ideal, strict=True))

    def test_of_three_alike_the_first_takes_what_is_left(self) -> None:
        assert spreading.spread(100, [1, 1, 1]) == [34, 33, 33]
        with pytest.raises(ValueError, match="at least zero"):
            spreading.spread(-1, [1])


@pytest.mark.spec("B-20")
class TestShapes:
    def test_of_an_estimate_give_each_hour_its_part(self) -> None:
        found = shape(NOON, 10, 0, 50, 20)
        readings = Readings.of([(START, 1_000), (NOON, 1_240)])

        derived = derivation.derive(
            readings, [METER], [fact(CorrectionKind.ESTIMATE, found, 80)], given_series.window()
        )

        assert [int(derived.values[slot : slot + 4].sum()) for slot in range(48, 64, 4)] == [10, 0, 50, 20]
        assert set(derived.quality[48:64].tolist()) == {Quality.ESTIMATED}

    def test_leave_after_a_reading_inside_what_lay_after_it(self) -> None:
        found = shape(NOON, 10, 0, 50, 20)
        readings = Readings.of([(START, 1_000), (NOON, 1_240), (NOON + 2 * HOUR, 1_270)])

        derived = derivation.derive(
            readings, [METER], [fact(CorrectionKind.ESTIMATE, found, 80)], given_series.window()
        )

        # The measured 30 of two hours lie as the estimate had them; of the estimate 70 are left.
        assert [int(derived.values[slot : slot + 4].sum()) for slot in range(48, 64, 4)] == [30, 0, 50, 20]

    def test_spread_what_a_later_reading_measured_over_the_days_that_were_estimated(self) -> None:
        """Two hours estimated as 10 and 30; two hours later the register says 160: the rest runs at their mean."""
        found = shape(NOON, 10, 30)
        readings = Readings.of([(START, 1_000), (NOON, 1_240), (NOON + 4 * HOUR, 1_400)])

        derived = derivation.derive(
            readings, [METER], [fact(CorrectionKind.ESTIMATE, found, 40)], given_series.window()
        )

        assert [int(derived.values[slot : slot + 4].sum()) for slot in range(48, 64, 4)] == [20, 60, 40, 40]
        assert set(derived.quality[48:64].tolist()) == {Quality.INTERPOLATED}

    def test_of_what_was_measured_change_nothing_but_its_place(self) -> None:
        found = shape(NOON, 0, 3, 1, 0)
        readings = Readings.of([(START, 1_000), (NOON, 1_240), (NOON + 4 * HOUR, 1_340)])
        spread = fact(CorrectionKind.APPORTION, found)
        withdrawn = Correction(CorrectionKind.WITHDRAW, found.start, None, found.end)

        derived = derivation.derive(readings, [METER], [spread], given_series.window())
        straight = derivation.derive(readings, [METER], [spread, withdrawn], given_series.window())

        assert [int(derived.values[slot : slot + 4].sum()) for slot in range(48, 64, 4)] == [0, 75, 25, 0]
        assert [int(straight.values[slot : slot + 4].sum()) for slot in range(48, 64, 4)] == [25, 25, 25, 25]
        assert set(derived.quality[48:64].tolist()) == {Quality.INTERPOLATED}
        assert derived.total == straight.total

    @given(
        pairs=given_series.rising(),
        begin=st.integers(-DAY, 3 * DAY),
        parts=st.lists(st.integers(0, 10**6), min_size=1, max_size=60),
        cut=st.integers(0, 8),
    )
    def test_keep_every_sum_wherever_they_lie_and_however_time_is_cut(
        self, pairs: list[tuple[int, int]], begin: int, parts: list[int], cut: int
    ) -> None:
        found = shape(START + begin, *parts)
        facts = [fact(CorrectionKind.APPORTION, found)] if any(parts) else []
        window = given_series.window(8, offset_days=-1)

        plain = derivation.derive(Readings.of(pairs), [METER], [], window)
        spread = derivation.derive(Readings.of(pairs), [METER], facts, window)
        parts_of_days = [
            derivation.derive(Readings.of(pairs), [METER], facts, given_series.window(days, offset_days=offset))
            for days, offset in ((cut, -1), (8 - cut, cut - 1))
            if days
        ]

        assert spread.total == plain.total
        assert spread.quality.tolist() == plain.quality.tolist()
        assert min(spread.values.tolist()) >= 0
        assert [value for part in parts_of_days for value in part.values.tolist()] == spread.values.tolist()

    def test_are_stored_and_read_as_they_are(self) -> None:
        found = shape(NOON, 1, 2, first=NOON + QUARTER)

        assert shapes.read(found.start, found.end, found.document()) == found
        assert shapes.read(found.start, found.end, {}) is None
        assert shapes.read(found.start, found.end, shape(NOON, 0, 0).document()) is None


@pytest.mark.spec("B-20")
def test_degree_days_count_below_or_above_a_base() -> None:
    first = date(2026, 1, 1)
    known = {date(2026, 1, 1): 50, date(2026, 1, 2): 200, date(2026, 1, 4): 10}
    two, until = date(2026, 1, 3), date(2026, 1, 5)

    assert degree_days(known, first=first, until=two, follows=Follows.COLD, base=180) == 130
    assert degree_days(known, first=first, until=two, follows=Follows.HEAT, base=180) == 20
    assert degree_days(known, first=first, until=until, follows=Follows.COLD, base=180) is None
