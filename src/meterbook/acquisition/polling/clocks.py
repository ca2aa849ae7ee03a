"""What a device's own clock says, held against the instant of its answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

from meterbook.acquisition.contract.frames import Frame

MBUS_CLOCK = "time-point-date-time"  # the record without storage number: now
A_MINUTE = timedelta(minutes=1)
TO_THE_MINUTE = 4  # bytes of the date and time that has no seconds (EN 13757-3, type F)
ZERO = timedelta(0)


def offset(frame: Frame, zone: tzinfo) -> timedelta | None:
    """This will return by how much the device's clock is ahead (below zero: behind); None where it tells none.

    An M-Bus meter tells civil time without a zone and mostly without seconds. Whether it follows summer time nobody
    knows: what fits better counts. Within its minute it is right: asked at 12:07:40, 12:07 is no fault, and 12:05 is
    100 s behind, counted from the end of that minute.

    :param zone: of the site, whose civil time a clock keeps that tells no offset
    """
    if frame.told is not None:
        return frame.told - frame.at
    record = next((each for each in frame.records if each.name == MBUS_CLOCK), None)
    if record is None or "T" not in record.text:  # a date alone is no clock
        return None
    try:
        told = datetime.fromisoformat(record.text)
    except ValueError:
        return None
    has_seconds = len(record.raw) // 2 - 2 > TO_THE_MINUTE
    found = (_least(told - shown, has_seconds) for shown in _shown(frame.at, zone))
    return min(found, key=abs)


def _shown(at: datetime, zone: tzinfo) -> tuple[datetime, ...]:
    """What clocks of that zone show: with summer time, and without."""
    local = at.astimezone(zone)
    standard = at.astimezone(UTC) + (local.utcoffset() or ZERO) - (local.dst() or ZERO)
    return local.replace(tzinfo=None), standard.replace(tzinfo=None)


def _least(ahead: timedelta, has_seconds: bool) -> timedelta:
    if has_seconds or ahead >= ZERO:
        return ahead
    return min(ahead + A_MINUTE, ZERO)
