"""The way through a broker: batches are published, the server's answers heard, each known by what it answers."""

from __future__ import annotations

import asyncio
import logging
import socket

from meterbook.acquisition.contract import errors
from meterbook.acquisition.drivers.mqtt import session
from meterbook.acquisition.push import carrying, configuration, signing
from meterbook.gateway import courier, keeping

log = logging.getLogger("meterbook.gateway")
PATIENCE = 20.0  # real seconds for the server's answer
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0


class BrokerWay:
    """The connection to the broker of a configuration. `run` holds it; `send` is called from other threads."""

    def __init__(self, kept: keeping.Kept, place: configuration.Carrier, *, patience: float = PATIENCE) -> None:
        self._kept, self.place, self._patience = kept, place, patience
        self._server_key = signing.decode(kept.server_key)
        self._loop = asyncio.get_running_loop()
        self._connection: session.Connection | None = None
        self._waiting: dict[str, asyncio.Future[carrying.Answer]] = {}
        self._pause = FIRST_PAUSE

    async def run(self) -> None:
        """This will hold the connection until it is cancelled; one that ended is opened again."""
        while True:
            try:
                await self._converse()
            except (errors.DeviceError, OSError) as error:
                log.warning("broker %s:%d: %s", self.place.host, self.place.port, error)
            await asyncio.sleep(self._pause)
            self._pause = min(2 * self._pause, LONGEST_PAUSE)

    def send(self, stamp: signing.Stamp, body: bytes) -> courier.Answer:
        """This will publish a signed batch and return the server's answer to it.

        :raises courier.Unreachable: when there is no connection, or no answer in time
        """
        return asyncio.run_coroutine_threadsafe(self._exchange(stamp, body), self._loop).result()

    async def _exchange(self, stamp: signing.Stamp, body: bytes) -> courier.Answer:
        if self._connection is None:
            raise courier.Unreachable(f"no connection to the broker {self.place.host}")
        answered: asyncio.Future[carrying.Answer] = self._loop.create_future()
        self._waiting[stamp.signature] = answered
        try:
            async with asyncio.timeout(self._patience):
                payload = carrying.wrap(stamp, body)
                await self._connection.publish(carrying.batches_topic(stamp.gateway), payload)
                answer = await answered
        except TimeoutError as error:
            raise courier.Unreachable(f"no answer through the broker {self.place.host}") from error
        except errors.DeviceError as error:
            raise courier.Unreachable(str(error)) from error
        finally:
            del self._waiting[stamp.signature]
        return courier.Answer(answer.status, answer.content)

    async def _converse(self) -> None:
        place = self.place
        found = await self._loop.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
        door = session.Door(
            name=place.host,
            address=str(found[0][4][0]),
            port=place.port,
            client_id=f"meterbook-gateway-{self._kept.gateway[:8]}",
            user=self._kept.broker_user,
            password=self._kept.broker_password,
            is_encrypted=place.is_encrypted,
            authority=place.authority,
        )
        async with session.connect(door) as connection:
            topic = carrying.answers_topic(self._kept.gateway)
            if await connection.follow([topic]):
                raise errors.DeviceError(f"the broker does not let us hear {topic}")
            self._connection, self._pause = connection, FIRST_PAUSE
            try:
                async for message in connection.messages():
                    self._hear(message)
            finally:
                self._connection = None

    def _hear(self, message: session.Heard) -> None:
        """What the server did not sign, or answers nothing that was asked, is passed over."""
        if message.is_retained:
            return
        try:
            answer = carrying.read_answer(message.payload, server_key=self._server_key, gateway=self._kept.gateway)
        except (carrying.AnswerRefused, ValueError, KeyError) as error:
            log.error("an answer that is not the server's: %s", error)
            return
        waiting = self._waiting.get(answer.to)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)
