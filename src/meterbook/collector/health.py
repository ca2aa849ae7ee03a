"""How lines answer, counted in memory as questions are asked (`polling.counting`), and handed over once a minute."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from meterbook.acquisition.polling.counting import Counting, Counts, Outcome
from meterbook.monitoring.line_health import HourOfLine

LONGEST_WAIT = timedelta(hours=23)  # what is older beside the newest hour is dropped while there is no database


@dataclass(frozen=True)
class Place:
    """Whom a question went to: a device of a bus."""

    organization_id: int
    bus_id: int
    device_id: int

    @property
    def line(self) -> Hashable:
        """The bus."""
        return self.organization_id, self.bus_id


def row(counts: Counts, bus_id: int, device_id: int | None, hour: datetime, watched: float) -> HourOfLine:
    """This will return what is stored; the clock of a device is no bus's."""
    outcomes = {each.value: counts.outcomes.get(each, 0) for each in Outcome}
    return HourOfLine(
        bus_id=bus_id,
        device_id=device_id,
        hour=hour,
        asked=sum(outcomes.values()),
        **outcomes,
        busy_ms=round(counts.busy * 1000),
        watched_ms=round(watched * 1000),
        buckets=tuple(counts.buckets),
        skews=counts.skews,
        skew_ms=counts.skew_ms,
        skew_most_ms=counts.skew_most_ms,
        clock_ms=None if device_id is None else counts.clock_ms,
        clock_at=None if device_id is None else counts.clock_at,
    )


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
            row(counts, bus_id, device_id, hour, watched[bus_id, hour] if device_id is None else 0.0)
            for (bus_id, device_id, hour), counts in found.items()
        ]


class Health(Counting[Place]):
    """The counts of all lines of a collector since they were taken last."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting: dict[int, Taken] = {}

    def take(self) -> dict[int, Taken]:
        """This will hand over what was counted, by organization; of a day at most."""
        counted, watched = self.take_all()
        found, self._waiting = self._waiting, {}
        organizations: dict[Hashable, tuple[int, int]] = {}
        for (place, hour), counts in counted.items():
            organizations[place.line] = place.organization_id, place.bus_id
            found.setdefault(place.organization_id, Taken()).devices.append((place, hour, counts))
        for (line, hour), seconds in watched.items():
            organization_id, bus_id = organizations[line]
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
