"""Dates and times of EN 13757-3, annex A: types F, G, I and J, as sent, and what they mean."""

from __future__ import annotations

import datetime
from dataclasses import dataclass


@dataclass(frozen=True)
class Moment:
    """A date, a time or both as the meter sent them; `year` is the number in its 7 bits, None where it is absent.

    The time is that of the meter's own clock: M-Bus sends no zone, `is_summer` says which half of the year it keeps.
    """

    year: int | None = None
    month: int | None = None
    day: int | None = None
    hour: int | None = None
    minute: int | None = None
    second: int | None = None
    century: int = 0
    is_invalid: bool = False
    is_summer: bool = False

    @property
    def full_year(self) -> int:
        """The year with its century: type F counts hundreds from 1900; without them a year from 81 on adds to 1900."""
        year = self.year or 0
        if self.century and year <= 99:
            return 1900 + 100 * self.century + year
        return 1900 + year if year >= 81 else 2000 + year

    def text(self) -> str | None:
        """This will return "2014-03-13T12:10:00", "2013-12-31" or "12:10:00"; None when no such moment exists."""
        if self.is_invalid:
            return None
        try:
            time = None if self.hour is None else datetime.time(self.hour, self.minute or 0, self.second or 0)
            date = None if self.year is None else datetime.date(self.full_year, self.month or 0, self.day or 0)
        except ValueError:
            return None
        return "T".join(part.isoformat() for part in (date, time) if part is not None)


def moment(raw: bytes) -> Moment | None:
    """This will read type G (2 bytes), J (3), F (4) or I (6); None for any other length."""
    reader = {2: _date, 3: _time, 4: _minute, 6: _second}.get(len(raw))
    return reader(raw) if reader else None


def _date(raw: bytes) -> Moment:
    year, month, day = _year_month_day(raw[0], raw[1])
    return Moment(year, month, day, is_invalid=raw == b"\xff\xff")


def _time(raw: bytes) -> Moment:
    return Moment(hour=raw[2] & 0x1F, minute=raw[1] & 0x3F, second=raw[0] & 0x3F, is_invalid=raw == b"\xff\xff\xff")


def _minute(raw: bytes) -> Moment:
    year, month, day = _year_month_day(raw[2], raw[3])
    return Moment(
        year,
        month,
        day,
        hour=raw[1] & 0x1F,
        minute=raw[0] & 0x3F,
        century=raw[1] >> 5 & 0x03,
        is_invalid=bool(raw[0] & 0x80),
        is_summer=bool(raw[1] & 0x80),
    )


def _second(raw: bytes) -> Moment:
    year, month, day = _year_month_day(raw[3], raw[4])
    return Moment(
        year,
        month,
        day,
        hour=raw[2] & 0x1F,
        minute=raw[1] & 0x3F,
        second=raw[0] & 0x3F,
        is_invalid=bool(raw[1] & 0x80),
        is_summer=bool(raw[0] & 0x40),
    )


def _year_month_day(low: int, high: int) -> tuple[int, int, int]:
    return low >> 5 | (high & 0xF0) >> 1, high & 0x0F, low & 0x1F
