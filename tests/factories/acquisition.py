"""Buses, devices and what happens to them, for tests; made through the operations that users and collectors have."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from meterbook.acquisition import models, networks, operations, plans, probing, queries, values
from meterbook.collector import main as collector_main
from meterbook.foundation import events, scoping
from meterbook.foundation import models as foundation_models
from meterbook.identity import models as identity_models
from meterbook.kernel import clock
from meterbook.kernel.actor import Actor
from meterbook.metering import models as metering_models
from meterbook.sites import models as site_models
from tests.factories import metering, sites

ACTOR = Actor.system("factory")
AT = datetime(2026, 3, 1, 5, 0, tzinfo=UTC)
DEMO = networks.AllowedNetworks(is_demo=True)
TIMEOUT = values.Problem(
    "TIMEOUT", "unit 7 did not answer within 1 s", "Check the wiring.", {"unit": 7, "seconds": "1"}
)
_numbers = itertools.count(1)
T = TypeVar("T")


def bus(
    *,
    site: site_models.Site,
    name: str | None = None,
    host: str = "127.0.0.1",
    port: int = 502,
    timeout_ms: int = 200,
    retries: int = 1,
    protocol: values.BusProtocol = values.BusProtocol.MODBUS_TCP,
    line: values.LineSettings | None = None,
    allowed: networks.AllowedNetworks = DEMO,
) -> models.Bus:
    """This will make a bus on this machine; outside a scope."""
    with scoping.scope([site.organization_id], actor=ACTOR):
        return operations.create_bus(
            actor=ACTOR,
            at=AT,
            site=site,
            name=name or f"Bus {next(_numbers)}",
            host=host,
            allowed=allowed,
            port=port,
            timeout_ms=timeout_ms,
            retries=retries,
            protocol=protocol,
            line=line,
        )


def installed_meter(
    *, organization: identity_models.Organization, site: site_models.Site, model_code: str = "eastron_sdm630"
) -> metering.Installed:
    """This will hang a meter with all registers of its model; outside a scope."""
    return metering.installed_meter(
        organization=organization, site=site, model_code=model_code, registers=plans.registers_of_model(model_code)
    )


def device(
    *,
    organization: identity_models.Organization,
    on: models.Bus | None = None,
    meter: metering_models.Meter | None = None,
    unit_id: int = 7,
    model_code: str = "eastron_sdm630",
    live_seconds: int = 10,
    secondary: str = "",
) -> models.Device:
    """This will make a device, with bus and installed meter when none are given; outside a scope."""
    line = on if on is not None else bus(site=sites.site(organization=organization))
    if meter is None:
        meter = installed_meter(organization=organization, site=line.site, model_code=model_code).meter
    with scoping.scope([organization.pk], actor=ACTOR):
        return operations.create_device(
            actor=ACTOR,
            at=AT,
            bus=line,
            meter=meter,
            unit_id=unit_id,
            live_seconds=live_seconds,
            secondary=secondary,
        )


def request(made: models.Device, *, real_at: datetime | None = None, actor: Actor = ACTOR) -> uuid.UUID:
    """This will ask for a reading now; outside a scope."""
    with scoping.scope([made.organization_id], actor=actor):
        return operations.request_reading(
            actor=actor,
            at=clock.now(),
            real_at=real_at or clock.real_now(),
            meter_public_id=made.meter.public_id,
        )


def shown_request(organization_id: int, public_id: uuid.UUID, *, real_at: datetime | None = None) -> queries.RequestRow:
    """This will return the request as a screen sees it; outside a scope."""
    with scoping.scope([organization_id], actor=ACTOR):
        return queries.get_request(public_id=public_id, real_at=real_at or clock.real_now())


def probe(
    site: site_models.Site,
    *,
    place: operations.Place | None = None,
    model_code: str = "eastron_sdm630",
    real_at: datetime | None = None,
    allowed: networks.AllowedNetworks = DEMO,
) -> uuid.UUID:
    """This will ask for a test read; outside a scope."""
    with scoping.scope([site.organization_id], actor=ACTOR):
        return operations.request_probe(
            actor=ACTOR,
            at=clock.now(),
            real_at=real_at or clock.real_now(),
            site=site.public_id,
            model_code=model_code,
            place=place or operations.Place(unit_id=7, host="127.0.0.1"),
            allowed=allowed,
        )


def shown_probe(site: site_models.Site, public_id: uuid.UUID, *, real_at: datetime | None = None) -> probing.ProbeRow:
    """This will return the test read as a screen sees it; outside a scope."""
    with scoping.scope([site.organization_id], actor=ACTOR):
        return probing.get_probe(public_id=public_id, real_at=real_at or clock.real_now())


def shown_device(made: models.Device) -> queries.DeviceRow:
    """This will return the device as a screen sees it; outside a scope."""
    with scoping.scope([made.organization_id], actor=ACTOR):
        return queries.get_device_of_meter(meter_public_id=made.meter.public_id)


def until_well(made: models.Device) -> None:
    """This will wait until a running collector has noted that a device answers; outside a scope."""
    eventually(lambda: shown_device(made).status is values.DeviceStatus.OK)


def published(organization_id: int) -> list[str]:
    """This will return the names of the events of acquisition, in order; outside a scope."""
    with scoping.scope([organization_id], actor=ACTOR):
        rows = foundation_models.OutboxEvent.objects.filter(
            organization_id=organization_id, name__startswith="acquisition."
        )
        return list(rows.order_by("id").values_list("name", flat=True))


def deliver(organization_id: int) -> None:
    """This will do what the worker does with the events that wait: run each handler once, in order."""
    with scoping.scope([organization_id], actor=ACTOR):
        rows = list(foundation_models.OutboxEvent.objects.filter(organization_id=organization_id).order_by("id"))
    for row in rows:
        for handler in events.subscribed()[row.name]:
            with scoping.scope([organization_id], actor=Actor.system(events.HANDLE_EVENT)):
                events.deliver(organization_id=organization_id, event_id=row.pk, handler=handler, at=clock.now())


@contextlib.contextmanager
def running_collector(allowed: networks.AllowedNetworks = DEMO) -> Iterator[None]:
    """This will run a collector over the worker's database, in a thread of its own, until the block ends."""
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    outcome: list[bool] = []

    def serve() -> None:
        outcome.append(loop.run_until_complete(collector_main.collect(allowed, stop)))
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()

    thread = threading.Thread(target=serve, name="collector")
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
    assert outcome == [True], "the collector did not stop cleanly"


def eventually(check: Callable[[], T | None], *, seconds: int = 30) -> T:
    """This will ask again and again until the check gives something, and return that.

    :raises AssertionError: when it does not within so many real seconds
    """
    pause, began = threading.Event(), time.monotonic()
    while time.monotonic() - began < seconds:
        found = check()
        if found:
            return found
        pause.wait(timedelta(milliseconds=20).total_seconds())
    raise AssertionError(f"nothing of the kind within {seconds} s")


def stored(series: metering_models.Series) -> list[tuple[datetime, int]]:
    """This will return the raw readings of a series, in order; outside a scope."""
    with scoping.scope([series.organization_id], actor=ACTOR):
        rows = metering_models.Reading.objects.filter(organization_id=series.organization_id, series_id=series.pk)
        return list(rows.order_by("at").values_list("at", "value"))


def free_port() -> int:
    """This will return a loopback port at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
