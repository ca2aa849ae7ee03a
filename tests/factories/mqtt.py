"""A real broker of MQTT on this machine, and devices that publish at it, for tests."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import uuid
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import aiomqtt
from amqtt.broker import Broker
from pwdlib.hashers.argon2 import Argon2Hasher

from meterbook.acquisition import models, operations
from meterbook.acquisition.drivers.mqtt import mapping
from meterbook.acquisition.library import documents
from meterbook.acquisition.plans import registers_of_model
from meterbook.foundation import scoping
from meterbook.foundation.tls.files import Pair
from meterbook.identity import models as identity_models
from meterbook.metering import models as metering_models
from meterbook.sites import models as site_models
from tests.factories import acquisition, metering, sites

QUICK = Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1)


class RunningBroker:
    """A broker in a thread of its own. It may go and come back at the same port.

    :param users: user and password of who may enter; none: everybody
    :param files: certificate and key for TLS
    """

    def __init__(self, folder: Path, users: dict[str, str] | None = None, files: Pair | None = None) -> None:
        self._users, self._files = users or {}, files
        self._passwords = folder / "users"
        self._passwords.write_text("".join(f"{user}:{QUICK.hash(word)}\n" for user, word in self._users.items()))
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="broker")
        self._thread.start()
        self._broker: Broker | None = None
        self.start()

    def start(self) -> None:
        """This will open the broker, at the port that it had before."""
        self.run(self._start())

    def stop(self) -> None:
        """This will end the broker with all its connections."""
        self.run(self._stop())

    def send(self, topic: str, payload: object, *, is_retained: bool = False) -> None:
        """This will publish a message as a device would; what is no text is sent as JSON."""
        told = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        self.run(self._send(topic, told, is_retained))

    def close(self) -> None:
        """This will end the broker and its thread."""
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """This will do something in the broker's thread."""
        asyncio.run_coroutine_threadsafe(work, self._loop).result(15)

    async def _start(self) -> None:
        listener: dict[str, Any] = {"type": "tcp", "bind": f"127.0.0.1:{self.port}"}
        if self._files is not None:
            listener |= {"ssl": True, "certfile": str(self._files.certificate), "keyfile": str(self._files.key)}
        inner = {"type": "tcp", "bind": "127.0.0.1:0"}  # by which the devices of the test send
        plugin = "amqtt.plugins.authentication."
        plugins: dict[str, Any] = {f"{plugin}AnonymousAuthPlugin": {"allow_anonymous": True}}
        if self._users:
            plugins = {f"{plugin}FileAuthPlugin": {"password_file": str(self._passwords)}}
        self._broker = Broker({"listeners": {"default": inner, "door": listener}, "plugins": plugins})
        await self._broker.start()
        self.port = self._port("door")

    async def _stop(self) -> None:
        broker, self._broker = self._broker, None
        if broker is not None:
            await broker.shutdown()

    async def _send(self, topic: str, payload: bytes, is_retained: bool) -> None:
        user, word = next(iter(self._users.items()), (None, None))
        async with aiomqtt.Client("127.0.0.1", self._port("default"), username=user, password=word) as client:
            await client.publish(topic, payload, qos=1, retain=is_retained)

    def _port(self, listener: str) -> int:
        assert self._broker is not None
        instance = self._broker._servers[listener].instance
        return int(instance.sockets[0].getsockname()[1])


@contextlib.contextmanager
def running_broker(
    folder: Path, *, users: dict[str, str] | None = None, files: Pair | None = None
) -> Iterator[RunningBroker]:
    """This will run a broker until the block ends."""
    made = RunningBroker(folder, users, files)
    try:
        yield made
    finally:
        made.close()


def broker(
    *,
    site: site_models.Site,
    port: int,
    host: str = "127.0.0.1",
    name: str = "Cellar",
    user: str = "",
    password: str | None = None,
    authority: str = "",
    is_encrypted: bool = False,
) -> models.Bus:
    """This will add a broker to a site; outside a scope."""
    facts = operations.BrokerFacts(
        name=name,
        host=host,
        port=port,
        user=user,
        password=password,
        is_encrypted=is_encrypted or bool(authority),
        authority=authority,
    )
    with scoping.scope([site.organization_id], actor=acquisition.ACTOR):
        return operations.create_broker(
            actor=acquisition.ACTOR, at=acquisition.AT, site=site.public_id, facts=facts, allowed=acquisition.DEMO
        )


def broker_of(organization: identity_models.Organization) -> uuid.UUID:
    """This will add a broker to a new site, and return the public id of its bus."""
    return broker(site=sites.site(organization=organization), port=1883).public_id


def heard_meter(
    *,
    organization: identity_models.Organization,
    on: models.Bus,
    model_code: str = "json_electricity",
    topic: str = "riser/1",
    text: str = "",
    seconds: int = 120,
) -> tuple[models.Device, dict[str, metering_models.Series]]:
    """This will hang a meter and hear it at a broker; with a mapping of its own when a text is given.

    Returns the device and the series by code.
    """
    model = documents.load(model_code)
    found = mapping.read(text, model) if text else None
    with scoping.scope([on.organization_id], actor=acquisition.ACTOR):
        registers = registers_of_model(model_code, only=found.registers if found else None)
    installed = metering.installed_meter(
        organization=organization, site=on.site, model_code=model_code, registers=registers
    )
    facts = operations.SubscriptionFacts(topic=topic, mapping=found, expected_seconds=seconds)
    with scoping.scope([on.organization_id], actor=acquisition.ACTOR):
        device = operations.subscribe_device(
            actor=acquisition.ACTOR, at=acquisition.AT, bus=on, meter=installed.meter, facts=facts
        )
    return device, installed.series
