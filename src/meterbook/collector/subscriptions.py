"""One broker: the connection to it, the messages of its devices, and how long each has been quiet.

What polled meters have in turns comes here by itself. Readings, live values and notes go the same way from there.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from meterbook.acquisition import networks, operations, plans, values
from meterbook.acquisition.contract import errors
from meterbook.acquisition.contract.frames import Sample
from meterbook.acquisition.drivers.mqtt import mapping, messages, session, shapes
from meterbook.acquisition.library import decode, documents
from meterbook.acquisition.polling import counting, timetable
from meterbook.collector import buffer, buses, carrying, dialing, health, keeping, pacing, readers
from meterbook.kernel import clock

log = structlog.get_logger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # real seconds between two attempts to enter
HEARTBEAT = 60.0  # real seconds after which a state is told again, so that an old one can be known
LOOK_SECONDS = 1.0
MOST_LATE = 10_000  # slots of messages that came late, remembered so that each has one reading
LOST_PASSWORD = values.Problem(
    "BROKER_PASSWORD", "the password was sealed with another key", "Enter the password of the broker again."
)

StateTaker = Callable[[plans.BusPlan, values.BrokerState, values.Problem | None], None]


@dataclass
class Listener:
    """A device that sends by itself, with what is expected of it."""

    reader: readers.DeviceReader
    map: mapping.MessageMap
    heard: float  # monotonic seconds of the latest message, or since when it is expected
    cycles: int = 0
    asked: deque[tuple[operations.TakenRequest, float]] = field(default_factory=deque)

    @property
    def plan(self) -> plans.DevicePlan:
        """What is known of the device."""
        return self.reader.plan

    def topics(self) -> dict[str, list[mapping.Place]]:
        """This will return where its values stand, by whole topic."""
        found: dict[str, list[mapping.Place]] = defaultdict(list)
        own = self.plan.subscription.topic if self.plan.subscription is not None else ""
        for place in self.map.places:
            found[f"{own}/{place.topic}" if place.topic else own].append(place)
        return found


class SubscriptionRunner:
    """Hears the devices of one broker, for ever. It takes the place of a `buses.BusRunner`."""

    def __init__(
        self,
        plan: plans.BusPlan,
        allowed: networks.AllowedNetworks,
        outlets: buses.Outlets,
        noted: StateTaker,
        take: carrying.Take,
    ) -> None:
        self.plan, self._mail = plan, carrying.Mail(take)
        self._allowed, self._outlets, self._noted = allowed, outlets, noted
        self._listeners: dict[int, Listener] = {}
        self._routes: dict[str, list[tuple[Listener, list[mapping.Place]]]] = {}
        self._refused: frozenset[str] = frozenset()
        self._late: dict[tuple[int, datetime], None] = {}
        self._changed = asyncio.Event()
        self._problem: values.Problem | None = None
        self._pause = FIRST_PAUSE
        self.update(plan)

    def update(self, plan: plans.BusPlan) -> None:
        """This will follow a changed plan; what is known of devices that stay is kept."""
        self.plan = plan
        wanted = {device.device_id: device for device in plan.devices}
        for device_id in self._listeners.keys() - wanted.keys():
            del self._listeners[device_id]
        for device_id, device in wanted.items():
            former = self._listeners.get(device_id)
            if former is None or former.plan != device:
                self._put(device, former)
        self._routes = defaultdict(list)
        for listener in self._listeners.values():
            for topic, places in listener.topics().items():
                self._routes[topic].append((listener, places))
        self._changed.set()

    def knows(self, device_id: int) -> bool:
        """This will say whether a device is in the plan."""
        return device_id in self._listeners

    def ask(self, request: operations.TakenRequest) -> None:
        """This will answer a request with the next message of its device: nobody can ask it."""
        listener = self._listeners.get(request.device_id)
        if listener is None:
            self._outlets.answer(request, operations.Answer(took_ms=0, problem=buses.SWITCHED_OFF))
        else:
            listener.asked.append((request, time.monotonic()))

    def speaks_to(self, probe: operations.TakenProbe) -> bool:
        """This will say no: what sends by itself is not test read."""
        return False

    def probe(self, probe: operations.TakenProbe) -> None:
        """This will never be called, see `speaks_to`."""

    def watch(self, device_ids: Iterable[int]) -> None:
        """This will do nothing: who sends by itself is not asked more often because somebody looks."""

    async def run(self) -> None:
        """This will hear until it is cancelled."""
        watching = asyncio.create_task(self._watch())
        try:
            while True:
                await self._attend()
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def _attend(self) -> None:
        """One connection, until it ends or its way has changed; then a pause that grows from failure to failure."""
        plan = self.plan
        try:
            await self._converse(plan)
        except errors.DeviceError as error:
            self._state(values.BrokerState.RETRYING, values.Problem.of(error))
        except Exception:
            log.exception("collector.broker_failed", bus=plan.bus_id)
            self._state(values.BrokerState.RETRYING, values.Problem.of(errors.ConnectionLost("the collector failed")))
        else:
            return
        pause, self._pause = self._pause, min(2 * self._pause, LONGEST_PAUSE)
        until = time.monotonic() + pause
        while (left := until - time.monotonic()) > 0 and _way(self.plan) == _way(plan):
            self._changed.clear()
            await pacing.wait(self._changed, left)

    async def _converse(self, plan: plans.BusPlan) -> None:
        if plan.broker is None or plan.broker.password is None:
            self._state(values.BrokerState.RETRYING, LOST_PASSWORD)
            while _way(self.plan) == _way(plan):
                self._changed.clear()
                await self._changed.wait()
            return
        address = await dialing.find(plan, self._allowed)
        door = session.Door(
            name=plan.host,
            address=address,
            port=plan.port,
            client_id=plan.broker.client_id,
            user=plan.broker.user,
            password=plan.broker.password,
            is_encrypted=plan.broker.is_encrypted,
            authority=plan.broker.authority,
        )
        async with session.connect(door) as connection:
            self._pause = FIRST_PAUSE
            hearing = asyncio.create_task(self._hear(connection))
            taking = asyncio.create_task(self._mail.serve(plan, connection))
            try:
                await self._follow(plan, connection, hearing, taking)
            finally:
                hearing.cancel()
                taking.cancel()
                await asyncio.gather(hearing, taking, return_exceptions=True)

    async def _follow(self, plan: plans.BusPlan, connection: session.Connection, *parts: asyncio.Task[None]) -> None:
        """Keep the subscriptions those of the plan, and tell now and then that all is well."""
        told = 0.0
        while _way(self.plan) == _way(plan):
            self._changed.clear()
            self._refused = await connection.follow(self._routes.keys() | set(self.plan.carried))
            if time.monotonic() - told >= HEARTBEAT or self._problem is not None:
                told = time.monotonic()
                self._state(values.BrokerState.CONNECTED, None)
            await self._until_changed(*parts)
            for ended in filter(asyncio.Task.done, parts):
                ended.result()
                raise errors.ConnectionLost(f"the broker {plan.host} ended the connection", host=plan.host)

    async def _until_changed(self, *parts: asyncio.Task[None]) -> None:
        """Wait for another plan, or for the end of the connection; at most until all is to be told again."""
        changed = asyncio.create_task(self._changed.wait())
        try:
            await asyncio.wait({*parts, changed}, timeout=HEARTBEAT, return_when=asyncio.FIRST_COMPLETED)
        finally:
            changed.cancel()
            await asyncio.gather(changed, return_exceptions=True)

    async def _hear(self, connection: session.Connection) -> None:
        async for message in connection.messages():
            # A retained message is as old as it likes: it would be a reading of a time at which nothing was read.
            if message.is_retained:
                continue
            if message.topic in self.plan.carried:
                self._mail.put(message)
            for listener, places in self._routes.get(message.topic, ()):
                try:
                    self._take(listener, message, places)
                except Exception:
                    # A fault of ours with one message must not end the hearing of all other meters.
                    log.exception("collector.message_failed", device=listener.plan.device_id)

    def _take(self, listener: Listener, message: session.Heard, places: list[mapping.Place]) -> None:
        now = clock.now()
        reader, plan = listener.reader, listener.plan
        listener.heard, listener.cycles, reader.failing_since = time.monotonic(), 0, None
        samples: tuple[Sample, ...] = ()
        if messages.is_last_gasp(message.payload):
            self._outlets.buffer.note(
                buffer.Failed(plan.organization_id, plan.device_id, now, values.SILENT_AFTER, now, values.LAST_GASP)
            )
            self._outlets.arrived()
            return
        try:
            told = messages.read(message.payload, places, listener.map.time, now=now)
        except errors.DeviceError as error:
            problem: values.Problem | None = values.Problem.of(error)
        else:
            samples, problem = self._keep(reader, told, told.at or now, message)
        frame = operations.FrameNote(now, message.topic.encode().hex(), message.payload[:2_000].hex(), 0)
        self._outlets.buffer.note(
            buffer.Answered(plan.organization_id, plan.device_id, now, frame, reader.problem or problem)
        )
        self._outlets.buffer.tally(plan.organization_id, plan.device_id, now, is_failed=not samples)
        self._count(plan, counting.Outcome.ANSWERED if samples else counting.Outcome.DAMAGED, now)
        self._outlets.arrived()
        self._answer(listener, samples, problem)

    def _keep(
        self, reader: readers.DeviceReader, told: messages.Told, at: datetime, message: session.Heard
    ) -> tuple[tuple[Sample, ...], values.Problem | None]:
        """The values of a message on their way, and what is wrong with it all the same."""
        known = {register.code: register for each in reader.requests.everything for register in each.registers}
        # The mapping names registers by their code, a type of somebody's own may call its records otherwise.
        records = [replace(each, name=known[each.name].record) for each in told.records if each.name in known]
        found = {each.name for each in records}
        decoded = decode.decode_records([each for each in known.values() if each.record in found], records)
        stored = [each for sample in decoded.samples if (each := self._stored(reader, sample, at)) is not None]
        rows = [((each.series_id, each.at, each.value), each.is_reading) for each in stored]
        self._outlets.buffer.add(reader.plan.organization_id, rows)
        topic, payload = message.topic.encode().hex(), message.payload[:2_000].hex()
        keeping.keep(self._outlets.buffer, reader, stored, self.plan.zone, topic, payload)
        lacking = [
            each for each in told.missing if (code := str(each.data["register"])) in known and known[code].is_energy
        ]
        problem = readers.problem_of(decoded) or (values.Problem.of(lacking[0]) if lacking else None)
        return decoded.samples, problem

    def _stored(self, reader: readers.DeviceReader, sample: Sample, at: datetime) -> readers.Stored | None:
        """As polled ones, but a message may come late: then its slot gets its reading still, once."""
        stored = reader.store(sample, at)
        if stored is None or stored.is_reading:
            return stored
        step = timedelta(minutes=reader.feeds[sample.code].step)
        slot = timetable.slot_of(at.replace(microsecond=0), step)
        if slot == reader.noted[stored.series_id]:
            return stored
        if (stored.series_id, slot) in self._late:
            return None
        self._late[stored.series_id, slot] = None
        if len(self._late) > MOST_LATE:
            del self._late[next(iter(self._late))]
        return replace(stored, is_reading=True)

    def _answer(self, listener: Listener, samples: tuple[Sample, ...], problem: values.Problem | None) -> None:
        while listener.asked:
            request, began = listener.asked.popleft()
            given = tuple(readers.value_of(each) for each in samples)
            self._outlets.answer(request, operations.Answer(took_ms=_since(began), values=given, problem=problem))

    async def _watch(self) -> None:
        """Tell each second who has been quiet for too long, and whom nobody heard in time."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            for listener in list(self._listeners.values()):
                self._look(listener)

    def _look(self, listener: Listener) -> None:
        plan, now = listener.plan, clock.now()
        cycles = int((time.monotonic() - listener.heard) / plan.live_seconds)
        if cycles > listener.cycles:
            listener.cycles = cycles
            listener.reader.failing_since = since = listener.reader.failing_since or now
            problem = self._why_quiet(listener)
            self._outlets.buffer.tally(plan.organization_id, plan.device_id, now, is_failed=True)
            self._count(plan, counting.Outcome.TIMEOUT, now)
            self._outlets.buffer.note(buffer.Failed(plan.organization_id, plan.device_id, now, cycles, since, problem))
            self._outlets.arrived()
        left = clock.real_now() + timedelta(seconds=2 * LOOK_SECONDS)
        while listener.asked and listener.asked[0][0].expires_at <= left:
            request, began = listener.asked.popleft()
            answer = operations.Answer(took_ms=_since(began), problem=self._why_quiet(listener))
            self._outlets.answer(request, answer)

    def _count(self, plan: plans.DevicePlan, outcome: counting.Outcome, at: datetime) -> None:
        place = health.Place(plan.organization_id, self.plan.bus_id, plan.device_id)
        self._outlets.buffer.health.note(place, outcome, at=at, monotonic=time.monotonic(), busy=0.0)

    def _why_quiet(self, listener: Listener) -> values.Problem:
        if self._problem is not None:
            return self._problem
        if refused := self._refused & listener.topics().keys():
            topic = min(refused)
            words = f"the broker does not let us hear {topic}"
            return values.Problem("TOPIC_REFUSED", words, "Allow the topic at the broker.", {"topic": topic})
        own = listener.plan.subscription.topic if listener.plan.subscription is not None else ""
        seconds = round(time.monotonic() - listener.heard)
        return values.Problem(
            "NO_MESSAGE",
            f"no message under {own} for {seconds} s",
            "Check that the device is supplied, reaches the broker, and sends under this topic.",
            {"topic": own, "seconds": seconds},
        )

    def _state(self, state: values.BrokerState, problem: values.Problem | None) -> None:
        self._problem = problem
        self._noted(self.plan, state, problem)

    def _put(self, device: plans.DevicePlan, former: Listener | None) -> None:
        reader = readers.prepare(device, former.reader if former is not None else None)
        listener = Listener(reader, _map(reader, device), former.heard if former is not None else time.monotonic())
        if former is not None:
            listener.cycles, listener.asked = former.cycles, former.asked
        self._listeners[device.device_id] = listener
        if reader.problem is not None and not reader.feeds:
            now = clock.now()
            self._outlets.buffer.note(
                buffer.Failed(device.organization_id, device.device_id, now, 0, now, reader.problem)
            )
            self._outlets.arrived()


def _map(reader: readers.DeviceReader, device: plans.DevicePlan) -> mapping.MessageMap:
    subscription = device.subscription
    if subscription is None:
        return mapping.MessageMap(())
    if subscription.mapping:
        return mapping.MessageMap.from_json(subscription.mapping)
    known = reader.requests.everything  # none of a model that is not there any more
    model = device.own_type.model if device.own_type else documents.load(device.model_code) if known else None
    return (shapes.of_model(model, subscription.channel) if model is not None else None) or mapping.MessageMap(())


def _way(plan: plans.BusPlan) -> tuple[object, ...]:
    """What makes another connection of it."""
    return plan.host, plan.port, plan.broker


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
