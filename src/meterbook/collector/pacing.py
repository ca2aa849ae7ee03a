"""Wait until an instant of the product's clock, which runs up to 60 times as fast in a demo."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import datetime

from meterbook.kernel import clock

LONGEST = 1.0  # real seconds; a bus looks up at least so often
SHORTEST = 0.005
STANDING = 0.05  # how often a clock is looked at that stands still or was set
ENOUGH = 0.02  # real seconds over which the speed can be told


class Pacer:
    """Knows how fast the product's clock runs, from looking at it now and then."""

    def __init__(self) -> None:
        self._product, self._real = clock.now(), clock.real_now()
        self._speed = 1.0

    def real_seconds_until(self, target: datetime | None) -> float:
        """This will return how long to sleep before looking again; at most one second, so that nothing is missed."""
        now = clock.now()
        self._look(now)
        if target is None:
            return LONGEST
        if self._speed <= 0:
            return STANDING
        return min(LONGEST, max(SHORTEST, (target - now).total_seconds() / self._speed))

    def _look(self, now: datetime) -> None:
        real = clock.real_now()
        passed = (real - self._real).total_seconds()
        if passed >= ENOUGH:
            self._speed = min(float(clock.FASTEST), (now - self._product).total_seconds() / passed)
            self._product, self._real = now, real


async def wait(event: asyncio.Event, seconds: float) -> bool:
    """This will wait for the event, at most so many real seconds, and say whether it came."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()
