"""From the buffer into the database, again and again until it is there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import datetime

import structlog

from meterbook.acquisition import operations
from meterbook.collector import buffer, health, pacing
from meterbook.collector.database import Database, DatabaseLost
from meterbook.collector.journal import Journal
from meterbook.foundation import scoping
from meterbook.kernel import clock
from meterbook.kernel.actor import Actor
from meterbook.metering import operations as metering_operations
from meterbook.monitoring import line_health

log = structlog.get_logger(__name__)

ACTOR = Actor.system("collector")
GATHER_SECONDS = 0.1  # what arrives together is written together
PAUSE_SECONDS = 1.0
TALLY_SECONDS = 60.0  # counts of questions are no hurry


class Writer:
    """Empties the buffer. A write that fails because the database is away is repeated; nothing else waits for it."""

    def __init__(self, database: Database, waiting: buffer.Buffer) -> None:
        self._database, self._buffer = database, waiting
        self._arrived = asyncio.Event()
        self._tallied = time.monotonic()
        if waiting.journal is not None and waiting.journal.is_behind:  # an earlier collector was killed
            self._arrived.set()

    def wake(self) -> None:
        """This will tell that something is in the buffer."""
        self._arrived.set()

    async def run(self) -> None:
        """This will write for ever."""
        while True:
            await self._arrived.wait()
            await asyncio.sleep(GATHER_SECONDS)
            self._arrived.clear()
            if not await self.flush():
                self._arrived.set()
                await asyncio.sleep(PAUSE_SECONDS)

    async def flush(self) -> bool:
        """This will write all that is in the buffer; it answers False when some of it had to be kept."""
        content, kept = self._buffer.take(), self._buffer.journal
        is_complete = kept is None or await self._catch_up(kept, content.segment)
        for organization_id in content.organizations:
            if not is_complete:  # the database is away for all of them
                self._buffer.put_back(organization_id, content)
                continue
            is_complete = await self._write(organization_id, content)
        if is_complete and kept is not None:
            kept.forget(content.segment)
        if is_complete and time.monotonic() - self._tallied >= TALLY_SECONDS:
            await self.flush_tallies()
        return is_complete

    async def _catch_up(self, kept: Journal, until: int) -> bool:
        """What memory does not hold is written from the journal, before what came later; the rest of it, written
        again, changes nothing. It answers False when the database is away."""
        if not kept.is_behind:
            return True
        kept.is_behind = False  # what leaves memory from now on sets it again
        for segment, readings in kept.pieces(until):
            kept.forget(segment - 1)
            for organization_id, rows in readings.items():
                content = buffer.Content()
                content.readings[organization_id].extend(rows)
                try:
                    await self._database.run(write_readings, organization_id, content, at=clock.now())
                except (DatabaseLost, metering_operations.StoreBusy) as error:
                    kept.is_behind = True
                    log.warning("collector.not_written", error=str(error), part="journal")
                    return False
                except Exception:
                    log.exception("collector.refused", part="journal", organization_id=organization_id, readings=rows)
        return True

    async def flush_tallies(self) -> None:
        """This will write how often devices were asked, and how they answered; what cannot be written waits."""
        self._tallied = time.monotonic()
        for organization_id, counts in self._buffer.take_tallies().items():
            try:
                await self._database.run(write_tallies, organization_id, counts, at=clock.now())
            except DatabaseLost as error:
                self._buffer.put_back_tallies(organization_id, counts)
                log.warning("collector.tallies_not_written", error=str(error))
            except Exception:
                log.exception("collector.refused", part=write_tallies.__name__, organization_id=organization_id)
        for organization_id, taken in self._buffer.health.take().items():
            try:
                await self._database.run(write_health, organization_id, taken, at=clock.now())
            except DatabaseLost as error:
                self._buffer.health.put_back(organization_id, taken)
                log.warning("collector.health_not_written", error=str(error))
            except Exception:
                log.exception("collector.refused", part=write_health.__name__, organization_id=organization_id)

    async def _write(self, organization_id: int, content: buffer.Content) -> bool:
        """Readings, live values and notes one after the other. All can be repeated safely: what was written stays."""
        for part in (write_readings, write_latest, write_notes, write_frames):
            try:
                await self._database.run(part, organization_id, content, at=clock.now())
            except (DatabaseLost, metering_operations.StoreBusy) as error:
                self._buffer.put_back(organization_id, content)
                log.warning("collector.not_written", error=str(error), readings_waiting=self._buffer.reading_count)
                return False
            except asyncio.CancelledError:
                # Stopped in the middle: written twice changes nothing, written never would be a loss.
                self._buffer.put_back(organization_id, content)
                raise
            except Exception:
                # What the store refuses it would refuse for ever: it is written into the log and left out.
                rows = list(content.readings.get(organization_id, ())) if part is write_readings else []
                log.exception("collector.refused", part=part.__name__, organization_id=organization_id, readings=rows)
        return True


def write_readings(organization_id: int, content: buffer.Content, *, at: datetime) -> None:
    """This will store the readings of one organization."""
    rows = content.readings.get(organization_id)
    if rows:
        batch = metering_operations.ReadingBatch.of(list(rows))
        metering_operations.record_readings(organization_id=organization_id, actor=ACTOR, at=at, batch=batch)


def write_latest(organization_id: int, content: buffer.Content, *, at: datetime) -> None:
    """This will store the live values of one organization."""
    rows = content.latest.get(organization_id)
    if rows:
        batch = metering_operations.ReadingBatch.of(list(rows.values()))
        metering_operations.record_latest(organization_id=organization_id, actor=ACTOR, at=at, batch=batch)


def write_notes(organization_id: int, content: buffer.Content, *, at: datetime) -> None:
    """This will store how the devices of one organization are doing; each note has its own instant."""
    notes = content.notes.get(organization_id)
    if not notes:
        return
    answers = [
        operations.DeviceAnswer(note.device_id, note.at, note.frame, note.problem)
        for note in notes.values()
        if isinstance(note, buffer.Answered)
    ]
    with scoping.scope([organization_id], actor=ACTOR):
        done = operations.note_usual_answers(actor=ACTOR, at=at, answers=answers)
        for note in notes.values():
            if note.device_id in done:
                continue
            if isinstance(note, buffer.Answered):
                operations.note_device_answer(
                    actor=ACTOR, at=note.at, device_id=note.device_id, frame=note.frame, problem=note.problem
                )
            else:
                operations.note_device_silence(
                    actor=ACTOR,
                    at=note.at,
                    device_id=note.device_id,
                    failures=note.failures,
                    since=note.since,
                    problem=note.problem,
                )


def write_frames(organization_id: int, content: buffer.Content, *, at: datetime) -> None:
    """This will keep the frames of readings at midnight of one organization."""
    frames = content.frames.get(organization_id)
    if frames:
        with scoping.scope([organization_id], actor=ACTOR):
            operations.keep_frames(actor=ACTOR, at=at, frames=frames)


def write_tallies(organization_id: int, counts: Mapping[tuple[int, datetime, bool], int], *, at: datetime) -> None:
    """This will add up how often the devices of one organization were asked and failed."""
    keys = dict.fromkeys((device_id, hour) for device_id, hour, _failed in counts)
    tallies = []
    for device_id, hour in keys:
        failed = counts.get((device_id, hour, True), 0)
        asked = failed + counts.get((device_id, hour, False), 0)
        tallies.append(operations.Tally(device_id=device_id, hour=hour, asked=asked, failed=failed))
    with scoping.scope([organization_id], actor=ACTOR):
        operations.add_tallies(actor=ACTOR, at=at, tallies=tallies)


def write_health(organization_id: int, taken: health.Taken, *, at: datetime) -> None:
    """This will add up how the lines of one organization answered."""
    with scoping.scope([organization_id], actor=ACTOR):
        line_health.add_hours(actor=ACTOR, at=at, hours=taken.rows())


async def until_written(writer: Writer, waiting: buffer.Buffer, seconds: float) -> None:
    """This will try to write what is left when the collector stops, for at most so long, and say what remained."""
    stopped = asyncio.Event()
    try:
        async with asyncio.timeout(seconds):
            while not waiting.is_empty and not await writer.flush():
                await pacing.wait(stopped, GATHER_SECONDS)
            await writer.flush_tallies()
    except TimeoutError:
        log.warning("collector.stopped_while_writing")
    if waiting.reading_count and waiting.journal is not None:
        log.warning("collector.readings_kept", count=waiting.reading_count, why="stopped without a database")
    elif waiting.reading_count:
        log.error("collector.readings_lost", count=waiting.reading_count, why="stopped without a database")
