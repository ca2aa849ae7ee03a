"""Behind a field gateway as at the server: how lines answer is counted, and meters are asked for what they remember."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from meterbook.acquisition import memory, memory_plans, models, operations, plans, queries, values
from meterbook.acquisition.library import documents
from meterbook.acquisition.push.line_hours import LineHour
from meterbook.collector import backfilling
from meterbook.foundation import scoping
from meterbook.gateway import main as gateway_main
from meterbook.gateway import program
from meterbook.identity import models as identity_models
from meterbook.kernel import clock
from meterbook.metering import models as metering_models
from meterbook.metering.values import Source
from meterbook.monitoring import bus_health
from meterbook_lab.modbus_meter import SimulatedMeter
from tests.factories import acquisition, api, gateways, identity, lab, metering, sites
from tests.journeys.test_gateway_program import running
from tests.journeys.test_topology_pages import text_of
from tests.support import browser, databases, pages

ZONE = ZoneInfo("Europe/Madrid")
QUARTER, DAY = timedelta(minutes=15), timedelta(days=1)
MODEL = "pilot_spm93"


class House:
    """A site in Madrid whose gateway reads a meter with a daily freeze, and a second one that is not there."""

    def __init__(self, port: int) -> None:
        self.organization = identity.organization()
        self.site = sites.site(organization=self.organization, time_zone=ZONE.key)
        registers = plans.registers_of_model(MODEL, only=["energy_import", "power"])
        self.meter, self.dead = (
            metering.installed_meter(
                organization=self.organization, site=self.site, model_code=MODEL, registers=registers
            )
            for _ in range(2)
        )
        self.gateway = gateways.gateway(site=self.site, meters=[self.meter, self.dead])
        given = {"actor": identity.ACTOR, "at": clock.now(), "public_id": self.gateway.public_id}
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            self.bus = operations.create_gateway_bus(
                **given, name="Riser", protocol=values.BusProtocol.MODBUS_TCP, host="127.0.0.1", port=port
            )
            models.Bus.objects.filter(organization_id=self.organization.pk, pk=self.bus.pk).update(timeout_ms=200)
            self.device, self.silent = (
                operations.create_gateway_device(
                    **given, bus=self.bus.public_id, meter=each.meter.public_id, unit_id=unit
                )
                for unit, each in ((7, self.meter), (8, self.dead))
            )

    def health(self) -> bus_health.BusHealth:
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            return bus_health.get_health(bus=self.bus.public_id, at=clock.now())

    def remembered(self) -> list[tuple[datetime, int]]:
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            rows = metering_models.Reading.objects.filter(
                organization_id=self.organization.pk,
                series_id=self.meter.energy.pk,
                source=Source.MEMORY.value,
            )
            return list(rows.order_by("at").values_list("at", "value"))

    def answered(self) -> queries.RequestRow | None:
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            state = memory_plans.state(meter_public_id=self.meter.meter.public_id, real_at=clock.real_now())
        found = state.latest if state is not None else None
        return found if found is not None and found.is_final else None


@pytest.fixture(scope="module")
def address(server: databases.TestServer, database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with browser.serve(server, database, tmp_path_factory.mktemp("served")) as served:
        yield served.address


def shows(meter: SimulatedMeter, at: datetime) -> int:
    exact = meter.value(meter.model.register("energy_import"), at) * 10
    return exact.numerator // exact.denominator


def test_lines_are_counted_and_what_a_meter_remembers_fills_an_outage(address: str, tmp_path: Path) -> None:
    folder = tmp_path / "gateway"
    model = documents.load(MODEL)
    now = clock.now()
    meter = SimulatedMeter(model, 7, now - 40 * DAY, {"energy_import": Fraction(1000)}, zone=ZONE)
    with lab.running_gateway(units={7: MODEL}, clock=clock.now) as meters:
        meters.meters[7] = meter
        house = House(meters.port)
        lost = now - 4 * DAY
        last = lost.replace(minute=0, second=0, microsecond=0)
        heard = [last - number * QUARTER for number in range(28 * 96)]
        metering.record(house.meter.energy, [(at, shows(meter, at)) for at in heard])
        words = ["init", "--folder", str(folder), "--server", address, "--code", gateways.code(house.gateway)]
        assert gateway_main.main(words) == 0
        with running(folder) as process:
            acquisition.until_well(house.device)
            backfilling.ask_due(at=clock.now(), real_at=clock.real_now(), looked={})
            row = acquisition.eventually(house.answered)
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        counted = asyncio.run(flush(folder))

    kept = model.memory
    assert kept is not None
    wanted = sorted(at for at in memory.moments(kept, now, ZONE) if last < at <= now - QUARTER)
    assert house.remembered() == [(at, shows(meter, at)) for at in wanted]
    assert row.memory is not None
    assert (row.memory.taken, row.memory.conflicts) == (len(wanted), 0)
    health = house.health()
    assert counted
    assert health.sums.answered > row.memory.asked
    assert health.sums.failed >= 1
    assert health.sums.watched_ms > 0
    assert sum(health.sums.buckets) == health.sums.answered
    by_address = {each.address: each.sums for each in health.meters}
    assert by_address["8"].answered == 0
    assert by_address["7"].answered == health.sums.answered


async def flush(folder: Path) -> int:
    """Send what a program that ended has left."""
    made = program.Gateway(folder)
    sent = 0
    while made._store.has_lines():
        await made.send_once()
        sent += 1
    await made.close()
    return sent


class TestCounts:
    def row(self, house: House, **more: int) -> LineHour:
        hour = int(clock.now().replace(minute=0, second=0, microsecond=0).timestamp()) * 1000
        outcomes = {"answered": 3, "timeouts": 1}
        found = {"bus": str(house.bus.public_id), "device": str(house.device.public_id), "hour": hour}
        return LineHour(**{**found, "outcomes": outcomes, **more})  # type: ignore[arg-type]

    def test_of_a_batch_count_once_and_only_where_they_belong(self) -> None:
        house, other = House(502), House(502)
        sender = gateways.enrolled(house.gateway)
        good = self.row(house)
        far = self.row(house, hour=good.hour - 40 * 24 * 3_600_000)
        lines = (good, self.row(other), far, self.row(house, hour=good.hour + 5 * 3_600_000))

        answers = [sender.send([], sequence=1, lines=lines) for _ in range(3)]

        assert [each.status_code for each in answers] == [200] * 3
        assert (house.health().sums.asked, house.health().sums.timeouts) == (4, 1)
        assert other.health().sums.asked == 0

    def test_are_shown_on_the_page_of_the_bus_and_told_by_the_interface(self) -> None:
        house = House(502)
        before = page(house.organization, house.bus)
        gateways.enrolled(house.gateway).send([], lines=(self.row(house),))

        shown = page(house.organization, house.bus)
        told = api.program(organization=house.organization).get(f"/buses/{house.bus.public_id}/health").json()

        assert "Nothing was asked in this time" in before
        assert "Time-outs" in shown
        assert (told["counts"]["timeouts"], told["is_asked_by_gateway"]) == (1, True)


def page(organization: identity_models.Organization, bus: models.Bus) -> str:
    return text_of(pages.page(pages.signed_in(organization), "bus_health", organization, bus.public_id))
