"""Several meters of an account with one demand: coincident or not, charged once (B-42)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given as examples
from hypothesis import strategies as st

from meterbook.tariffs.rating import fold, meters
from meterbook.tariffs.rating.inputs import NONE
from meterbook.tariffs.rating.lines import Rated
from meterbook.tariffs.rating.problems import UsageMisfit
from tests.unit.tariffs.pricing_cases import component, energy, plan

HOUR = timedelta(hours=1)


def rated(values: list[list[int]], **terms: Any) -> list[Rated]:  # noqa: ANN401 - parts of a document
    """Price hours of one day in Wh: energy at 0.10, demand at 2.00 a kW."""
    given = plan(
        energy(price="0.10"),
        component("demand", "DEMAND", price="2", demand={"interval": 60, **terms}),
        until=date(2026, 1, 2),
    )
    padded = [np.array([[*each, *[0] * (24 - len(each))]], np.int64) for each in values]
    further = fold.Further(inputs=[NONE])
    return meters.rate(
        [meters.Meter(f"M-{place}", given, each, HOUR, further) for place, each in enumerate(padded, start=1)]
    )


@pytest.mark.spec("B-42")
class TestMeters:
    def test_of_one_account_have_the_demand_of_their_sum(self) -> None:
        first, second = rated([[5_000, 3_000], [2_000, 4_000]], meters="COINCIDENT")

        demand = first.lines[1]
        # 7 kW in both hours: the first of equal maxima counts.
        assert (demand.quantity, str(demand.amount), demand.trace["at"]) == (
            "7.000",
            "14.00",
            ["2026-01-01T00:00+00:00"],
        )
        assert (demand.trace["meters"], demand.trace["joined"]) == (["M-1", "M-2"], "COINCIDENT")
        assert [each.component for each in second.lines] == ["energy"]
        assert [str(each.lines[0].amount) for each in (first, second)] == ["0.80", "0.60"]

    def test_or_the_sum_of_their_demands(self) -> None:
        first, second = rated([[5_000, 3_000], [2_000, 4_000]], meters="NON_COINCIDENT")

        demand = first.lines[1]
        assert (demand.quantity, str(demand.amount)) == ("9.000", "18.00")
        assert demand.trace["at"] == ["2026-01-01T00:00+00:00", "2026-01-01T01:00+00:00"]
        assert demand.trace["joined"] == "NON_COINCIDENT"
        assert [each.component for each in second.lines] == ["energy"]

    def test_without_intervals_have_no_common_demand(self) -> None:
        given = plan(energy(price="1"), until=date(2026, 1, 2))
        meter = meters.Meter("M-1", given, np.zeros((1, 24), np.int64), HOUR, fold.Further(inputs=[NONE]))
        with pytest.raises(UsageMisfit):
            meters.rate([meter, meter])


@examples(st.lists(st.lists(st.integers(0, 9_000), min_size=24, max_size=24), min_size=2, max_size=4))
def test_coincident_is_never_more(values: list[list[int]]) -> None:
    together, apart = (rated(values, meters=each)[0].lines[1] for each in ("COINCIDENT", "NON_COINCIDENT"))
    assert Decimal(together.quantity) <= Decimal(apart.quantity)
    assert together.amount <= apart.amount
