"""A demonstration's time is moved: every slot has its readings, the jobs have run, and what was reached is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from meterbook.audit import models as audit_models
from meterbook.cli import demo_advance
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel import clock
from meterbook.metering import models as metering_models
from meterbook_lab.gateway_sim import Meter
from meterbook_lab.modbus_load import Week
from tests.factories import acquisition as factory
from tests.factories import identity, metering, sites

pytestmark = pytest.mark.usefixtures("empty_database")

START = datetime(2026, 6, 16, 11, 52, tzinfo=UTC)
FIVE, QUARTER = timedelta(minutes=5), timedelta(minutes=15)
WATT_HOURS = 500  # in each quarter of an hour
SHOWN = 4_711_00  # hundredths of a kilowatt-hour at the start


@pytest.fixture
def standing() -> Iterator[clock.Clock]:
    with clock.use(clock.SettableClock(START)) as installed:
        yield installed


@dataclass(frozen=True)
class Demo:
    """A meter of a demonstration whose gateway is named by a port at which nobody listens."""

    organization: identity_models.Organization
    installed: metering.Installed
    port: int

    @classmethod
    def made(cls) -> Demo:
        """One meter on one bus."""
        organization = identity.organization()
        port = factory.free_port()
        line = factory.bus(site=sites.site(organization=organization), port=port)
        installed = factory.installed_meter(organization=organization, site=line.site, model_code="abb_b23")
        factory.device(organization=organization, on=line, meter=installed.meter, unit_id=1, model_code="abb_b23")
        return cls(organization, installed, port)

    def move(
        self, standing: clock.SettableClock, until: datetime, is_over: Callable[[], bool] = lambda: False
    ) -> list[datetime]:
        """Move the clock and return what was reached on the way."""
        reached: list[datetime] = []
        meter = Meter(1, "abb_b23", START, {"energy_import": SHOWN}, Week((WATT_HOURS,) * 672))
        behind = {self.port: [meter]}
        asyncio.run(demo_advance.move(standing, until, behind=behind, keep=reached.append, is_over=is_over))
        return reached

    def days(self) -> int:
        """How many day blocks of the energy there are."""
        with scoping.scope([self.organization.pk], actor=factory.ACTOR):
            found = metering_models.SeriesDay.objects.filter(
                organization_id=self.organization.pk, series_id=self.installed.energy.pk
            )
            return found.count()

    def is_sealed(self) -> bool:
        """Whether the job that chains the audit trail has run."""
        with scoping.scope([self.organization.pk], actor=factory.ACTOR):
            found = audit_models.AuditSeal.objects.filter(organization_id=self.organization.pk)
            return bool(found.exists())


class TestMoving:
    def test_reads_every_slot_at_its_beginning(self, standing: clock.SettableClock) -> None:
        demo = Demo.made()

        demo.move(standing, START + timedelta(minutes=40))

        noon = START + timedelta(minutes=8)
        energy, power = factory.stored(demo.installed.energy), factory.stored(demo.installed.series["power"])
        # At the first stop its present slot, then each boundary: what the counter shows grows with the load.
        assert [at for at, _value in energy] == [START + timedelta(minutes=3), noon, noon + QUARTER, noon + 2 * QUARTER]
        assert [value for _at, value in energy] == [SHOWN + gone * WATT_HOURS // 150 for gone in (3, 8, 23, 38)]
        assert [at for at, _value in power] == [START + timedelta(minutes=3) + each * FIVE for each in range(8)]

    def test_tells_what_it_reached_and_ends_at_the_very_instant(self, standing: clock.SettableClock) -> None:
        until = START + timedelta(minutes=9, seconds=30)

        reached = Demo.made().move(standing, until)

        assert reached == [START + timedelta(minutes=3), START + timedelta(minutes=8), until]
        assert clock.now() == until

    def test_runs_the_jobs_to_their_end(self, standing: clock.SettableClock) -> None:
        demo = Demo.made()

        demo.move(standing, START + timedelta(hours=1))

        assert demo.days() == 1
        assert demo.is_sealed()

    def test_ends_after_the_slot_when_it_is_asked_to(self, standing: clock.SettableClock) -> None:
        reached = Demo.made().move(standing, START + timedelta(days=300), is_over=lambda: True)

        assert reached == [START + timedelta(minutes=3)]
