"""How far back more may be asked for (B-77), and when a dispute must be answered (B-79). Pure."""

from __future__ import annotations

import calendar
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SATURDAY = 5
MONTHS_A_YEAR = 12


def months_before(day: date, months: int) -> date:
    """This will return the same day of an earlier month, or its last: 12 months before 2028-02-29 is 2027-02-28."""
    years, month = divmod(day.year * MONTHS_A_YEAR + day.month - 1 - months, MONTHS_A_YEAR)
    return date(years, month + 1, min(day.day, calendar.monthrange(years, month + 1)[1]))


def working_days_after(at: datetime, days: int, zone: ZoneInfo) -> datetime:
    """This will return the end of the n-th working day (Monday to Friday) after an instant.

    One working day after Friday noon is the end of Monday.
    """
    day, left = at.astimezone(zone).date(), days
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < SATURDAY
    return datetime.combine(day + timedelta(days=1), time(0), tzinfo=zone)
