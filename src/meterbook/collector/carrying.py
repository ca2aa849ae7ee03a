"""Batches of field gateways that come through a broker: taken one after the other, each answered.

What is taken and why is no matter of the broker: `journeys.pushed`, as over HTTPS.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from meterbook.acquisition import plans
from meterbook.acquisition.drivers.mqtt import session
from meterbook.collector.database import DatabaseLost
from meterbook.journeys import pushed
from meterbook.kernel import clock

log = structlog.get_logger(__name__)

MOST_WAITING = 100  # batches; a gateway sends the next one when it was answered, so that more are none of ours

# From the bus, the topic and the payload to the topic and the text of the answer, if somebody can be answered.
Take = Callable[[plans.BusPlan, str, bytes], Awaitable[tuple[str, bytes] | None]]


class Mail:
    """The batches that one broker brought and that are not taken yet."""

    def __init__(self, take: Take) -> None:
        self._take = take
        self._waiting: asyncio.Queue[session.Heard] = asyncio.Queue(MOST_WAITING)

    def put(self, message: session.Heard) -> None:
        """This will have a batch taken. When too many wait it is dropped: its gateway sends it again."""
        try:
            self._waiting.put_nowait(message)
        except asyncio.QueueFull:
            log.warning("collector.batch_dropped", topic=message.topic)

    async def serve(self, plan: plans.BusPlan, connection: session.Connection) -> None:
        """This will take what comes and answer it, until it is cancelled or the connection ends."""
        while True:
            message = await self._waiting.get()
            try:
                answer = await self._take(plan, message.topic, message.payload)
            except DatabaseLost as error:
                log.warning("collector.batch_not_taken", topic=message.topic, error=str(error))
                continue
            if answer is not None:
                await connection.publish(*answer)


def take(plan: plans.BusPlan, topic: str, payload: bytes) -> tuple[str, bytes] | None:
    """This will take a batch, and return the topic and the text of its answer. Runs in a database thread."""
    at, real_at = clock.now(), clock.real_now()
    source = f"MQTT {plan.name}"[:50]
    return pushed.take_from_broker(at=at, real_at=real_at, source=source, topic=topic, payload=payload)
