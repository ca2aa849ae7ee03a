"""Demand by what a register of maximum demand showed: which reading counts for which time, and what it comes to."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.kernel.period import Period
from meterbook.kernel.quantity import Unit
from meterbook.tariffs.rating import inputs_reading, needs, problems, registered
from meterbook.tariffs.rating.inputs import InputMissing, Inputs, Part
from meterbook.tariffs.rating.registered import Registered
from tests.unit.tariffs.pricing_cases import component, intervals, plan

START = datetime(2026, 1, 1, tzinfo=UTC)
JANUARY = Period(START, START + timedelta(days=31))
DEMAND: dict[str, Any] = {"source": "REGISTER"}


def days(since: float, at: float, shown: str = "10", **more: Any) -> Registered:  # noqa: ANN401
    """A reading by days since the first of January."""
    first, final = (START + timedelta(days=each) for each in (since, at))
    return Registered(first, final, Decimal(shown), **({"unit": Unit.KW} | more))


def charged(*readings: Registered, until: date = date(2026, 2, 1), **terms: Any) -> list[tuple[str, str, Decimal]]:  # noqa: ANN401
    own = plan(component("demand", "DEMAND", price="2", demand=DEMAND | terms), until=until)
    lines = intervals(own, [0], inputs=Inputs(registered=readings)).lines
    return [(line.quantity, line.unit, line.amount) for line in lines]


class TestWhichReadingCounts:
    @pytest.mark.parametrize(
        ("readings", "expected"),
        [
            pytest.param([days(0, 31, "12.5")], "12.5", id="read when the month is over"),
            pytest.param([days(-29, 2, "90"), days(2, 33, "12.5")], "12.5", id="read two days after it"),
            pytest.param(
                [days(0, 10, "12.5"), days(10, 31, "40"), days(31, 60, "90")], "40", id="the highest of several"
            ),
            pytest.param([days(-31, 0, "90")], None, id="the reading that it begins with is of the month before"),
            pytest.param([days(31, 31, "90")], None, id="what a meter showed when it was hung tells of no time"),
            pytest.param([days(-29, 2, "90")], None, id="a month that nobody has read yet"),
        ],
    )
    def test_of_a_month(self, readings: list[Registered], expected: str | None) -> None:
        (*found,) = registered.of_share(readings, [JANUARY], Unit.KW)
        assert [str(each.shown) for each in found] == ([] if expected is None else [expected])

    def test_of_a_part_before_a_tariff_changed(self) -> None:
        middle = START + timedelta(days=10)
        parts = [Period(START, middle), Period(middle, JANUARY.end)]
        whole, early = days(0, 31, "40"), days(0, 10, "12.5")

        assert registered.highest([whole], parts[0], Unit.KW) == whole
        assert registered.highest([early, days(10, 31, "40")], parts[0], Unit.KW) == early
        assert registered.of_share([whole], parts, Unit.KW) == (whole,)
        assert registered.highest([days(0, 31, unit=Unit.KVA)], JANUARY, Unit.KW) is None

    @given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 99)), min_size=1, max_size=12), st.integers(1, 60))
    def test_each_reading_counts_for_one_of_two_times_that_follow_each_other(
        self, read: list[tuple[int, int]], cut: int
    ) -> None:
        readings, at = [], 0
        for length, shown in read:
            readings.append(days(at, at + length, str(shown)))
            at += length
        between, end = START + timedelta(days=cut), START + timedelta(days=max(at, cut + 1))
        shares = [[Period(START, between)], [Period(between, end)]]

        both = [registered.of_share(readings, each, Unit.KW) for each in shares]

        assert not set(both[0]) & set(both[1])
        assert max(each.shown for own in both for each in own) == max(each.shown for each in readings)
        for share, own in zip(shares, both, strict=True):  # what a bill keeps of them tells the same
            kept = [each for each in readings if share[0].start <= each.middle < share[0].end]
            assert registered.highest(own, share[0], Unit.KW) == registered.highest(kept, share[0], Unit.KW)


class TestWhatItComesTo:
    def test_display_times_multiplier_by_the_terms_of_other_demand(self) -> None:
        read = days(0, 31, "1.2345", multiplier=Fraction(200, 5))

        assert charged(read) == [("49.380", "KW", Decimal("98.76"))]
        assert charged(read, minimum="60") == [("60", "KW", Decimal("120.00"))]
        assert charged(read, unit="MW", decimals=4) == [("0.0494", "MW", Decimal("0.10"))]
        assert charged(days(0, 31, "7", unit=Unit.KVA), of="APPARENT") == [("7.000", "KVA", Decimal("14.00"))]

    def test_the_line_tells_the_reading(self) -> None:
        own = plan(component("demand", "DEMAND", price="2", demand=DEMAND), until=date(2026, 2, 1))
        read = days(0, 31, "1.2345", multiplier=Fraction(40), meter="SN 7")
        (line,) = intervals(own, [0], inputs=Inputs(registered=(read,))).lines
        assert line.trace["register"] == {
            "at": "2026-02-01T00:00+00:00",
            "since": "2026-01-01T00:00+00:00",
            "shown": "1.2345",
            "unit": "KW",
            "multiplier": "40",
            "meter": "SN 7",
        }

    def test_without_a_reading_it_says_what_is_missing(self) -> None:
        with pytest.raises(InputMissing) as refusal:
            charged(days(-31, 0))
        assert (refusal.value.need, refusal.value.name) == ("MAXIMUM", "demand")

    def test_a_version_at_the_end_can_take_all_parts(self) -> None:
        own = plan(component("demand", "DEMAND", price="2", demand=DEMAND), until=date(2026, 1, 11))
        inputs = Inputs(registered=(days(0, 10, "5"), days(10, 31, "9")), part=Part(Fraction(1), demand_whole=True))
        assert [line.quantity for line in intervals(own, [0], inputs=inputs).lines] == ["9.000"]

    def test_what_a_bill_keeps_is_read_again(self) -> None:
        kept = Inputs(registered=(days(0, 31, "1.2345", multiplier=Fraction(200, 3), meter="SN", source="FIELD"),))
        assert inputs_reading.read(inputs_reading.written(kept)) == kept
        assert "registered" not in inputs_reading.written(Inputs(is_first_period=True))

    @pytest.mark.parametrize(
        "broken", [{"unit": "KWH"}, {"multiplier": "0"}, {"multiplier": "1/0"}, {"at": "soon"}, {"shown": 1.5}]
    )
    def test_what_cannot_be_read_is_named(self, broken: dict[str, object]) -> None:
        whole = inputs_reading.written(Inputs(registered=(days(0, 31),)))
        whole["registered"][0].update(broken)
        with pytest.raises(problems.UsageMisfit, match=r"registered\[0\]"):
            inputs_reading.read(whole)


class TestTheDocument:
    def test_it_needs_the_register_and_no_intervals_of_reactive_energy(self) -> None:
        own = plan(component("demand", "DEMAND", price="2", demand=DEMAND | {"of": "APPARENT"}))
        found = needs.of(own.document)
        assert (found.registered, found.channels) == (frozenset({Unit.KVA}), frozenset())

    @pytest.mark.parametrize(
        "more",
        [
            {"demand": DEMAND | {"interval": 15}},
            {"demand": DEMAND | {"take": "EACH_DAY"}},
            {"demand": DEMAND | {"meters": "COINCIDENT"}},
            {"demand": DEMAND, "seasons": ["summer"]},
        ],
    )
    def test_what_only_intervals_tell_is_refused(self, more: dict[str, Any]) -> None:
        with pytest.raises(problems.TariffInvalid, match="does not tell when"):
            plan(component("demand", "DEMAND", price="2", **more))
