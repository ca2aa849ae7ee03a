"""How a meter point stands. The list of meters is `monitoring.queries.list_meters`."""

from __future__ import annotations

import enum
from datetime import datetime, timedelta

LATE_AFTER = 2  # intervals of the point's main series


class MeterState(enum.StrEnum):
    """Whether values of a meter point arrive."""

    OK = "OK"
    LATE = "LATE"  # its device answers, or it has none, but the newest value is older than two intervals
    SILENT = "SILENT"  # its device does not answer
    NEVER = "NEVER"  # no value came yet
    NOT_LIVE = "NOT_LIVE"  # no meter hangs there, or none that reports by itself


def state_at(
    seen_at: datetime | None, step: int, at: datetime, *, is_silent: bool = False, is_live: bool = True
) -> MeterState:
    """This will tell how a meter point stands at an instant; `step` is in minutes."""
    if not is_live:
        return MeterState.NOT_LIVE
    if seen_at is None:
        return MeterState.NEVER
    if is_silent:
        return MeterState.SILENT
    is_late = at - seen_at > LATE_AFTER * timedelta(minutes=step)
    return MeterState.LATE if is_late else MeterState.OK
