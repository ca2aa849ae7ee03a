"""The collector process: owns its buses, takes device requests, stores what it reads."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import structlog
from django.conf import settings

from meterbook.acquisition import networks, operations, plans, values
from meterbook.collector import backfilling, buffer, buses, carrying, journal, pacing, probing, resuming, subscriptions
from meterbook.collector.database import Database, DatabaseLost
from meterbook.collector.writer import ACTOR, Writer, until_written
from meterbook.foundation import bus as foundation_bus
from meterbook.foundation import scoping
from meterbook.kernel import clock

log = structlog.get_logger(__name__)

RELOAD_SECONDS = 30.0
LOOK_SECONDS = 1.0  # for requests, should a notice be lost
PAUSE_SECONDS = 1.0
FLUSH_SECONDS, CLOSE_SECONDS = 3.0, 1.0  # stopping takes less than 5 s


@dataclass
class Running:
    """A bus that is being read."""

    runner: buses.BusRunner | subscriptions.SubscriptionRunner
    task: asyncio.Task[None]


def run() -> None:
    """This will read all devices until SIGTERM or SIGINT, write what is left, and return within 5 s.

    :raises networks.NetworksMisspelled: when MB_ALLOWED_NETWORKS is no list of networks
    """
    clock.steady()
    allowed = networks.AllowedNetworks.from_environment(os.environ, is_demo=settings.IS_DEMO)
    is_clean = asyncio.run(_until_signal(allowed, settings.DATA_DIR / "collector"))
    if not is_clean:
        # The database thread hangs in a server that does not answer: Python would wait for it for ever.
        log.error("collector.stopped_hard")
        os._exit(1)


async def _until_signal(allowed: networks.AllowedNetworks, folder: Path) -> bool:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    return await collect(allowed, stop, folder=folder)


async def collect(allowed: networks.AllowedNetworks, stop: asyncio.Event, *, folder: Path | None = None) -> bool:
    """This will read all devices until `stop` is set; it answers False when the database thread could not be ended.

    :param folder: where readings are kept until the database has them; None: in memory only
    """
    collector = Collector(allowed, journal.opened(folder) if folder is not None else None)
    parts = [
        asyncio.create_task(_for_ever(part))
        for part in (
            collector.follow_plans,
            collector.serve_requests,
            collector.serve_probes,
            collector.fill_gaps,
            collector.listen,
            collector.writer.run,
        )
    ]
    try:
        await stop.wait()
    finally:
        buses_read = (each.task for each in collector.running.values())
        await _end([*parts, *collector.filling, *collector.asking, *buses_read])
        await collector.write_answers(CLOSE_SECONDS)
        await until_written(collector.writer, collector.buffer, FLUSH_SECONDS)
        bases = collector.database, collector.planning, collector.taking
        is_clean = all(await asyncio.gather(*(each.close(CLOSE_SECONDS) for each in bases)))
        if collector.buffer.journal is not None:
            collector.buffer.journal.close()
    return is_clean


class Collector:
    """The buses that are read, and what they share: buffer, writer, database thread, and signals between the parts."""

    def __init__(self, allowed: networks.AllowedNetworks, kept: journal.Journal | None = None) -> None:
        self.running: dict[int, Running] = {}
        self.database = Database()
        # Plans of many meters take a while to load: values that arrive meanwhile are written all the same.
        self.planning = Database()
        self.taking = Database()  # of batches, which are large
        self.buffer = buffer.Buffer(journal=kept)
        self.writer = Writer(self.database, self.buffer)
        self._allowed = allowed
        self._plans_changed, self._asked, self._probed = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._lines = probing.Lines(allowed)
        self._served: dict[int, datetime] | None = None  # what an earlier process read, until its slots are over
        self.filling: set[asyncio.Task[None]] = set()
        self._backfiller = backfilling.Backfiller(self.database)
        self.asking: set[asyncio.Task[None]] = set()  # test reads on lines of their own
        self._answering: set[asyncio.Task[None]] = set()

    async def follow_plans(self) -> None:
        """This will load the plans of all organizations: at start, when a device changes, and every 30 s."""
        while True:
            self._plans_changed.clear()
            try:
                loaded = await self.planning.run(load_plans)
                if self._served is None:
                    left = await self.planning.run(resuming.load_served, loaded, at=clock.now())
                    self._served = resuming.with_journal(left, self.buffer.journal)
                self._apply(loaded)
            except DatabaseLost as error:
                log.warning("collector.plans_not_loaded", error=str(error))
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            await pacing.wait(self._plans_changed, RELOAD_SECONDS)

    async def serve_requests(self) -> None:
        """This will hand waiting requests to their buses: at once when a notice comes, else every second."""
        while True:
            await pacing.wait(self._asked, LOOK_SECONDS)
            self._asked.clear()
            owned = {bus_id: each.runner.plan.organization_id for bus_id, each in self.running.items()}
            if not owned:
                continue
            try:
                taken = await self.database.run(take_requests, owned, at=clock.now(), real_at=clock.real_now())
            except DatabaseLost as error:
                log.warning("collector.requests_not_taken", error=str(error))
                continue
            for request in taken:
                await self._hand_over(request)

    async def serve_probes(self) -> None:
        """This will take test reads of all organizations: on the bus that talks to the gateway, else on a line of
        their own."""
        while True:
            await pacing.wait(self._probed, LOOK_SECONDS)
            self._probed.clear()
            try:
                taken = await self.database.run(take_probes, at=clock.now(), real_at=clock.real_now())
            except DatabaseLost as error:
                log.warning("collector.probes_not_taken", error=str(error))
                continue
            for probe in taken:
                runner = next((each.runner for each in self.running.values() if each.runner.speaks_to(probe)), None)
                if runner is not None:
                    runner.probe(probe)
                else:
                    _keep(self.asking, self._probe_alone(probe))

    async def fill_gaps(self) -> None:
        """This will have meters asked that answer again and remember what nobody read meanwhile."""
        looked: dict[int, datetime] = {}
        while True:
            try:
                await self.planning.run(backfilling.ask_due, at=clock.now(), real_at=clock.real_now(), looked=looked)
            except DatabaseLost as error:
                log.warning("collector.memories_not_looked_for", error=str(error))
            await asyncio.sleep(backfilling.LOOK_SECONDS)

    async def listen(self) -> None:
        """This will hear notices of the bus; a lost connection is opened again."""
        while True:
            try:
                connection = await foundation_bus.connect()
            except psycopg.OperationalError:
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            try:
                async for notice in foundation_bus.listen(connection):
                    if notice.kind == "request":
                        self._asked.set()
                    elif notice.kind == operations.PROBE:
                        self._probed.set()
                    elif notice.kind in ("device", operations.BROKER):
                        self._plans_changed.set()
                    elif notice.kind == operations.WATCH:
                        self._watch(notice)
            except psycopg.OperationalError as error:
                log.warning("collector.listener_lost", error=str(error).strip())
            finally:
                await connection.close()

    def _watch(self, notice: foundation_bus.Notice) -> None:
        for each in self.running.values():
            if each.runner.plan.organization_id == notice.organization_id:
                each.runner.watch(notice.ids)

    def answer(self, request: operations.TakenRequest, answer: operations.Answer) -> None:
        """This will write an answer down while the bus goes on."""
        self._later(self._write_answer(request, answer))

    def probed(self, probe: operations.TakenProbe, answer: operations.ProbeAnswer) -> None:
        """This will write down what a test read brought while the bus goes on."""
        self._later(self._write_probe(probe, answer))

    def broker_noted(self, plan: plans.BusPlan, state: values.BrokerState, problem: values.Problem | None) -> None:
        """This will write down how the connection to a broker is doing."""
        self._later(self._write_broker(plan, state, problem))

    async def take_batch(self, plan: plans.BusPlan, topic: str, payload: bytes) -> tuple[str, bytes] | None:
        """This will take what a field gateway published for a batch, and return what it is answered."""
        return await self.taking.run(carrying.take, plan, topic, payload)

    async def write_answers(self, seconds: float) -> None:
        """This will wait until what was answered is written down, for so long at most."""
        if self._answering:
            _written, late = await asyncio.wait(self._answering, timeout=seconds)
            await _end(list(late))

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        _keep(self._answering, work)

    async def _write_answer(self, request: operations.TakenRequest, answer: operations.Answer) -> None:
        try:
            await self.database.run(write_answer, request, answer, at=clock.now(), real_at=clock.real_now())
        except DatabaseLost as error:
            # The person sees the request expire; an answer later would be late.
            log.warning("collector.answer_not_written", request=request.request_id, error=str(error))
        except Exception:
            log.exception("collector.answer_refused", request=request.request_id)

    async def _probe_alone(self, probe: operations.TakenProbe) -> None:
        answer = await self._lines.ask(probe)
        if answer is not None:
            await self._write_probe(probe, answer)

    async def _write_probe(self, probe: operations.TakenProbe, answer: operations.ProbeAnswer) -> None:
        try:
            await self.database.run(write_probe, probe, answer, at=clock.now(), real_at=clock.real_now())
        except DatabaseLost as error:
            # The person sees the question expire; an answer later would be late.
            log.warning("collector.probe_not_written", probe=probe.probe_id, error=str(error))
        except Exception:
            log.exception("collector.probe_refused", probe=probe.probe_id)

    async def _write_broker(
        self, plan: plans.BusPlan, state: values.BrokerState, problem: values.Problem | None
    ) -> None:
        try:
            await self.database.run(write_broker, plan, state, problem, at=clock.now())
        except DatabaseLost as error:
            # Each state is told again every minute.
            log.warning("collector.broker_not_written", bus=plan.bus_id, error=str(error))
        except Exception:
            log.exception("collector.broker_refused", bus=plan.bus_id)

    async def _hand_over(self, request: operations.TakenRequest) -> None:
        running = self.running.get(request.bus_id)
        if running is None:  # the bus was switched off between taking and now
            self.answer(request, operations.Answer(took_ms=0, problem=buses.SWITCHED_OFF))
            return
        if not running.runner.knows(request.device_id):  # asked before the new device's plan was loaded
            with contextlib.suppress(DatabaseLost):
                self._apply(await self.planning.run(load_plans))
        if request.kind is values.RequestKind.READ_MEMORY and isinstance(running.runner, buses.BusRunner):
            _keep(self.filling, self._backfiller.serve(request, running.runner))
        else:
            running.runner.ask(request)

    def _apply(self, loaded: tuple[plans.BusPlan, ...]) -> None:
        wanted = {plan.bus_id: plan for plan in loaded}
        for bus_id in self.running.keys() - wanted.keys():
            self.running.pop(bus_id).task.cancel()
            log.info("collector.bus_ended", bus=bus_id)
        for bus_id, plan in wanted.items():
            if bus_id in self.running:
                self.running[bus_id].runner.update(plan)
                continue
            runner = self._runner(plan)
            self.running[bus_id] = Running(runner, asyncio.create_task(runner.run()))
            log.info("collector.bus_begun", bus=bus_id, devices=len(plan.devices))

    def _runner(self, plan: plans.BusPlan) -> buses.BusRunner | subscriptions.SubscriptionRunner:
        outlets = buses.Outlets(self.buffer, self.writer.wake, self.answer, self.probed, self._served or {})
        if plan.protocol.is_asked:
            return buses.BusRunner(plan, self._allowed, outlets)
        return subscriptions.SubscriptionRunner(plan, self._allowed, outlets, self.broker_noted, self.take_batch)


def load_plans() -> tuple[plans.BusPlan, ...]:
    """This will return the buses of every organization, each read in a scope of its own."""
    found: list[plans.BusPlan] = []
    for organization_id in scoping.organization_ids():
        with scoping.scope([organization_id], actor=ACTOR):
            found.extend(plans.devices_for_collector())
    return tuple(found)


def take_requests(owned: dict[int, int], *, at: datetime, real_at: datetime) -> tuple[operations.TakenRequest, ...]:
    """This will take the requests that wait for the owned buses.

    :param owned: organization by bus
    """
    with scoping.scope(owned.values(), actor=ACTOR):
        return operations.take_requests(actor=ACTOR, at=at, real_at=real_at, bus_ids=owned.keys())


def take_probes(*, at: datetime, real_at: datetime) -> tuple[operations.TakenProbe, ...]:
    """This will take the test reads that wait, of every organization."""
    organizations = scoping.organization_ids()
    if not organizations:
        return ()
    with scoping.scope(organizations, actor=ACTOR):
        return operations.take_probes(actor=ACTOR, at=at, real_at=real_at)


def write_probe(
    probe: operations.TakenProbe, answer: operations.ProbeAnswer, *, at: datetime, real_at: datetime
) -> None:
    """This will answer a test read; one that has expired meanwhile stays expired."""
    with scoping.scope([probe.organization_id], actor=ACTOR):
        status = operations.answer_probe(actor=ACTOR, at=at, real_at=real_at, probe_id=probe.probe_id, answer=answer)
    log.info("collector.probe_answered", probe=probe.probe_id, status=status.value, took_ms=answer.took_ms)


def write_broker(
    plan: plans.BusPlan, state: values.BrokerState, problem: values.Problem | None, *, at: datetime
) -> None:
    """This will note how the connection to a broker is doing."""
    with scoping.scope([plan.organization_id], actor=ACTOR):
        operations.note_broker(actor=ACTOR, at=at, bus_id=plan.bus_id, state=state, problem=problem)


def write_answer(
    request: operations.TakenRequest, answer: operations.Answer, *, at: datetime, real_at: datetime
) -> None:
    """This will answer a request; one that has expired meanwhile stays expired."""
    with scoping.scope([request.organization_id], actor=ACTOR):
        status = operations.answer_request(
            actor=ACTOR, at=at, real_at=real_at, request_id=request.request_id, answer=answer
        )
    log.info("collector.request_answered", request=request.request_id, status=status.value, took_ms=answer.took_ms)


async def _for_ever(part: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """A fault in one part is written down and the part begins anew: the others depend on it."""
    while True:
        try:
            await part()
        except Exception:
            log.exception("collector.part_failed", part=getattr(part, "__name__", str(part)))
        await asyncio.sleep(PAUSE_SECONDS)


def _keep(tasks: set[asyncio.Task[None]], work: Coroutine[Any, Any, None]) -> None:
    """A task is kept until it is done: nobody else holds it."""
    task = asyncio.create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
