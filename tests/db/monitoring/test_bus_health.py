"""How buses answer: what is stored, added up, shown and forgotten; and what a collector counts on real sockets."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pymodbus.pdu.pdu import ModbusPDU

from meterbook.acquisition import models as acquisition_models
from meterbook.acquisition import topology
from meterbook.acquisition.values import BusProtocol, DeviceStatus
from meterbook.foundation import scoping
from meterbook.kernel import clock
from meterbook.monitoring import bus_health, line_health, models
from meterbook.monitoring.line_health import HourOfLine
from meterbook_lab.modbus_rtu import RtuServer
from tests.factories import acquisition, identity, lab, sites

ACTOR = acquisition.ACTOR
NOW = datetime(2026, 6, 16, 10, 20, tzinfo=UTC)
TEN, NINE = NOW.replace(minute=0), NOW.replace(hour=9, minute=0)


@pytest.fixture
def device() -> acquisition_models.Device:
    return acquisition.device(organization=identity.organization())


def add(device: acquisition_models.Device, hours: Iterable[HourOfLine], *, at: datetime = NOW) -> None:
    with scoping.scope([device.organization_id], actor=ACTOR):
        line_health.add_hours(actor=ACTOR, at=at, hours=hours)


def shown(device: acquisition_models.Device, *, hours: int = 24, at: datetime = NOW) -> bus_health.BusHealth:
    with scoping.scope([device.organization_id], actor=ACTOR):
        return bus_health.get_health(bus=device.bus.public_id, at=at, hours=hours)


def of_bus(device: acquisition_models.Device, hour: datetime, **counts: int) -> HourOfLine:
    return HourOfLine(device.bus_id, None, hour, **counts)  # type: ignore[arg-type]


class TestHours:
    def test_are_added_to_what_is_stored_in_one_statement(self, device: acquisition_models.Device) -> None:
        buckets = (1, 0, 0, 0, 0, 0, 0, 1)
        row = HourOfLine(device.bus_id, None, TEN, 3, 2, 1, busy_ms=1_200, watched_ms=60_000, buckets=buckets)
        skewed = HourOfLine(device.bus_id, device.pk, TEN, 1, 1, skews=1, skew_ms=900, skew_most_ms=900)
        told = HourOfLine(device.bus_id, device.pk, TEN, 0, clock_ms=75_000, clock_at=NOW)

        add(device, [row, skewed])
        with CaptureQueriesContext(connection) as captured:
            add(device, [row, told])

        assert sum("monitoring_linehour" in each["sql"] for each in captured) == 1
        found = shown(device)
        sums = found.sums
        assert (sums.asked, sums.answered, sums.timeouts, sums.failed) == (6, 4, 2, 2)
        assert sums.buckets == (2, 0, 0, 0, 0, 0, 0, 2)
        assert (sums.answered_percent, sums.budget_percent) == (Decimal("66.7"), Decimal("2.0"))
        assert (sums.usual_ms, sums.most_ms) == (20, None)
        (meter,) = found.meters
        assert (meter.sums.asked, meter.sums.skew_mean_ms, meter.sums.skew_most_ms) == (1, 900, 900)
        assert (meter.clock_ms, meter.clock_at) == (75_000, NOW)

    def test_of_another_organization_change_nothing(self, device: acquisition_models.Device) -> None:
        other = acquisition.device(organization=identity.organization())

        add(other, [of_bus(device, TEN, asked=1, answered=1), HourOfLine(other.bus_id, device.pk, TEN, 1, 1)])

        assert shown(device).sums.asked == 0
        assert shown(other).sums.asked == 0
        with pytest.raises(topology.BusNotFound), scoping.scope([other.organization_id], actor=ACTOR):
            bus_health.get_health(bus=device.bus.public_id, at=NOW)

    def test_are_shown_one_by_one_also_those_without_a_question(self, device: acquisition_models.Device) -> None:
        add(
            device,
            [of_bus(device, NINE, asked=2, timeouts=2), of_bus(device, NINE - timedelta(hours=1), asked=9, lost=9)],
        )

        found = shown(device, hours=2)

        assert [(hour, sums.asked, sums.timeouts) for hour, sums in found.hours] == [(NINE, 2, 2), (TEN, 0, 0)]
        assert (found.sums.asked, found.sums.usual_ms, found.sums.budget_percent) == (2, None, None)
        assert found.since == NINE

    def test_of_meters_are_of_their_latest_days_only(self, device: acquisition_models.Device) -> None:
        for days in (1, 20):
            hour = TEN - timedelta(days=days)
            own = HourOfLine(device.bus_id, device.pk, hour, 1, 1, busy_ms=600)
            add(device, [own, of_bus(device, hour, asked=1, answered=1, busy_ms=600, watched_ms=60_000)])

        found = shown(device, hours=35 * 24)

        assert (found.sums.asked, found.sums.watched_ms) == (2, 120_000)
        assert (found.meters[0].sums.asked, found.meters_watched_ms) == (1, 60_000)

    def test_are_forgotten_after_a_while(self, device: acquisition_models.Device) -> None:
        other = acquisition.device(organization=identity.organization())
        for each in (device, other):
            for days in (0, 9, 36):
                hour = TEN - timedelta(days=days)
                add(each, [of_bus(each, hour, asked=1, lost=1), HourOfLine(each.bus_id, each.pk, hour, 1, 1)])

        with scoping.scope([device.organization_id], actor=ACTOR):
            count = line_health.forget_hours(actor=ACTOR, at=NOW)
            left = models.LineHour.objects.filter(organization_id=device.organization_id)
            kept = {(row.device_id is None, (TEN - row.hour).days) for row in left}
        with scoping.scope([other.organization_id], actor=ACTOR):
            others = models.LineHour.objects.filter(organization_id=other.organization_id).count()

        assert (count, others) == (3, 6)
        assert kept == {(True, 0), (True, 9), (False, 0)}


class Damaging(RtuServer):
    """A line on which the answers of meter 9 arrive with a wrong checksum."""

    def frame(self, answer: ModbusPDU) -> bytes:
        octets = super().frame(answer)
        return octets[:-1] + bytes([octets[-1] ^ 0xFF]) if answer.dev_id == 9 else octets


@pytest.mark.usefixtures("empty_database")
def test_a_collector_tells_time_outs_from_wrong_checksums_on_a_real_socket() -> None:
    organization = identity.organization()
    site = sites.site(organization=organization)
    units = dict.fromkeys((7, 8, 9), "eastron_sdm630")
    with lab.running_gateway(units=units, clock=clock.now, speaks=Damaging) as gateway:
        gateway.faults.change(8, is_silent=True)
        bus = acquisition.bus(site=site, port=gateway.port, protocol=BusProtocol.MODBUS_RTU_TCP, timeout_ms=150)
        devices = {
            unit: acquisition.device(organization=organization, on=bus, unit_id=unit, live_seconds=1) for unit in units
        }
        with acquisition.running_collector():
            for unit, status in ((7, DeviceStatus.OK), (8, DeviceStatus.SILENT), (9, DeviceStatus.SILENT)):
                acquisition.eventually(
                    lambda made=devices[unit], wanted=status: acquisition.shown_device(made).status is wanted or None
                )

    found = shown(devices[7], at=clock.now())
    by_unit = {each.address: each.sums for each in found.meters}
    assert by_unit["7"].answered == by_unit["7"].asked == sum(by_unit["7"].buckets) > 0
    assert by_unit["8"].timeouts == by_unit["8"].asked > 0
    assert by_unit["9"].damaged == by_unit["9"].asked > 0
    assert by_unit["8"].busy_ms >= 150 * by_unit["8"].timeouts - 10
    sums = found.sums
    assert sums.asked == sum(each.asked for each in by_unit.values())
    assert sums.watched_ms >= sums.busy_ms > 0
    assert sums.budget_percent is not None
    assert 0 < sums.budget_percent <= 100


@pytest.mark.usefixtures("empty_database")
def test_a_collector_notes_how_late_after_the_boundary_a_counter_was_read() -> None:
    organization = identity.organization()
    site = sites.site(organization=organization)
    begins = datetime(2026, 6, 16, 9, 57, tzinfo=UTC)  # three seconds before a slot of a quarter of an hour
    with clock.use(clock.AcceleratedClock(clock.real_now(), begins, clock.FASTEST)):
        with lab.running_gateway(units={7: "eastron_sdm630"}, clock=clock.now) as gateway:
            bus = acquisition.bus(site=site, port=gateway.port)
            hanging = acquisition.installed_meter(organization=organization, site=site)
            made = acquisition.device(organization=organization, on=bus, meter=hanging.meter, live_seconds=60)
            with acquisition.running_collector():
                acquisition.eventually(lambda: len(acquisition.stored(hanging.energy)) >= 2 or None)

        (meter,) = shown(made, at=clock.now()).meters

    # The first reading came in the middle of a slot that had begun before the collector: it is not late.
    assert meter.sums.skews >= 1
    assert 0 <= meter.sums.skew_most_ms < 45_000
