"""One bus: whose turn it is, the exchange with the device, what becomes of it. The same polling as the collector's."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from meterbook.acquisition.contract import errors
from meterbook.acquisition.contract.frames import Frame, Kind, Sample
from meterbook.acquisition.library import decode, orders
from meterbook.acquisition.polling import agenda, backoff, blocks, counting, errands, reading, timetable
from meterbook.acquisition.push import configuration
from meterbook.gateway import driving, remembering, store, tallies, telling
from meterbook.kernel import clock

log = logging.getLogger("meterbook.gateway")
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=5)
LONGEST_REREAD = timedelta(hours=6)
LONGEST_WAIT = 1.0  # real seconds; a bus looks up at least so often

Problem = Mapping[str, Any]


@dataclass(frozen=True)
class Asked:
    """A device is asked something; after `until` (of the machine's running time) nobody waits for the answer."""

    id: str
    device: str
    until: float
    memory: remembering.Wanted | None = None  # of a question for what it remembers


@dataclass
class Reader:
    """A device made ready to be read. It remembers which slots of its registers have their reading."""

    device: configuration.Device
    requests: blocks.ReadPlan
    noted: dict[str, datetime] = field(default_factory=dict)
    failing_since: datetime | None = None
    refuses_gaps: bool = False

    def refuse_gaps(self) -> None:
        """This will remember that the device does not answer for words between its registers."""
        self.refuses_gaps, self.requests = True, self.requests.in_runs()

    def table(self) -> timetable.Timetable:
        """This will return when the device is due."""
        model, steps = self.device.model, self.device.registers
        counters = [step for code, step in steps.items() if model.register(code).is_energy]
        live = timetable.live_every(self.device.live_seconds, speed=clock.speed())
        return timetable.planned(counters, live, is_one_readout=not self.requests.instant)

    def is_reading(self, code: str, at: datetime) -> bool:
        """This will tell whether a sample is the first of its slot, which is kept; others are live values only."""
        slot = timetable.slot_of(at, timedelta(minutes=self.device.registers[code]))
        latest = self.noted.get(code)
        # After the clock was put back by hours a slot may have its reading; by more, nobody waits until it is passed.
        if latest is not None and timedelta(0) <= latest - slot <= LONGEST_REREAD:
            return False
        self.noted[code] = slot
        return True


@dataclass(frozen=True)
class Outlets:
    """Where results go: readings to keep, live values, how devices are doing, and answers to who asked."""

    keep: Callable[[list[store.Row]], None]
    show: Callable[[list[store.Row]], None]
    note: Callable[[str, Mapping[str, Any]], None]
    answer: Callable[[Asked, Mapping[str, Any]], None]
    offset_ms: Callable[[], int]
    newest: Callable[[str], Mapping[str, int]] = lambda _meter: {}  # what was read of a meter before, by register
    tallies: tallies.Tallies = field(default_factory=tallies.Tallies)


class BusRunner:
    """Reads the devices of one bus, one after the other, for ever."""

    def __init__(self, bus: configuration.Bus, outlets: Outlets) -> None:
        self.bus, self._outlets = bus, outlets
        self._agenda: agenda.Agenda[str] = agenda.Agenda()
        self._readers = {each.id: prepare(each, outlets.newest(each.meter)) for each in bus.devices}
        self._asked: deque[Asked] = deque()
        self._woken = asyncio.Event()
        self._line = driving.open_line(bus)
        self._errands: errands.Errands[str, Reader] = errands.Errands(
            self._readers.get, lambda reader, block: self._ask(reader, block, bus.retries), self._woken
        )
        self._filling: set[asyncio.Task[None]] = set()
        self._began = clock.now()
        outlets.tallies.begin(bus.id, time.monotonic())
        for key, reader in self._readers.items():
            self._agenda.put(key, reader.table(), self._policy(reader))

    def knows(self, device: str) -> bool:
        """This will tell whether a device is on this bus."""
        return device in self._readers

    def ask(self, asked: Asked) -> None:
        """This will serve a request as soon as the bus is free; a memory piece by piece while it goes on reading."""
        if asked.memory is not None:
            task = asyncio.create_task(self._remember(asked, asked.memory))
            self._filling.add(task)
            task.add_done_callback(self._filling.discard)
            return
        self._asked.append(asked)
        self._woken.set()

    async def read_due(self) -> None:
        """This will do all that is due now and return; for a clock that stands meanwhile."""
        while (job := self._agenda.take(clock.now())) is not None:
            await self._do(job)

    async def close(self) -> None:
        """This will end the line."""
        await self._line.close()

    async def run(self) -> None:
        """This will read until it is cancelled."""
        try:
            while True:
                self._woken.clear()
                job = None if self._asked else self._agenda.take(clock.now())
                try:
                    if self._asked:
                        await self._serve(self._asked.popleft())
                    elif await self._errands.run_one(has_turn=job is not None):
                        continue
                    elif job is not None:
                        await self._do(job)
                    else:
                        await self._rest()
                except Exception:
                    # A fault of ours with one answer must not end the reading of all other meters.
                    log.exception("bus %s", self.bus.id)
                    await asyncio.sleep(LONGEST_WAIT)
        finally:
            for task in self._filling:
                task.cancel()
            await asyncio.gather(*self._filling, return_exceptions=True)
            await self.close()

    async def _rest(self) -> None:
        now = clock.now()
        wake_at = self._agenda.wake_at(now)
        seconds = LONGEST_WAIT if wake_at is None else (wake_at - now).total_seconds() / clock.speed()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(LONGEST_WAIT, max(0.005, seconds))):
                await self._woken.wait()

    async def _do(self, job: agenda.Job[str]) -> None:
        reader = self._readers[job.key]
        requests = reader.requests.energy if job.work is timetable.Work.ENERGY else reader.requests.everything
        try:
            _samples, frame, problem = await self._read(reader, requests, retries=0)
        except errors.DeviceError as error:
            self._agenda.failed(job, clock.now())
            self._note_failure(reader, error, job.policy)
        except Exception:
            self._agenda.failed(job, clock.now())
            raise
        else:
            self._agenda.succeeded(job)
            self._note_answer(reader, frame, problem)
            # The slot in which the gateway began is not read late: nobody was there before.
            if job.work is timetable.Work.ENERGY and job.slot >= self._began:
                self._outlets.tallies.note_skew(self._place(reader), slot=job.slot, at=self._server(frame.at))

    async def _read(
        self, reader: Reader, requests: Iterable[blocks.PlannedBlock], *, retries: int
    ) -> tuple[list[Sample], Frame, Problem | None]:
        """Samples are kept as they come. What the device refuses between its registers is not asked for again."""
        samples: list[Sample] = []
        frames: list[Frame] = []
        problems: list[Problem | None] = []

        def take(planned: blocks.PlannedBlock, frame: Frame) -> None:
            decoded = decode.decode_frame(planned.registers, planned.block, frame)
            frames.append(frame)
            samples.extend(decoded.samples)
            self._keep(reader, decoded.samples, frame.at)
            problems.append(_nonsense(decoded))

        refusal = await reading.ask_each(
            requests,
            ask=lambda planned: self._ask(reader, planned, retries),
            take=take,
            refuse_gaps=reader.refuse_gaps,
        )
        if not frames:
            raise refusal or errors.DeviceError(f"device {reader.device.id} has nothing to read")
        return samples, frames[0], next(filter(None, problems), None) or (telling.told(refusal) if refusal else None)

    async def _ask(self, reader: Reader, planned: blocks.PlannedBlock, retries: int) -> Frame:
        began = time.monotonic()
        try:
            frame = await self._line.read(
                reader.device.unit_id, planned.block, timeout=self.bus.timeout_ms / 1000, retries=retries
            )
        except errors.DeviceError as error:
            self._count(reader, counting.outcome_of(error), began)
            raise
        self._count(reader, counting.Outcome.ANSWERED, began, frame.took_ms)
        return frame

    def _count(self, reader: Reader, outcome: counting.Outcome, began: float, took_ms: int | None = None) -> None:
        ended, at = time.monotonic(), self._server(clock.now())
        self._outlets.tallies.note(
            self._place(reader), outcome, at=at, monotonic=ended, busy=ended - began, took_ms=took_ms
        )

    def _place(self, reader: Reader) -> tallies.Place:
        return tallies.Place(self.bus.id, reader.device.id)

    async def _remember(self, asked: Asked, wanted: remembering.Wanted) -> None:
        reader = self._readers[asked.device]
        answer = await remembering.serve(
            reader.device.model,
            wanted,
            lambda block: self._errands.fetch(asked.device, block),
            until=asked.until,
            offset_ms=self._outlets.offset_ms,
        )
        self._outlets.answer(asked, answer)

    def _keep(self, reader: Reader, samples: Iterable[Sample], at: datetime) -> None:
        """Instants are to the second below, in the server's time."""
        second = self._server(at).replace(microsecond=0)
        kept: list[store.Row] = []
        shown: list[store.Row] = []
        for each in samples:
            if each.code in reader.device.registers:
                serial, milliseconds = reader.device.meter, int(second.timestamp()) * 1000
                row = store.Row(serial, each.code, each.unit.value, each.decimals, milliseconds, each.value)
                (kept if reader.is_reading(each.code, second) else shown).append(row)
        if kept:
            self._outlets.keep(kept)
        if shown:
            self._outlets.show(shown)

    async def _serve(self, asked: Asked) -> None:
        """One that expired while the bus was busy is not carried out at all."""
        left = asked.until - time.monotonic()
        if left <= 0:
            return
        reader = self._readers[asked.device]
        began = time.monotonic()
        answer: dict[str, Any] = {"values": [], "problem": None}
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(left):
                try:
                    samples, frame, problem = await self._read(
                        reader, reader.requests.everything, retries=self.bus.retries
                    )
                except errors.DeviceError as error:
                    answer["problem"] = telling.told(error)
                else:
                    answer = {"values": telling.values(samples), "problem": problem}
                    self._note_answer(reader, frame, problem)
                answer["took_ms"] = round((time.monotonic() - began) * 1000)
                self._outlets.answer(asked, answer)

    def _note_answer(self, reader: Reader, frame: Frame, problem: Problem | None) -> None:
        reader.failing_since = None
        self._outlets.tallies.note_frame_clock(self._place(reader), frame, self.bus.zone, self._server(frame.at))
        note: dict[str, Any] = {
            "device": reader.device.id,
            "at": self._milliseconds(frame.at),
            "took_ms": frame.took_ms,
        }
        note |= {"request": frame.request[:1000], "response": frame.response[:1000]}
        self._outlets.note(reader.device.id, {**note, **({"problem": dict(problem)} if problem else {})})

    def _note_failure(self, reader: Reader, error: errors.DeviceError, policy: backoff.Policy) -> None:
        """Failures within the retries of one cycle are no news; each rest after them is one failed cycle."""
        now = clock.now()
        reader.failing_since = reader.failing_since or now
        cycles = self._agenda.health(reader.device.id).failures - policy.retries
        if cycles > 0:
            since = self._milliseconds(reader.failing_since)
            note = {"device": reader.device.id, "at": self._milliseconds(now), "failures": cycles, "since": since}
            self._outlets.note(reader.device.id, {**note, "problem": telling.told(error)})

    def _server(self, instant: datetime) -> datetime:
        return instant + timedelta(milliseconds=self._outlets.offset_ms())

    def _milliseconds(self, instant: datetime) -> int:
        return int(instant.timestamp() * 1000) + self._outlets.offset_ms()

    def _policy(self, reader: Reader) -> backoff.Policy:
        return backoff.Policy(
            timeout=timedelta(milliseconds=self.bus.timeout_ms),
            retries=self.bus.retries,
            first_pause=min(FIRST_PAUSE, timedelta(seconds=reader.device.live_seconds)),
            cap=LONGEST_PAUSE,
        )


def prepare(device: configuration.Device, newest: Mapping[str, int] | None = None) -> Reader:
    """This will make a device ready to be read.

    :param newest: when its registers were read before, in milliseconds since 1970: that slot is not read twice
    """
    model = orders.in_order(device.model, device.byte_order)
    reader = Reader(device, blocks.plan_model(model, device.registers))
    for code, at in (newest or {}).items():
        if code in device.registers:
            instant = timetable.EPOCH + timedelta(milliseconds=at)
            reader.noted[code] = timetable.slot_of(instant, timedelta(minutes=device.registers[code]))
    return reader


def _nonsense(decoded: decode.Decoded) -> Problem | None:
    if decoded.refused:
        return telling.told(decoded.refused[0][1])
    for sample in decoded.samples:
        if sample.is_coarse and sample.kind is Kind.CUMULATIVE:
            words = f"register {sample.code} (0x{sample.raw}) is a float too large to count in its last digit"
            remedy = "Read a whole-number register of the meter instead, if it has one."
            return {"code": "COARSE", "words": words, "remedy": remedy, "data": {"register": sample.code}}
    return None
