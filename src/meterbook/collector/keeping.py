"""Which frames are kept: those of readings at a local midnight, where days and bills begin and end (I-01)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from meterbook.acquisition import operations
from meterbook.acquisition.polling import timetable
from meterbook.collector import buffer, readers
from meterbook.kernel import civil

_MICROSECOND = timedelta(microseconds=1)


def midnight_of(stored: Iterable[readers.Stored], reader: readers.DeviceReader, zone: ZoneInfo) -> datetime | None:
    """This will return the instant of a reading among these that is the first after a local midnight, to the second.

    None where there is none: its frame need not be kept.
    """
    steps = {each.series_id: timedelta(minutes=each.step) for each in reader.feeds.values()}
    for each in stored:
        if each.is_reading and each.series_id in steps:
            at = timetable.EPOCH + each.at * _MICROSECOND
            slot = timetable.slot_of(at, steps[each.series_id])
            if slot == civil.start_of_day(at.astimezone(zone).date(), zone):
                return at
    return None


def keep(
    waiting: buffer.Buffer,
    reader: readers.DeviceReader,
    stored: Iterable[readers.Stored],
    zone: ZoneInfo,
    request: str,
    response: str,
    took_ms: int = 0,
) -> None:
    """This will put what went over the wire (hex) into the buffer where it brought a reading of a midnight."""
    at = midnight_of(stored, reader, zone)
    if at is not None:
        frame = operations.FrameToKeep(reader.plan.device_id, at, request, response, took_ms)
        waiting.keep_frame(reader.plan.organization_id, frame)
