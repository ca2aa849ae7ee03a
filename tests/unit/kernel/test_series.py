from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.kernel import series
from meterbook.kernel.period import Period
from meterbook.kernel.quality import Quality
from meterbook.kernel.series import UsageSeries

START = datetime(2026, 1, 1, tzinfo=UTC)
STEP = timedelta(minutes=15)


def usage(values: list[int], start: datetime = START) -> UsageSeries:
    return UsageSeries(start, STEP, np.array(values, np.int64), np.zeros(len(values), np.uint8))


class TestUsageSeries:
    @pytest.mark.spec("4.10/1")
    @given(values=st.lists(st.integers(-(10**12), 10**12), min_size=2, max_size=60), data=st.data())
    def test_split_anywhere_sums_to_the_whole(self, values: list[int], data: st.DataObject) -> None:
        whole = usage(values)
        cuts = data.draw(st.lists(st.integers(1, len(values) - 1)))
        parts = [
            whole.within(each) for each in Period(whole.start, whole.end).split(START + cut * STEP for cut in cuts)
        ]

        assert sum(part.total for part in parts) == sum(values) == whole.total
        assert series.join(parts) == whole

    def test_refuses_floats(self) -> None:
        with pytest.raises(series.SeriesInvalid):
            UsageSeries(START, STEP, np.zeros(2), np.zeros(2, np.uint8))  # type: ignore[arg-type]

    def test_refuses_a_cut_inside_an_interval_or_outside_itself(self) -> None:
        whole = usage([1, 2, 3])
        with pytest.raises(series.SeriesMisaligned):
            whole.within(Period(START, START + timedelta(minutes=20)))
        with pytest.raises(series.SeriesMisaligned):
            whole.within(Period(START - STEP, START + STEP))

    def test_cannot_be_changed(self) -> None:
        with pytest.raises(ValueError, match="read-only"):
            usage([1, 2]).values[0] = 5

    def test_does_not_join_over_a_gap(self) -> None:
        with pytest.raises(series.SeriesMisaligned):
            series.join([usage([1]), usage([2], START + 2 * STEP)])

    def test_counts_what_is_missing(self) -> None:
        quality = np.array([Quality.VALID, Quality.MISSING], np.uint8)

        assert UsageSeries(START, STEP, np.array([5, 0], np.int64), quality).missing == 1
