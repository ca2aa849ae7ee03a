"""A walk may start where the counter is known to have been believed: the rest comes out the same."""

from __future__ import annotations

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from meterbook.metering import values
from meterbook.metering.deriving import exact
from meterbook.metering.deriving.setups import Setup
from meterbook.metering.validation import derivation
from meterbook.metering.validation.inputs import (
    DAY,
    Correction,
    CorrectionKind,
    Factor,
    Finding,
    FindingKind,
    Installation,
    Readings,
)
from tests.unit.metering import series_of_readings as given_series

START, QUARTER = given_series.START, given_series.QUARTER


def setup(*meters: Installation, corrections: tuple[Correction, ...] = ()) -> Setup:
    return Setup(1, values.SeriesKind.CUMULATIVE, 15, meters, corrections)


def steady(count: int, start: int = START - 2 * DAY) -> list[tuple[int, int]]:
    return [(start + number * QUARTER, 1_000 + 5 * number) for number in range(count)]


class TestSafeStart:
    @settings(max_examples=300)
    @given(
        pairs=given_series.messy(),
        limit=st.sampled_from([None, 100, 5_000]),
        known=st.integers(20, 400),
        horizon=st.integers(20, 400),
    )
    def test_gives_the_same_as_the_whole_history(
        self, pairs: list[tuple[int, int]], limit: int | None, known: int, horizon: int
    ) -> None:
        """`known` readings were derived before; then those after `horizon` change and more arrive."""
        meter = given_series.installation(7, 3, wrap=1_000_000, limit_per_hour=limit)
        before = derivation.trace(Readings.of(pairs[:known]), [meter], [])
        changed = min([min(known, horizon), len(pairs)])
        open_at = min((each.at for each in before.findings if each.until is None), default=pairs[-1][0] + 1)
        believed = [pair for pair in pairs[:changed] if pair[0] < open_at]
        index = exact.safe_start(Readings.of(believed), setup(meter), before.findings)
        event(f"start found: {index is not None}")
        if index is None:
            return
        at = believed[index][0]
        window = given_series.window(5, offset_days=at // DAY + 1 - START // DAY)

        part = derivation.trace(Readings.of(pairs[index:]), exact.installations_from((meter,), at), [])
        whole = derivation.trace(Readings.of(pairs), [meter], [])

        assert part.intervals(window)[0].tolist() == whole.intervals(window)[0].tolist()
        assert part.intervals(window)[1].tolist() == whole.intervals(window)[1].tolist()
        assert list(part.findings) == [each for each in whole.findings if each.at > at]

    def test_is_the_latest_reading_before_the_day(self) -> None:
        pairs = steady(150)

        index = exact.safe_start(Readings.of(pairs), setup(given_series.installation()), [])

        assert index == 96

    def test_is_before_a_finding_that_still_holds(self) -> None:
        pairs = steady(150)
        found = Finding(pairs[60][0], FindingKind.GLITCH, 0, 1_000)

        assert exact.safe_start(Readings.of(pairs), setup(given_series.installation()), [found]) == 59

    def test_is_not_there_for_a_few_readings(self) -> None:
        assert exact.safe_start(Readings.of(steady(3)), setup(given_series.installation()), []) is None

    @pytest.mark.parametrize("kind", [CorrectionKind.EXCLUDE, CorrectionKind.SET])
    def test_is_not_a_corrected_reading(self, kind: CorrectionKind) -> None:
        pairs = steady(150)
        correction = Correction(kind, pairs[96][0], 5)

        index = exact.safe_start(Readings.of(pairs), setup(given_series.installation(), corrections=(correction,)), [])

        assert index == 95

    def test_is_not_the_reading_of_another_meter(self) -> None:
        pairs = steady(150)
        came = pairs[60][0] + 1
        meter = Installation(came, (Factor(came, 1),))

        index = exact.safe_start(Readings.of(pairs[:140]), setup(meter), [])
        assert index == 96
        assert exact.safe_start(Readings.of(pairs[:96]), setup(meter), []) is None

    def test_of_a_rollover_waits_until_the_counter_moved(self) -> None:
        meter = given_series.installation(wrap=1_000_000, limit_per_hour=10_000)
        shown = [999_000 + 5 * number for number in range(90)] + [3] * 60
        pairs = [(START - 2 * DAY + number * QUARTER, value) for number, value in enumerate(shown)]
        trace = derivation.trace(Readings.of(pairs), [meter], [])
        assert [each.kind for each in trace.findings] == [FindingKind.ROLLOVER]

        index = exact.safe_start(Readings.of(pairs), setup(meter), trace.findings)

        assert index is not None
        assert index < 90
