"""The one place that reads the time.

Only web, api, jobs, collector, cli and gateway call `now()`; everything below them takes `at` or `period`. A demo
installs an `AcceleratedClock`; time-outs, expiries in flight, sign-in and rate limits use `real_now()` all the same.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

FASTEST = 60


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
