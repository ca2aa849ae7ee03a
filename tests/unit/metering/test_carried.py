"""Heat that water carried follows from volume and temperatures exactly; what is not known is never zero (B-54)."""

from __future__ import annotations

from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.kernel import water
from meterbook.kernel.quality import Quality
from meterbook.metering import formulas
from meterbook.metering.carried import Carried
from meterbook.metering.formulas import Block, Formula, Term, Version
from tests.unit.metering.test_formulas import DAY, block

VOLUME, WARM, COLD = 1, 2, 3
HUNDREDTH = Fraction(1, 100)
# Liters of water into watt hours: 999.70 x 4.1954 / 3600 kWh a m3 and K are as many Wh a liter and K.
WH = water.capacity(water.DENSITY, water.SPECIFIC_HEAT)


def formula(*, step: int = 15, is_rate: bool = False, times: Fraction = Fraction(1)) -> Formula:
    carried = Carried(WARM, COLD, HUNDREDTH, HUNDREDTH, is_rate=is_rate)
    return Formula(step, ZoneInfo("UTC"), (Version(0, (Term(WH * times, VOLUME, carried=carried),)),))


def steady(number: int, *, step: int = 15, codes: dict[int, Quality] | None = None) -> Block:
    """A day on which all intervals have one number."""
    return block(*[number] * (1_440 // step), step=step, codes=codes)


class TestHeatOfWater:
    @pytest.mark.spec("B-54")
    def test_is_volume_times_difference_times_density_times_specific_heat(self) -> None:
        """1,000 L, back at 12.50 after 6.50 degrees: 1 x 6 x 999.70 x 4.1954 / 3600 = 6.99024 kWh."""
        given_blocks = {VOLUME: block(1_000, step=15), WARM: steady(12_50), COLD: steady(6_50)}
        values, quality = formulas.compute(formula(), DAY, given_blocks)

        assert (values[0], values[1:].any(), quality.any()) == (6_990, False, False)

    def test_a_flow_counts_for_the_length_of_its_interval(self) -> None:
        """4,000 L/h for a quarter are 1,000 L."""
        given_blocks = {VOLUME: block(4_000, step=15), WARM: steady(12_50), COLD: steady(6_50)}
        values, _quality = formulas.compute(formula(is_rate=True), DAY, given_blocks)

        assert values[0] == 6_990

    def test_takes_the_mean_of_the_temperatures_that_are_known(self) -> None:
        """5, 7 and 9 K in a quarter are 7 K; 5 and 9 of them as well; without any there is nothing."""
        numbers = [11_00, 13_00, 15_00] * 4
        gaps = {4: Quality.MISSING, 6: Quality.MISSING, 7: Quality.MISSING, 8: Quality.MISSING}
        warm = block(*numbers, step=5, codes=gaps)
        given_blocks = {VOLUME: block(1_000, 1_000, 1_000, step=15), WARM: warm, COLD: steady(6_00, step=60)}
        values, quality = formulas.compute(formula(step=60), DAY, given_blocks)
        fine, codes = formulas.compute(formula(), DAY, {**given_blocks, COLD: steady(6_00)})

        assert fine[:3].tolist() == [8_155, 8_156, 0]  # 7 x 1.1650393 = 8.155275; twice 16.31055
        assert codes[:3].tolist() == [Quality.VALID, Quality.VALID, Quality.MISSING]
        assert (quality[0], values[0]) == (Quality.VALID, 24_466)  # 3,000 L x 7 K

    def test_water_that_comes_back_colder_carried_nothing(self) -> None:
        given_blocks = {VOLUME: block(1_000, step=15), WARM: steady(6_00), COLD: steady(7_00)}
        values, quality = formulas.compute(formula(), DAY, given_blocks)

        assert not values.any()
        assert not quality.any()

    @pytest.mark.parametrize("missing", [VOLUME, WARM, COLD])
    def test_is_missing_where_one_of_the_three_is(self, missing: int) -> None:
        given_blocks = {VOLUME: steady(1_000), WARM: steady(12_00), COLD: steady(6_00)}
        holed = {**given_blocks, missing: steady(900, codes={3: Quality.MISSING})}
        without = {key: each for key, each in given_blocks.items() if key != missing}

        values, quality = formulas.compute(formula(), DAY, holed)
        assert np.flatnonzero(quality == Quality.MISSING).tolist() == [3]
        assert values[3] == 0
        assert set(formulas.compute(formula(), DAY, without)[1].tolist()) == {Quality.MISSING}

    @given(
        volume=st.lists(st.integers(0, 10**7), min_size=24, max_size=24),
        warm=st.lists(st.integers(-20_00, 130_00), min_size=24, max_size=24),
        cold=st.lists(st.integers(-20_00, 130_00), min_size=24, max_size=24),
        times=st.fractions(-3, 3, max_denominator=7).filter(bool),
    )
    def test_a_day_sums_to_its_exact_sum_rounded_once(
        self, volume: list[int], warm: list[int], cold: list[int], times: Fraction
    ) -> None:
        given_blocks = {
            key: block(*numbers, step=60) for key, numbers in ((VOLUME, volume), (WARM, warm), (COLD, cold))
        }
        values, _quality = formulas.compute(formula(step=60, times=times), DAY, given_blocks)

        exact = sum((v * Fraction(max(w - c, 0), 100) for v, w, c in zip(volume, warm, cold, strict=True)), Fraction(0))
        assert abs(int(values.sum()) - exact * WH * times) <= Fraction(1, 2)

    @given(
        st.lists(st.integers(0, 10**6), min_size=96, max_size=96),
        st.sampled_from([15, 30, 60]),
    )
    def test_longer_intervals_of_the_result_hold_the_same(self, volume: list[int], step: int) -> None:
        given_blocks = {VOLUME: block(*volume, step=15), WARM: steady(11_37), COLD: steady(6_00)}
        fine, _codes = formulas.compute(formula(), DAY, given_blocks)
        coarse, _others = formulas.compute(formula(step=step), DAY, given_blocks)

        assert np.cumsum(fine)[step // 15 - 1 :: step // 15].tolist() == np.cumsum(coarse).tolist()
