"""An estimate is a fact beside the readings: it counts where no reading tells, and what comes later replaces it."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from meterbook.kernel.quality import Quality
from meterbook.metering import values
from meterbook.metering.deriving import exact
from meterbook.metering.deriving.setups import Setup
from meterbook.metering.validation import derivation
from meterbook.metering.validation.inputs import DAY, HOUR, Correction, CorrectionKind, FindingKind, Readings
from tests.unit.metering import series_of_readings as given_series

START, QUARTER = given_series.START, given_series.QUARTER
METER = given_series.installation()
NOON = START + 12 * HOUR
# Half a day of 5 a quarter from 1,000 on: at noon the register shows 1,240.
MORNING = [(START + number * QUARTER, 1_000 + 5 * number) for number in range(49)]
AFTERNOON = Correction(CorrectionKind.ESTIMATE, NOON, 480, START + DAY)


def derive(
    pairs: list[tuple[int, int]], *facts: Correction, meter: object = METER
) -> tuple[int, int, list[int], list[FindingKind]]:
    """The sums of the morning and the afternoon, the qualities of the afternoon, and the findings."""
    derived = derivation.derive(Readings.of(pairs), [meter], facts, given_series.window())  # type: ignore[list-item]
    return (
        int(derived.values[:48].sum()),
        int(derived.values[48:].sum()),
        sorted(set(derived.quality[48:].tolist())),
        [each.kind for each in derived.findings],
    )


@pytest.mark.spec("B-20")
class TestEstimate:
    def test_fills_the_time_after_the_last_reading(self) -> None:
        assert derive(MORNING) == (240, 0, [Quality.MISSING], [])
        assert derive(MORNING, AFTERNOON) == (240, 480, [Quality.ESTIMATED], [])

    def test_is_gone_when_it_is_withdrawn(self) -> None:
        withdrawn = replace(AFTERNOON, kind=CorrectionKind.WITHDRAW, value=None)

        assert derive(MORNING, AFTERNOON, withdrawn)[1:3] == (0, [Quality.MISSING])
        assert derive(MORNING, AFTERNOON, withdrawn, replace(AFTERNOON, value=96))[1:3] == (96, [Quality.ESTIMATED])

    def test_leaves_of_itself_what_lies_after_a_reading_inside(self) -> None:
        """A reading at 18:00 says 1,300: the six hours before used 60; of 480 in twelve hours 240 are left."""
        derived = derivation.derive(
            Readings.of([*MORNING, (START + 18 * HOUR, 1_300)]), [METER], [AFTERNOON], given_series.window()
        )

        assert int(derived.values[48:72].sum()) == 60
        assert set(derived.quality[48:72].tolist()) == {Quality.INTERPOLATED}
        assert int(derived.values[72:].sum()) == 240
        assert set(derived.quality[72:].tolist()) == {Quality.ESTIMATED}

    @pytest.mark.parametrize(("at", "shown", "used"), [(24, 1_400, 160), (36, 1_480, 120), (36, 1_240, 0)])
    def test_gives_way_to_a_later_reading_and_says_so(self, at: int, shown: int, used: int) -> None:
        """A day ends at 24:00; at 12:00 of the next the register shows 1,480: half of its 240 fall on the afternoon."""
        found = derive([*MORNING, (START + at * HOUR, shown)], AFTERNOON)

        assert found == (240, used, [Quality.INTERPOLATED], [FindingKind.TRUE_UP])

    def test_of_several_each_goes_on_from_the_one_before(self) -> None:
        parts = [
            Correction(CorrectionKind.ESTIMATE, NOON + 6 * HOUR, 50, START + DAY),
            Correction(CorrectionKind.ESTIMATE, NOON, 100, NOON + 6 * HOUR),
        ]

        assert derive(MORNING, *parts)[1] == 150

    def test_ends_what_a_meter_used_that_left_without_a_reading(self) -> None:
        gone = replace(METER, end=START + DAY)

        assert derive(MORNING, meter=gone)[1:3] == (0, [Quality.ESTIMATED])
        assert derive(MORNING, AFTERNOON, meter=gone)[1:3] == (480, [Quality.ESTIMATED])

    def test_without_any_reading_before_counts_nothing(self) -> None:
        assert derive([], AFTERNOON)[1:3] == (0, [Quality.MISSING])

    def test_of_a_meter_that_came_later_is_not_taken_for_another(self) -> None:
        came = replace(METER, start=START + DAY, opening=0)
        gone = replace(METER, end=START + DAY)
        derived = derivation.derive(
            Readings.of([*MORNING, (START + 2 * DAY, 96)]), [gone, came], [AFTERNOON], given_series.window(2)
        )

        assert [int(derived.values[a:b].sum()) for a, b in ((0, 48), (48, 96), (96, 192))] == [240, 480, 96]


@pytest.mark.spec("B-20")
class TestEveryEstimate:
    @given(pairs=given_series.rising(), days=st.integers(1, 3), used=st.integers(0, 10**9), cut=st.integers(0, 10**6))
    def test_adds_exactly_what_was_estimated(
        self, pairs: list[tuple[int, int]], days: int, used: int, cut: int
    ) -> None:
        """Whatever it is cut into: parts that follow each other add up to it."""
        start, end = pairs[-1][0], START + 3 * DAY + days * DAY
        parts = [(start, end, used)]
        if cut and start < start + (end - start) * cut // 10**6 < end and used:
            middle = start + (end - start) * cut // 10**6
            parts = [(start, middle, used // 2), (middle, end, used - used // 2)]
        facts = [Correction(CorrectionKind.ESTIMATE, first, own, until) for first, until, own in parts]
        window = given_series.window(8, offset_days=-1)

        plain = derivation.derive(Readings.of(pairs), [METER], [], window)
        filled = derivation.derive(Readings.of(pairs), [METER], facts, window)
        mixed = derivation.derive(Readings.of(pairs), [METER], facts[::-1], window)

        assert filled.total == plain.total + used
        assert min(filled.values.tolist()) >= 0
        assert filled.values.tolist() == mixed.values.tolist()

    @given(
        pairs=given_series.messy(),
        horizon=st.integers(20, 400),
        begin=st.integers(0, 500),
        length=st.integers(1, 400),
        used=st.integers(0, 10_000),
    )
    def test_counts_the_same_wherever_the_walk_begins(
        self, pairs: list[tuple[int, int]], horizon: int, begin: int, length: int, used: int
    ) -> None:
        times = [at for at, _value in pairs]
        start = times[min(begin, len(times) - 1)]
        facts = (Correction(CorrectionKind.ESTIMATE, start, used, start + length * QUARTER),)
        whole = derivation.trace(Readings.of(pairs), [METER], facts)
        open_at = min((each.at for each in whole.findings if each.until is None), default=pairs[-1][0] + 1)
        believed = list(itertools.takewhile(lambda pair: pair[0] < open_at, pairs[:horizon]))
        setup = Setup(1, values.SeriesKind.CUMULATIVE, 15, (METER,), facts)
        index = exact.safe_start(Readings.of(believed), setup, whole.findings) if believed else None
        event(f"start found: {index is not None}")
        if index is None:
            return
        at = pairs[index][0]
        window = given_series.window(9, offset_days=at // DAY + 1 - START // DAY)

        part = derivation.trace(
            Readings.of(pairs[index:]), exact.installations_from((METER,), at), exact.corrections_from(facts, at)
        )

        assert part.intervals(window)[0].tolist() == whole.intervals(window)[0].tolist()
        assert part.intervals(window)[1].tolist() == whole.intervals(window)[1].tolist()
        assert list(part.findings) == [each for each in whole.findings if each.at > at]
