"""The clock of a demonstration, as it is kept in its folder: one anchor that all its processes are given."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from meterbook.kernel import clock

KEY = "clock"  # in the folder's mark
Content = dict[str, object]


def go_on(content: Mapping[str, object], *, real_at: datetime, speed: int = 1) -> dict[str, object]:
    """This will return a new anchor from which the clock goes on at another speed.

    The product's time never goes back: what was reached at a higher speed or by `demo advance` stays reached. A clock
    that is behind the real one, because the machine was off, catches up with it.

    :param real_at: the machine's present instant
    :raises clock.SpeedRefused: when the speed is not 1 to 60
    """
    return stand(max(real_at, reached(content, real_at=real_at)), real_at=real_at, speed=speed)


def stand(at: datetime, *, real_at: datetime, speed: int = 1) -> dict[str, object]:
    """This will return the anchor of a clock that shows `at` now and runs from there."""
    made = clock.AcceleratedClock(real_at, at, speed)
    return {"real": made.real.isoformat(), "product": made.product.isoformat(), "speed": made.speed}


def reached(content: Mapping[str, object], *, real_at: datetime) -> datetime:
    """This will return what the clock kept in a folder shows at a real instant; that itself when none is kept."""
    kept = content.get(KEY)
    if not isinstance(kept, Mapping):
        return real_at
    known = clock.AcceleratedClock(
        datetime.fromisoformat(kept["real"]), datetime.fromisoformat(kept["product"]), int(kept["speed"])
    )
    return known.at(real_at)
