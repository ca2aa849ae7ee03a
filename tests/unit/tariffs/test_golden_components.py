"""Golden vectors of spec 4.9 that need more than totals: changes of version, windows over midnight and period edges."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given as examples
from hypothesis import settings
from hypothesis import strategies as st

from meterbook.kernel.quality import Quality
from meterbook.kernel.series import UsageSeries
from meterbook.tariffs.rating import changing, fold, gathering
from meterbook.tariffs.rating.demand import Found
from meterbook.tariffs.rating.inputs import NONE
from meterbook.tariffs.rating.plan import Plan
from meterbook.tariffs.rating.problems import UsageMisfit
from meterbook.tariffs.rating.terms import Channel
from tests.factories import tariffs
from tests.unit.tariffs.pricing_cases import REACTIVE, amounts, component, energy, plan, totals

HOUR = timedelta(hours=1)


def series(given: Plan, values: list[int], quality: list[int] | None = None, minutes: int = 5) -> UsageSeries:
    step = timedelta(minutes=minutes)
    count = given.period.duration // step
    padded, codes = np.zeros(count, np.int64), np.zeros(count, np.uint8)
    padded[: len(values)] = values
    codes[: len(quality or [])] = quality or []
    return UsageSeries(given.period.start, step, padded, codes)


class TestChangeOfVersion:
    def halves(self, **more: Any) -> list[Plan]:  # noqa: ANN401 - parts of a document
        prices = {"price": "0.20"}, {"price": "0.25"}
        days = (date(2026, 1, 1), date(2026, 1, 16)), (date(2026, 1, 16), date(2026, 2, 1))
        return [
            plan(energy(**price), first=first, until=until, **more)
            for price, (first, until) in zip(prices, days, strict=True)
        ]

    @pytest.mark.spec("G-03")
    @pytest.mark.spec("M-056/1")
    def test_measured_or_by_days(self) -> None:
        parts = self.halves()
        assert [totals(each, kwh).total for each, kwh in zip(parts, ("160", "150"), strict=True)] == [
            32,
            Decimal("37.5"),
        ]
        assert changing.by_days(310_000, parts) == [150_000, 160_000]
        assert [totals(each, kwh).total for each, kwh in zip(parts, ("150", "160"), strict=True)] == [30, 40]

    def test_tiers_prorated_or_through(self) -> None:
        tiers = [{"up_to": "310", "price": "0.10"}, {"price": "0.20"}]
        ladder = energy(tiers=tiers, tier_reference={"days": 31})
        days = (date(2026, 1, 1), date(2026, 1, 16)), (date(2026, 1, 16), date(2026, 2, 1))
        for change, expected in (("PRORATE", ["20.00", "16.00"]), ("CUMULATIVE", ["15.00", "31.00"])):
            parts = [
                changing.Version(plan(ladder, first=first, until=until, change={"tiers": change}), used)
                for (first, until), used in zip(days, (150_000, 160_000), strict=True)
            ]
            inputs = changing.inputs_of(parts, NONE)
            billed = [totals(parts[0].plan, "175" if change == "PRORATE" else "150", inputs[0]).total]
            billed.append(totals(parts[1].plan, "160" if change == "PRORATE" else "235", inputs[1]).total)
            assert list(map(str, billed)) == expected

    def test_demand_by_days_or_by_the_later_version(self) -> None:
        demand = component("demand", "DEMAND", price="31")
        days = (date(2026, 1, 1), date(2026, 1, 16)), (date(2026, 1, 16), date(2026, 2, 1))
        for change, expected in (("BY_DAYS", [150, 320]), ("WHOLE", [0, 620])):
            parts = [
                changing.Version(plan(demand, first=first, until=until, change={"demand": change}), 0)
                for first, until in days
            ]
            inputs = changing.inputs_of(parts, NONE)
            billed = [
                totals(each.plan, "0", more, demands={"demand": {"": kw}}).total
                for each, more, kw in zip(parts, inputs, ("10", "20"), strict=True)
            ]
            assert billed == expected

    def test_each_part_is_rated_with_its_intervals(self) -> None:
        demand = component("demand", "DEMAND", price="30", demand={"interval": 60})
        days = (date(2026, 1, 1), date(2026, 1, 2)), (date(2026, 1, 2), date(2026, 1, 4))
        plans = [
            plan(demand, energy(price="0.10"), first=first, until=until, change={"demand": "WHOLE"})
            for first, until in days
        ]
        values = [np.full((1, 24), 9_000, np.int64), np.full((1, 48), 4_000, np.int64)]
        parts = [changing.Usage(each, used, fold.Further()) for each, used in zip(plans, values, strict=True)]

        rated = changing.rate(parts, HOUR, NONE)
        assert list(map(amounts, rated)) == [{"energy": "21.60"}, {"demand": "270.00", "energy": "19.20"}]
        single = changing.rate([changing.Usage(plans[0], values[0], fold.Further())], HOUR, NONE)
        assert amounts(single[0]) == {"demand": "270.00", "energy": "21.60"}


@pytest.mark.spec("G-24")
@pytest.mark.spec("M-052/1")
def test_a_window_over_midnight_into_a_holiday() -> None:
    """22-06 is valley on workdays only; 24 December is one, the 25th a holiday (B-14)."""
    raw = tariffs.document(
        day_types=[
            {"code": "work", "name": "Work", "weekdays": ["MON", "TUE", "WED", "THU", "FRI"]},
            {"code": "rest", "name": "Rest", "weekdays": ["SAT", "SUN"], "is_holiday": True},
        ],
        holidays=["2026-12-25"],
        periods=[{"code": each, "name": each} for each in ("day", "valley", "holiday")],
        calendar=[
            {
                "day_types": ["work"],
                "windows": [
                    {"from": "06:00", "to": "22:00", "period": "day"},
                    {"from": "22:00", "to": "06:00", "period": "valley"},
                ],
            },
            {"day_types": ["rest"], "windows": [{"from": "00:00", "to": "24:00", "period": "holiday"}]},
        ],
        components=[energy(prices={"day": "3", "valley": "1", "holiday": "2"})],
    )
    days = {"first": date(2026, 12, 24), "until": date(2026, 12, 26)}
    for midnight, expected in (("OWN_DATE", [16, 8, 24]), ("START_DATE", [16, 14, 18])):
        given = tariffs.plan({**raw, "midnight": midnight}, **days)
        rated = fold.rate(given, tariffs.usage(given, 1_000, step=HOUR))
        assert [int(each.quantity) for each in rated.periods] == expected

    given = tariffs.plan({**raw, "midnight": "START_DATE"}, first=date(2026, 12, 27), until=date(2026, 12, 28))
    rated = fold.rate(given, tariffs.usage(given, 1_000, step=HOUR))
    assert [int(each.quantity) for each in rated.periods] == [24]  # a Sunday after a Saturday


@pytest.mark.spec("G-25")
def test_a_sliding_window_over_the_start_of_the_period() -> None:
    """23:50 to 00:05 belongs to the new period of the same account; of another one before nothing is taken."""
    given = plan(
        component("demand", "DEMAND", price="1", demand={"interval": 15, "sliding_by": 5}), until=date(2026, 1, 2)
    )
    own = series(given, [3_000])
    before = UsageSeries(
        given.period.start - 2 * own.step, own.step, np.array([3_000, 3_000], np.int64), np.zeros(2, np.uint8)
    )
    state = fold.advance(given, fold.begin(given), own)

    same = fold.measured_of(given, state, NONE, [before]).demands["demand"][""]
    assert (same.value, same.at) == (Decimal(36), (before.start,))
    other = fold.measured_of(given, state, NONE).demands["demand"][""]
    assert (other.value, other.at) == (Decimal(12), (own.start,))
    matrix = fold.rate_matrix(
        given, own.values[None, :], own.step, fold.Further(lead=np.array([[3_000, 3_000]], np.int64))
    )
    assert next(matrix).lines[0].quantity == "36.000"


@pytest.mark.spec("M-053/2")
def test_windows_that_nobody_measured_are_left_out_and_counted() -> None:
    given = plan(component("demand", "DEMAND", price="1", demand={"interval": 15}), until=date(2026, 1, 2))
    values = [1_000, 1_000, 9_000, 2_000, 2_000, 2_000]

    (line,) = fold.rate(given, series(given, values, [0, 0, Quality.ESTIMATED])).lines
    assert (line.quantity, line.trace["windows"], line.trace["excluded"]) == ("24.000", 96, 1)
    with pytest.raises(UsageMisfit, match="no window"):
        fold.rate(given, series(given, values, [Quality.INTERPOLATED] * 288))
    counted = plan(
        component("demand", "DEMAND", price="1", demand={"interval": 15, "estimated": "COUNT"}), until=date(2026, 1, 2)
    )
    assert fold.rate(counted, series(counted, values, [0, 0, Quality.ESTIMATED])).lines[0].quantity == "44.000"


def test_apparent_power_coincidence_and_the_sites_peak() -> None:
    given = plan(
        component("kva", "DEMAND", price="1", demand={"interval": 60, "of": "APPARENT"}),
        component("peak", "DEMAND", price="1", demand={"interval": 60, "take": "AT_SITE_PEAK"}),
        until=date(2026, 1, 2),
    )
    used, reactive = (series(given, values, minutes=60) for values in ([5_000, 3_000], [0, 4_001]))
    inputs = replace(NONE, site_peak=datetime(2026, 1, 1, 0, 30, tzinfo=UTC))

    rated = fold.rate(given, used, inputs, {Channel.REACTIVE_IMPORT: (reactive, REACTIVE)})
    assert [line.quantity for line in rated.lines] == ["5.001", "5.000"]
    assert [line.unit for line in rated.lines] == ["KVA", "KW"]


def test_several_meters_of_an_account() -> None:
    """Together: sum, then the highest; apart: the highest of each, then the sum (B-42)."""
    for meters, expected in (("COINCIDENT", 7), ("NON_COINCIDENT", 10)):
        given = plan(component("demand", "DEMAND", price="1", demand={"meters": meters}), until=date(2026, 1, 2))
        grids = [
            gathering.grid_of(given, [series(given, values, minutes=60)], (), None)
            for values in ([5_000, 3_000], [2_000, 4_000, 5_000])
        ]
        assert gathering.of_meters(given, grids, None)["demand"][""].value == expected


RICH = plan(
    component("demand", "DEMAND", prices={"peak": "3", "off": "1"}, demand={"interval": 60, "sliding_by": 15}),
    energy(
        tiers=[
            {"up_to": "40", "prices": {"peak": "0.31", "off": "0.11"}},
            {"prices": {"peak": "0.37", "off": "0.17"}},
        ],
        tier_sharing="TIME_ORDER",
        tier_reference="BILLING_PERIOD",
    ),
    component("year", "ENERGY", tiers=[{"up_to": "90", "price": "0.01"}, {"price": "0.02"}], tier_year="01-02"),
    component("low", "MINIMUM_BILL", price="40"),
    first=date(2026, 1, 1),
    until=date(2026, 1, 4),
    periods=[{"code": "peak", "name": "Peak"}, {"code": "off", "name": "Off"}],
    calendar=[{"windows": tariffs.PEAK_WINDOWS}],
    taxes=[
        {"code": "levy", "name": "Levy", "rate": "0.05"},
        {"code": "vat", "name": "VAT", "rate": "0.21", "taxes": ["levy"]},
    ],
)


@pytest.mark.soak
@settings(max_examples=5_000 if os.environ.get("MB_SOAK_SECONDS") else 40, deadline=None)
@examples(st.data())
def test_pieces_in_any_order_and_a_matrix_give_the_bill_of_the_whole(data: st.DataObject) -> None:
    count = RICH.period.duration // timedelta(minutes=15)
    values = np.array(data.draw(st.lists(st.integers(0, 900), min_size=count, max_size=count)), np.int64)
    whole = UsageSeries(RICH.period.start, timedelta(minutes=15), values, np.zeros(count, np.uint8))
    cuts = sorted(data.draw(st.sets(st.integers(1, count - 1), max_size=4)))
    edges = [0, *cuts, count]
    pieces = [
        UsageSeries(whole.start + a * whole.step, whole.step, values[a:b], whole.quality[a:b])
        for a, b in pairwise(edges)
    ]
    state = fold.begin(RICH)
    for piece in data.draw(st.permutations(pieces)):
        state = fold.advance(RICH, state, piece)

    rated = fold.rate(RICH, whole)
    assert fold.close(RICH, state) == rated
    assert next(fold.rate_matrix(RICH, np.stack([values, values * 0]), whole.step)) == rated
    assert sum(each.quantity for each in rated.periods) == Decimal(whole.total).scaleb(-3)


def test_determinants_have_no_instant() -> None:
    assert Found(Decimal(1), (), 0, 0).at == ()
    assert amounts(totals(plan(component("d", "DEMAND", price="2")), "0", demands={"d": {"": "3"}})) == {"d": "6.00"}
