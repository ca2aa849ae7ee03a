"""The golden vectors of rating (spec 4.9), each with every figure."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from meterbook.billing.calculating import spans
from meterbook.kernel.period import Period
from meterbook.tariffs.rating import fold, lines, plain
from meterbook.tariffs.rating.problems import UsageMisfit
from tests.factories import tariffs


def tiers(days: int, kwh: str) -> lines.Rated:
    plan = tariffs.plan(
        tariffs.document(components=[tariffs.TIERS]),
        first=date(2026, 1, 1),
        until=date(2026, 1, 1) + timedelta(days=days),
    )
    return lines.rate_totals(plan, [int(Decimal(kwh) * 1000)], [1])


def amounts(rated: lines.Rated) -> list[str]:
    return [str(line.amount) for line in rated.lines]


def by_period(rated: lines.Rated) -> dict[str, str]:
    return {each.code: f"{each.quantity.normalize():f}" for each in rated.periods}


class TestTiers:
    @pytest.mark.spec("G-01")
    def test_thresholds_for_thirty_days(self) -> None:
        rated = tiers(30, "500")

        assert amounts(rated) == ["10.00", "30.00", "40.00"]
        assert rated.total == Decimal("80.00")

    @pytest.mark.spec("G-02")
    @pytest.mark.spec("M-051/1")
    @pytest.mark.spec("B-30")
    def test_thresholds_grow_with_the_period(self) -> None:
        rated = tiers(45, "500")

        assert [line.quantity for line in rated.lines] == ["150.000", "300.000", "50.000"]
        assert amounts(rated) == ["15.00", "45.00", "10.00"]
        assert rated.total == Decimal("70.00")

    @pytest.mark.spec("G-23")
    def test_the_boundary_belongs_to_the_lower_tier(self) -> None:
        rated = tiers(30, "100.000")

        assert [(line.code, line.quantity) for line in rated.lines] == [("energy.1", "100.000")]
        assert rated.total == Decimal("10.00")

    def test_nothing_used_is_one_line_of_nothing(self) -> None:
        rated = tiers(30, "0")

        assert [(line.quantity, str(line.amount)) for line in rated.lines] == [("0.000", "0.00")]

    @pytest.mark.spec("B-30")
    def test_calendar_months_add_up(self) -> None:
        component = {**tariffs.TIERS, "tier_reference": "CALENDAR_MONTH"}
        plan = tariffs.plan(tariffs.document(components=[component]), first=date(2026, 1, 17), until=date(2026, 3, 1))
        assert plan.edges(plan.document.components[0]) == (148_387, 445_161)  # 100 and 300 x (15/31 + 28/28)

    @pytest.mark.spec("B-30")
    def test_a_period_near_the_reference_is_not_prorated(self) -> None:
        component = {**tariffs.TIERS, "no_proration_within_days": 3}
        plan = tariffs.plan(tariffs.document(components=[component]), first=date(2026, 1, 1), until=date(2026, 2, 3))

        assert plan.edges(plan.document.components[0]) == (100_000, 300_000)

    @pytest.mark.parametrize(("kwh", "due"), [("0", "0.00"), ("7", "1.40")])
    def test_tiers_that_a_short_period_leaves_empty_take_nothing_from_those_above(self, kwh: str, due: str) -> None:
        tiers = [{"up_to": "10", "price": "0.10"}, {"up_to": "14", "price": "0.15"}, {"price": "0.20"}]
        raw = tariffs.document(components=[{**tariffs.TIERS, "tiers": tiers}], decimals=0)
        plan = tariffs.plan(raw, first=date(2026, 1, 1), until=date(2026, 1, 2))  # thresholds round to 0 and 0

        rated = lines.rate_totals(plan, [int(kwh) * 1000], [1])

        assert (str(rated.total), sum(Decimal(line.quantity) for line in rated.lines)) == (due, Decimal(kwh))

    @pytest.mark.parametrize(
        ("days", "edges"), [(28, (93_333, 280_000)), (31, (103_333, 310_000)), (45, (150_000, 450_000))]
    )
    def test_thresholds_by_days(self, days: int, edges: tuple[int, ...]) -> None:
        plan = tariffs.plan(
            tariffs.document(components=[tariffs.TIERS]),
            first=date(2028, 2, 1),
            until=date(2028, 2, 1) + timedelta(days=days),
        )

        assert plan.edges(plan.document.components[0]) == edges

    @pytest.mark.parametrize(
        ("reference", "edges"), [({"days": 30}, (1_667, 5_000)), ("CALENDAR_MONTH", (1_613, 4_839))]
    )
    def test_a_part_in_which_no_day_begins_has_thresholds_by_its_hours(
        self, reference: object, edges: tuple[int, ...]
    ) -> None:
        raw = tariffs.document(
            components=[
                {**tariffs.TIERS, "tier_reference": reference},
                {"code": "daily", "name": "Daily", "charge": "FIXED_DAILY", "price": "0.55"},
                {"code": "monthly", "name": "Monthly", "charge": "FIXED_MONTHLY", "price": "12"},
            ]
        )
        whole = tariffs.plan(raw, first=date(2026, 1, 7), until=date(2026, 1, 8))
        half = Period(whole.period.start + timedelta(hours=10), whole.period.start + timedelta(hours=22))
        plan = spans.SharePlan(whole.document, whole.zone, half, whole.scale, counted=())

        rated = lines.rate_totals(plan, [1_000], [48])

        assert plan.edges(plan.document.components[0]) == edges  # 100 and 300 x 0.5 / 30, or / 31
        assert [(line.code, str(line.amount)) for line in rated.lines] == [("energy.1", "0.10")]


class TestClockChanges:
    @pytest.mark.spec("G-07")
    @pytest.mark.spec("B-13")
    @pytest.mark.parametrize(
        ("day", "due"), [(date(2026, 3, 7), "5.20"), (date(2026, 3, 8), "5.10"), (date(2026, 11, 1), "5.30")]
    )
    @pytest.mark.parametrize("minutes", [15, 30, 60])
    def test_new_york(self, day: date, due: str, minutes: int) -> None:
        plan = tariffs.plan(tariffs.peak_document(), first=day, until=day + timedelta(days=1), zone="America/New_York")
        step = timedelta(minutes=minutes)

        rated = fold.rate(plan, tariffs.usage(plan, 1000 * minutes // 60, step=step))

        assert rated.total == Decimal(due)
        assert sum(each.intervals for each in rated.periods) == plan.period.duration // step

    @pytest.mark.spec("G-08")
    @pytest.mark.spec("B-12")
    @pytest.mark.parametrize(("day", "off"), [(date(2026, 4, 5), "10.5"), (date(2026, 10, 4), "9.5")])
    def test_lord_howe(self, day: date, off: str) -> None:
        plan = tariffs.plan(
            tariffs.peak_document(), first=day, until=day + timedelta(days=1), zone="Australia/Lord_Howe"
        )

        rated = fold.rate(plan, tariffs.usage(plan, 500, step=timedelta(minutes=30)))

        assert by_period(rated) == {"peak": "14", "off": off}


class TestRounding:
    @pytest.mark.spec("G-20")
    def test_the_total_is_the_sum_of_rounded_lines(self) -> None:
        charges = [
            {"code": f"c{number}", "name": "Charge", "charge": "FIXED_DAILY", "price": "1.005"} for number in range(3)
        ]
        plan = tariffs.plan(tariffs.document(components=charges), first=date(2026, 1, 1), until=date(2026, 1, 2))

        rated = lines.rate_totals(plan, [0], [0])

        assert amounts(rated) == ["1.01", "1.01", "1.01"]
        assert rated.total == Decimal("3.03")

    @pytest.mark.parametrize(("currency", "due"), [("JPY", "2"), ("KWD", "1.500")])
    def test_follows_the_currency(self, currency: str, due: str) -> None:
        charge = {"code": "daily", "name": "Daily", "charge": "FIXED_DAILY", "price": "1.5"}
        raw = tariffs.document(components=[charge], currency=currency)
        plan = tariffs.plan(raw, first=date(2026, 1, 1), until=date(2026, 1, 2))

        assert str(lines.rate_totals(plan, [0], [0]).total) == due

    def test_tax_is_on_the_rounded_lines_it_names(self) -> None:
        raw = tariffs.document(
            components=[
                {"code": "energy", "name": "Energy", "charge": "ENERGY", "price": "0.12345678"},
                {"code": "meter", "name": "Meter", "charge": "FIXED_MONTHLY", "price": "12.00"},
            ],
            taxes=[{"code": "vat", "name": "VAT", "rate": "0.21", "components": ["energy"]}],
        )
        plan = tariffs.plan(raw, first=date(2026, 1, 18), until=date(2026, 2, 1))

        rated = lines.rate_totals(plan, [100_000], [1])

        assert [(line.quantity, str(line.amount)) for line in rated.lines] == [("100.000", "12.35"), ("14/31", "5.42")]
        assert [(str(tax.base), str(tax.amount)) for tax in rated.taxes] == [("12.35", "2.59")]
        assert rated.total == Decimal("20.36")


VALLEY: dict[str, Any] = {
    "periods": [{"code": code, "name": code} for code in ("valley", "day", "holiday")],
    "day_types": [
        {"code": "workday", "name": "Workday", "weekdays": ["MON", "TUE", "WED", "THU", "FRI"]},
        {"code": "rest", "name": "Rest day", "weekdays": ["SAT", "SUN"], "is_holiday": True},
    ],
    "holidays": ["2026-12-25"],
    "calendar": [
        {
            "day_types": ["workday"],
            "windows": [
                {"from": "22:00", "to": "06:00", "period": "valley"},
                {"from": "06:00", "to": "22:00", "period": "day"},
            ],
        },
        {"day_types": ["rest"], "windows": [{"from": "00:00", "to": "24:00", "period": "holiday"}]},
    ],
}


class TestWindowsOverMidnight:
    @pytest.mark.spec("G-24")
    @pytest.mark.spec("B-14")
    def test_each_part_takes_the_day_type_of_its_own_date(self) -> None:
        component = {
            "code": "energy",
            "name": "Energy",
            "charge": "ENERGY",
            "prices": {"valley": "0.05", "day": "0.20", "holiday": "0.08"},
        }
        plan = tariffs.plan(
            tariffs.document(components=[component], **VALLEY), first=date(2026, 12, 24), until=date(2026, 12, 26)
        )
        usage = [0] * 192
        usage[88:96] = [250] * 8  # 22:00 to 24:00 on the 24th
        usage[96:120] = [250] * 24  # 00:00 to 06:00 on the 25th

        rated = fold.rate(plan, tariffs.usage(plan, usage))

        assert by_period(rated) == {"valley": "2", "day": "0", "holiday": "6"}
        assert rated.total == Decimal("0.58")


class TestSharedIntervals:
    @pytest.mark.spec("B-15")
    def test_an_hour_over_a_change_at_half_past_is_divided_by_minutes(self) -> None:
        windows = [
            {"from": "08:30", "to": "22:00", "period": "peak"},
            {"from": "22:00", "to": "08:30", "period": "off"},
        ]
        plan = tariffs.plan(tariffs.peak_document(windows=windows), first=date(2026, 1, 7), until=date(2026, 1, 8))

        rated = fold.rate(plan, tariffs.usage(plan, 1001, step=timedelta(hours=1)))

        assert by_period(rated) == {"peak": "13.514", "off": "10.51"}
        assert rated.lines[0].trace["apportioned_intervals"] == 1


class TestText:
    def test_numbers_are_written_out_and_nothing_is_below_zero(self) -> None:
        charge = {"code": "energy", "name": "Energy", "charge": "ENERGY", "price": "-0.00000001"}
        tax = {"code": "tax", "name": "Tax", "rate": "0.0511269632"}
        plan = tariffs.plan(
            tariffs.document(components=[charge], taxes=[tax]), first=date(2026, 1, 1), until=date(2026, 1, 2)
        )

        found = plain.described(lines.rate_totals(plan, [0], [1]))

        assert (found["lines"][0]["price"], found["lines"][0]["exact"]) == ("-0.00000001", "0.00000000000")
        assert [found["lines"][0]["amount"], found["taxes"][0]["amount"], found["tax"], found["total"]] == ["0.00"] * 4

    def test_usage_in_another_dimension_is_refused(self) -> None:
        raw = tariffs.document(components=[tariffs.TIERS], unit="M3")
        plan = tariffs.plan(raw, first=date(2026, 1, 1), until=date(2026, 1, 2))

        with pytest.raises(UsageMisfit, match="kWh does not convert to m³"):
            lines.rate_totals(plan, [1], [1])
