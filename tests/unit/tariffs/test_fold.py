"""However usage is cut, shuffled or batched, the bill is the same (spec 4.10 items 1 and 4)."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meterbook.kernel.series import UsageSeries
from meterbook.tariffs.rating import fold
from meterbook.tariffs.rating.problems import UsageMisfit
from tests.factories import tariffs

RAW = tariffs.document(
    periods=[{"code": "peak", "name": "Peak"}, {"code": "off", "name": "Off-peak"}],
    calendar=[{"windows": tariffs.PEAK_WINDOWS}],
    components=[
        {"code": "time", "name": "Energy", "charge": "ENERGY", "prices": {"peak": "0.30123", "off": "0.1"}},
        {**tariffs.TIERS, "code": "steps"},
        {"code": "daily", "name": "Service", "charge": "FIXED_DAILY", "price": "0.2"},
    ],
    taxes=[{"code": "vat", "name": "VAT", "rate": "0.21"}],
)
ZONES = st.sampled_from(["Europe/Madrid", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"])


@settings(max_examples=60, deadline=None)
@given(data=st.data(), zone=ZONES, seed=st.integers(0, 2**32), days=st.integers(1, 3))
def test_pieces_in_any_order_give_the_bill_of_the_whole(data: st.DataObject, zone: str, seed: int, days: int) -> None:
    first = data.draw(st.sampled_from([date(2026, 3, 7), date(2026, 3, 28), date(2026, 10, 24), date(2026, 2, 28)]))
    plan = tariffs.plan(RAW, first=first, until=first + timedelta(days=days), zone=zone)
    rng = np.random.default_rng(seed)
    whole = tariffs.usage(plan, rng.integers(0, 10**6, plan.period.duration // timedelta(minutes=15)).tolist())
    cuts = sorted({0, len(whole), *data.draw(st.lists(st.integers(1, len(whole) - 1), max_size=5))})
    pieces = [
        UsageSeries(whole.start + a * whole.step, whole.step, whole.values[a:b], whole.quality[a:b])
        for a, b in itertools.pairwise(cuts)
    ]
    rng.shuffle(pieces)

    state = fold.begin(plan)
    for piece in pieces:
        state = fold.advance(plan, state, piece)

    assert fold.close(plan, state) == fold.rate(plan, whole)
    assert state.total == whole.total
    assert next(fold.rate_matrix(plan, whole.values[None, :], whole.step)) == fold.rate(plan, whole)


@settings(max_examples=40, deadline=None)
@given(total=st.integers(0, 10**9), days=st.integers(1, 400))
def test_tiers_hold_exactly_what_was_used(total: int, days: int) -> None:
    plan = tariffs.plan(
        tariffs.document(components=[tariffs.TIERS]),
        first=date(2026, 1, 1),
        until=date(2026, 1, 1) + timedelta(days=days),
    )

    rated = fold.close(plan, fold.State(totals=(total,), counts=(1,)))

    assert sum(Decimal(line.quantity) for line in rated.lines) == Decimal(total).scaleb(-3)
    assert rated.total == sum(line.amount for line in rated.lines)


class TestAdvance:
    def test_refuses_to_count_twice(self) -> None:
        plan = tariffs.plan(RAW, first=date(2026, 1, 1), until=date(2026, 1, 2))
        state = fold.advance(plan, fold.begin(plan), tariffs.usage(plan, 1))

        with pytest.raises(UsageMisfit, match="already"):
            fold.advance(plan, state, tariffs.usage(plan, 1))

    def test_refuses_usage_outside_the_period(self) -> None:
        plan = tariffs.plan(RAW, first=date(2026, 1, 1), until=date(2026, 1, 2))
        other = tariffs.plan(RAW, first=date(2026, 1, 2), until=date(2026, 1, 3))

        with pytest.raises(UsageMisfit, match="outside"):
            fold.advance(plan, fold.begin(plan), tariffs.usage(other, 1))

    def test_refuses_to_rate_a_part_as_the_whole(self) -> None:
        plan = tariffs.plan(RAW, first=date(2026, 1, 1), until=date(2026, 1, 2))

        with pytest.raises(UsageMisfit, match="does not cover"):
            fold.rate(plan, tariffs.series(plan.period.start, [1, 2, 3]))

    def test_refuses_usage_that_cannot_be_summed_exactly(self) -> None:
        plan = tariffs.plan(RAW, first=date(2026, 1, 1), until=date(2026, 1, 2))
        huge = tariffs.usage(plan, 2**62)

        with pytest.raises(UsageMisfit, match="too large"):
            fold.rate(plan, huge)
        with pytest.raises(UsageMisfit, match="too large"):
            list(fold.rate_matrix(plan, huge.values[None, :], huge.step))
