"""Jobs and swap tests for tests, made through the operations that users have."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from meterbook.fieldwork import models, operations
from meterbook.fieldwork.values import JobKind
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel import clock
from meterbook.kernel.actor import Actor
from meterbook.metering import operations as metering_operations
from meterbook.metering import values as metering_values
from meterbook.sites import models as site_models
from meterbook.sites.values import NodeKind
from tests.factories import metering, sites

ACTOR = Actor.system("factory")
ON, OFF = 3_000, 0  # W


def job(
    site: site_models.Site,
    *,
    kind: JobKind = JobKind.LOOK,
    words: str = "the display is dark",
    meter: metering.Installed | None = None,
    assignee: identity_models.User | None = None,
    at: datetime | None = None,
) -> models.Job:
    """This will make a job; outside a scope."""
    with scoping.scope([site.organization_id], actor=ACTOR):
        return operations.make_job(
            actor=ACTOR,
            at=at or clock.now(),
            site_id=site.pk,
            kind=kind,
            words=words,
            meter_point=meter.point.public_id if meter else None,
            assignee=assignee.public_id if assignee else None,
        )


@dataclass(frozen=True)
class House:
    """Two units with a meter each, and a main meter above them; A is that of the first unit."""

    organization: identity_models.Organization
    site: site_models.Site
    units: tuple[site_models.SiteNode, site_models.SiteNode]
    meters: Mapping[str, metering.Installed]

    def show(self, at: datetime, **watts: int) -> None:
        """This will have meters show their power now, as the collector writes it; outside a scope."""
        rows = [
            (self.meters[name].series["power"].pk, metering.microseconds(at), value) for name, value in watts.items()
        ]
        metering_operations.record_latest(
            organization_id=self.organization.pk, actor=ACTOR, at=at, batch=metering_operations.ReadingBatch.of(rows)
        )

    def begin(self, at: datetime) -> uuid.UUID:
        """This will begin a swap test of the first unit; outside a scope."""
        with scoping.scope([self.organization.pk], actor=ACTOR):
            return operations.begin_swap_test(actor=ACTOR, at=at, node=self.units[0].public_id).public_id

    def watch(self, test: uuid.UUID, at: datetime, **watts: int) -> datetime:
        """This will have the meters show the same five times, three seconds apart; it answers when that is over."""
        for _each in range(5):
            at += timedelta(seconds=3)
            self.show(at, **watts)
            with scoping.scope([self.organization.pk], actor=ACTOR):
                operations.take_samples(actor=ACTOR, at=at, swap_test=test)
        return at


def house(organization: identity_models.Organization, *, at: datetime) -> House:
    """This will make a house whose meters all take 3 kW at an instant; outside a scope."""
    site = sites.site(organization=organization)
    units = tuple(sites.node(site=site, kind=NodeKind.UNIT, name=f"Flat {number}") for number in (1, 2))
    meters = {
        "a": metering.installed_meter(organization=organization, site=site, node=units[0], name="Flat 1 meter"),
        "b": metering.installed_meter(organization=organization, site=site, node=units[1], name="Flat 2 meter"),
        "main": metering.installed_meter(
            organization=organization, site=site, name="Supply", role=metering_values.PointRole.MAIN
        ),
    }
    made = House(organization, site, (units[0], units[1]), meters)
    made.show(at, a=ON, b=ON, main=2 * ON)
    return made


def decided(organization: identity_models.Organization, *, falls: str = "b") -> uuid.UUID:
    """This will make a swap test in which a meter fell, and answer its public id; outside a scope."""
    at = clock.now() - timedelta(minutes=10)
    made = house(organization, at=at)
    test = made.begin(at)
    usual = {"a": ON, "b": ON, "main": 2 * ON}
    at = made.watch(test, at, **usual)
    with scoping.scope([organization.pk], actor=ACTOR):
        operations.say_off(actor=ACTOR, at=at, swap_test=test)
    at = made.watch(test, at + timedelta(seconds=6), **{**usual, falls: OFF, "main": ON})
    with scoping.scope([organization.pk], actor=ACTOR):
        operations.say_on(actor=ACTOR, at=at, swap_test=test)
    at = made.watch(test, at + timedelta(seconds=6), **usual)
    with scoping.scope([organization.pk], actor=ACTOR):
        operations.end_swap_test(actor=ACTOR, at=at, swap_test=test)
    return test
