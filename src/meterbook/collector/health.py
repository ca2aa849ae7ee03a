"""How lines answer, counted in memory as questions are asked, and handed over once a minute.

It is fed between two questions of a bus: nothing here waits, and each note is a few additions.
"""

from __future__ import annotations

import enum
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from meterbook.acquisition.contract import errors, telegram_lines
from meterbook.monitoring.line_health import HourOfLine
from meterbook.monitoring.values import BUCKETS_MS

LONGEST_WAIT = timedelta(hours=23)  # what is older beside the newest hour is dropped while there is no database


class Outcome(enum.StrEnum):
    """What came of one question; the values are the counters of `HourOfLine`."""

    ANSWERED = "answered"
    TIMEOUT = "timeouts"
    DAMAGED = "damaged"
    STRANGE = "strange"
    REFUSED = "refused"
    LOST = "lost"


@dataclass(frozen=True)
class Place:
    """Whom a question went to: a device of a bus."""

    organization_id: int
    bus_id: int
    device_id: int


@dataclass(slots=True)
class Counts:
    """What was counted of a device in one hour."""

    outcomes: dict[Outcome, int] = field(default_factory=dict)
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS_MS) + 1))
    busy: float = 0.0
    skews: int = 0
    skew_ms: int = 0
    skew_most_ms: int = 0
    clock_ms: int | None = None
    clock_at: datetime | None = None

    def add(self, other: Counts) -> None:
        """This will add what was counted later."""
        for outcome, count in other.outcomes.items():
            self.outcomes[outcome] = self.outcomes.get(outcome, 0) + count
        self.buckets = [own + more for own, more in zip(self.buckets, other.buckets, strict=True)]
        self.busy += other.busy
        self.skews += other.skews
        self.skew_ms += other.skew_ms
        self.skew_most_ms = max(self.skew_most_ms, other.skew_most_ms)
        if other.clock_at is not None:
            self.clock_ms, self.clock_at = other.clock_ms, other.clock_at

    def row(self, bus_id: int, device_id: int | None, hour: datetime, watched: float) -> HourOfLine:
        """This will return what is stored; the clock of a device is no bus's."""
        outcomes = {each.value: self.outcomes.get(each, 0) for each in Outcome}
        return HourOfLine(
            bus_id=bus_id,
            device_id=device_id,
            hour=hour,
            asked=sum(outcomes.values()),
            **outcomes,
            busy_ms=round(self.busy * 1000),
            watched_ms=round(watched * 1000),
            buckets=tuple(self.buckets),
            skews=self.skews,
            skew_ms=self.skew_ms,
            skew_most_ms=self.skew_most_ms,
            clock_ms=None if device_id is None else self.clock_ms,
            clock_at=None if device_id is None else self.clock_at,
        )


def outcome_of(error: errors.DeviceError) -> Outcome:
    """This will tell what came of a question that a driver gave up.

    Bytes that came in time but make no whole frame count as damaged: a checksum that does not fit, or an end cut off.
    """
    if isinstance(error, errors.ExceptionAnswer):
        return Outcome.REFUSED
    if isinstance(error, errors.FrameMismatch):
        return Outcome.DAMAGED if error.data.get("field", "checksum") == "checksum" else Outcome.STRANGE
    if isinstance(error, telegram_lines.TelegramDamaged):
        return Outcome.DAMAGED
    if isinstance(error, errors.Timeout | telegram_lines.NoTelegram):
        return Outcome.DAMAGED if error.data.get("response") else Outcome.TIMEOUT
    if isinstance(error, errors.Nonsense):
        return Outcome.ANSWERED
    if isinstance(error, errors.ConnectionRefused | errors.ConnectionLost):
        return Outcome.LOST
    return Outcome.REFUSED


@dataclass
class Taken:
    """What was counted for one organization, on its way to the database."""

    devices: list[tuple[Place, datetime, Counts]] = field(default_factory=list)
    watched: list[tuple[int, datetime, float]] = field(default_factory=list)

    def since(self, earliest: datetime) -> Taken:
        """This will return what is of that hour or later."""
        return Taken(
            [each for each in self.devices if each[1] >= earliest],
            [each for each in self.watched if each[1] >= earliest],
        )

    def rows(self) -> list[HourOfLine]:
        """This will return what is stored: of each device, and the sums of each bus. Not for the loop of the buses."""
        found: dict[tuple[int, int | None, datetime], Counts] = defaultdict(Counts)
        for place, hour, counts in self.devices:
            found[place.bus_id, place.device_id, hour].add(counts)
            found[place.bus_id, None, hour].add(counts)
        watched: dict[tuple[int, datetime], float] = defaultdict(float)
        for bus_id, hour, seconds in self.watched:
            watched[bus_id, hour] += seconds
        return [
            counts.row(bus_id, device_id, hour, watched[bus_id, hour] if device_id is None else 0.0)
            for (bus_id, device_id, hour), counts in found.items()
        ]


class Health:
    """The counts of all lines of a collector since they were taken last."""

    def __init__(self) -> None:
        self._counts: dict[tuple[Place, datetime], Counts] = defaultdict(Counts)
        self._watched: dict[tuple[int, int, datetime], float] = defaultdict(float)
        self._seen: dict[int, float] = {}
        self._waiting: dict[int, Taken] = {}

    def begin(self, bus_id: int, monotonic: float) -> None:
        """This will note that a bus is asked from now on."""
        self._seen[bus_id] = monotonic

    def note(
        self, place: Place, outcome: Outcome, *, at: datetime, monotonic: float, busy: float, took_ms: int | None = None
    ) -> None:
        """This will count one question.

        :param at: product time
        :param monotonic: real seconds, when it was over
        :param busy: real seconds that it kept the bus
        :param took_ms: of an answer, from the question to its end; None where nobody asked
        """
        hour = at.replace(minute=0, second=0, microsecond=0)
        counts = self._counts[place, hour]
        counts.outcomes[outcome] = counts.outcomes.get(outcome, 0) + 1
        counts.busy += busy
        if took_ms is not None:
            counts.buckets[bisect_left(BUCKETS_MS, took_ms)] += 1
        self._watched[place.organization_id, place.bus_id, hour] += monotonic - self._seen.get(place.bus_id, monotonic)
        self._seen[place.bus_id] = monotonic

    def note_skew(self, place: Place, *, slot: datetime, at: datetime) -> None:
        """This will note how long after the beginning of its slot a counter was read."""
        counts = self._counts[place, at.replace(minute=0, second=0, microsecond=0)]
        late = (at - slot) // timedelta(milliseconds=1)
        counts.skews += 1
        counts.skew_ms += late
        counts.skew_most_ms = max(counts.skew_most_ms, late)

    def note_clock(self, place: Place, *, offset: timedelta, at: datetime) -> None:
        """This will note how far a device's own clock is off."""
        counts = self._counts[place, at.replace(minute=0, second=0, microsecond=0)]
        counts.clock_ms, counts.clock_at = offset // timedelta(milliseconds=1), at

    def take(self) -> dict[int, Taken]:
        """This will hand over what was counted, by organization; of a day at most."""
        counted, self._counts = self._counts, defaultdict(Counts)
        watched, self._watched = self._watched, defaultdict(float)
        found, self._waiting = self._waiting, {}
        for (place, hour), counts in counted.items():
            found.setdefault(place.organization_id, Taken()).devices.append((place, hour, counts))
        for (organization_id, bus_id, hour), seconds in watched.items():
            found.setdefault(organization_id, Taken()).watched.append((bus_id, hour, seconds))
        newest = max((hour for taken in found.values() for _place, hour, _counts in taken.devices), default=None)
        if newest is None:
            return {}
        return {organization_id: taken.since(newest - LONGEST_WAIT) for organization_id, taken in found.items()}

    def put_back(self, organization_id: int, taken: Taken) -> None:
        """This will keep what could not be written until the next time."""
        waiting = self._waiting.setdefault(organization_id, Taken())
        waiting.devices.extend(taken.devices)
        waiting.watched.extend(taken.watched)
