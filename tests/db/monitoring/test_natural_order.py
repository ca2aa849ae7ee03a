"""Lists put "Shop 2" before "Shop 10": the key that the database keeps sorts as the kernel's does."""

from __future__ import annotations

import uuid

import pytest

from meterbook.foundation import scoping
from meterbook.kernel import order
from meterbook.kernel.actor import Actor
from meterbook.metering import models as metering_models
from meterbook.monitoring import queries
from meterbook.monitoring.values import MeterFilter, Sort
from meterbook.sites import queries as site_queries
from tests.db.monitoring.test_meter_list import NOW
from tests.factories import identity, metering, sites

ACTOR = Actor.system("test")
NAMES = ["Árbol", "Mesa", "Shop 1", "shop 2", "Shop 2, cold water", "Shop 10", "Shop 100", "Unit 1.9", "Unit 1.10"]


@pytest.mark.parametrize("sort", [Sort.NAME, Sort.UNIT])
def test_meters_are_listed_as_people_count(database: str, sort: Sort) -> None:
    organization = identity.organization()
    site = sites.site(organization=organization)
    for name in reversed(NAMES):
        place = sites.node(site=site, name=name, code=uuid.uuid4().hex)
        metering.installed_meter(organization=organization, site=site, name=name, node=place)

    with scoping.scope([organization.pk], actor=ACTOR):
        found = queries.list_meters(at=NOW, wanted=MeterFilter(sort=sort))

    assert [row.name for row in found.rows] == NAMES == sorted(NAMES, key=order.natural)


def test_numbers_of_any_length_keep_their_order(database: str) -> None:
    organization = identity.organization()
    site = sites.site(organization=organization)
    names = [str(10**power) for power in (0, 1, 5, 11)]
    for name in reversed(names):
        metering.installed_meter(organization=organization, site=site, name=name)

    with scoping.scope([organization.pk], actor=ACTOR):
        points = metering_models.MeterPoint.objects.filter(organization_id=organization.pk)
        found = list(points.order_by("sort_name").values_list("name", flat=True))

    assert found == names


def test_sites_are_listed_as_people_count(database: str) -> None:
    organization = identity.organization()
    for number in (10, 2, 1):
        sites.site(organization=organization, name=f"House {number}")

    with scoping.scope([organization.pk], actor=ACTOR):
        found = site_queries.list_sites()

    assert [row.name for row in found] == ["House 1", "House 2", "House 10"]
