"""The meter list, a meter in detail, live values and raw readings."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from meterbook.foundation import scoping
from meterbook.kernel.actor import Actor
from meterbook.kernel.quality import Quality
from meterbook.metering import operations, queries, values
from meterbook.metering.queries import MeterState
from tests.factories import identity, metering

ACTOR = Actor.system("test")
NOW = datetime(2026, 6, 16, 10, 20, tzinfo=UTC)
SOON = NOW - timedelta(minutes=5)


def latest(installed: metering.Installed, code: str, value: int, at: datetime = SOON) -> None:
    """Show a latest value, as the collector does."""
    rows = [(installed.series[code].pk, metering.microseconds(at), value)]
    operations.record_latest(
        organization_id=installed.organization_id, actor=ACTOR, at=at, batch=operations.ReadingBatch.of(rows)
    )


class TestDetail:
    def test_it_is_found_by_its_point_and_by_its_meter(self) -> None:
        organization = identity.organization()
        installed = metering.installed_meter(organization=organization, name="Bakery")

        with scoping.scope([organization.pk], actor=ACTOR):
            by_point = queries.get_meter(public_id=installed.point.public_id)
            by_meter = queries.get_meter(public_id=installed.meter.public_id)

        assert by_point == by_meter
        assert [each.code for each in by_point.series] == ["energy_import", "power"]
        assert by_point.main_series == by_point.find_series("energy_import")

    def test_an_exchange_shows_both_meters_newest_first(self) -> None:
        organization = identity.organization()
        installed = metering.installed_meter(organization=organization, multiplier=Fraction(20))
        other = metering.meter(organization_id=organization.pk)
        with scoping.scope([organization.pk], actor=ACTOR):
            operations.exchange_meter(
                actor=ACTOR,
                at=NOW,
                installation=installed.installation,
                exchanged_at=SOON,
                closings={"energy_import": operations.Closing(3_103_338)},
                meter=other,
                registers=[metering.ENERGY],
                reason="recertified",
            )

        with scoping.scope([organization.pk], actor=ACTOR):
            detail = queries.get_meter(public_id=installed.point.public_id)

        assert [each.serial_number for each in detail.installations] == [
            other.serial_number,
            installed.meter.serial_number,
        ]
        assert detail.current == detail.installations[0]
        old = detail.installations[1]
        assert (old.ends_at, old.registers[0].closing, old.multipliers[0].factor) == (SOON, 3_103_338, Fraction(20))

    def test_a_foreign_meter_is_not_found(self) -> None:
        installed = metering.installed_meter(organization=identity.organization())
        stranger = identity.organization()

        with scoping.scope([stranger.pk], actor=ACTOR):
            for wanted in (installed.point.public_id, installed.meter.public_id, uuid.uuid4()):
                with pytest.raises(queries.MeterNotFound):
                    queries.get_meter(public_id=wanted)


class TestLive:
    def test_values_come_in_the_series_unit_with_their_decimals(self) -> None:
        organization = identity.organization()
        installed = metering.installed_meter(organization=organization, multiplier=Fraction(1, 3))
        latest(installed, "energy_import", 100)

        with scoping.scope([organization.pk], actor=ACTOR):
            series = queries.list_series(meter_point_ids=[installed.point.pk])
            energy, power = queries.live_values(series=series)

        assert energy.value == Decimal("0.333333333333")
        assert (energy.at, energy.quality, energy.decimals) == (SOON, Quality.VALID, 3)
        assert (power.value, power.at, power.quality) == (None, None, Quality.MISSING)

    def test_it_takes_three_queries(self) -> None:
        organization = identity.organization()
        installed = metering.installed_meter(organization=organization)
        with scoping.scope([organization.pk], actor=ACTOR):
            series = queries.list_series(meter_point_ids=[installed.point.pk])

            with CaptureQueriesContext(connection) as asked:
                queries.live_values(series=series)

        assert len(asked) == 3


class TestReadings:
    def test_the_newest_come_first_with_their_differences(self) -> None:
        organization = identity.organization()
        installed = metering.installed_meter(organization=organization)
        quarters = [(SOON - timedelta(minutes=15 * back), 1_000 - 3 * back) for back in range(4)]
        metering.record(installed.energy, quarters, at=NOW)

        with scoping.scope([organization.pk], actor=ACTOR):
            series = queries.list_series(meter_point_ids=[installed.point.pk])[0]
            found = queries.latest_readings(series=series, until=NOW, limit=3)

        assert [each.value for each in found] == [Decimal("10.00"), Decimal("9.97"), Decimal("9.94")]
        assert [each.difference for each in found] == [Decimal("0.03")] * 3
        assert (found[0].source, found[0].delay) == (values.Source.METER, timedelta(minutes=5))

    def test_no_difference_over_an_exchange(self) -> None:
        organization = identity.organization()
        installed = metering.installed_meter(organization=organization)
        metering.record(installed.energy, [(SOON - timedelta(minutes=30), 900)], at=NOW)
        other = metering.meter(organization_id=organization.pk)
        with scoping.scope([organization.pk], actor=ACTOR):
            operations.exchange_meter(
                actor=ACTOR,
                at=NOW,
                installation=installed.installation,
                exchanged_at=SOON - timedelta(minutes=20),
                closings={"energy_import": operations.Closing(910)},
                meter=other,
                registers=[metering.ENERGY],
                reason="recertified",
            )
        metering.record(installed.energy, [(SOON, 1_900)], at=NOW)

        with scoping.scope([organization.pk], actor=ACTOR):
            series = queries.list_series(meter_point_ids=[installed.point.pk])[0]
            newest, oldest = queries.latest_readings(series=series, until=NOW, limit=5)

        assert (newest.value, newest.difference) == (Decimal("19.00"), None)
        assert oldest.value == Decimal("9.00")


class TestState:
    @pytest.mark.parametrize(
        ("seen", "is_silent", "is_live", "expected"),
        [
            (timedelta(minutes=30), False, True, MeterState.OK),
            (timedelta(minutes=30, microseconds=1), False, True, MeterState.LATE),
            (timedelta(minutes=1), True, True, MeterState.SILENT),
            (timedelta(days=1), True, True, MeterState.SILENT),
            (None, True, True, MeterState.NEVER),
            (timedelta(days=1), True, False, MeterState.NOT_LIVE),
        ],
    )
    def test_it_follows_from_the_newest_value_and_the_device(
        self, seen: timedelta | None, *, is_silent: bool, is_live: bool, expected: MeterState
    ) -> None:
        seen_at = None if seen is None else NOW - seen

        assert queries.state_at(seen_at, 15, NOW, is_silent=is_silent, is_live=is_live) is expected
