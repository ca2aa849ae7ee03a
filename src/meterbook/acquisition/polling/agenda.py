"""Whose turn it is on one bus.

A bus asks one device at a time. A device that does not answer goes behind all others that wait before it is asked
again, so in one round it delays them by one time-out only, and by less than time-out x retries whatever happens; when
its retries are used up it rests (M-016).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from meterbook.acquisition.polling import backoff, timetable
from meterbook.acquisition.polling.backoff import Health, Policy
from meterbook.acquisition.polling.timetable import Done, Timetable, Work

NOTHING_DONE = Done()
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Job(Generic[Key]):
    """Read the counters or the instant values of a device, for the slot that began at `slot`."""

    key: Key
    work: Work
    slot: datetime
    policy: Policy


@dataclass(frozen=True)
class _Due(Generic[Key]):
    """What a device is due for in [since, until): until one of its next slots begins nothing else can be."""

    since: datetime
    until: datetime
    jobs: tuple[Job[Key], ...]


@dataclass(frozen=True)
class _Entry:
    timetable: Timetable
    policy: Policy
    done: Done = NOTHING_DONE
    health: Health = backoff.WELL
    turn: int = 0  # when it last had its turn; the smaller waits longer
    is_watched: bool = False


# A gateway that cannot be reached is tried again soon: its devices have done nothing wrong.
BUS_POLICY = Policy(retries=0, first_pause=timedelta(seconds=1), cap=timedelta(minutes=1))


@dataclass
class Agenda(Generic[Key]):
    """The devices of one bus with what they are due for. It knows no clock: every question gives the instant."""

    bus_policy: Policy = BUS_POLICY
    bus_health: Health = backoff.WELL
    _entries: dict[Key, _Entry] = field(default_factory=dict)
    _due: dict[Key, _Due[Key]] = field(default_factory=dict)  # as worked out last; none of an entry that changed
    _turn: int = 0
    _was_watched: bool = False  # whether the latest turn for instant values went to a device that somebody looks at

    def put(self, key: Key, table: Timetable, policy: Policy, *, is_watched: bool = False) -> None:
        """This will add a device, or change its timetable and policy and keep what is known of it.

        :param is_watched: somebody looks at it
        """
        former = self._entries.get(key) or _Entry(table, policy)
        self._keep(key, replace(former, timetable=table, policy=policy, is_watched=is_watched))

    def remove(self, key: Key) -> None:
        """This will forget a device; a device that is not there stays so."""
        self._entries.pop(key, None)
        self._due.pop(key, None)

    def keys(self) -> frozenset[Key]:
        """This will return the devices."""
        return frozenset(self._entries)

    def health(self, key: Key) -> Health:
        """This will return how a device has answered lately."""
        return self._entries[key].health

    def take(self, now: datetime) -> Job[Key] | None:
        """This will return the most urgent job, None when nothing is due or the whole bus rests.

        Counters come before instant values. Of these every other turn goes to devices that somebody looks at, so that
        they do not wait until all others have been asked, and the others never wait for them alone. Then devices that
        answered come before those that failed, and of equal ones the one that has waited longest. The caller does the
        job, then calls `succeeded`, `failed` or `unreachable`.
        """
        if not self.bus_health.may_try(now):
            return None
        jobs = list(self._jobs(now))
        counters = [job for job in jobs if job.work is Work.ENERGY]
        watched = [job for job in jobs if self._entries[job.key].is_watched]
        others = [job for job in jobs if not self._entries[job.key].is_watched]
        pools = (others, watched) if self._was_watched else (watched, others)
        return min(counters or pools[0] or pools[1], key=self._urgency, default=None)

    def succeeded(self, job: Job[Key]) -> None:
        """This will note that a job was done: its slot is served and the device is well."""
        self.bus_health = backoff.WELL
        entry = self._entries.get(job.key)
        if entry is not None:  # else it was removed while its job ran
            self._turn += 1
            self._note_turn(job, entry)
            done = entry.done.with_slot(job.work, job.slot)
            self._keep(job.key, replace(entry, done=done, health=backoff.WELL, turn=self._turn))

    def failed(self, job: Job[Key], at: datetime) -> None:
        """This will note that one attempt failed: the device goes behind the others, or rests."""
        self.bus_health = backoff.WELL
        entry = self._entries.get(job.key)
        if entry is not None:
            self._turn += 1
            self._note_turn(job, entry)
            health = backoff.failed(entry.health, at, entry.policy)
            self._keep(job.key, replace(entry, health=health, turn=self._turn))

    def unreachable(self, at: datetime) -> None:
        """This will note that the gateway itself could not be reached: the bus rests, no device is to blame."""
        self.bus_health = backoff.failed(self.bus_health, at, self.bus_policy)

    def wake_at(self, now: datetime) -> datetime | None:
        """This will return when `take` can have a job again: `now` when it has one, None when never."""
        instants = [instant for entry in self._entries.values() if (instant := _ready_at(entry, now)) is not None]
        if not instants:
            return None
        rests_until = self.bus_health.rests_until
        return min(instants) if rests_until is None or self.bus_health.may_try(now) else max(min(instants), rests_until)

    def _keep(self, key: Key, entry: _Entry) -> None:
        self._entries[key] = entry
        self._due.pop(key, None)

    def _jobs(self, now: datetime) -> Iterator[Job[Key]]:
        for key, entry in self._entries.items():
            due = self._due.get(key)
            if due is None or not due.since <= now < due.until:
                due = self._due[key] = _due_at(key, entry, now)
            if due.jobs and entry.health.may_try(now):
                yield from due.jobs

    def _note_turn(self, job: Job[Key], entry: _Entry) -> None:
        if job.work is Work.INSTANT:
            self._was_watched = entry.is_watched

    def _urgency(self, job: Job[Key]) -> tuple[Work, int, int]:
        entry = self._entries[job.key]
        return job.work, entry.health.failures, entry.turn


def _due_at(key: Key, entry: _Entry, now: datetime) -> _Due[Key]:
    jobs = tuple(Job(key, due.work, due.slot, entry.policy) for due in timetable.due(now, entry.timetable, entry.done))
    return _Due(now, timetable.next_slot(now, entry.timetable), jobs)


def _ready_at(entry: _Entry, now: datetime) -> datetime | None:
    instant = timetable.next_due(now, entry.timetable, entry.done)
    rests_until = entry.health.rests_until
    if instant is None or rests_until is None or entry.health.may_try(now):
        return instant
    return max(instant, rests_until)
