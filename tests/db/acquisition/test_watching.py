"""Who looks at series has their devices asked more often: the right ones, a bounded number, and only one's own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import psycopg
import pytest

from meterbook.acquisition import models, operations
from meterbook.foundation import bus as foundation_bus
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from tests.factories import acquisition as factory
from tests.factories import identity, sites


@pytest.fixture
def organization() -> identity_models.Organization:
    return identity.organization()


def hanging(organization: identity_models.Organization, count: int) -> list[tuple[models.Device, list[int]]]:
    """Devices of one bus, each with the series that it feeds."""
    line = factory.bus(site=sites.site(organization=organization))
    found = []
    for unit in range(1, count + 1):
        installed = factory.installed_meter(organization=organization, site=line.site)
        device = factory.device(organization=organization, on=line, meter=installed.meter, unit_id=unit)
        found.append((device, [series.pk for series in installed.series.values()]))
    return found


def watch(
    organization: identity_models.Organization, series_ids: Iterable[int], site_ids: Iterable[int] | None = None
) -> tuple[int, set[int]]:
    """What the operation answers, and the devices that a collector is told."""

    with asyncio.Runner() as runner:
        connection = runner.run(foundation_bus.connect())
        with scoping.scope([organization.pk], actor=factory.ACTOR):
            count = operations.watch_series(
                actor=factory.ACTOR,
                at=factory.AT,
                series_ids=list(series_ids),
                site_ids=list(site_ids) if site_ids is not None else None,
            )
            foundation_bus.notify("end", organization.pk, [1])
        return count, runner.run(told(connection, organization.pk))


async def told(connection: psycopg.AsyncConnection[Any], organization_id: int) -> set[int]:
    """The devices of all notices to collectors, up to the one that says that it is the last."""
    found: set[int] = set()
    async for notice in foundation_bus.listen(connection):
        if notice.organization_id == organization_id and notice.kind == "end":
            break
        if notice.organization_id == organization_id and notice.kind == operations.WATCH:
            found.update(notice.ids)
    await connection.close()
    return found


class TestWatching:
    def test_tells_each_device_once_whatever_the_number_of_its_series(
        self, organization: identity_models.Organization
    ) -> None:
        (one, series), (_other, _theirs) = hanging(organization, 2)

        assert watch(organization, series) == (1, {one.pk})

    def test_takes_the_first_fifty_in_the_order_of_the_page(self, organization: identity_models.Organization) -> None:
        found = hanging(organization, operations.MOST_DEVICES + 2)
        downwards = [ids[0] for _device, ids in reversed(found)]

        count, devices = watch(organization, downwards)

        assert count == operations.MOST_DEVICES
        assert devices == {device.pk for device, _ids in found[2:]}

    def test_passes_over_what_is_elsewhere_or_switched_off(self, organization: identity_models.Organization) -> None:
        ((device, series),) = hanging(organization, 1)
        ((_foreign, theirs),) = hanging(identity.organization(), 1)
        elsewhere = sites.site(organization=organization)

        assert watch(organization, theirs) == (0, set())
        assert watch(organization, series, [elsewhere.pk]) == (0, set())
        assert watch(organization, series, [device.bus.site_id]) == (1, {device.pk})
        with scoping.scope([organization.pk], actor=factory.ACTOR):
            operations.set_device_enabled(actor=factory.ACTOR, at=factory.AT, device=device, is_enabled=False)
        assert watch(organization, series) == (0, set())
