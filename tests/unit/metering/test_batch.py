"""The fast way and the exact way give the same."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from meterbook.metering.validation import batch, derivation, instants
from meterbook.metering.validation.inputs import DAY, FindingKind
from tests.unit.metering import series_of_readings as given_series

LIMITS = [None, 1, 100, 5_000]


@st.composite
def counters(draw: st.DrawFn) -> tuple[list[tuple[int, int]], tuple[int, int], int | None]:
    pairs = draw(st.one_of(given_series.rising(), given_series.messy()))
    return pairs, draw(given_series.factors()), draw(st.sampled_from(LIMITS))


def in_one_batch(counted: list[tuple[list[tuple[int, int]], tuple[int, int], int | None]]) -> batch.Batch:
    sizes = [len(pairs) for pairs, _factor, _limit in counted]
    joined = [pair for pairs, _factor, _limit in counted for pair in pairs]
    return batch.Batch(
        at=np.array([at for at, _ in joined], np.int64),
        value=np.array([value for _, value in joined], np.int64),
        offsets=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        numerator=np.array([factor[0] for _, factor, _ in counted], np.int64),
        denominator=np.array([factor[1] for _, factor, _ in counted], np.int64),
        limit_per_hour=np.array([-1 if limit is None else limit for *_, limit in counted], np.int64),
        is_final=np.ones(len(counted), np.bool_),
    )


class TestBatch:
    @given(counted=st.lists(counters(), min_size=1, max_size=4), days=st.integers(1, 3))
    def test_gives_what_the_exact_way_gives(
        self, counted: list[tuple[list[tuple[int, int]], tuple[int, int], int | None]], days: int
    ) -> None:
        window = given_series.window(days)

        found = batch.derive(in_one_batch(counted), window)

        for row, (pairs, factor, limit) in enumerate(counted):
            if not found.is_clean[row]:
                continue
            meter = given_series.installation(*factor, limit_per_hour=limit, wrap=1_000_000)
            exact = derivation.derive(given_series.readings(pairs), [meter], [], window)
            assert exact.values.tolist() == found.values[row].tolist()
            assert exact.quality.tolist() == found.quality[row].tolist()
            assert exact.findings == ()

    @given(pairs=given_series.rising(), factor=given_series.factors())
    def test_is_clean_for_a_register_that_behaves(self, pairs: list[tuple[int, int]], factor: tuple[int, int]) -> None:
        found = batch.derive(in_one_batch([(pairs, factor, None)]), given_series.window())

        assert found.is_clean.tolist() == [pairs[0][0] <= given_series.START]

    @given(pairs=given_series.rising(), factor=given_series.factors(), data=st.data())
    def test_needs_no_more_than_the_neighbors_of_the_window(
        self, pairs: list[tuple[int, int]], factor: tuple[int, int], data: st.DataObject
    ) -> None:
        window = given_series.window(data.draw(st.integers(1, 2)))
        inside = [index for index, (at, _) in enumerate(pairs) if window.start <= at < window.end]
        first = max(0, (inside[0] if inside else len([1 for at, _ in pairs if at < window.start])) - 1)
        until = (inside[-1] + 2) if inside else first + 2
        part = pairs[first:until]
        given_part = in_one_batch([(part, factor, None)])
        is_final = np.array([until >= len(pairs)])
        cut = batch.Batch(**{**given_part.__dict__, "is_final": is_final})

        found, whole = batch.derive(cut, window), batch.derive(in_one_batch([(pairs, factor, None)]), window)

        assert found.is_clean.tolist() == whole.is_clean.tolist()
        assert found.values.tolist() == whole.values.tolist() or not whole.is_clean[0]
        assert found.quality.tolist() == whole.quality.tolist() or not whole.is_clean[0]

    def test_of_nothing_is_not_clean(self) -> None:
        found = batch.derive(in_one_batch([([], (1, 1), None)]), given_series.window())

        assert found.is_clean.tolist() == [False]


class TestInstants:
    @given(
        counted=st.lists(
            st.tuples(
                st.lists(
                    st.tuples(
                        st.integers(given_series.START - DAY, given_series.START + 2 * DAY),
                        st.one_of(st.integers(-3_000, 3_000), st.integers(-(2**62), 2**62)),
                    ),
                    max_size=60,
                    unique_by=lambda pair: pair[0],
                ),
                given_series.factors(),
            ),
            min_size=1,
            max_size=4,
        ),
        days=st.integers(1, 2),
    )
    def test_gives_what_the_exact_way_gives(
        self, counted: list[tuple[list[tuple[int, int]], tuple[int, int]]], days: int
    ) -> None:
        window = given_series.window(days, minutes=60)
        joined = in_one_batch([(sorted(pairs), factor, None) for pairs, factor in counted])
        given_batch = instants.InstantBatch(
            joined.at, joined.value, joined.offsets, joined.numerator, joined.denominator
        )

        found = instants.derive(given_batch, window)

        for row, (pairs, factor) in enumerate(counted):
            exact = derivation.derive_instant(
                given_series.readings(pairs), [given_series.installation(*factor)], [], window
            )
            small = all(abs(value) < 10**6 for _, value in pairs)
            assert found.is_clean[row] or not small
            if found.is_clean[row]:
                assert exact.values.tolist() == found.values[row].tolist()
                assert exact.quality.tolist() == found.quality[row].tolist()


class TestJitter:
    def test_is_found_until_the_counter_shows_as_much_again(self) -> None:
        shown = [100, 101, 100, 100, 101, 102]
        pairs = [(given_series.START + index * given_series.QUARTER, value) for index, value in enumerate(shown)]

        found = derivation.derive(
            given_series.readings(pairs), [given_series.installation()], [], given_series.window()
        )

        assert [(each.kind, each.at, each.until) for each in found.findings] == [
            (FindingKind.JITTER, pairs[2][0], pairs[4][0])
        ]
        assert found.values[:5].tolist() == [1, 0, 0, 0, 1]
