"""One bus: whose turn it is, the exchange with the device, what becomes of it. It never waits for the database."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from meterbook.acquisition import networks, operations, plans, values
from meterbook.acquisition.contract import errors
from meterbook.acquisition.contract.frames import Frame, Sample
from meterbook.acquisition.library import decode
from meterbook.acquisition.polling import agenda, backoff, blocks, clocks, counting, errands, reading, timetable
from meterbook.collector import buffer, dialing, health, keeping, pacing, probing, readers, watching
from meterbook.kernel import clock

log = structlog.get_logger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=5)

AnswerTaker = Callable[[operations.TakenRequest, operations.Answer], None]
ProbeTaker = Callable[[operations.TakenProbe, operations.ProbeAnswer], None]


@dataclass(frozen=True)
class Outlets:
    """Where results go: readings and notes into the buffer, `arrived` tells its writer, answers to who asked."""

    buffer: buffer.Buffer
    arrived: Callable[[], None]
    answer: AnswerTaker
    probed: ProbeTaker = lambda _probe, _answer: None
    served: Mapping[int, datetime] = field(default_factory=dict)  # the newest reading by series, of before this process


@dataclass(frozen=True)
class Exchange:
    """What a device gave: samples in the order of its requests, the first frame, and registers without a value."""

    samples: tuple[Sample, ...]
    frame: Frame
    problem: values.Problem | None


class BusRunner:
    """Reads the devices of one bus, one after the other, for ever."""

    def __init__(self, plan: plans.BusPlan, allowed: networks.AllowedNetworks, outlets: Outlets) -> None:
        self.plan = plan
        self._allowed, self._outlets = allowed, outlets
        self._agenda: agenda.Agenda[int] = agenda.Agenda()
        self._readers: dict[int, readers.DeviceReader] = {}
        self._requests: deque[operations.TakenRequest] = deque()
        self._probes: deque[operations.TakenProbe] = deque()
        self._leases = watching.Leases()
        self._speed = clock.speed()
        self._woken = asyncio.Event()
        self.errands = errands.Errands(
            self.reader, lambda reader, block: self._ask(reader, block, self.plan.retries), self._woken
        )
        self._pacer = pacing.Pacer()
        self._line: dialing.Line | None = None
        self._dialed, self._opened = "", _end(plan)
        self._must_resolve = True
        self._began = clock.now()
        outlets.buffer.health.begin((plan.organization_id, plan.bus_id), time.monotonic())
        self.update(plan)

    def update(self, plan: plans.BusPlan) -> None:
        """This will follow a changed plan; what is known of devices that stay is kept."""
        is_moved = _end(plan) != _end(self.plan)
        self.plan = plan
        self._must_resolve = self._must_resolve or is_moved
        wanted = {device.device_id: device for device in plan.devices}
        for device_id in self._readers.keys() - wanted.keys():
            del self._readers[device_id]
            self._agenda.remove(device_id)
        for device_id, device in wanted.items():
            former = self._readers.get(device_id)
            if former is None or former.plan != device:
                self._put(readers.prepare(device, former, self._outlets.served))
            self._schedule(self._readers[device_id])
        self._woken.set()

    def knows(self, device_id: int) -> bool:
        """This will say whether a device is in the plan."""
        return device_id in self._readers

    def reader(self, device_id: int) -> readers.DeviceReader | None:
        """This will return how a device is read; None when it is not in the plan."""
        return self._readers.get(device_id)

    def ask(self, request: operations.TakenRequest) -> None:
        """This will serve a request as soon as the bus is free."""
        self._requests.append(request)
        self._woken.set()

    def speaks_to(self, probe: operations.TakenProbe) -> bool:
        """This will say whether this bus talks to the place of a test read."""
        hosts_here = {self.plan.host.lower(), self._dialed}
        is_same_place = self.plan.port == probe.port and probe.host.lower() in hosts_here
        is_same_line = self.plan.protocol is probe.protocol and self.plan.line == probe.line
        return self.plan.bus_id == probe.bus_id or (is_same_place and is_same_line)

    def probe(self, probe: operations.TakenProbe) -> None:
        """This will serve a test read as soon as the bus is free: one conversation at a time with a gateway."""
        self._probes.append(probe)
        self._woken.set()

    def watch(self, device_ids: Iterable[int]) -> None:
        """This will ask those of the devices that are on this bus more often for a while: somebody looks at them."""
        if self._leases.renew(self._readers.keys() & set(device_ids), time.monotonic()):
            self._schedule_all()
            self._woken.set()

    async def read_due(self) -> None:
        """This will do all that is due now and return; for a clock that stands meanwhile."""
        while (job := self._agenda.take(clock.now())) is not None:
            await self._do(job)

    async def close(self) -> None:
        """This will end the line to the gateway, if one is open."""
        if self._line is not None:
            await self._line.close()
            self._line = None

    async def run(self) -> None:
        """This will read until it is cancelled."""
        try:
            while True:
                try:
                    await self._step()
                except Exception:
                    # A fault of ours with one answer must not end the reading of all other meters.
                    log.exception("collector.step_failed", bus=self.plan.bus_id)
                    await asyncio.sleep(pacing.LONGEST)
        finally:
            await self.close()

    async def _step(self) -> None:
        self._woken.clear()
        if self._leases.end(time.monotonic()):
            self._schedule_all()
        if self._requests:
            await self._serve(self._requests.popleft())
            return
        if self._probes:
            probe = self._probes.popleft()
            answer = await probing.ask(self._connected, probe)
            if answer is not None:
                self._outlets.probed(probe, answer)
            return
        now = clock.now()
        job = self._agenda.take(now)
        if await self.errands.run_one(has_turn=job is not None):
            return
        if job is not None:
            await self._do(job)
        else:
            await pacing.wait(self._woken, self._pacer.real_seconds_until(self._agenda.wake_at(now)))

    async def _do(self, job: agenda.Job[int]) -> None:
        reader = self._readers[job.key]
        requests = reader.requests.energy if job.work is timetable.Work.ENERGY else reader.requests.everything
        try:
            exchange = await self._read(reader, requests, retries=0)
        except errors.DeviceError as error:
            self._agenda.failed(job, clock.now())
            self._note_failure(reader, error, job.policy)
        except Exception:
            self._agenda.failed(job, clock.now())
            raise
        else:
            self._agenda.succeeded(job)
            self._note_answer(reader, exchange)
            # The slot in which the collector began is not read late: nobody was there before.
            if job.work is timetable.Work.ENERGY and job.slot >= self._began:
                self._health.note_skew(self._place(reader), slot=job.slot, at=exchange.frame.at)

    async def _read(
        self, reader: readers.DeviceReader, requests: Iterable[blocks.PlannedBlock], *, retries: int
    ) -> Exchange:
        """Samples are kept as they come. What the device refuses between its registers is not asked for again."""
        samples: list[Sample] = []
        frames: list[Frame] = []
        problems = [reader.problem]

        def take(planned: blocks.PlannedBlock, frame: Frame) -> None:
            decoded = decode.decode_frame(planned.registers, planned.block, frame)
            frames.append(frame)
            samples.extend(decoded.samples)
            self._keep(reader, decoded.samples, frame)
            problems.append(readers.problem_of(decoded))

        refusal = await reading.ask_each(
            requests,
            ask=lambda planned: self._ask(reader, planned, retries),
            take=take,
            refuse_gaps=reader.refuse_gaps,
        )
        if frames:
            problem = next(filter(None, problems), None)
            return Exchange(tuple(samples), frames[0], problem or (values.Problem.of(refusal) if refusal else None))
        raise refusal or ReaderEmpty(f"device {reader.plan.device_id} has nothing to read")

    async def _ask(self, reader: readers.DeviceReader, planned: blocks.PlannedBlock, retries: int) -> Frame:
        began = time.monotonic()
        try:
            frame = await self._question(reader, planned, retries)
        except errors.DeviceError as error:
            self._count(reader, counting.outcome_of(error), began)
            raise
        self._count(reader, counting.Outcome.ANSWERED, began, frame.took_ms)
        return frame

    async def _question(self, reader: readers.DeviceReader, planned: blocks.PlannedBlock, retries: int) -> Frame:
        line = await self._connected()
        try:
            return await line.read(
                reader.plan.address, planned.block, timeout=self.plan.timeout_ms / 1000, retries=retries
            )
        except (errors.ConnectionRefused, errors.ConnectionLost):
            self._must_resolve = True  # the gateway may have moved
            raise

    def _count(
        self, reader: readers.DeviceReader, outcome: counting.Outcome, began: float, took_ms: int | None = None
    ) -> None:
        ended = time.monotonic()
        self._health.note(
            self._place(reader), outcome, at=clock.now(), monotonic=ended, busy=ended - began, took_ms=took_ms
        )

    def _place(self, reader: readers.DeviceReader) -> health.Place:
        return health.Place(self.plan.organization_id, self.plan.bus_id, reader.plan.device_id)

    @property
    def _health(self) -> health.Health:
        return self._outlets.buffer.health

    def _keep(self, reader: readers.DeviceReader, samples: Iterable[Sample], frame: Frame) -> None:
        stored = [each for sample in samples if (each := reader.store(sample, frame.at)) is not None]
        rows = [((each.series_id, each.at, each.value), each.is_reading) for each in stored]
        self._outlets.buffer.add(reader.plan.organization_id, rows)
        waiting, zone = self._outlets.buffer, self.plan.zone
        keeping.keep(waiting, reader, stored, zone, frame.request, frame.response, frame.took_ms)
        self._outlets.arrived()

    async def _connected(self) -> dialing.Line:
        """The line to the gateway, dialed by number: a name is resolved and checked here, and after each failure."""
        if self._line is None or self._must_resolve:
            address = await dialing.find(self.plan, self._allowed)
            if self._line is not None and (self._dialed, self._opened) != (address, _end(self.plan)):
                await self.close()
            if self._line is None:
                self._line, self._dialed, self._opened = dialing.open_line(self.plan, address), address, _end(self.plan)
            self._must_resolve = False
        return self._line

    async def _serve(self, request: operations.TakenRequest) -> None:
        reader = self._readers.get(request.device_id)
        began = time.monotonic()
        if reader is None or (reader.problem is not None and not reader.requests.everything):
            problem = reader.problem if reader is not None else None
            self._outlets.answer(request, operations.Answer(took_ms=0, problem=problem or SWITCHED_OFF))
            return
        left = (request.expires_at - clock.real_now()).total_seconds()
        with contextlib.suppress(TimeoutError):  # too late for an answer: the request expires by itself
            async with asyncio.timeout(left):
                answer = await self._answer(reader, began)
                self._outlets.answer(request, answer)

    async def _answer(self, reader: readers.DeviceReader, began: float) -> operations.Answer:
        try:
            exchange = await self._read(reader, reader.requests.everything, retries=self.plan.retries)
        except errors.DeviceError as error:
            return operations.Answer(took_ms=_since(began), problem=values.Problem.of(error))
        except Exception:
            log.exception("collector.request_failed", device=reader.plan.device_id)
            return operations.Answer(took_ms=_since(began), problem=probing.BROKEN)
        self._note_answer(reader, exchange)
        self._forgive(reader)
        given = tuple(readers.value_of(each) for each in exchange.samples)
        return operations.Answer(took_ms=_since(began), values=given, problem=exchange.problem)

    def _forgive(self, reader: readers.DeviceReader) -> None:
        """A device that answered a person is well: it need not rest any longer."""
        table = self._table(reader)
        work = timetable.Work.INSTANT if table is not None and table.instant_every else timetable.Work.ENERGY
        step = table.step(work) if table is not None else None
        if step is not None:
            slot = timetable.slot_of(clock.now(), step)
            self._agenda.succeeded(agenda.Job(reader.plan.device_id, work, slot, self._policy(reader)))

    def _note_answer(self, reader: readers.DeviceReader, exchange: Exchange) -> None:
        reader.failing_since = None
        frame = exchange.frame
        note = operations.FrameNote(frame.at, frame.request, frame.response, frame.took_ms)
        plan = reader.plan
        self._outlets.buffer.note(
            buffer.Answered(plan.organization_id, plan.device_id, frame.at, note, exchange.problem)
        )
        self._outlets.buffer.tally(plan.organization_id, plan.device_id, frame.at, is_failed=False)
        offset = clocks.offset(frame, self.plan.zone)
        if offset is not None:
            self._health.note_clock(self._place(reader), offset=offset, at=frame.at)
        self._outlets.arrived()

    def _note_failure(self, reader: readers.DeviceReader, error: errors.DeviceError, policy: backoff.Policy) -> None:
        """Failures within the retries of one cycle are no news; each rest after them is one failed cycle."""
        now = clock.now()
        self._outlets.buffer.tally(reader.plan.organization_id, reader.plan.device_id, now, is_failed=True)
        reader.failing_since = reader.failing_since or now
        cycles = self._agenda.health(reader.plan.device_id).failures - policy.retries
        if cycles > 0:
            self._note(reader, cycles, values.Problem.of(error))

    def _note(self, reader: readers.DeviceReader, failures: int, problem: values.Problem) -> None:
        now = clock.now()
        plan, since = reader.plan, reader.failing_since or now
        self._outlets.buffer.note(buffer.Failed(plan.organization_id, plan.device_id, now, failures, since, problem))
        self._outlets.arrived()

    def _put(self, reader: readers.DeviceReader) -> None:
        self._readers[reader.plan.device_id] = reader
        if reader.problem is not None and not reader.feeds:
            self._note(reader, 0, reader.problem)

    def _schedule_all(self) -> None:
        for reader in self._readers.values():
            self._schedule(reader)

    def _schedule(self, reader: readers.DeviceReader) -> None:
        table = self._table(reader)
        if table is None:
            self._agenda.remove(reader.plan.device_id)
        else:
            is_watched = reader.plan.device_id in self._leases.devices
            self._agenda.put(reader.plan.device_id, table, self._policy(reader), is_watched=is_watched)

    def _table(self, reader: readers.DeviceReader) -> timetable.Timetable | None:
        watched = self._leases.devices
        return reader.table(speed=self._speed, watched=len(watched) if reader.plan.device_id in watched else 0)

    def _policy(self, reader: readers.DeviceReader) -> backoff.Policy:
        return backoff.Policy(
            timeout=timedelta(milliseconds=self.plan.timeout_ms),
            retries=self.plan.retries,
            first_pause=min(FIRST_PAUSE, timedelta(seconds=reader.plan.live_seconds)),
            cap=LONGEST_PAUSE,
        )


class ReaderEmpty(LookupError):
    """A device was due although no register of it feeds a series; this is a fault of the collector."""


SWITCHED_OFF = values.Problem("DISABLED", "the device is not asked at present", "Switch the device and its bus on.")


def _end(plan: plans.BusPlan) -> tuple[object, ...]:
    """What makes another line of it."""
    return plan.protocol, plan.host, plan.port, plan.line


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
