"""Registers at local midnights: the numbers that bills print."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from meterbook.billing import queries
from meterbook.foundation import scoping
from meterbook.kernel import civil
from meterbook.kernel.quality import Quality
from meterbook.metering import operations as metering_operations
from meterbook.metering import queries as metering_queries
from tests.db.billing import test_contents as contents
from tests.factories import billing, identity, metering

START, END, MADRID = contents.START, contents.END, contents.MADRID
LATER = END + timedelta(days=20)


def midnights(meter: metering.Installed, at: datetime = LATER, month: date = contents.FIRST) -> queries.Midnights:
    with scoping.scope([meter.organization_id], actor=contents.ACTOR):
        detail = metering_queries.get_meter(public_id=meter.point.public_id)
        found = queries.midnight_registers(detail=detail, month=month, at=at)
    assert found is not None
    return found


def billed(place: billing.Place) -> dict[str, Any]:
    """The meter point of the only bill of October."""
    (point,) = contents.only(contents.drafts(place))["meter_points"]
    billed_point: dict[str, Any] = point
    return billed_point


def shown(found: queries.Midnights) -> tuple[tuple[int, Quality | None, str | None], ...]:
    ends = (found.rows[0], found.rows[-1])
    return tuple((int((each.value or 0) * 100), each.quality, each.source) for each in ends)


class TestMidnights:
    @pytest.mark.parametrize(
        ("rise", "unread"),
        [(25, []), ([2, 3, 1], [START, END]), ([0, 7], [END - each * billing.STEP for each in range(9)])],
        ids=["read", "beside", "outage"],
    )
    def test_at_the_ends_of_a_month_are_those_of_its_bill(
        self, rise: int | Sequence[int], unread: list[datetime]
    ) -> None:
        place = billing.place()
        meter = billing.metered(place, multiplier=Fraction(40))
        billing.count(
            meter.energy, START - timedelta(days=1), END + timedelta(days=1), rise=rise, begin=119_588, without=unread
        )
        contents.tenant(place, meter)

        found = midnights(meter)
        point = billed(place)
        (segment,) = point["segments"]

        assert shown(found) == tuple(
            (end["value"], Quality[end["quality"]], end["source"]) for end in (segment["previous"], segment["present"])
        )
        assert len(found.rows) == 32
        assert sum((each.used or Decimal(0) for each in found.rows), Decimal(0)) == Decimal(point["quantity"]) / 1_000

    def test_are_as_far_apart_as_what_was_used_on_days_of_23_to_25_hours(self) -> None:
        place = billing.place()
        meter = billing.metered(place)
        billing.count(meter.energy, START, END)

        rows = midnights(meter).rows

        steps = [after.value - before.value for before, after in itertools.pairwise(rows)]  # type: ignore[operator]
        assert steps == [each.used for each in rows[1:]]
        assert {each.day: step for each, step in zip(rows, steps, strict=False)}[date(2026, 10, 25)] == Decimal("25.00")
        assert all(each.source == "METER" for each in rows)

    def test_follow_the_meter_that_hangs_there(self) -> None:
        place = billing.place()
        meter = billing.metered(place)
        exchanged = START + timedelta(days=10, hours=11)
        closing = billing.count(meter.energy, START, exchanged)
        with scoping.scope([place.organization.pk], actor=contents.ACTOR):
            new = metering_operations.create_meter(
                actor=contents.ACTOR,
                at=exchanged,
                organization_id=place.organization.pk,
                serial_number="NEW-1",
                model_code="eastron_sdm630",
            )
            metering_operations.exchange_meter(
                actor=contents.ACTOR,
                at=exchanged,
                installation=meter.installation,
                exchanged_at=exchanged,
                closings={"energy_import": metering_operations.Closing(closing)},
                meter=new,
                registers=[
                    metering_operations.RegisterPlan(
                        "energy_import", "energy_import", metering.ENERGY.unit, 2, opening=30
                    )
                ],
                reason="old one worn",
            )
        billing.count(meter.energy, exchanged, END, begin=30)
        contents.tenant(place, meter)

        rows = midnights(meter).rows
        old, fresh = billed(place)["segments"]

        assert (rows[0].serial_number, int((rows[0].value or 0) * 100)) == (old["serial"], old["previous"]["value"])
        assert (rows[-1].serial_number, int((rows[-1].value or 0) * 100)) == ("NEW-1", fresh["present"]["value"])
        assert [each.serial_number for each in rows].index("NEW-1") == 11
        assert {each.used for each in rows[1:]} == {Decimal(24), Decimal(25)}

    def test_nobody_knows_are_empty(self) -> None:
        """Before the meter came, after its readings ended; none that is yet to come."""
        meter = metering.installed_meter(organization=identity.organization(), starts_at=START + timedelta(days=3))
        billing.count(meter.energy, START + timedelta(days=3), START + timedelta(days=6, hours=5))

        rows = midnights(meter, at=START + timedelta(days=9, hours=1)).rows

        assert [each.value is not None for each in rows] == [False] * 3 + [True] * 4 + [False] * 3
        assert rows[-1].day == date(2026, 10, 10)
        assert all(each.used is None for each in (*rows[:4], *rows[8:]))

    def test_of_a_month_without_readings_are_all_unknown(self) -> None:
        meter = metering.installed_meter(organization=identity.organization())

        found = midnights(meter)

        assert {each.value for each in found.rows} == {None}
        assert midnights(meter, at=datetime(2026, 9, 1, tzinfo=UTC)).rows == ()
        assert civil.start_of_day(found.rows[0].day, MADRID) == found.rows[0].at
