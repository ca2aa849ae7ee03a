"""A meter's first month: nothing is usual yet, so that the other meters of its kind tell what is odd."""

from __future__ import annotations

import dataclasses
import uuid
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from meterbook.kernel.quantity import Unit
from meterbook.metering import capacities, values
from meterbook.metering.operations import entering
from meterbook.metering.queries import faces

OCTOBER = datetime(2026, 10, 1, tzinfo=UTC)
NOVEMBER = OCTOBER + timedelta(days=30)


def face() -> faces.Face:
    return faces.Face(
        meter_point_id=1,
        meter_point_public_id=uuid.UUID(int=1),
        code="E1",
        name="Flat 1",
        service=values.Service.ELECTRICITY,
        series_id=1,
        serial_number="1",
        unit=Unit.KWH,
        decimals=0,
        wrap=None,
        multiplier=Fraction(1),
        most_per_hour=None,
        before=faces.Seen(OCTOBER, 1000),
        exact=None,
        after=None,
    )


@pytest.mark.parametrize(
    ("raw", "codes"),
    [(1000 + 4138, ["UNUSUAL"]), (1000 + 1500, []), (1000 + 1501, ["UNUSUAL"])],
    ids=["far", "five", "more"],
)
def test_more_than_five_times_the_others_is_asked_about(raw: int, codes: list[str]) -> None:
    found = entering.doubts_of(face=face(), instant=NOVEMBER, raw=raw, usual_a_day=None, others_a_day=Fraction(10))

    assert [each.code for each in found] == codes


def test_the_others_say_nothing_where_something_is_usual() -> None:
    found = entering.doubts_of(
        face=face(), instant=NOVEMBER, raw=3000, usual_a_day=Fraction(60), others_a_day=Fraction(1)
    )

    assert found == []


def water(*, before: int | None) -> faces.Face:
    """The cold water of a dwelling, in m³: 3 m³ an hour are assumed."""
    per_hour = capacities.assumed_per_hour(
        service=values.Service.COLD_WATER, role=values.PointRole.TENANT, usage="HOME", unit=Unit.M3
    )
    seen = None if before is None else faces.Seen(OCTOBER, before)
    return dataclasses.replace(
        face(), service=values.Service.COLD_WATER, unit=Unit.M3, before=seen, assumed_per_hour=per_hour
    )


@pytest.mark.parametrize(
    ("before", "raw", "codes"),
    [
        (20, 100_000, ["TOO_MUCH"]),
        (20, 20 + 2160, []),
        (20, 20 + 2161, ["TOO_MUCH"]),
        (None, 39_447, []),
        (None, 39_448, ["TOO_MUCH"]),
    ],
    ids=["absurd", "just", "above", "first", "first-absurd"],
)
def test_more_than_such_a_meter_counts_is_asked_about(before: int | None, raw: int, codes: list[str]) -> None:
    found = entering.doubts_of(face=water(before=before), instant=NOVEMBER, raw=raw, usual_a_day=None)

    assert [each.code for each in found] == codes


def test_what_is_assumed_is_a_bound_for_a_day_at_least() -> None:
    found = entering.doubts_of(face=water(before=20), instant=OCTOBER + timedelta(minutes=5), raw=92, usual_a_day=None)

    assert found == []


@pytest.mark.parametrize(
    ("service", "role", "usage", "unit", "most"),
    [
        ("COLD_WATER", "TENANT", "HOME", Unit.L, Fraction(3000)),
        ("HOT_WATER", "TENANT", "SHOP", Unit.M3, Fraction(10)),
        ("COLD_WATER", "MAIN", "", Unit.M3, None),
        ("GAS", "TENANT", "", Unit.M3, Fraction(10)),
        ("GAS", "TENANT", "HOME", Unit.KWH, Fraction(100)),
        ("HEATING", "TENANT", "HOME", Unit.MWH, Fraction(1, 20)),
        ("ELECTRICITY", "COMMON", "", Unit.KWH, Fraction(100)),
        ("COOLING", "TENANT", "", Unit.KWH, None),
    ],
    ids=["liters", "shop", "main", "gas", "gas-kwh", "heat-mwh", "electricity", "cooling"],
)
def test_what_is_assumed_of_a_supply(service: str, role: str, usage: str, unit: Unit, most: Fraction | None) -> None:
    found = capacities.assumed_per_hour(
        service=values.Service(service), role=values.PointRole(role), usage=usage, unit=unit
    )

    assert found == most
