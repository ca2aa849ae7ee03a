"""What came of questions, counted as our collector counts it, kept on disk by the hour, and told with the batches."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from meterbook.acquisition.contract.frames import Frame
from meterbook.acquisition.polling import clocks
from meterbook.acquisition.polling.counting import Counting, Outcome
from meterbook.acquisition.push.line_hours import LineHour
from meterbook.kernel import clock

_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


@dataclass(frozen=True)
class Place:
    """Whom a question went to: a device of a bus, by their ids in the configuration."""

    bus: str
    device: str

    @property
    def line(self) -> Hashable:
        """The bus."""
        return self.bus


class Tallies(Counting[Place]):
    """The counts of all lines of a gateway since they were taken last. Its hours are in the server's time."""

    def note_frame_clock(self, place: Place, frame: Frame, zone: str, at: datetime) -> None:
        """This will note what a device's own clock said, where it did and where its zone is known."""
        try:
            shown = ZoneInfo(zone)
        except (KeyError, ValueError, OSError):  # none in the configuration, or the machine does not know it
            return
        offset = clocks.offset(replace(frame, at=at), shown)
        if offset is not None:
            self.note_clock(place, offset=offset, at=at)

    def take(self) -> list[LineHour]:
        """This will hand over what was counted: of each device, and of each bus how long it was asked."""
        counted, watched = self.take_all()
        rows = [
            LineHour(
                bus=place.bus,
                device=place.device,
                hour=milliseconds(hour),
                outcomes={each.value: counts.outcomes[each] for each in Outcome if counts.outcomes.get(each)},
                buckets=tuple(counts.buckets),
                busy_ms=round(counts.busy * 1000),
                skews=counts.skews,
                skew_ms=counts.skew_ms,
                skew_most_ms=counts.skew_most_ms,
                clock_ms=counts.clock_ms,
                clock_at=None if counts.clock_at is None else milliseconds(counts.clock_at),
            )
            for (place, hour), counts in counted.items()
        ]
        seconds = ((str(line), hour, real) for (line, hour), real in watched.items())
        return rows + [
            LineHour(bus=bus, hour=milliseconds(hour), watched_ms=round(real * 1000)) for bus, hour, real in seconds
        ]


def milliseconds(instant: datetime) -> int:
    """This will return an instant as messages tell it."""
    return (instant - _EPOCH) // timedelta(milliseconds=1)


def server_now(offset_ms: int) -> datetime:
    """This will return the present instant as the server has it."""
    return clock.now() + timedelta(milliseconds=offset_ms)
