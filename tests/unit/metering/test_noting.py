"""What a person may have read from a display."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.kernel.quantity import Unit
from meterbook.metering import operations
from meterbook.metering.queries.faces import Face, Seen
from meterbook.metering.values import Service

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def face(
    before: int | None = 10_000, after: int | None = 20_000, exact: int | None = None, wrap: int | None = None
) -> Face:
    return Face(
        meter_point_id=1,
        meter_point_public_id=uuid.UUID(int=1),
        code="MP1",
        name="Shop 12",
        service=Service.ELECTRICITY,
        series_id=1,
        serial_number="SN1",
        unit=Unit.KWH,
        decimals=2,
        wrap=wrap,
        multiplier=Fraction(1),
        most_per_hour=None,
        before=None if before is None else Seen(NOON - HOUR, before),
        exact=None if exact is None else Seen(NOON, exact),
        after=None if after is None else Seen(NOON + HOUR, after),
    )


class TestRequireFit:
    @pytest.mark.parametrize("text", ["100", "100.00", "150.25", "200"])
    def test_takes_what_lies_between(self, text: str) -> None:
        assert operations.require_fit(face(), NOON, Decimal(text)) == int(Decimal(text) * 100)

    @pytest.mark.parametrize("text", ["99.99", "200.01", "-1", "150.255"])
    def test_refuses_the_rest(self, text: str) -> None:
        with pytest.raises(operations.ReadingOutOfRange):
            operations.require_fit(face(), NOON, Decimal(text))

    @pytest.mark.parametrize(("text", "is_good"), [("9999.50", True), ("0.50", True), ("5000", False)])
    def test_minds_a_roll_over(self, text: str, *, is_good: bool) -> None:
        rolled = face(before=999_900, after=100, wrap=1_000_000)

        if is_good:
            operations.require_fit(rolled, NOON, Decimal(text))
        else:
            with pytest.raises(operations.ReadingOutOfRange):
                operations.require_fit(rolled, NOON, Decimal(text))

    def test_refuses_more_than_the_supply_can_deliver(self) -> None:
        """10 kW for one hour, twice: 20 kWh above 100."""
        bounded = replace(face(after=None), most_per_hour=Fraction(1_000))

        assert operations.require_fit(bounded, NOON, Decimal(120)) == 12_000
        with pytest.raises(operations.ReadingOutOfRange, match=r"120\.00 kWh"):
            operations.require_fit(bounded, NOON, Decimal("120.01"))

    def test_holds_to_a_reading_of_the_same_instant(self) -> None:
        with pytest.raises(operations.ReadingOutOfRange):
            operations.require_fit(face(exact=15_000), NOON, Decimal(151))


class TestProposed:
    def test_is_the_reading_of_the_instant(self) -> None:
        assert face(exact=15_000).proposed(NOON) == (15_000, False)

    def test_lies_between_near_readings(self) -> None:
        assert face().proposed(NOON - timedelta(minutes=30)) == (12_500, True)

    def test_is_unknown_between_far_readings(self) -> None:
        far = replace(face(), before=Seen(NOON - timedelta(days=3), 10_000))

        assert far.proposed(NOON) is None
        assert face(after=None).proposed(NOON) is None

    @given(st.integers(0, 7_200), st.integers(0, 10**9), st.integers(0, 10**9))
    def test_never_leaves_its_neighbors(self, second: int, low: int, rise: int) -> None:
        instant = NOON - HOUR + timedelta(seconds=second)

        found = face(before=low, after=low + rise).proposed(instant)

        assert found is not None
        assert low <= found[0] <= low + rise
