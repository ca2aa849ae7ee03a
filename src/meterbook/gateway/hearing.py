"""One broker at the gateway's site: the messages of its devices become readings as answers of meters do."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from meterbook.acquisition.contract import errors
from meterbook.acquisition.contract.frames import Sample
from meterbook.acquisition.drivers.mqtt import mapping, messages, session
from meterbook.acquisition.library import decode
from meterbook.acquisition.polling.counting import Outcome
from meterbook.acquisition.push import configuration
from meterbook.gateway import lines, store, tallies, telling
from meterbook.kernel import clock

log = logging.getLogger("meterbook.gateway")
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # real seconds between two attempts to enter
LOOK_SECONDS = 1.0
SILENT_AFTER = 3  # failures in a row from which on the server takes a device for silent
GASPED = telling.problem(
    "LAST_GASP", "its supply failed, as it said itself", "Look at the fuse and the supply of the meter."
)


class NothingHeard(errors.DeviceError):
    """A device that has not sent for longer than it should."""

    code = "NO_MESSAGE"
    remedy = "Check that the device is supplied, reaches the broker, and sends under this topic."


class ConnectionFailed(errors.DeviceError):
    """The connection to the broker ended by a fault of the gateway's program."""

    code = "GATEWAY_BROKEN"
    remedy = "Look at the gateway's log; it enters the broker again by itself."


@dataclass
class Listener:
    """A device that sends by itself, with what is expected of it."""

    reader: lines.Reader
    heard: float  # of the machine's running time
    since: datetime
    cycles: int = 0
    has_gasped: bool = False  # it said that its supply fails, and has sent nothing since
    asked: list[lines.Asked] = field(default_factory=list)

    @property
    def subscription(self) -> configuration.Subscription:
        """Under which topic it sends, and where its values stand."""
        found = self.reader.device.subscription
        if found is None:
            raise LookupError(self.reader.device.id)
        return found


class BrokerRunner:
    """Hears the devices of one broker, for ever. It takes the place of a `lines.BusRunner`."""

    def __init__(self, bus: configuration.Bus, outlets: lines.Outlets) -> None:
        self.bus, self._outlets = bus, outlets
        self._problem: errors.DeviceError | None = None
        self._pause = FIRST_PAUSE
        now = clock.now()
        outlets.tallies.begin(bus.id, time.monotonic())
        self._listeners = {
            each.id: Listener(lines.prepare(each, outlets.newest(each.meter)), time.monotonic(), now)
            for each in bus.devices
            if each.subscription
        }
        self._routes: dict[str, list[tuple[Listener, list[mapping.Place]]]] = defaultdict(list)
        for listener in self._listeners.values():
            for topic, places in _topics(listener.subscription).items():
                self._routes[topic].append((listener, places))

    def knows(self, device: str) -> bool:
        """This will tell whether a device is heard here."""
        return device in self._listeners

    def ask(self, asked: lines.Asked) -> None:
        """This will answer a request with the next message of its device: nobody can ask it."""
        self._listeners[asked.device].asked.append(asked)

    async def read_due(self) -> None:
        """This will do nothing: what sends by itself is never due."""

    async def close(self) -> None:
        """This will do nothing: the connection ends with `run`."""

    async def run(self) -> None:
        """This will hear until it is cancelled."""
        watching = asyncio.create_task(self._watch())
        try:
            while True:
                try:
                    await self._converse()
                except (errors.DeviceError, OSError) as error:
                    self._problem = (
                        error if isinstance(error, errors.DeviceError) else errors.ConnectionLost(str(error))
                    )
                    log.warning("broker %s:%d: %s", self.bus.host, self.bus.port, error)
                except Exception as error:
                    # A fault of ours: it is told as the connection's state, and the others go on.
                    self._problem = ConnectionFailed(f"{type(error).__name__}: {error}"[:300])
                    log.exception("broker %s", self.bus.id)
                await asyncio.sleep(self._pause)
                self._pause = min(2 * self._pause, LONGEST_PAUSE)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def _converse(self) -> None:
        broker = self.bus.broker
        if broker is None:
            raise errors.ConnectionLost("the configuration does not say how the broker is entered")
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(self.bus.host, self.bus.port, type=socket.SOCK_STREAM)
        door = session.Door(
            name=self.bus.host,
            address=str(found[0][4][0]),
            port=self.bus.port,
            client_id=f"meterbook-{self.bus.id[:12]}",
            user=broker.user,
            password=broker.password,
            is_encrypted=broker.is_encrypted,
            authority=broker.authority,
        )
        async with session.connect(door) as connection:
            refused = await connection.follow(self._routes.keys())
            if refused:
                log.error("broker %s does not let us hear %s", self.bus.host, ", ".join(sorted(refused)))
            self._problem, self._pause = None, FIRST_PAUSE
            async for message in connection.messages():
                # A retained message is as old as it likes: it would be a reading of a time at which nothing was read.
                if not message.is_retained:
                    self._hear(message)

    def _hear(self, message: session.Heard) -> None:
        for listener, places in self._routes.get(message.topic, ()):
            try:
                self._take(listener, message, places)
            except Exception:
                # A fault of ours with one message must not end the hearing of all other meters.
                log.exception("a message of device %s", listener.reader.device.id)

    def _take(self, listener: Listener, message: session.Heard, places: list[mapping.Place]) -> None:
        now = clock.now()
        listener.heard, listener.since, listener.cycles = time.monotonic(), now, 0
        listener.has_gasped = messages.is_last_gasp(message.payload)
        if listener.has_gasped:
            self._tell_silence(listener, SILENT_AFTER, GASPED)
            return
        samples: tuple[Sample, ...] = ()
        problem: Mapping[str, Any] | None = None
        try:
            told = messages.read(message.payload, places, listener.subscription.map.time, now=self._server(now))
        except errors.DeviceError as error:
            problem = telling.told(error)
        else:
            samples, problem = self._decode(listener, told)
            self._keep(listener, samples, told.at or self._server(now))
        self._count(listener, Outcome.ANSWERED if samples else Outcome.DAMAGED, now)
        frame = {"request": message.topic.encode().hex()[:1000], "response": message.payload.hex()[:1000], "took_ms": 0}
        note = {"device": listener.reader.device.id, "at": self._milliseconds(now), **frame}
        self._outlets.note(listener.reader.device.id, {**note, **({"problem": dict(problem)} if problem else {})})
        for asked in listener.asked:
            self._outlets.answer(asked, {"values": telling.values(samples), "problem": problem, "took_ms": 0})
        listener.asked.clear()

    def _decode(self, listener: Listener, told: messages.Told) -> tuple[tuple[Sample, ...], Mapping[str, Any] | None]:
        model = listener.reader.device.model
        known = {each.code: each for each in model.registers}
        records = [replace(each, name=known[each.name].record) for each in told.records if each.name in known]
        found = {each.name for each in records}
        decoded = decode.decode_records([each for each in model.registers if each.record in found], records)
        faults: list[errors.DeviceError] = [error for _register, error in decoded.refused]
        counters = {each.code for each in model.registers if each.is_energy}
        faults += [each for each in told.missing if each.data["register"] in counters]
        return decoded.samples, telling.told(faults[0]) if faults else None

    def _keep(self, listener: Listener, samples: Iterable[Sample], at: datetime) -> None:
        second, reader = at.replace(microsecond=0), listener.reader
        kept: list[store.Row] = []
        shown: list[store.Row] = []
        for each in samples:
            if each.code in reader.device.registers:
                milliseconds = int(second.timestamp()) * 1000
                row = store.Row(
                    reader.device.meter, each.code, each.unit.value, each.decimals, milliseconds, each.value
                )
                (kept if reader.is_reading(each.code, second) else shown).append(row)
        if kept:
            self._outlets.keep(kept)
        if shown:
            self._outlets.show(shown)

    async def _watch(self) -> None:
        """Tell each second who has been quiet for too long; whoever waits for one of them is told in time."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            for listener in self._listeners.values():
                with contextlib.suppress(LookupError):
                    self._look(listener)

    def _look(self, listener: Listener) -> None:
        device, now = listener.reader.device, time.monotonic()
        cycles = int((now - listener.heard) / device.live_seconds)
        quiet = GASPED if listener.has_gasped else telling.told(self._problem or self._quiet(listener, now))
        if cycles > listener.cycles:
            listener.cycles = cycles
            self._count(listener, Outcome.TIMEOUT, clock.now())
            self._tell_silence(listener, cycles + SILENT_AFTER if listener.has_gasped else cycles, quiet)
        for asked in [each for each in listener.asked if each.until <= now + 2 * LOOK_SECONDS]:
            listener.asked.remove(asked)
            self._outlets.answer(asked, {"values": [], "problem": quiet, "took_ms": 0})

    def _tell_silence(self, listener: Listener, failures: int, problem: Mapping[str, Any]) -> None:
        device, since = listener.reader.device.id, self._milliseconds(listener.since)
        note = {"device": device, "at": self._milliseconds(clock.now()), "failures": failures, "since": since}
        self._outlets.note(device, {**note, "problem": problem})

    def _count(self, listener: Listener, outcome: Outcome, at: datetime) -> None:
        place = tallies.Place(self.bus.id, listener.reader.device.id)
        self._outlets.tallies.note(place, outcome, at=self._server(at), monotonic=time.monotonic(), busy=0.0)

    def _quiet(self, listener: Listener, now: float) -> NothingHeard:
        topic, seconds = listener.subscription.topic, round(now - listener.heard)
        return NothingHeard(f"no message under {topic} for {seconds} s", topic=topic, seconds=seconds)

    def _server(self, now: datetime) -> datetime:
        return now + timedelta(milliseconds=self._outlets.offset_ms())

    def _milliseconds(self, instant: datetime) -> int:
        return int(instant.timestamp() * 1000) + self._outlets.offset_ms()


def _topics(subscription: configuration.Subscription) -> dict[str, list[mapping.Place]]:
    """Where the values of a device stand, by whole topic."""
    found: dict[str, list[mapping.Place]] = defaultdict(list)
    for place in subscription.map.places:
        topic = f"{subscription.topic}/{place.topic}" if place.topic else subscription.topic
        found[topic].append(place)
    return found
