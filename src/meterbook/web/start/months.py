"""Which days a first draft can bill: those of this month so far, or of the month before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from meterbook.kernel import civil


@dataclass(frozen=True)
class Days:
    """The local days [first, until) of a month that are over and that somebody pays for."""

    code: str
    first: date
    until: date

    @property
    def final(self) -> date:
        """The last day of it, for people."""
        return self.until - timedelta(days=1)


def billable(*, at: datetime, zone: ZoneInfo, paid_since: datetime) -> tuple[Days, ...]:
    """This will return the days to choose from, this month first; none before one whole day is over.

    On 10 March, with a contract since 20 February: 1 to 9 March, and 20 to 28 February.
    """
    today, since = civil.local_date(at, zone), civil.local_date(paid_since, zone)
    if civil.start_of_day(since, zone) < paid_since:
        since += timedelta(days=1)
    month = today.replace(day=1)
    former = (month - timedelta(days=1)).replace(day=1)
    found = (Days(f"{start:%Y-%m}", max(start, since), end) for start, end in ((month, today), (former, month)))
    return tuple(each for each in found if each.first < each.until)
