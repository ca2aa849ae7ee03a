"""A field gateway hears devices at a broker of its site: set up on pages, told by its configuration, kept as read."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from meterbook.acquisition import gateway_plans, operations
from meterbook.acquisition.push import configuration, signing
from meterbook.foundation import scoping
from meterbook.gateway import hearing, lines, store
from meterbook.kernel import clock
from tests.factories import gateways, identity, mqtt, sites
from tests.support import pages


class House:
    """A site whose gateway enters a broker with a password, set up on the pages."""

    def __init__(self, port: int) -> None:
        self.organization = identity.organization()
        self.site = sites.site(organization=self.organization)
        self.browser = pages.signed_in(self.organization)
        self.gateway = gateways.gateway(site=self.site, most_meters=1)
        given = {"name": "Cellar", "host": "127.0.0.1", "port": port, "user": "riser", "password": "two"}
        assert self.post("gateway_broker_new", self.gateway.public_id, **given).status_code == 302
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            (self.line,) = gateway_plans.list_lines(gateway_id=self.gateway.pk)

    def post(self, route: str, *more: object, **given: object) -> Any:  # noqa: ANN401 - the test client's answer
        return self.browser.post(reverse(route, args=[self.organization.public_id, *more]), given)

    def add(self, code: str, text: str) -> Any:  # noqa: ANN401 - the test client's answer
        return self.post(
            "meter_new",
            site=str(self.site.public_id),
            name=code,
            code=code,
            service="ELECTRICITY",
            model_code="json_electricity",
            serial_number=f"S-{code}",
            multiplier="1",
            gateway=f"mqtt:{self.line.public_id}",
            topic=f"riser/{code}",
            mapping=text,
        )

    def configuration(self) -> configuration.Configuration:
        sender = gateways.enrolled(self.gateway)
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            made = operations.sign_configuration(actor=identity.ACTOR, at=clock.now(), gateway_id=self.gateway.pk)
        key = signing.decode(sender.server_key)
        return configuration.read(made.text, made.signature, server_key=key, gateway=sender.gateway)


@pytest.mark.spec("M-018/6")
class TestBroker:
    def test_of_the_site_is_heard_and_what_came_is_kept(self, tmp_path: Path) -> None:
        kept: list[store.Row] = []
        notes: list[Mapping[str, Any]] = []
        answers: list[Mapping[str, Any]] = []
        outlets = lines.Outlets(
            keep=kept.extend,
            show=lambda rows: None,
            note=lambda _device, note: notes.append(note),
            answer=lambda _asked, answer: answers.append(answer),
            offset_ms=lambda: 0,
        )
        noon = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
        with mqtt.running_broker(tmp_path, users={"riser": "two"}) as running:
            house = House(running.port)
            assert house.add("A", "energy_import: /total kWh\ntime: /ts").status_code == 302
            full = house.add("B", "energy_import: /total kWh")
            (bus,) = house.configuration().buses
            running.send("riser/A", {"total": 1, "ts": noon.isoformat()}, is_retained=True)

            async def run() -> None:
                runner = hearing.BrokerRunner(bus, outlets)
                task = asyncio.create_task(runner.run())
                runner.ask(lines.Asked("r", bus.devices[0].id, time.monotonic() + 60))

                async def until(done: Any, payload: object) -> None:  # noqa: ANN401 - a condition
                    for _ in range(300):
                        if done():
                            return
                        await asyncio.to_thread(running.send, "riser/A", payload)
                        await asyncio.sleep(0.1)
                    raise AssertionError(notes)

                await until(lambda: kept, {"total": 7.5, "ts": noon.isoformat()})
                await until(lambda: any("problem" in each for each in notes), {"ts": noon.isoformat()})
                notes.clear()
                await until(lambda: notes, {"event": "power_lost"})
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

            asyncio.run(run())

        assert [(row.meter, row.register, row.value, row.at) for row in kept] == [
            ("S-A", "energy_import", 7_500, int(noon.timestamp()) * 1000)
        ]
        assert answers[0]["values"][0]["value"] == 7_500
        assert (notes[0]["failures"], notes[0]["problem"]["code"]) == (3, "LAST_GASP")
        assert full.status_code == 422
        assert "allows 1 meter" in full.content.decode()
        page = pages.page(house.browser, "gateway", house.organization, house.gateway.public_id)
        assert "riser/A" in page
        assert "two" not in page.split("What it reads by itself")[1].split("</section>")[0]
        assert "Cellar" not in pages.page(house.browser, "brokers", house.organization)


class Failing(hearing.BrokerRunner):
    """One whose connection ends by a fault of the program."""

    async def _converse(self) -> None:
        raise KeyError("what nobody foresaw")


def test_fault_of_the_connection_is_what_its_devices_show() -> None:
    notes: list[Mapping[str, Any]] = []
    outlets = lines.Outlets(
        keep=lambda rows: None,
        show=lambda rows: None,
        note=lambda _device, note: notes.append(note),
        answer=lambda _asked, _answer: None,
        offset_ms=lambda: 0,
    )
    house = House(1883)
    assert house.add("A", "energy_import: /total kWh").status_code == 302
    (bus,) = house.configuration().buses
    quick = dataclasses.replace(bus, devices=tuple(dataclasses.replace(each, live_seconds=1) for each in bus.devices))

    async def run() -> None:
        task = asyncio.create_task(Failing(quick, outlets).run())
        for _ in range(300):
            if notes:
                break
            await asyncio.sleep(0.1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())

    assert notes[0]["problem"]["code"] == "GATEWAY_BROKEN"
    assert "what nobody foresaw" in notes[0]["problem"]["words"]
