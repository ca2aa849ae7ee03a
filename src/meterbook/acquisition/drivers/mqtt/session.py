"""A connection to an MQTT broker: entered with what it asks for, never without a check of who it is when encrypted."""

from __future__ import annotations

import contextlib
import ipaddress
import ssl
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field
from typing import Any

import aiomqtt

from meterbook.acquisition.contract import errors

KEEP_ALIVE = 30  # seconds; a broker that says nothing for one and a half times as long is gone
PATIENCE = 8.0  # real seconds for each step
MOST_WAITING = 10_000  # messages that came and were not taken yet
AT_LEAST_ONCE = 1
REFUSED_FROM = 128  # what a broker answers a subscription with that it does not grant
BAD_USER = frozenset({4, 5, 134, 135})


class BrokerRefused(errors.DeviceError):
    """The broker does not let us in."""

    code = "BROKER_REFUSED"
    remedy = "Check user and password at the broker, and whether another program uses the same client id."


class BrokerNotTrusted(errors.DeviceError):
    """The broker's certificate is not what it must be, or it does not speak TLS at this port."""

    code = "BROKER_TLS"
    remedy = "Check the port, the name of the broker and the certificate of the authority that signed its own."


class BrokerUnprotected(errors.DeviceError):
    """A broker outside of the local network that is entered without a user or without encryption."""

    code = "BROKER_UNPROTECTED"
    remedy = "Outside of the local network give a user and a password, and switch encryption on."


@dataclass(frozen=True)
class Door:
    """A broker and how it is entered. `name` is what its certificate must be for, `address` the number that is dialed.

    `authority` are certificates (PEM) that its own must be signed with; empty: those that the system trusts.
    """

    name: str
    address: str
    port: int
    client_id: str
    user: str = ""
    password: str = field(default="", repr=False)
    is_encrypted: bool = False
    authority: str = field(default="", repr=False)


@dataclass(frozen=True)
class Heard:
    """A message. A retained one was kept by the broker: nobody knows how old it is."""

    topic: str
    payload: bytes
    is_retained: bool


class Connection:
    """An open connection; it remembers to what it listens."""

    def __init__(self, client: aiomqtt.Client, door: Door) -> None:
        self._client, self._door = client, door
        self._topics: frozenset[str] = frozenset()

    async def follow(self, topics: Collection[str]) -> frozenset[str]:
        """This will listen to exactly these topics, and return those that the broker does not grant.

        :raises meterbook.acquisition.contract.errors.ConnectionLost: when the connection has ended
        """
        wanted, refused = frozenset(topics), set()
        with _lost(self._door):
            for topic in sorted(self._topics - wanted):
                await self._client.unsubscribe(topic)
            for topic in sorted(wanted - self._topics):
                granted = await self._client.subscribe(topic, qos=AT_LEAST_ONCE)
                if any(_number(each) >= REFUSED_FROM for each in granted):
                    refused.add(topic)
        self._topics = wanted - refused
        return frozenset(refused)

    async def publish(self, topic: str, payload: bytes) -> None:
        """This will send a message, and return when the broker has it. It is never kept there for others.

        :raises meterbook.acquisition.contract.errors.ConnectionLost: when the connection has ended
        """
        with _lost(self._door):
            await self._client.publish(topic, payload, qos=AT_LEAST_ONCE, retain=False)

    async def messages(self) -> AsyncIterator[Heard]:
        """This will give the messages as they come.

        :raises meterbook.acquisition.contract.errors.ConnectionLost: when the connection ends
        """
        with _lost(self._door):
            async for each in self._client.messages:
                payload = each.payload if isinstance(each.payload, bytes) else str(each.payload).encode()
                yield Heard(each.topic.value, payload, bool(each.retain))


@contextlib.asynccontextmanager
async def connect(door: Door) -> AsyncIterator[Connection]:
    """This will enter a broker and leave it at the end. Nothing is kept there for us: the session is a clean one.

    :raises meterbook.acquisition.contract.errors.DeviceError: ConnectionRefused, BrokerRefused, BrokerNotTrusted,
        BrokerUnprotected
    """
    if not (is_local(door.address) or (door.user and door.is_encrypted)):
        raise BrokerUnprotected(f"{door.name} is no local broker", host=door.name)
    trust = _trust(door) if door.is_encrypted else None
    client = aiomqtt.Client(
        door.address,
        door.port,
        username=door.user or None,
        password=door.password or None,
        identifier=door.client_id,
        clean_session=True,
        keepalive=KEEP_ALIVE,
        timeout=PATIENCE,
        tls_context=trust,
        max_queued_incoming_messages=MOST_WAITING,
    )
    try:
        await client.__aenter__()
    except aiomqtt.MqttError as error:
        if trust is not None:
            trust.abandon()
        raise _refusal(error, door) from error
    try:
        yield Connection(client, door)
    finally:
        with contextlib.suppress(aiomqtt.MqttError):
            await client.__aexit__(None, None, None)


def is_local(address: str) -> bool:
    """Whether a numeric address lies in a network that is nobody else's: private, of this machine, or of this cable."""
    plain = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(plain, "ipv4_mapped", None)
    return (mapped if mapped is not None else plain).is_private or plain.is_loopback or plain.is_link_local


def is_elsewhere(host: str) -> bool:
    """Whether a host is surely outside of the local network; a name is looked at when it is dialed."""
    try:
        return not is_local(host)
    except ValueError:
        return False


def read_authority(pem: str) -> int:
    """This will return how many certificates a text holds.

    :raises ValueError: when it holds none, or one that is none
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=pem)
    except (ssl.SSLError, ValueError) as error:
        raise ValueError(str(error)) from error
    return int(context.cert_store_stats()["x509_ca"])


class _Named(ssl.SSLContext):
    """The address was checked and is dialed as a number; the certificate must be for the name all the same."""

    name = ""
    opened: ssl.SSLSocket | None = None

    def wrap_socket(self, *args: Any, **kwargs: Any) -> ssl.SSLSocket:  # noqa: ANN401 - as the library declares it
        """This will wrap a socket for the broker's name."""
        self.opened = super().wrap_socket(*args, **{**kwargs, "server_hostname": self.name})
        return self.opened

    def abandon(self) -> None:
        """This will close the socket of a handshake that failed, which the library leaves open."""
        if self.opened is not None:
            self.opened.close()


def _trust(door: Door) -> _Named:
    context = _Named(ssl.PROTOCOL_TLS_CLIENT)
    context.name = door.name
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if door.authority:
        context.load_verify_locations(cadata=door.authority)
    else:
        context.load_default_certs()
    return context


@contextlib.contextmanager
def _lost(door: Door) -> Any:  # noqa: ANN401 - a generator, of which contextlib makes something else
    try:
        yield
    except aiomqtt.MqttError as error:
        raise errors.ConnectionLost(f"the broker {door.name} ended the connection", host=door.name) from error


def _refusal(error: aiomqtt.MqttError, door: Door) -> errors.DeviceError:
    if isinstance(error, aiomqtt.MqttCodeError) and error.rc is not None:
        words = f"the broker {door.name} refused us ({error})"
        if _number(error.rc) in BAD_USER:
            return BrokerRefused(words, host=door.name)
    said = str(error)
    if "SSL" in said or "certificate" in said.lower():
        return BrokerNotTrusted(f"the broker {door.name} is not trusted ({said})", host=door.name)
    return errors.ConnectionRefused(
        f"no connection to {door.name}:{door.port} ({said})", host=door.name, port=door.port
    )


def _number(code: Any) -> int:  # noqa: ANN401 - a number or paho's own class of them
    return int(getattr(code, "value", code))
