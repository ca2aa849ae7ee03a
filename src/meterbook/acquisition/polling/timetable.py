"""When a device is due. Slots lie on the UTC grid: every 15 minutes means :00, :15, :30 and :45."""

from __future__ import annotations

import enum
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime.max.replace(tzinfo=UTC)

# Steps at which live values can be asked so that every slot of five minutes begins with one.
LIVE_STEPS = tuple(seconds for seconds in range(1, 301) if 300 % seconds == 0)
WATCHED_A_SECOND = 25  # devices of one bus that get a turn each second because somebody looks at them


class StepRefused(ValueError):
    """A step is a whole number of seconds from 1 second to 1 day."""


class Work(enum.IntEnum):
    """What is read; the smaller one first."""

    ENERGY = 0
    INSTANT = 1


@dataclass(frozen=True)
class Timetable:
    """Counters at every boundary of `energy_every`, instant values every `instant_every`, None for never."""

    energy_every: timedelta | None
    instant_every: timedelta | None = None

    def __post_init__(self) -> None:
        for step in (self.energy_every, self.instant_every):
            if step is not None and (step % timedelta(seconds=1) or not timedelta(0) < step <= timedelta(days=1)):
                raise StepRefused(f"{step}: {StepRefused.__doc__}")

    def step(self, work: Work) -> timedelta | None:
        """This will return how often a kind of work is due."""
        return self.energy_every if work is Work.ENERGY else self.instant_every


@dataclass(frozen=True)
class Done:
    """The start of the latest slot that was served, by kind of work; None before the first."""

    energy: datetime | None = None
    instant: datetime | None = None

    def latest(self, work: Work) -> datetime | None:
        """This will return the latest slot served for a kind of work."""
        return self.energy if work is Work.ENERGY else self.instant

    def with_slot(self, work: Work, slot: datetime) -> Done:
        """This will note that a slot was served."""
        return replace(self, energy=slot) if work is Work.ENERGY else replace(self, instant=slot)


@dataclass(frozen=True, order=True)
class Due:
    """A kind of work whose slot, starting at `slot`, has not been served yet."""

    work: Work
    slot: datetime


def slot_of(at: datetime, step: timedelta) -> datetime:
    """This will return the start of the slot that holds an instant: 12:07:30 by 15 minutes is 12:00."""
    return at - (at - EPOCH) % step


def due(now: datetime, timetable: Timetable, done: Done) -> tuple[Due, ...]:
    """This will return what a device is due for, counters first.

    A slot stays due until it is served or the next one begins: missed slots are never made up for, since the device
    only knows its present values.
    """
    found: list[Due] = []
    for work in Work:
        step = timetable.step(work)
        if step is not None:
            slot, latest = slot_of(now, step), done.latest(work)
            if latest != slot:  # also where the clock was put back: what is read again is no second reading
                found.append(Due(work, slot))
    return tuple(found)


def next_due(now: datetime, timetable: Timetable, done: Done) -> datetime | None:
    """This will return the instant from which on something is due: `now` when it is already; None for never."""
    if due(now, timetable, done):
        return now
    begins = next_slot(now, timetable)
    return None if begins == LATEST else begins


def next_slot(now: datetime, timetable: Timetable) -> datetime:
    """This will return when the next slot of any kind of work begins; `LATEST` where nothing is ever due."""
    steps = [step for work in Work if (step := timetable.step(work)) is not None]
    return min((slot_of(now, step) + step for step in steps), default=LATEST)


def planned(counters: Collection[int], live: timedelta, *, is_one_readout: bool) -> Timetable:
    """This will return the timetable of a device.

    :param counters: how many minutes lie between the readings of each counter
    :param live: how often live values are asked
    :param is_one_readout: its counters come with all the rest, so that a readout in between is left out where it would
        bring nothing sooner
    """
    energy = timedelta(minutes=min(counters)) if counters else None
    is_covered = is_one_readout and energy is not None and energy <= live
    return Timetable(energy, None if is_covered else live)


def live_every(configured: int, *, speed: int = 1, watched: int = 0) -> timedelta:
    """This will return how often a device is asked for live values, in product time.

    Somebody who looks at a device has it asked each real second; where more than 25 devices of its bus are looked at,
    they share 25 turns a second. An accelerated clock asks nothing more often than twice in five real seconds unless
    somebody looks, however short its seconds: configured 10 s at speed 60 become 150 s, which are 2.5 real seconds.

    :param configured: seconds of the product's clock, from 1 to 3600
    :param watched: how many devices of the bus somebody looks at, 0 when nobody looks at this one
    """
    usual = configured if speed == 1 else max(configured, _live_step(2 * speed))
    if watched == 0:
        return timedelta(seconds=usual)
    return timedelta(seconds=min(usual, _live_step(-(-watched // WATCHED_A_SECOND) * speed)))


def _live_step(seconds: int) -> int:
    """The shortest of the steps that is not shorter; the longest when none is."""
    return next((step for step in LIVE_STEPS if step >= seconds), LIVE_STEPS[-1])
