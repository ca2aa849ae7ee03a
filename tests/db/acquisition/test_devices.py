"""Buses and devices: what is refused, what is written down, and who sees it."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection

from meterbook.acquisition import models, networks, operations, plans, queries, values
from meterbook.audit import models as audit_models
from meterbook.foundation import scoping
from meterbook.kernel.quantity import Unit
from tests.factories import acquisition as factory
from tests.factories import identity, metering, sites

OFFICE = networks.AllowedNetworks.from_environment({"MB_ALLOWED_NETWORKS": "192.168.10.0/24"}, is_demo=False)


class TestCreateBus:
    @pytest.mark.parametrize("host", ["127.0.0.1", "::1", "169.254.169.254", "10.1.1.1", "::ffff:127.0.0.1"])
    def test_refuses_addresses_that_the_owner_did_not_allow(self, host: str) -> None:
        site = sites.site(organization=identity.organization())

        with (
            pytest.raises(networks.NetworkNotAllowed, match="not allowed"),
            scoping.scope([site.organization_id], actor=factory.ACTOR),
        ):
            operations.create_bus(
                actor=factory.ACTOR, at=factory.AT, site=site, name="Riser", host=host, allowed=OFFICE
            )

    def test_takes_an_allowed_address_and_writes_it_down(self) -> None:
        site = sites.site(organization=identity.organization())

        with scoping.scope([site.organization_id], actor=factory.ACTOR):
            bus = operations.create_bus(
                actor=factory.ACTOR, at=factory.AT, site=site, name="Riser", host=" 192.168.10.4 ", allowed=OFFICE
            )
            rows = queries.list_buses(site_id=site.pk)
            entry = audit_models.AuditEntry.objects.get(
                organization_id=site.organization_id, action="acquisition:create_bus"
            )

        assert [(row.public_id, row.host, row.port) for row in rows] == [(bus.public_id, "192.168.10.4", 502)]
        assert entry.after["host"] == "192.168.10.4"

    def test_refuses_a_second_bus_of_the_name(self) -> None:
        bus = factory.bus(site=sites.site(organization=identity.organization()))

        with pytest.raises(operations.AddressTaken, match="another name"):
            factory.bus(site=bus.site, name=bus.name)

    @pytest.mark.parametrize("wrong", [{"host": "http://meter"}, {"host": ""}, {"port": 0}, {"timeout_ms": 10}])
    def test_refuses_what_cannot_be(self, wrong: dict[str, object]) -> None:
        site = sites.site(organization=identity.organization())

        with pytest.raises(operations.BusMisconfigured):
            factory.bus(site=site, **wrong)  # type: ignore[arg-type]


class TestCreateDevice:
    def test_gives_the_collector_every_register_that_feeds_a_series(self) -> None:
        organization = identity.organization()
        device = factory.device(organization=organization, unit_id=3)

        with scoping.scope([organization.pk], actor=factory.ACTOR):
            (bus,) = plans.devices_for_collector()

        (planned,) = bus.devices
        feeds = {feed.register_code: feed for feed in planned.feeds}
        assert (planned.device_id, planned.unit_id, planned.model_code) == (device.pk, 3, "eastron_sdm630")
        assert (feeds["energy_import"].unit, feeds["energy_import"].decimals) == (Unit.KWH, 2)
        assert (feeds["energy_import"].step, feeds["power"].step) == (15, 5)

    def test_refuses_an_address_that_is_in_use(self) -> None:
        organization = identity.organization()
        device = factory.device(organization=organization)

        with pytest.raises(operations.AddressTaken, match="Address 7"):
            factory.device(organization=organization, on=device.bus)

    def test_refuses_a_second_way_to_the_same_meter(self) -> None:
        organization = identity.organization()
        device = factory.device(organization=organization)

        with pytest.raises(operations.AddressTaken, match="another device"):
            factory.device(organization=organization, on=device.bus, meter=device.meter, unit_id=8)

    @pytest.mark.parametrize("unit_id", [0, 248, -1])
    def test_refuses_an_impossible_address(self, unit_id: int) -> None:
        with pytest.raises(operations.DeviceMisconfigured, match="between 1 and 247"):
            factory.device(organization=identity.organization(), unit_id=unit_id)

    def test_refuses_a_model_that_the_library_does_not_have(self) -> None:
        organization = identity.organization()
        site = sites.site(organization=organization)
        meter = metering.meter(organization_id=organization.pk, model_code="acme_9000")

        with pytest.raises(operations.DeviceMisconfigured, match="eastron_sdm630"):
            factory.device(organization=organization, on=factory.bus(site=site), meter=meter)

    def test_frees_the_address_when_it_is_switched_off(self) -> None:
        organization = identity.organization()
        device = factory.device(organization=organization)
        with scoping.scope([organization.pk], actor=factory.ACTOR):
            operations.set_device_enabled(actor=factory.ACTOR, at=factory.AT, device=device, is_enabled=False)

        successor = factory.device(organization=organization, on=device.bus)

        with scoping.scope([organization.pk], actor=factory.ACTOR):
            (bus,) = plans.devices_for_collector()
        assert [each.device_id for each in bus.devices] == [successor.pk]


class TestWalls:
    def test_show_nothing_of_another_organization(self) -> None:
        device = factory.device(organization=identity.organization())
        factory.request(device)
        stranger = identity.organization()

        with scoping.scope([stranger.pk], actor=factory.ACTOR), connection.cursor() as cursor:
            seen = {}
            for model in (models.Bus, models.Device, models.DeviceState, models.DeviceRequest):
                cursor.execute(f"SELECT count(*) FROM {model._meta.db_table}")  # noqa: S608
                seen[model.__name__] = cursor.fetchone()[0]
            with pytest.raises(queries.DeviceNotFound):
                queries.get_device_of_meter(meter_public_id=device.meter.public_id)
            assert plans.devices_for_collector() == ()

        assert set(seen.values()) == {0}

    def test_refuse_a_device_on_another_organizations_bus(self) -> None:
        device = factory.device(organization=identity.organization())
        stranger = identity.organization()
        own = factory.installed_meter(organization=stranger, site=sites.site(organization=stranger))

        with pytest.raises(DatabaseError), scoping.scope([stranger.pk], actor=factory.ACTOR):
            models.Device.objects.create(
                organization_id=stranger.pk,
                bus_id=device.bus_id,
                meter=own.meter,
                unit_id=9,
                model_code="eastron_sdm630",
            )


class TestGetDeviceOfMeter:
    def test_says_that_a_new_device_was_never_read(self) -> None:
        device = factory.device(organization=identity.organization())

        row = factory.shown_device(device)

        assert (row.status, row.answered_at, row.problem) == (values.DeviceStatus.NEVER, None, None)
        assert row.bus.name == device.bus.name


class TestMoveBus:
    def test_is_seen_and_written_down_once(self) -> None:
        bus = factory.bus(site=sites.site(organization=identity.organization()), port=502)

        with scoping.scope([bus.organization_id], actor=factory.ACTOR):
            for _time in range(2):
                move(bus, port=1502)
            (row,) = queries.list_buses()
            entries = audit_models.AuditEntry.objects.filter(
                organization_id=bus.organization_id, action="acquisition:move_bus"
            )
            written = [(each.before, each.after) for each in entries]

        assert (row.host, row.port) == ("127.0.0.1", 1502)
        assert written == [({"host": "127.0.0.1", "port": 502}, {"host": "127.0.0.1", "port": 1502})]

    @pytest.mark.spec("M-014/2")
    def test_keeps_meter_points_and_what_they_showed(self) -> None:
        organization = identity.organization()
        site = sites.site(organization=organization)
        bus = factory.bus(site=site, port=502)
        installed = factory.installed_meter(organization=organization, site=site)
        device = factory.device(organization=organization, on=bus, meter=installed.meter)
        series = installed.series["energy_import"]
        metering.record(series, [(factory.AT, 4_711_00)])

        with scoping.scope([organization.pk], actor=factory.ACTOR):
            before = plans.devices_for_collector()[0].devices
            move(bus, port=1502)
            (moved,) = plans.devices_for_collector()

        assert (moved.port, moved.devices) == (1502, before)
        assert moved.devices[0].device_id == device.pk
        assert factory.stored(series) == [(factory.AT, 4_711_00)]

    def test_refuses_what_cannot_be(self) -> None:
        bus = factory.bus(site=sites.site(organization=identity.organization()))

        with scoping.scope([bus.organization_id], actor=factory.ACTOR):
            with pytest.raises(operations.BusMisconfigured):
                move(bus, port=0)
            with pytest.raises(networks.NetworkNotAllowed):
                move(bus, port=502, host="10.1.1.1")

    def test_does_not_find_the_bus_of_another_organization(self) -> None:
        bus = factory.bus(site=sites.site(organization=identity.organization()))
        other = identity.organization()

        with pytest.raises(models.Bus.DoesNotExist), scoping.scope([other.pk], actor=factory.ACTOR):
            move(bus, port=1502)


def move(bus: models.Bus, *, port: int, host: str = "127.0.0.1") -> None:
    """Have a bus reached elsewhere on this machine."""
    operations.move_bus(actor=factory.ACTOR, at=factory.AT, bus_id=bus.pk, host=host, port=port, allowed=factory.DEMO)
