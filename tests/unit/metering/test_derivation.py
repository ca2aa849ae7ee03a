"""The exact derivation: golden vectors, and what holds for every register."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.kernel.quality import Quality
from meterbook.metering.validation import derivation
from meterbook.metering.validation.inputs import (
    DAY,
    HOUR,
    Correction,
    CorrectionKind,
    Factor,
    FactorInvalid,
    FindingKind,
    Installation,
    InstallationsOverlap,
    Readings,
    Window,
)
from tests.unit.metering import series_of_readings as given_series

START, QUARTER = given_series.START, given_series.QUARTER


def each_quarter(values: list[int], start: int = START) -> list[tuple[int, int]]:
    return [(start + number * QUARTER, value) for number, value in enumerate(values)]


def derive(
    pairs: list[tuple[int, int]],
    meters: list[Installation] | None = None,
    corrections: list[Correction] | None = None,
    window: Window | None = None,
) -> derivation.Derived:
    return derivation.derive(
        Readings.of(pairs),
        [given_series.installation()] if meters is None else meters,
        corrections or [],
        window or given_series.window(),
    )


def kinds(derived: derivation.Derived) -> list[FindingKind]:
    return [each.kind for each in derived.findings]


class TestGoldenVectors:
    @pytest.mark.spec("G-04")
    @pytest.mark.spec("B-03")
    def test_a_rollover_of_six_digits(self) -> None:
        """999,980.5 to 15.2 kWh behind 40/1 is 34.7 x 40 = 1,388.0 kWh; here in Wh."""
        meter = given_series.installation(4_000, wrap=10_000_000, limit_per_hour=1_500)

        found = derive([(START, 9_999_805), (START + QUARTER, 152)], [meter])

        assert found.total == 1_388_000
        assert kinds(found) == [FindingKind.ROLLOVER]

    @pytest.mark.spec("G-05")
    @pytest.mark.spec("B-07")
    def test_a_meter_exchange(self) -> None:
        """12,345.6 to 12,400.0 on the old meter and 0.3 to 120.8 on the new one are 174.9 kWh; here in Wh."""
        change = START + 12 * HOUR
        old = Installation(START - DAY, (Factor(START - DAY, 100),), end=change, closing=124_000)
        new = Installation(change, (Factor(change, 100),), opening=3)

        found = derive([(START, 123_456), (START + DAY, 1_208)], [new, old])

        assert found.total == 174_900
        assert found.values[:48].sum() == 54_400
        assert Quality.MISSING not in found.quality

    @pytest.mark.spec("G-06")
    @pytest.mark.spec("B-01")
    @pytest.mark.spec("B-02")
    def test_a_change_of_current_transformers(self) -> None:
        """500.0 to 512.5 x 20 and on to 520.0 x 40 are 550.0 kWh; here in Wh."""
        change = START + 12 * HOUR
        meter = Installation(START - DAY, (Factor(START - DAY, 2_000), Factor(change, 4_000, register=5_125)))

        found = derive([(START, 5_000), (START + DAY, 5_200)], [meter])

        assert found.total == 550_000
        assert found.values[:48].sum() == 250_000

    @pytest.mark.spec("G-21")
    @pytest.mark.spec("B-04")
    def test_a_zero_glitch(self) -> None:
        """13,423.7, 0, 13,423.9 kWh are 0.2 kWh; here in Wh."""
        meter = given_series.installation(100)

        found = derive(each_quarter([134_237, 0, 134_239]), [meter])

        assert found.total == 200
        assert kinds(found) == [FindingKind.GLITCH]


@pytest.mark.spec("B-03")
class TestRollover:
    METER = given_series.installation(wrap=1_000_000, limit_per_hour=10_000)

    @pytest.mark.parametrize(
        ("shown", "limit", "why"),
        [
            ([899_999, 10], 10_000_000, "it was not near its end"),
            ([999_000, 5_000], 10_000, "it would have used more than the supply delivers"),
            ([1_000_003, 0], 10_000, "it showed more than it can, so its wrap is another one"),
            ([999_978, -93], 10_000, "it showed less than nothing"),
        ],
    )
    def test_is_not_taken_for_one_when(self, shown: list[int], limit: int, why: str) -> None:
        meter = given_series.installation(wrap=1_000_000, limit_per_hour=limit)

        assert kinds(derive(each_quarter(shown), [meter])) == [FindingKind.GLITCH], why

    @pytest.mark.parametrize("lost", [{"wrap": None}, {"limit_per_hour": None}])
    def test_needs_the_wrap_and_the_rating(self, lost: dict[str, None]) -> None:
        fields = {"wrap": 1_000_000, "limit_per_hour": 10_000, **lost}

        found = derive(each_quarter([999_990, 10]), [given_series.installation(**fields)])  # type: ignore[arg-type]

        assert kinds(found) == [FindingKind.GLITCH]
        assert found.total == 0

    def test_is_not_one_when_the_counter_stands_at_zero_and_comes_back(self) -> None:
        found = derive(each_quarter([999_990, 0, 0, 0, 0, 999_995]), [self.METER])

        assert kinds(found) == [FindingKind.GLITCH]
        assert found.total == 5

    def test_stays_one_when_a_spike_comes_long_after(self) -> None:
        found = derive(each_quarter([999_990, 10, 20, 30, 40, 999_999, 50, 60]), [self.METER])

        assert kinds(found) == [FindingKind.ROLLOVER, FindingKind.SPIKE]
        assert found.total == 70

    def test_stays_one_when_a_reset_is_confirmed_long_after(self) -> None:
        pairs = each_quarter([999_990, 10, 20, 30, 5, 8])
        reset = Correction(CorrectionKind.CONFIRM_RESET, pairs[4][0], 4)

        found = derive(pairs, [self.METER], [reset])

        assert kinds(found) == [FindingKind.ROLLOVER, FindingKind.RESET_CONFIRMED]
        assert found.total == 20 + 20 + 4 + 3


@pytest.mark.spec("B-04")
class TestReset:
    PAIRS = each_quarter([1_000, 1_010, 3, 6, 9, 12])

    def test_waits_for_a_person_after_three_readings(self) -> None:
        found = derive(self.PAIRS)

        assert kinds(found) == [FindingKind.RESET_CANDIDATE]
        assert found.total == 10
        assert found.quality[1:5].tolist() == [Quality.MISSING] * 4

    def test_books_what_a_person_says_was_lost(self) -> None:
        found = derive(self.PAIRS, corrections=[Correction(CorrectionKind.CONFIRM_RESET, self.PAIRS[2][0], 7)])

        assert found.values[:5].tolist() == [10, 7, 3, 3, 3]
        assert found.quality[1] == Quality.ESTIMATED

    def test_waits_also_when_the_counter_has_grown_past_its_old_value(self) -> None:
        found = derive(
            each_quarter([100, 110, 70, 80, 90, 100, 110, 120]), [given_series.installation(limit_per_hour=50)]
        )

        assert kinds(found) == [FindingKind.RESET_CANDIDATE]
        assert found.total == 10

    def test_never_books_what_the_counter_shows_after_zeros(self) -> None:
        found = derive(each_quarter([13_423, 0, 0, 0, 0, 13_425]))

        assert found.total == 2


@pytest.mark.spec("B-05")
class TestPhysicalBound:
    METER = given_series.installation(limit_per_hour=100)

    def test_holds_what_is_above_1_2_times_the_rating(self) -> None:
        found = derive(each_quarter([0, 30, 61, 91]), [self.METER])

        assert found.values[:3].tolist() == [30, 31, 30]
        assert found.quality[:3].tolist() == [Quality.VALID, Quality.QUESTIONABLE, Quality.VALID]
        assert kinds(found) == [FindingKind.OVER_LIMIT]

    def test_lets_it_count_when_a_person_released_it(self) -> None:
        released = Correction(CorrectionKind.RELEASE, START, until=START + HOUR)

        assert derive(each_quarter([0, 30, 61, 91]), [self.METER], [released]).quality[1] == Quality.VALIDATED

    def test_does_not_book_a_spike(self) -> None:
        found = derive(each_quarter([0, 10, 9_000, 20, 30]), [self.METER])

        assert found.total == 30
        assert kinds(found) == [FindingKind.SPIKE]


@pytest.mark.spec("B-06")
class TestEstimate:
    def test_above_a_later_reading_is_trued_up_and_no_rollover(self) -> None:
        pairs = each_quarter([999_000, 999_500, 999_300])
        readings = Readings.of(pairs)
        readings.quality[1] = Quality.ESTIMATED
        meter = given_series.installation(wrap=1_000_000, limit_per_hour=10_000_000)

        found = derivation.derive(readings, [meter], [], given_series.window())

        assert found.total == 300
        assert kinds(found) == [FindingKind.TRUE_UP]
        assert found.quality[0] == Quality.INTERPOLATED

    def test_counts_until_a_reading_is_there(self) -> None:
        readings = Readings.of(each_quarter([999_000, 999_500]))
        readings.quality[1] = Quality.ESTIMATED

        found = derivation.derive(readings, [given_series.installation()], [], given_series.window())

        assert found.total == 500
        assert found.quality[0] == Quality.ESTIMATED


@pytest.mark.spec("B-07")
class TestExchange:
    def test_without_a_final_reading_uses_nothing_more_and_says_estimated(self) -> None:
        change = START + HOUR
        old = Installation(START - DAY, (Factor(START - DAY, 1),), end=change)
        new = Installation(change, (Factor(change, 1),), opening=0)

        found = derive([(START, 500), (START + 2 * QUARTER, 520), (START + 2 * HOUR, 40)], [old, new])

        assert found.values[:4].tolist() == [10, 10, 0, 0]
        assert found.quality[2:4].tolist() == [Quality.ESTIMATED] * 2
        assert found.total == 60

    def test_of_two_meters_at_once_is_refused(self) -> None:
        two = [Installation(START, (Factor(START, 1),)), Installation(START + HOUR, (Factor(START + HOUR, 1),))]

        with pytest.raises(InstallationsOverlap):
            derive([], two)

    def test_needs_a_factor_from_the_start(self) -> None:
        with pytest.raises(FactorInvalid):
            Installation(START, (Factor(START + 1, 1),))
        with pytest.raises(FactorInvalid):
            Factor(START, 0)


class TestEveryRegister:
    @given(pairs=given_series.messy(), seed=st.integers(0, 1_000), limit=st.sampled_from([None, 100, 5_000]))
    def test_does_not_depend_on_the_order_of_arrival(
        self, pairs: list[tuple[int, int]], seed: int, limit: int | None
    ) -> None:
        meter = given_series.installation(wrap=1_000_000, limit_per_hour=limit)
        shuffled = [*pairs, *pairs[:3]]
        random.Random(seed).shuffle(shuffled)  # noqa: S311

        one, other = derive(pairs, [meter]), derive(shuffled, [meter])

        assert one.values.tolist() == other.values.tolist()
        assert one.quality.tolist() == other.quality.tolist()
        assert one.findings == other.findings

    @given(pairs=given_series.messy(), factor=given_series.factors(), limit=st.sampled_from([None, 100, 5_000]))
    def test_does_not_depend_on_how_time_is_cut(
        self, pairs: list[tuple[int, int]], factor: tuple[int, int], limit: int | None
    ) -> None:
        meter = given_series.installation(*factor, wrap=1_000_000, limit_per_hour=limit)

        whole = derive(pairs, [meter], window=given_series.window(3))
        parts = [derive(pairs, [meter], window=given_series.window(offset_days=day)) for day in range(3)]

        assert np.concatenate([each.values for each in parts]).tolist() == whole.values.tolist()
        assert np.concatenate([each.quality for each in parts]).tolist() == whole.quality.tolist()

    @given(pairs=given_series.rising(), factor=given_series.factors())
    def test_sums_to_the_difference_of_the_register(
        self, pairs: list[tuple[int, int]], factor: tuple[int, int]
    ) -> None:
        meter = given_series.installation(*factor)
        top, bottom = factor

        found = derive(pairs, [meter], window=given_series.window(6, offset_days=-2))

        def rounded(value: int) -> int:
            return (2 * value * top + bottom) // (2 * bottom)

        assert found.total == rounded(pairs[-1][1]) - rounded(pairs[0][1])

    @given(pairs=given_series.messy(), limit=st.sampled_from([None, 100, 5_000]))
    def test_never_uses_less_than_nothing(self, pairs: list[tuple[int, int]], limit: int | None) -> None:
        meter = given_series.installation(wrap=1_000_000, limit_per_hour=limit)

        assert derive(pairs, [meter], window=given_series.window(4, offset_days=-1)).values.min() >= 0

    def test_that_the_scale_cannot_hold_is_held_back(self) -> None:
        meter = given_series.installation(4_000)

        found = derive(each_quarter([10, 2**60, 30]), [meter])

        assert found.total == 80_000
        assert kinds(found) == [FindingKind.HELD_READING]


class TestInstantQuantity:
    def test_that_no_meter_shows_is_held_back(self) -> None:
        found = derivation.derive_instant(
            Readings.of([(START, 230), (START + 1, 2**60)]), [given_series.installation()], [], given_series.window()
        )

        assert found.values[0] == 230
        assert kinds(found) == [FindingKind.HELD_READING]

    def test_is_rounded_once_halves_up(self) -> None:
        found = derivation.derive_instant(
            Readings.of([(START, 230), (START + 1, 231)]), [given_series.installation()], [], given_series.window()
        )

        assert found.values[0] == 231
        assert found.quality[:2].tolist() == [Quality.VALID, Quality.MISSING]
