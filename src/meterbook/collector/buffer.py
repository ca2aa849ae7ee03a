"""What was read and is not in the database yet: bounded, and nothing leaves it silently."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from meterbook.acquisition import operations, values
from meterbook.collector.health import Health
from meterbook.collector.journal import Journal, Row

log = structlog.get_logger(__name__)

MOST_FRAMES = 20_000  # of midnights; some 10 MB
MOST_READINGS = 200_000  # some 40 MB; with 1,000 series every 5 minutes more than half a day without a database


@dataclass(frozen=True)
class Answered:
    """A device answered at `at`."""

    organization_id: int
    device_id: int
    at: datetime
    frame: operations.FrameNote | None
    problem: values.Problem | None


@dataclass(frozen=True)
class Failed:
    """A device did not answer for the `failures`th cycle in a row; with 0 it was not asked, its plan is wrong."""

    organization_id: int
    device_id: int
    at: datetime
    failures: int
    since: datetime
    problem: values.Problem


Note = Answered | Failed
# By organization: how often (device, hour, whether it failed) happened.
Tallies = dict[int, Counter[tuple[int, datetime, bool]]]


@dataclass
class Content:
    """What one write takes. Readings are all kept; of live values and notes only the newest matters."""

    readings: dict[int, deque[Row]] = field(default_factory=lambda: defaultdict(deque))
    latest: dict[int, dict[int, Row]] = field(default_factory=lambda: defaultdict(dict))
    notes: dict[int, dict[int, Note]] = field(default_factory=lambda: defaultdict(dict))
    frames: dict[int, list[operations.FrameToKeep]] = field(default_factory=lambda: defaultdict(list))
    segment: int = 0  # the journal's readings up to it are these, or were written before

    @property
    def organizations(self) -> list[int]:
        """Whose rows there are."""
        return sorted(self.readings.keys() | self.latest.keys() | self.notes.keys() | self.frames.keys())

    @property
    def reading_count(self) -> int:
        """How many readings there are."""
        return sum(len(rows) for rows in self.readings.values())


class Buffer:
    """Collects what the buses bring until the writer takes it. With a journal, readings are on disk at once."""

    def __init__(self, most_readings: int = MOST_READINGS, *, journal: Journal | None = None) -> None:
        self.journal = journal
        self.health = Health()
        self._content = Content()
        self._tallies: Tallies = defaultdict(Counter)
        self._most = most_readings
        self.lost = 0

    def add(self, organization_id: int, rows: Iterable[tuple[Row, bool]]) -> None:
        """This will keep (row, is it a reading) pairs."""
        readings = []
        for row, is_reading in rows:
            if is_reading:
                readings.append(row)
            else:
                self._content.latest[organization_id][row[0]] = row
        if not readings:
            return
        if self.journal is not None:
            self.journal.append((organization_id, row) for row in readings)
        self._content.readings[organization_id].extend(readings)
        self._bound()

    def note(self, note: Note) -> None:
        """This will keep how a device is doing."""
        self._content.notes[note.organization_id][note.device_id] = note

    def keep_frame(self, organization_id: int, frame: operations.FrameToKeep) -> None:
        """This will keep the bytes of a reading at midnight; beyond a bound the oldest are dropped."""
        frames = self._content.frames[organization_id]
        frames.append(frame)
        del frames[:-MOST_FRAMES]

    def tally(self, organization_id: int, device_id: int, at: datetime, *, is_failed: bool) -> None:
        """This will count a question to a device in its hour. Counts wait until `take_tallies`."""
        hour = at.replace(minute=0, second=0, microsecond=0)
        self._tallies[organization_id][device_id, hour, is_failed] += 1

    def take(self) -> Content:
        """This will hand over all that is there but the counts."""
        content, self._content = self._content, Content()
        if self.journal is not None:
            content.segment = self.journal.cut()
        return content

    def take_tallies(self) -> Tallies:
        """This will hand over the counts, of the newest two hours only: of older ones nobody asks."""
        taken, self._tallies = self._tallies, defaultdict(Counter)
        newest = max((hour for counts in taken.values() for _device, hour, _failed in counts), default=None)
        if newest is None:
            return {}
        earliest = newest - timedelta(hours=1)
        return {
            organization: Counter({key: count for key, count in counts.items() if key[1] >= earliest})
            for organization, counts in taken.items()
        }

    def put_back_tallies(self, organization_id: int, counts: Counter[tuple[int, datetime, bool]]) -> None:
        """This will keep counts that could not be written."""
        self._tallies[organization_id].update(counts)

    def put_back(self, organization_id: int, content: Content) -> None:
        """This will keep what could not be written for one organization, before what has come since."""
        if content.readings.get(organization_id):
            self._content.readings[organization_id].extendleft(reversed(content.readings[organization_id]))
        for each in [*content.frames.get(organization_id, ()), *self._content.frames.pop(organization_id, ())]:
            self.keep_frame(organization_id, each)
        newer_latest = self._content.latest.get(organization_id, {})
        newer_notes = self._content.notes.get(organization_id, {})
        if content.latest.get(organization_id):
            self._content.latest[organization_id] = {**content.latest[organization_id], **newer_latest}
        if content.notes.get(organization_id):
            self._content.notes[organization_id] = {**content.notes[organization_id], **newer_notes}
        self._bound()

    @property
    def is_empty(self) -> bool:
        """Whether all is written."""
        return not self._content.organizations

    @property
    def reading_count(self) -> int:
        """How many readings wait."""
        return self._content.reading_count

    def _bound(self) -> None:
        """Beyond the bound the oldest readings leave memory: the journal has them, else each loss is logged."""
        excess = self._content.reading_count - self._most
        if excess <= 0:
            return
        if self.journal is not None:
            if not self.journal.is_behind:
                log.warning("collector.readings_on_disk_only", buffered=self._most)
            self.journal.is_behind = True
        if self.journal is None or self.journal.has_holes:  # the disk was full: it may be without these
            self.lost += excess
            log.error("collector.readings_lost", count=excess, lost_since_start=self.lost, buffered=self._most)
        for rows in sorted(self._content.readings.values(), key=lambda each: each[0][1] if each else 0):
            while excess and rows:
                rows.popleft()
                excess -= 1
