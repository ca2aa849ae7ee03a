"""Local times of rows become instants: by order where an hour comes twice, never where it does not exist."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from meterbook.metering.importing.instants import Clock, Placed
from meterbook.metering.importing.mapping import DAY, Kind, Label, Mapping, Midnight

MADRID = ZoneInfo("Europe/Madrid")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")


def mapping(
    label: Label = Label.START, *, step: int = 15, midnight: Midnight = Midnight.NEXT, kind: Kind = Kind.INTERVALS
) -> Mapping:
    return Mapping(label=label, step=step, midnight=midnight, kind=kind)


def placed(how: Mapping, zone: ZoneInfo, *texts: str) -> list[str]:
    clock = Clock(how, zone)
    found = [clock.place(datetime.fromisoformat(text)) for text in texts]
    return [f"{each.end:%d %H:%M}" if isinstance(each, Placed) else each.name for each in found]


def is_twice(local: datetime, zone: ZoneInfo) -> bool:
    return len({local.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1)}) > 1


class TestClock:
    def test_tells_the_hour_that_comes_twice_apart_by_order(self) -> None:
        rows = ["2026-10-25 01:45", "2026-10-25 02:00", "2026-10-25 02:30", "2026-10-25 02:00", "2026-10-25 02:30"]

        assert placed(mapping(kind=Kind.REGISTERS), MADRID, *rows) == [
            "24 23:45",
            "25 00:00",
            "25 00:30",
            "25 01:00",
            "25 01:30",
        ]

    @pytest.mark.parametrize("named", ["2026-10-25 03:00", "2026-10-25 02:00"])
    def test_takes_either_name_of_the_end_at_which_clocks_go_back(self, named: str) -> None:
        rows = ["2026-10-25 02:30", "2026-10-25 02:45", named, "2026-10-25 02:15"]

        assert placed(mapping(Label.END), MADRID, *rows) == ["25 00:30", "25 00:45", "25 01:00", "25 01:15"]

    @pytest.mark.parametrize("named", ["2026-03-29 02:00", "2026-03-29 03:00"])
    def test_takes_either_name_of_the_end_at_which_clocks_go_forward(self, named: str) -> None:
        rows = ["2026-03-29 01:45", named, "2026-03-29 03:15"]

        assert placed(mapping(Label.END), MADRID, *rows) == ["29 00:45", "29 01:00", "29 01:15"]

    def test_finds_no_place_in_the_hour_that_is_jumped_over(self) -> None:
        assert placed(mapping(), MADRID, "2026-03-29 01:45", "2026-03-29 02:00", "2026-03-29 03:00") == [
            "29 01:00",
            "SKIPPED",
            "29 01:15",
        ]

    def test_moves_late_midnights_to_the_day_that_begins(self) -> None:
        how = mapping(Label.END, midnight=Midnight.SAME)

        assert placed(how, ZoneInfo("UTC"), "2026-01-31 23:45", "2026-01-31 00:00", "2026-02-01 00:15") == [
            "31 23:45",
            "01 00:00",
            "01 00:15",
        ]

    def test_names_what_stands_wrong(self) -> None:
        rows = ["2026-01-01 10:00", "2026-01-01 10:00", "2026-01-01 10:05", "2026-01-01 09:00", "2026-01-01 10:15"]

        assert placed(mapping(), MADRID, *rows) == ["01 09:15", "REPEATED", "OVERLAPS", "BACKWARD", "01 09:30"]

    def test_a_day_has_the_hours_that_its_place_gives_it(self) -> None:
        clock = Clock(mapping(step=DAY), LORD_HOWE)
        days = [clock.place(datetime(2026, 10, day)) for day in (3, 4, 5)]  # noqa: DTZ001 - local days

        assert [each.end - each.start for each in days if isinstance(each, Placed)] == [
            timedelta(hours=24),
            timedelta(hours=23, minutes=30),
            timedelta(hours=24),
        ]

    def test_takes_times_with_an_offset_as_they_are(self) -> None:
        assert placed(mapping(), MADRID, "2026-01-01T10:00+05:00", "2026-01-01T10:15+05:00") == ["01 05:15", "01 05:30"]

    @given(
        start=st.datetimes(datetime(2018, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001 - made aware below
        zone=st.sampled_from([MADRID, LORD_HOWE, ZoneInfo("America/New_York"), ZoneInfo("Asia/Kolkata")]),
        label=st.sampled_from(list(Label)),
        step=st.sampled_from([15, 30, 60]),
    )
    def test_reads_back_what_a_clock_on_the_wall_showed(
        self, start: datetime, zone: ZoneInfo, label: Label, step: int
    ) -> None:
        first = start.replace(minute=0, second=0, microsecond=0, tzinfo=UTC)
        starts = [first + timedelta(minutes=step * n) for n in range(60)]
        offset = timedelta(minutes=step if label is Label.END else 0)
        shown = [(each + offset).astimezone(zone).replace(tzinfo=None, fold=0) for each in starts]
        # A file that begins within the hour that comes twice does not tell which of the two it is.
        assume(not any(is_twice(shown[0] - earlier, zone) for earlier in (timedelta(0), timedelta(minutes=step))))
        clock = Clock(mapping(label, step=step), zone)

        found = [clock.place(each) for each in shown]

        assert found == [Placed(each, each + timedelta(minutes=step)) for each in starts]
