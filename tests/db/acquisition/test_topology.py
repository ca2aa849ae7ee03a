"""The topology: sums by gateway and bus, the devices of a bus, and how often they fail."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from meterbook.acquisition import models, operations, topology
from meterbook.acquisition.operations import Tally
from meterbook.acquisition.values import DeviceStatus
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from tests.factories import acquisition, identity, sites

ACTOR = acquisition.ACTOR
NOW = datetime(2026, 6, 16, 10, 20, tzinfo=UTC)
HOUR = NOW.replace(minute=0)


def gateways(organization: identity_models.Organization, *, at: datetime = NOW) -> list[topology.Gateway]:
    with scoping.scope([organization.pk], actor=ACTOR):
        return topology.list_gateways(at=at)


def devices(device: models.Device, *, at: datetime = NOW, only_troubled: bool = False) -> list[topology.DeviceNode]:
    with scoping.scope([device.organization_id], actor=ACTOR):
        return topology.list_devices(at=at, bus=device.bus.public_id, only_troubled=only_troubled)


def answers(device: models.Device) -> None:
    with scoping.scope([device.organization_id], actor=ACTOR):
        operations.note_device_answer(actor=ACTOR, at=NOW, device_id=device.pk, frame=None)


def fails(device: models.Device, *, failures: int) -> None:
    with scoping.scope([device.organization_id], actor=ACTOR):
        operations.note_device_silence(
            actor=ACTOR, at=NOW, device_id=device.pk, failures=failures, since=NOW, problem=acquisition.TIMEOUT
        )


def count(device: models.Device, *, hour: datetime, asked: int, failed: int) -> None:
    with scoping.scope([device.organization_id], actor=ACTOR):
        tally = Tally(device_id=device.pk, hour=hour, asked=asked, failed=failed)
        operations.add_tallies(actor=ACTOR, at=NOW, tallies=[tally])


@pytest.mark.spec("M-014/1")
class TestGateways:
    def test_add_up_the_states_of_their_devices(self) -> None:
        organization = identity.organization()
        site = sites.site(organization=organization)
        first, second = (acquisition.bus(site=site, name=f"Bus {n}", port=500 + n) for n in (1, 2))
        well, silent = (acquisition.device(organization=organization, on=first, unit_id=n) for n in (1, 2))
        shaky = acquisition.device(organization=organization, on=second, unit_id=1)
        acquisition.device(organization=organization, on=second, unit_id=2)
        answers(well)
        answers(silent)
        fails(silent, failures=3)
        answers(shaky)
        fails(shaky, failures=1)
        count(well, hour=HOUR, asked=8, failed=2)

        (gateway,) = gateways(organization)

        assert gateway.host == "127.0.0.1"
        assert [bus.name for bus in gateway.buses] == ["Bus 1", "Bus 2"]
        health = gateway.health
        assert (health.devices, health.answering, health.silent, health.failing, health.never) == (4, 2, 1, 1, 1)
        assert (health.asked, health.failed, health.answered_at) == (8, 2, NOW)
        assert health.is_troubled

    def test_stand_with_trouble_first_and_then_in_the_order_of_people(self) -> None:
        organization = identity.organization()
        site = sites.site(organization=organization)
        for host in ("127.0.0.10", "127.0.0.2", "127.0.0.3"):
            bus = acquisition.bus(site=site, host=host)
            device = acquisition.device(organization=organization, on=bus)
            answers(device)
        fails(device, failures=3)

        assert [each.host for each in gateways(organization)] == ["127.0.0.3", "127.0.0.2", "127.0.0.10"]

    def test_keep_to_the_sites_that_are_given(self) -> None:
        organization = identity.organization()
        ours, theirs = (sites.site(organization=organization) for _each in range(2))
        bus = acquisition.bus(site=theirs)

        with scoping.scope([organization.pk], actor=ACTOR):
            assert topology.list_gateways(at=NOW, site_ids=[ours.pk]) == []
            with pytest.raises(topology.BusNotFound):
                topology.list_devices(at=NOW, bus=bus.public_id, site_ids=[ours.pk])

    def test_are_read_in_one_query(self) -> None:
        organization = identity.organization()
        for _each in range(3):
            acquisition.device(organization=organization)

        with scoping.scope([organization.pk], actor=ACTOR), CaptureQueriesContext(connection) as asked:
            topology.list_gateways(at=NOW)

        assert len(asked) == 1


@pytest.mark.spec("M-014/1")
class TestDevices:
    def test_tell_state_problem_and_meter(self) -> None:
        device = acquisition.device(organization=identity.organization())
        answers(device)
        fails(device, failures=3)

        (node,) = devices(device)

        assert (node.status, node.answered_at, node.point_name) == (DeviceStatus.SILENT, NOW, "Shop 12")
        assert node.problem is not None
        assert node.problem.code == "TIMEOUT"

    def test_can_be_those_with_trouble_only(self) -> None:
        organization = identity.organization()
        bus = acquisition.bus(site=sites.site(organization=organization))
        well, never = (acquisition.device(organization=organization, on=bus, unit_id=n) for n in (1, 2))
        answers(well)

        assert [each.unit_id for each in devices(well, only_troubled=True)] == [never.unit_id]

    def test_are_not_found_for_another_organization(self) -> None:
        theirs = acquisition.device(organization=identity.organization())

        with scoping.scope([identity.organization().pk], actor=ACTOR), pytest.raises(topology.BusNotFound):
            topology.list_devices(at=NOW, bus=theirs.bus.public_id)
        with scoping.scope([theirs.organization_id], actor=ACTOR), pytest.raises(topology.BusNotFound):
            topology.list_devices(at=NOW, bus=uuid.uuid4())


class TestTallies:
    @pytest.mark.parametrize(
        ("counted", "shown"),
        [
            ([(0, 4, 1), (0, 6, 0)], (10, 1)),  # within an hour they add up
            ([(-1, 4, 1), (0, 6, 0)], (10, 1)),  # the hour before counts
            ([(-2, 4, 1), (0, 6, 0)], (6, 0)),  # an older one does not
            ([(-1, 4, 1)], (4, 1)),  # nothing was asked in this hour yet
            ([(-2, 4, 1)], (0, 0)),  # not asked lately
            ([(0, 6, 0), (-1, 4, 4)], (6, 0)),  # came too late
            ([(-2, 3, 3), (-1, 4, 1), (0, 6, 0)], (10, 1)),
        ],
    )
    def test_are_those_of_this_hour_and_the_one_before(
        self, counted: list[tuple[int, int, int]], shown: tuple[int, int]
    ) -> None:
        device = acquisition.device(organization=identity.organization())
        for hours, asked, failed in counted:
            count(device, hour=HOUR + timedelta(hours=hours), asked=asked, failed=failed)

        (node,) = devices(device)

        assert (node.asked, node.failed) == shown

    def test_of_several_hours_come_at_once(self) -> None:
        device = acquisition.device(organization=identity.organization())
        tallies = [
            Tally(device_id=device.pk, hour=HOUR, asked=2, failed=1),
            Tally(device_id=device.pk, hour=HOUR - timedelta(hours=1), asked=3, failed=0),
            Tally(device_id=device.pk + 1_000_000, hour=HOUR, asked=1, failed=1),  # no such device
        ]
        with scoping.scope([device.organization_id], actor=ACTOR):
            operations.add_tallies(actor=ACTOR, at=NOW, tallies=tallies)

        (node,) = devices(device)

        assert (node.asked, node.failed) == (5, 1)
