"""The one place that reads the time.

Only web, api, jobs, collector, cli and gateway call `now()`; everything below them takes `at` or `period`. A demo
installs an `AcceleratedClock`; time-outs, expiries in flight, sign-in and rate limits use `real_now()` all the same.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

FASTEST = 60
STEADY, BELIEVED_AFTER = timedelta(minutes=1), timedelta(minutes=5)
# Nanoseconds since the machine was started, sleep included, which nobody can set; not every system counts the sleep.
_TICKING = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Clock(Protocol):
    """Anything that knows the product's time."""

    def now(self) -> datetime:
        """This will return the present instant, aware, in UTC."""
        ...


class ClockNaive(ValueError):
    """A clock works with aware instants only; give the time zone."""


class SpeedRefused(ValueError):
    """The speed of an accelerated clock lies between 1 and 60."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """This will return the machine's present instant in UTC."""
        return datetime.now(UTC)


@dataclass(frozen=True)
class AcceleratedClock:
    """A demo's clock: at `real` it showed `product`, and it has run `speed` times as fast since.

    Processes that are given the same three figures agree on the time without talking to each other.
    """

    real: datetime
    product: datetime
    speed: int
    source: Clock = field(default_factory=SystemClock)

    def __post_init__(self) -> None:
        if not 1 <= self.speed <= FASTEST:
            raise SpeedRefused(f"{self.speed}: {SpeedRefused.__doc__}")
        if self.real.tzinfo is None or self.product.tzinfo is None:
            raise ClockNaive(ClockNaive.__doc__)

    def now(self) -> datetime:
        """This will return product + (real now - real) x speed.

        Anchored at 12:00 real = 08:00 product with speed 10, at 12:03 it answers 08:30.
        """
        return self.at(self.source.now())

    def at(self, real: datetime) -> datetime:
        """This will return what the clock shows at a real instant."""
        return (self.product + (real - self.real) * self.speed).astimezone(UTC)


@dataclass
class SteadyClock:
    """A machine's clock without its leaps: for programs that stamp what they read for weeks.

    A clock that is suddenly more than a minute away from where it was is not believed at once: time goes on as the
    machine counts it since it was started, until the clock has held its new course for five minutes (somebody set it
    right), or is back. What a bad clock shows for a while then does no harm. A pause of the whole machine is no leap.
    """

    source: Clock = field(default_factory=SystemClock)
    ticks: Callable[[], int] = lambda: time.clock_gettime_ns(_TICKING)
    _known: tuple[datetime, int] | None = field(default=None, init=False, repr=False)  # what it showed, at which tick
    _leapt: tuple[timedelta, int] | None = field(default=None, init=False, repr=False)  # by how much, at which tick

    def now(self) -> datetime:
        """This will return the present instant in UTC."""
        shown, tick = self.source.now(), self.ticks()
        if self._known is None:
            self._known = shown, tick
            return shown
        expected = self._known[0] + _passed(self._known[1], tick)
        leap = shown - expected
        if abs(leap) <= STEADY:
            self._known, self._leapt = (shown, tick), None
            return shown
        if self._leapt is None or abs(leap - self._leapt[0]) > STEADY:
            self._leapt = leap, tick
        if _passed(self._leapt[1], tick) >= BELIEVED_AFTER:
            self._known, self._leapt = (shown, tick), None
            return shown
        return expected


def _passed(since: int, tick: int) -> timedelta:
    return timedelta(microseconds=(tick - since) // 1_000)


@dataclass
class SettableClock:
    """A clock that stands until it is set: for stepping a demo and for tests."""

    instant: datetime

    def now(self) -> datetime:
        """This will return the instant that was set."""
        if self.instant.tzinfo is None:
            raise ClockNaive(ClockNaive.__doc__)
        return self.instant.astimezone(UTC)

    def advance(self, by: timedelta) -> None:
        """This will move the clock by a duration."""
        self.instant += by


_installed: list[Clock] = [SystemClock()]


def install(clock: Clock) -> None:
    """This will make a clock the product's clock of this process."""
    _installed[0] = clock


def steady() -> None:
    """This will make the product's clock of this process one that does not follow leaps of the machine's clock."""
    installed = _installed[0]
    if isinstance(installed, SystemClock):
        install(SteadyClock(installed))
    elif isinstance(installed, AcceleratedClock) and isinstance(installed.source, SystemClock):
        install(replace(installed, source=SteadyClock(installed.source)))


@contextlib.contextmanager
def use(clock: Clock) -> Iterator[Clock]:
    """This will install a clock for the time of a block and put the former one back."""
    former = _installed[0]
    install(clock)
    try:
        yield clock
    finally:
        install(former)


def now() -> datetime:
    """This will return the product's present instant, aware, in UTC."""
    return _installed[0].now()


def real_now() -> datetime:
    """This will return the machine's present instant, also in a demo."""
    return datetime.now(UTC)


def speed() -> int:
    """This will return how many times as fast as real time the product's clock runs."""
    installed = _installed[0]
    return installed.speed if isinstance(installed, AcceleratedClock) else 1
