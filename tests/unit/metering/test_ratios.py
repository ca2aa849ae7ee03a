"""What a test of a meter corrects: exact ratios, laid over multipliers, in intervals that add up (B-24)."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.kernel.quality import Quality
from meterbook.metering import ratios
from meterbook.metering.validation import derivation
from meterbook.metering.validation.inputs import (
    DAY,
    HOUR,
    Correction,
    CorrectionKind,
    Factor,
    Installation,
    Readings,
    Window,
)

QUARTER = HOUR // 4
Change, Ratio = ratios.Change[int], ratios.Ratio[int]


@pytest.mark.spec("B-24")
class TestRatio:
    @pytest.mark.parametrize(
        ("error", "ratio"),
        [("-3", Fraction(100, 97)), ("2.5", Fraction(1000, 1025)), ("-99.999", Fraction(100_000)), ("0", Fraction(1))],
    )
    def test_undoes_the_error_of_a_test_exactly(self, error: str, ratio: Fraction) -> None:
        assert ratios.of_error(Decimal(error)) == ratio

    @pytest.mark.parametrize("error", ["-100", "-120.5"])
    def test_is_none_of_a_meter_that_stood_still(self, error: str) -> None:
        with pytest.raises(ratios.NothingRegistered):
            ratios.of_error(Decimal(error))


@pytest.mark.spec("B-24")
class TestOverlay:
    def test_cuts_multipliers_where_a_ratio_begins_and_ends(self) -> None:
        known = [Change(0, Fraction(40), None), Change(100, Fraction(60), 7)]

        found = ratios.overlay(known, [Ratio(50, 150, Fraction(100, 97), "A-12")], end=None)

        assert [(each.at, each.factor, each.corrected_by, each.shown) for each in found] == [
            (0, 40, 1, None),
            (50, 40, Fraction(100, 97), None),
            (100, 60, Fraction(100, 97), 7),
            (150, 60, 1, None),
        ]

    def test_leaves_alone_what_lies_outside(self) -> None:
        known = [Change(0, Fraction(40), None)]

        assert ratios.overlay(known, [Ratio(50, 60, Fraction(2))], end=50) == tuple(known)
        assert ratios.overlay([Change(60, Fraction(1), None)], [Ratio(50, 60, Fraction(2))], end=None)[0].at == 60

    def test_reaches_from_before_a_meter_to_after_it(self) -> None:
        (only,) = ratios.overlay([Change(50, Fraction(3), None)], [Ratio(0, 100, Fraction(2))], end=80)

        assert (only.at, only.factor, only.corrected_by) == (50, 3, 2)


@pytest.mark.spec("B-24")
class TestIntervals:
    @given(
        rises=st.lists(st.integers(0, 500), min_size=96, max_size=96),
        factor=st.fractions(min_value=Fraction(1, 60), max_value=4000, max_denominator=60),
        error=st.decimals(min_value=-90, max_value=90, places=3),
        first=st.integers(0, 94),
        length=st.integers(1, 96),
    )
    def test_of_a_corrected_time_add_up_to_what_the_register_says_times_the_ratio(
        self, rises: list[int], factor: Fraction, error: Decimal, first: int, length: int
    ) -> None:
        start, end = first * QUARTER, min(first + length, 96) * QUARTER
        shown = [1_000]
        for rise in rises:
            shown.append(shown[-1] + rise)
        ratio = ratios.of_error(error)
        meter = Installation(start=-DAY, factors=(Factor(-DAY, factor.numerator, factor.denominator),))
        facts = (Correction(CorrectionKind.RATIO, start, None, end, ratio=ratio),)

        readings = Readings.of([(place * QUARTER, value) for place, value in enumerate(shown)])
        found = derivation.derive(readings, (meter,), facts, Window.of_day(0, QUARTER))

        parts = [(0, start, factor), (start, end, factor * ratio), (end, DAY, factor)]
        expected = sum(
            _rounded(shown[until // QUARTER] * times) - _rounded(shown[begin // QUARTER] * times)
            for begin, until, times in parts
        )
        assert found.total == expected
        inside = found.quality[start // QUARTER : end // QUARTER]
        assert set(inside.tolist()) == {Quality.EDITED if ratio != 1 else Quality.VALID}
        outside = [*found.quality[: start // QUARTER].tolist(), *found.quality[end // QUARTER :].tolist()]
        assert set(outside) <= {Quality.VALID}

    def test_are_as_before_once_it_is_withdrawn(self) -> None:
        meter = Installation(start=-DAY, factors=(Factor(-DAY, 40),))
        readings = Readings.of([(place * QUARTER, 7 * place) for place in range(97)])
        facts = (
            Correction(CorrectionKind.RATIO, 0, None, DAY, ratio=Fraction(2)),
            Correction(CorrectionKind.WITHDRAW_RATIO, 0, None, DAY),
        )

        found = derivation.derive(readings, (meter,), facts, Window.of_day(0, QUARTER))

        assert found.total == 7 * 96 * 40
        assert set(found.quality.tolist()) == {Quality.VALID}


def _rounded(value: Fraction) -> int:
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)
