"""What a line was summed from, by day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from meterbook.kernel.quality import Quality
from meterbook.web.billing import days

STEP = timedelta(hours=6)
START = datetime(2026, 2, 1, tzinfo=UTC)


def usage(*, own: list[bool], codes: list[Quality] | None = None) -> days.Usage:
    """Quarters of days in UTC, of 1.000 kWh, 2.000 kWh and so on."""
    count = len(own)
    starts = [START + place * STEP for place in range(count)]
    return days.Usage(
        starts=starts,
        values=np.arange(1, count + 1, dtype=np.int64) * 1_000,
        codes=np.array(codes or [Quality.VALID] * count, np.uint8),
        is_own=np.array(own),
        shared=frozenset(),
        days=[each.date() for each in starts],
        step=STEP,
        decimals=3,
        unit="kWh",
        zone=ZoneInfo("UTC"),
        is_unchanged=True,
        is_kept=True,
    )


class TestInside:
    def test_sums_only_what_belongs_to_the_line(self) -> None:
        inside = days.inside(usage(own=[False, True, True, False] * 2))

        assert (inside.total, inside.intervals, inside.has_rest) == ("18", "4", True)
        assert [each.quantity for each in inside.days] == ["5.000", "13.000"]
        assert [each.intervals for each in inside.days] == [2, 2]

    def test_stacks_the_rest_upon_the_line(self) -> None:
        (bar,) = days.inside(usage(own=[True, True, False, False])).bars

        assert bar.own_y + bar.own_height == days.FLOOR
        assert bar.rest_y + bar.rest_height == bar.own_y
        assert (bar.own_height, bar.rest_height) == (39, 92)  # 3 and 7 of 10 parts of 132

    def test_hatches_a_day_only_when_the_line_itself_is_estimated(self) -> None:
        codes = [Quality.ESTIMATED, Quality.VALID, Quality.VALID, Quality.VALID]

        beside = days.inside(usage(own=[False, True, True, True], codes=codes))
        within = days.inside(usage(own=[True, True, True, True], codes=codes))

        assert [each.is_estimated for each in (*beside.bars, *within.bars)] == [False, True]
        assert str(beside.days[0].chip.caption) == "Measured"
        assert str(within.days[0].chip.caption) == "Estimated"


class TestIntervals:
    def test_lead_to_what_the_register_showed_at_their_end(self) -> None:
        raws = {START + STEP: days.Raw("4,711.50", "20260201T060000Z")}

        rows = days.intervals(usage(own=[True] * 4), date(2026, 2, 1), raws, "/readings/")

        assert [(each.register, each.href) for each in rows] == [
            ("4,711.50", "/readings/20260201T060000Z"),
            ("", ""),
            ("", ""),
            ("", ""),
        ]

    def test_lists_those_of_the_day_and_the_line(self) -> None:
        rows = days.intervals(usage(own=[True, False, True, True]), date(2026, 2, 1), {}, "")

        assert [(each.time, each.quantity) for each in rows] == [
            ("00:00–06:00", "1.000"),
            ("12:00–18:00", "3.000"),
            ("18:00–00:00", "4.000"),
        ]

    def test_is_empty_for_another_day(self) -> None:
        assert days.intervals(usage(own=[True] * 4), date(2026, 3, 1), {}, "") == ()


class TestFile:
    def test_holds_each_interval_of_the_line_with_its_offset(self) -> None:
        captions, rows = days.sheet(usage(own=[True, False, True, True]), is_fine=True)

        assert len(captions) == 6
        assert [(row[0], str(row[2]), row[3]) for row in rows] == [
            ("2026-02-01T00:00:00+00:00", "1.000", "kWh"),
            ("2026-02-01T12:00:00+00:00", "3.000", "kWh"),
            ("2026-02-01T18:00:00+00:00", "4.000", "kWh"),
        ]

    def test_holds_days_only_where_no_more_may_be_seen(self) -> None:
        _captions, rows = days.sheet(usage(own=[True, False, True, True] * 2), is_fine=False)

        assert [(row[0], str(row[1])) for row in rows] == [(date(2026, 2, 1), "8.000"), (date(2026, 2, 2), "20.000")]
