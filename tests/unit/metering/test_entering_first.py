"""A meter's first month: nothing is usual yet, so that the other meters of its kind tell what is odd."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from meterbook.kernel.quantity import Unit
from meterbook.metering import values
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
