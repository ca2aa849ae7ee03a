"""How lines answer, counted in memory as questions are asked: by hour and device, until somebody takes them. Pure.

It is fed between two questions of a bus: nothing here waits, and each note is a few additions.
"""

from __future__ import annotations

import enum
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

from meterbook.acquisition.contract import errors, telegram_lines

# Answers of a line are counted by how long they took: up to so many milliseconds, and longer.
BUCKETS_MS = (20, 50, 100, 200, 500, 1_000, 2_000)


class Outcome(enum.StrEnum):
    """What came of one question; the values are names of counters."""

    ANSWERED = "answered"
    TIMEOUT = "timeouts"
    DAMAGED = "damaged"
    STRANGE = "strange"
    REFUSED = "refused"
    LOST = "lost"


class Place(Protocol):
    """Whom a question went to: a device on a line."""

    @property
    def line(self) -> Hashable:
        """The line on which it is."""

    def __hash__(self) -> int: ...


P = TypeVar("P", bound=Place)


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


class Counting(Generic[P]):
    """The counts of lines since they were taken last."""

    def __init__(self) -> None:
        self._counts: dict[tuple[P, datetime], Counts] = defaultdict(Counts)
        self._watched: dict[tuple[Hashable, datetime], float] = defaultdict(float)
        self._seen: dict[Hashable, float] = {}

    def begin(self, line: Hashable, monotonic: float) -> None:
        """This will note that a line is asked from now on."""
        self._seen[line] = monotonic

    def note(
        self, place: P, outcome: Outcome, *, at: datetime, monotonic: float, busy: float, took_ms: int | None = None
    ) -> None:
        """This will count one question.

        :param at: product time
        :param monotonic: real seconds, when it was over
        :param busy: real seconds that it kept the line
        :param took_ms: of an answer, from the question to its end; None where nobody asked
        """
        hour = _hour(at)
        counts = self._counts[place, hour]
        counts.outcomes[outcome] = counts.outcomes.get(outcome, 0) + 1
        counts.busy += busy
        if took_ms is not None:
            counts.buckets[bisect_left(BUCKETS_MS, took_ms)] += 1
        self._watched[place.line, hour] += monotonic - self._seen.get(place.line, monotonic)
        self._seen[place.line] = monotonic

    def note_skew(self, place: P, *, slot: datetime, at: datetime) -> None:
        """This will note how long after the beginning of its slot a counter was read."""
        counts = self._counts[place, _hour(at)]
        late = (at - slot) // timedelta(milliseconds=1)
        counts.skews += 1
        counts.skew_ms += late
        counts.skew_most_ms = max(counts.skew_most_ms, late)

    def note_clock(self, place: P, *, offset: timedelta, at: datetime) -> None:
        """This will note how far a device's own clock is off."""
        counts = self._counts[place, _hour(at)]
        counts.clock_ms, counts.clock_at = offset // timedelta(milliseconds=1), at

    def take_all(self) -> tuple[dict[tuple[P, datetime], Counts], dict[tuple[Hashable, datetime], float]]:
        """This will hand over what was counted of devices, and the real seconds in which lines were asked, by hour."""
        counted, self._counts = self._counts, defaultdict(Counts)
        watched, self._watched = self._watched, defaultdict(float)
        return counted, watched


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


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)
