"""A place's time zone through time: the one it has now, and those it had up to certain days.

A change of zone is one more change of the clock. It counts from the beginning of a day by the clock that was there
before, so the days before it stay what they were, and no time is left out or counted twice: from Madrid to Mexico City
that day has 32 hours, the other way 16.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

Former = tuple[tuple[date, str], ...]  # (until day, zone), in order


class DatedZone(ZoneInfo):
    """The zone `key`, and before `changes_at` (an instant) another one. Made by `dated` only."""

    before: ZoneInfo
    after: ZoneInfo
    changes_at: datetime
    _made_of: tuple[str, Former]

    def utcoffset(self, dt: datetime | None) -> timedelta | None:
        """This will return the offset of a wall clock's time; `fold` 1 is the second of two such times."""
        return None if dt is None else self._of_wall(dt).utcoffset(dt)

    def dst(self, dt: datetime | None) -> timedelta | None:
        """This will return how far a wall clock is ahead of standard time."""
        return None if dt is None else self._of_wall(dt).dst(dt)

    def tzname(self, dt: datetime | None) -> str | None:
        """This will name the clock of a wall clock's time, such as CEST."""
        return None if dt is None else self._of_wall(dt).tzname(dt)

    def fromutc(self, dt: datetime) -> datetime:
        """This will return what the wall clock shows at an instant; `fold` 1 where it shows it for the second time."""
        instant = dt.replace(tzinfo=UTC)
        if instant < self.changes_at:
            return self.before.fromutc(dt.replace(tzinfo=self.before)).replace(tzinfo=self)
        shown = self.after.fromutc(dt.replace(tzinfo=self.after)).replace(tzinfo=self)
        return shown.replace(fold=1) if shown.replace(tzinfo=None, fold=0) < self._walls[0] else shown

    def __reduce__(self) -> tuple[object, ...]:
        """This will have copies made of the same parts."""
        return (dated, self._made_of)

    @functools.cached_property
    def _walls(self) -> tuple[datetime, datetime]:
        """What the clocks before and after show at the change."""
        at = self.changes_at
        return tuple(at.astimezone(each).replace(tzinfo=None, fold=0) for each in (self.before, self.after))  # type: ignore[return-value]

    def _of_wall(self, dt: datetime) -> ZoneInfo:
        # As for any change of the clock (PEP 495): times that come twice are the first ones, those left out are before.
        edge = min(self._walls) if dt.fold else max(self._walls)
        return self.before if dt.replace(tzinfo=None, fold=0) < edge else self.after


@functools.lru_cache(maxsize=4_096)
def dated(key: str, former: Former = ()) -> ZoneInfo:
    """This will return the zone of a place that had `former` zones; the same object for the same facts.

    :param former: (day, zone): days before that day are of that zone; in order
    :raises zoneinfo.ZoneInfoNotFoundError: when the zone database has no such name
    """
    if not former:
        return ZoneInfo(key)
    (day, name), earlier = former[-1], former[:-1]
    before, after = dated(name, earlier), ZoneInfo(key)
    # Eastward the day before ends first, westward the wall clock would still show that day: the later of both.
    midnights = [datetime.combine(day, time(0), tzinfo=each).astimezone(UTC) for each in (before, after)]
    made = DatedZone.no_cache(key)
    made.before, made.after, made.changes_at = before, after, max(midnights)
    made._made_of = (key, former)
    return made


def read(former: Sequence[Sequence[str]]) -> Former:
    """This will return former zones as they are stored: [["2026-06-01", "Europe/Madrid"], ...]."""
    return tuple((date.fromisoformat(day), zone) for day, zone in former)


def written(former: Former) -> list[list[str]]:
    """This will return former zones as they are stored."""
    return [[day.isoformat(), zone] for day, zone in former]


def changed(former: Former, *, before: str, after: str, day: date | None) -> Former:
    """This will return the former zones of a place whose zone is `after` from a day on, and was `before`.

    :param day: None: from ever on
    """
    if day is None or before == after:
        return () if day is None else former
    found: list[tuple[date, str]] = []
    for until, zone in (*former, (date.max, before)):
        if found and found[-1][0] >= day:
            break
        found.append((min(until, day), zone))
    while found and found[-1][1] == after:  # it comes back to what was there
        found.pop()
    return tuple(found)


def key_at(zone: tzinfo, instant: datetime) -> str:
    """This will name the zone that was in force at an instant, such as Europe/Madrid."""
    while isinstance(zone, DatedZone):
        zone = zone.after if instant >= zone.changes_at else zone.before
    return zone.key if isinstance(zone, ZoneInfo) else str(zone)


def since(zone: tzinfo) -> datetime | None:
    """This will return from when on the present zone holds; None: from ever."""
    return zone.changes_at if isinstance(zone, DatedZone) else None
