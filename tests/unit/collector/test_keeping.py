"""Which frames are kept: of the first reading of each local day, and no other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from meterbook.acquisition import operations, plans
from meterbook.acquisition.polling import timetable
from meterbook.collector import buffer, keeping, readers
from meterbook.kernel.quantity import Unit
from meterbook.metering.values import SeriesKind

SERIES, OTHER = 11, 12
MADRID = ZoneInfo("Europe/Madrid")


def reader() -> readers.DeviceReader:
    counter = plans.RegisterFeed("energy_import", SERIES, Unit.KWH, 2, SeriesKind.CUMULATIVE, 15)
    return readers.prepare(plans.DevicePlan(5, 7, 1, "eastron_sdm630", 10, (counter,)))


def stored(at: datetime, *, series: int = SERIES, is_reading: bool = True) -> readers.Stored:
    return readers.Stored(series, (at - timetable.EPOCH) // timedelta(microseconds=1), 100, is_reading)


@pytest.mark.spec("I-01")
class TestMidnight:
    @pytest.mark.parametrize(
        ("at", "is_kept"),
        [
            (datetime(2026, 1, 31, 23, 0, 3, tzinfo=UTC), True),
            (datetime(2026, 1, 31, 23, 15, 0, tzinfo=UTC), False),
            (datetime(2026, 2, 1, 0, 0, 3, tzinfo=UTC), False),
            (datetime(2026, 6, 30, 22, 14, 59, tzinfo=UTC), True),  # in summer two hours before, in the first quarter
        ],
        ids=["winter", "a quarter later", "of UTC", "summer"],
    )
    def test_is_that_of_the_place(self, at: datetime, *, is_kept: bool) -> None:
        found = keeping.midnight_of([stored(at)], reader(), MADRID)

        assert found == (at if is_kept else None)

    def test_counts_only_what_becomes_a_reading_of_a_series(self) -> None:
        at = datetime(2026, 1, 31, 23, 0, 3, tzinfo=UTC)
        rows = [stored(at, is_reading=False), stored(at, series=OTHER)]

        assert keeping.midnight_of(rows, reader(), MADRID) is None


@pytest.mark.spec("I-01")
class TestBuffer:
    def test_hands_kept_frames_over_once_and_takes_them_back_in_order(self) -> None:
        waiting = buffer.Buffer()
        at = datetime(2026, 1, 31, 23, 0, 3, tzinfo=UTC)
        first, second = (operations.FrameToKeep(7, at + timedelta(days=each), "0103", "0104", 1) for each in range(2))
        waiting.keep_frame(5, first)

        content = waiting.take()
        waiting.keep_frame(5, second)
        waiting.put_back(5, content)

        assert content.organizations == [5]
        assert waiting.take().frames == {5: [first, second]}
        assert waiting.is_empty

    def test_drops_the_oldest_beyond_its_bound(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(buffer, "MOST_FRAMES", 2)
        waiting, at = buffer.Buffer(), datetime(2026, 1, 31, 23, tzinfo=UTC)

        for each in range(3):
            waiting.keep_frame(5, operations.FrameToKeep(each, at, "0103", "0104", 1))

        assert [each.device_id for each in waiting.take().frames[5]] == [1, 2]
