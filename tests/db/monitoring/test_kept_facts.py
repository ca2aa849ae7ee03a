"""What a list keeps of meter points: gone as soon as anything that it shows changed, whoever changed it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from meterbook.acquisition import models as acquisition_models
from meterbook.foundation import scoping
from meterbook.journeys import changing_zones
from meterbook.kernel.actor import Actor
from meterbook.metering import models as metering_models
from meterbook.monitoring import models, queries
from meterbook.monitoring.queries import kept
from meterbook.monitoring.values import MeterFilter
from meterbook.sites import models as site_models
from tests.factories import acquisition, identity, metering, sites
from tests.support import databases

ACTOR = Actor.system("test")
NOW = datetime(2026, 6, 16, 10, 20, tzinfo=UTC)


def names(organization_id: int) -> list[str]:
    with scoping.scope([organization_id], actor=ACTOR):
        return [each.name for each in queries.list_meters(at=NOW, wanted=MeterFilter()).rows]


def facts(organization_id: int) -> kept.Facts:
    with scoping.scope([organization_id], actor=ACTOR):
        return kept.facts()[0]


def rename(installed: metering.Installed) -> None:
    points = metering_models.MeterPoint.objects.filter(organization_id=installed.organization_id)
    points.filter(pk=installed.point.pk).update(name="Renamed")


def disable_device(installed: metering.Installed) -> None:
    acquisition_models.Device.objects.filter(
        organization_id=installed.organization_id, meter_id=installed.meter.pk
    ).update(is_enabled=False)


def change_model(installed: metering.Installed) -> None:
    metering_models.Meter.objects.filter(organization_id=installed.organization_id, pk=installed.meter.pk).update(
        model_code="other"
    )


def end_installation(installed: metering.Installed) -> None:
    rows = metering_models.Installation.objects.filter(
        organization_id=installed.organization_id, meter_id=installed.meter.pk
    )
    for row in rows:
        row.during = type(row.during)(row.during.lower, row.during.lower + timedelta(days=1))
        row.save(update_fields=["during"])


def move_place(installed: metering.Installed) -> None:
    site_models.SiteNode.objects.filter(organization_id=installed.organization_id).update(parent_id=None)


def change_zone(installed: metering.Installed) -> None:
    changing_zones.change_point(
        actor=ACTOR, at=NOW, meter_point=installed.point.public_id, time_zone="Asia/Tokyo", language="es"
    )


CHANGES: list[Callable[[metering.Installed], None]] = [
    rename,
    disable_device,
    change_model,
    end_installation,
    move_place,
    change_zone,
]


class TestKept:
    def test_is_read_once_while_nothing_changes(self) -> None:
        installed = metering.installed_meter(organization=identity.organization())
        first = facts(installed.organization_id)

        with CaptureQueriesContext(connection) as captured:
            second = facts(installed.organization_id)

        assert second is first
        assert len([each for each in captured if "monitoring_structurechange" in each["sql"]]) == 1
        assert not [each for each in captured if "metering_series" in each["sql"]]

    @pytest.mark.parametrize("change", CHANGES, ids=[each.__name__ for each in CHANGES])
    def test_is_read_anew_after_each_kind_of_change(self, change: Callable[[metering.Installed], None]) -> None:
        organization = identity.organization()
        installed = metering.installed_meter(organization=organization)
        acquisition.device(
            organization=organization, on=acquisition.bus(site=installed.point.site), meter=installed.meter
        )
        before = facts(organization.pk)

        with scoping.scope([organization.pk], actor=ACTOR):
            change(installed)

        assert facts(organization.pk) is not before

    def test_a_new_meter_point_and_a_new_name_are_seen_at_once(self) -> None:
        organization = identity.organization()
        site = sites.site(organization=organization)
        first = metering.installed_meter(organization=organization, site=site, name="Shop 1")
        assert names(organization.pk) == ["Shop 1"]

        metering.installed_meter(organization=organization, site=site, name="Shop 2")
        with scoping.scope([organization.pk], actor=ACTOR):
            rename(first)

        assert names(organization.pk) == ["Renamed", "Shop 2"]

    def test_what_is_rolled_back_is_not_kept(self) -> None:
        organization = identity.organization()
        installed = metering.installed_meter(organization=organization, name="Shop 1")

        seen: list[str] = []

        def fail() -> None:
            with scoping.scope([organization.pk], actor=ACTOR):
                rename(installed)
                seen.extend(each.name for each in queries.list_meters(at=NOW, wanted=MeterFilter()).rows)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()

        assert seen == ["Renamed"]
        assert names(organization.pk) == ["Shop 1"]

    def test_who_began_earlier_and_commits_later_is_noticed(self) -> None:
        organization = identity.organization()
        site = sites.site(organization=organization)
        early = metering.installed_meter(organization=organization, site=site, name="Shop 1")
        late = metering.installed_meter(organization=organization, site=site, name="Shop 2")
        changed, go = threading.Event(), threading.Event()

        def begin_early() -> None:
            with scoping.scope([organization.pk], actor=ACTOR):
                rename(early)
                changed.set()
                go.wait(30)
            connection.close()

        thread = threading.Thread(target=begin_early)
        thread.start()
        assert changed.wait(30)
        with scoping.scope([organization.pk], actor=ACTOR):
            change_model(late)
        assert names(organization.pk) == ["Shop 1", "Shop 2"]
        go.set()
        thread.join()

        assert names(organization.pk) == ["Renamed", "Shop 2"]

    def test_another_organization_keeps_its_own(self) -> None:
        mine = metering.installed_meter(organization=identity.organization(), name="Mine")
        other = metering.installed_meter(organization=identity.organization(), name="Other")
        before = facts(mine.organization_id)

        with scoping.scope([other.organization_id], actor=ACTOR):
            rename(other)

        assert facts(mine.organization_id) is before
        assert names(mine.organization_id) == ["Mine"]

    def test_old_changes_are_cleared_away_by_the_next(self, server: databases.TestServer, database: str) -> None:
        installed = metering.installed_meter(organization=identity.organization())
        with server.admin(database) as owner:
            owner.execute(
                "UPDATE monitoring_structurechange SET at = now() - interval '2 hours' WHERE organization_id = %s",
                [installed.organization_id],
            )

        with scoping.scope([installed.organization_id], actor=ACTOR):
            rename(installed)
            left = models.StructureChange.objects.filter(organization_id=installed.organization_id).count()

        assert left == 1
