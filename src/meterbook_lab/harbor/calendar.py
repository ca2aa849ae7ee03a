"""The thirteen months of the mall: twelve whole ones and the one in which its demonstration begins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from meterbook.kernel import civil
from meterbook_lab.harbor.shapes import ZONE

MONTHS = 13


@dataclass(frozen=True)
class Calendar:
    """First days of the thirteen local months, the earliest first."""

    first_days: tuple[date, ...]

    @classmethod
    def at(cls, at: datetime) -> Calendar:
        """This will return the calendar of a demonstration that begins at an instant."""
        month = civil.local_date(at, ZONE).replace(day=1)
        found = [month]
        while len(found) < MONTHS:
            found.insert(0, (found[0] - timedelta(days=1)).replace(day=1))
        return cls(tuple(found))

    @classmethod
    def since(cls, since: datetime) -> Calendar:
        """This will return the calendar whose history begins at an instant (`begins_at`)."""
        found = [(since + timedelta(days=1)).date()]
        while len(found) < MONTHS:
            found.append(civil.next_month(found[-1]))
        return cls(tuple(found))

    @property
    def begins_at(self) -> datetime:
        """Where the history begins: a UTC midnight before the first local month."""
        return _utc_midnight(self.first_days[0] - timedelta(days=1))

    @property
    def read_from(self) -> datetime:
        """From here on there are register readings a quarter of an hour, a day before the latest whole month."""
        return _utc_midnight(self.first_days[-2] - timedelta(days=1))

    @property
    def counted_from(self) -> datetime:
        """Where simulated meters begin to count, from what they showed then: they need not add up a year."""
        return _utc_midnight(self.first_days[-1] - timedelta(days=1))

    def day(self, month: int, day: int) -> date:
        """This will return a day of a month: -1 is the one before the demonstration begins."""
        return self.first_days[MONTHS - 1 + month].replace(day=day)

    def instant(self, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
        """This will return an instant of the local day `day`, hours and minutes after its beginning."""
        return civil.start_of_day(self.day(month, day), ZONE) + timedelta(hours=hour, minutes=minute)


def _utc_midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
