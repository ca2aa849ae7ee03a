"""What a gateway counted of its lines, as a batch tells it: by hour, one row a device, one a bus.

{"bus": "...", "device": "...", "hour": 1767225600000, "outcomes": {"answered": 3, "timeouts": 1},
 "buckets": [0, 3, 0, 0, 0, 0, 0, 0], "busy_ms": 1180, "skews": 1, "skew_ms": 300, "skew_most_ms": 300}

A row without a device says how long the bus was asked at all (`watched_ms`). What is nothing is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from meterbook.acquisition.polling.counting import BUCKETS_MS, Outcome

AN_HOUR_MS = 3_600_000
MOST = 100_000_000  # questions of one bus in an hour, and milliseconds, are fewer
LATEST = 2**52
_PLACES = len(BUCKETS_MS) + 1
_NUMBERS = ("busy_ms", "watched_ms", "skews", "skew_ms", "skew_most_ms")
_OUTCOMES = frozenset(each.value for each in Outcome)


class LineHourInvalid(ValueError):
    """A row of counts has bus and hour, and may have device, outcomes, buckets and whole numbers from 0."""


@dataclass(frozen=True)
class LineHour:
    """Counts of one hour; the names are those of `monitoring.line_health.HourOfLine`. Instants in milliseconds."""

    bus: str
    hour: int
    device: str = ""
    outcomes: Mapping[str, int] = field(default_factory=dict)
    buckets: tuple[int, ...] = (0,) * _PLACES
    busy_ms: int = 0
    watched_ms: int = 0
    skews: int = 0
    skew_ms: int = 0
    skew_most_ms: int = 0
    clock_ms: int | None = None
    clock_at: int | None = None

    def added(self, later: LineHour) -> LineHour:
        """This will return the counts of both; of the clock what was told later."""
        names = self.outcomes.keys() | later.outcomes.keys()
        made = replace(
            self,
            outcomes={each: self.outcomes.get(each, 0) + later.outcomes.get(each, 0) for each in sorted(names)},
            buckets=tuple(own + more for own, more in zip(self.buckets, later.buckets, strict=True)),
            busy_ms=self.busy_ms + later.busy_ms,
            watched_ms=self.watched_ms + later.watched_ms,
            skews=self.skews + later.skews,
            skew_ms=self.skew_ms + later.skew_ms,
            skew_most_ms=max(self.skew_most_ms, later.skew_most_ms),
        )
        return made if later.clock_at is None else replace(made, clock_ms=later.clock_ms, clock_at=later.clock_at)

    def as_json(self) -> dict[str, Any]:
        """This will return what is written; what is nothing is left out."""
        content = {**asdict(self), "outcomes": dict(self.outcomes)}
        content["buckets"] = list(self.buckets) if any(self.buckets) else []
        return {name: value for name, value in content.items() if value or (name == "clock_ms" and value == 0)}


def read(given: object) -> LineHour:
    """This will read one row.

    :raises LineHourInvalid: when it is none
    """
    if not isinstance(given, dict) or not {"bus", "hour"} <= given.keys() <= LineHour.__dataclass_fields__.keys():
        raise LineHourInvalid(LineHourInvalid.__doc__)
    texts = [given["bus"], given.get("device", "")]
    outcomes, buckets = given.get("outcomes", {}), given.get("buckets", [0] * _PLACES)
    if any(not isinstance(each, str) or len(each) > 60 for each in texts) or not isinstance(outcomes, dict):
        raise LineHourInvalid(LineHourInvalid.__doc__)
    if not isinstance(buckets, list) or len(buckets) != _PLACES or not outcomes.keys() <= _OUTCOMES:
        raise LineHourInvalid(LineHourInvalid.__doc__)
    numbers = {name: given[name] for name in _NUMBERS if name in given}
    if not all(_is_count(each) for each in (*numbers.values(), *outcomes.values(), *buckets)):
        raise LineHourInvalid(LineHourInvalid.__doc__)
    hour, told, at = given["hour"], given.get("clock_ms"), given.get("clock_at")
    if type(hour) is not int or not 0 <= hour < LATEST or hour % AN_HOUR_MS or (told is None) != (at is None):
        raise LineHourInvalid(LineHourInvalid.__doc__)
    if told is not None and (type(told) is not int or type(at) is not int or max(abs(told), abs(at)) >= LATEST):
        raise LineHourInvalid(LineHourInvalid.__doc__)
    return LineHour(
        bus=texts[0],
        hour=hour,
        device=texts[1],
        outcomes=outcomes,
        buckets=tuple(buckets),
        clock_ms=told,
        clock_at=at,
        **numbers,
    )


def _is_count(number: object) -> bool:
    return type(number) is int and 0 <= number < MOST
