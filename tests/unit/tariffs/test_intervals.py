"""Files of intervals: what they may look like, and what is refused with its line."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from meterbook.kernel import civil
from meterbook.kernel.period import Period
from meterbook.kernel.quality import Quality
from meterbook.kernel.quantity import Unit
from meterbook.tariffs.rating import intervals
from meterbook.tariffs.rating.problems import UsageMisfit

DAY = date(2026, 3, 7)
NEW_YORK = ZoneInfo("America/New_York")


def period(day: date = DAY, zone: ZoneInfo = NEW_YORK) -> Period:
    return civil.day_bounds(day, zone)


def rows(*, header: str = "start,kwh", value: str = "1.5", after: str = "", of: Period | None = None) -> list[str]:
    """A header and the hours of a day, by instants of UTC."""
    whole = of or period()
    count = whole.duration // timedelta(hours=1)
    starts = [whole.start + timedelta(hours=hour) for hour in range(count)]
    return [header, *(f"{start.isoformat()},{value}{after}" for start in starts)]


def read(text: str, *, of: Period | None = None, zone: ZoneInfo = NEW_YORK) -> intervals.Intervals:
    return intervals.from_csv(text, zone=zone, period=of or period(), unit=Unit.KWH)


def total(found: intervals.Intervals) -> int:
    return sum(int(piece.values.sum()) for piece in found.pieces)


def refusal(text: str) -> str:
    with pytest.raises(UsageMisfit) as caught:
        read(text)
    return str(caught.value)


class TestForms:
    @pytest.mark.parametrize(
        "text",
        [
            "\n".join(rows()),
            "\ufeff" + "\r\n".join(rows()) + "\r\n",
            "\r".join(rows()),
            "\n".join(rows()).replace(",", ";").replace("1.5", "1,5"),
            "\n".join(rows()).replace(",", "\t").replace("1.5", "1,5"),
            "\n".join(rows(header=" Start , kWh ")),
            "\n".join(rows(header="START,kwh,KVARH,note", after=',9,"a\nb"')),
            "\n".join(rows(header="start,kwh,note", after=",a\u2028b")),
            "\n".join(f'"{row.replace(",", chr(34) + "," + chr(34))}"' for row in rows()),
            "\n\n".join(rows()) + "\n , \n",
            "\n".join(rows(value="1.500000000")),
            "\n".join(rows(header="start,WH", value="15e2")),
        ],
    )
    def test_of_one_file_give_one_usage(self, text: str) -> None:
        found = read(text)

        decimals = found.scale.decimals + (3 if found.scale.unit is Unit.WH else 0)
        assert (len(found.pieces), len(found.pieces[0]), total(found)) == (1, 24, 24 * 15 * 10 ** (decimals - 1))

    @pytest.mark.parametrize("minutes", [1, 2, 3, 5, 6, 10, 12, 15, 20, 30, 60])
    def test_steps(self, minutes: int) -> None:
        whole = period(date(2026, 3, 8))  # 23 hours
        count = whole.duration // timedelta(minutes=minutes)
        walls = [whole.start + timedelta(minutes=minutes * number) for number in range(count)]

        found = read("\n".join(["start,kwh", *(f"{wall.isoformat()},1" for wall in walls)]), of=whole)

        assert (found.step, total(found)) == (timedelta(minutes=minutes), 23 * 60 // minutes * 10**6)

    def test_quality_by_name_or_code(self) -> None:
        lines = rows(header="start,kwh,quality", after=",")
        lines[1] += "estimated"
        lines[2] += "8"

        found = read("\n".join(lines))

        assert found.pieces[0].quality.tolist()[:3] == [Quality.ESTIMATED, Quality.ESTIMATED, Quality.VALID]

    def test_midnight_that_the_clock_jumps_over(self) -> None:
        zone = ZoneInfo("America/Santiago")
        whole = civil.day_bounds(date(2026, 9, 6), zone)  # begins at 01:00
        walls = "\n".join(f"2026-09-06T{hour:02}:00,1" for hour in range(1, 24))

        assert total(read(f"start,kwh\n{walls}", of=whole, zone=zone)) == 23 * 10**6


class TestEdges:
    @pytest.mark.spec("B-15")
    def test_hours_of_utc_in_a_place_half_an_hour_off_are_divided_by_time(self) -> None:
        zone = ZoneInfo("Asia/Kolkata")
        day = civil.day_bounds(date(2026, 1, 1), zone)  # from 18:30 UTC
        starts = [datetime(2025, 12, 31, 17, tzinfo=UTC) + timedelta(hours=hour) for hour in range(27)]

        found = read("\n".join(["start,kwh", *(f"{start.isoformat()},1" for start in starts)]), of=day, zone=zone)

        assert [(piece.step, len(piece)) for piece in found.pieces] == [
            (timedelta(minutes=30), 1),
            (timedelta(hours=1), 23),
            (timedelta(minutes=30), 1),
        ]
        assert (total(found), found.shared) == (24 * 10**6, 2)

    def test_hours_over_a_change_of_half_an_hour(self) -> None:
        zone = ZoneInfo("Australia/Lord_Howe")
        day = civil.day_bounds(date(2026, 4, 5), zone)  # 24.5 hours
        starts = [day.start + timedelta(hours=hour) for hour in range(25)]

        found = read("\n".join(["start,kwh", *(f"{start.isoformat()},1" for start in starts)]), of=day, zone=zone)

        assert (total(found), found.shared) == (24_500_000, 1)


class TestRefusals:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("", "Line 1: there is no column “start”"),
            ("start,kwh\n", "The file has no interval between 2026-03-07T00:00-05:00"),
            ("\n".join(rows(header="start,kwh,wh", after=",1")), "There is: kwh, wh"),
            ("\n".join(rows(header="start,m3")), "There is: m3"),
            ("\n".join(rows()[:6]) + "\n2026-03-07T10:00Z", "Line 7: the row has 1 cells"),
            ("\n".join([*rows()[:3], "\n\n2026-03-07T07:00Z,x"]), "Line 6: “x” is not a number"),
            ("\n".join(rows(value='"1.5')), "Line 2: this is not CSV"),
            ("\n".join(rows(value="1_0")), "Line 2: “1_0” is not a number"),
            ("\n".join(rows(value="\u0661")), "Line 2: “\u0661” is not a number"),
            ("\n".join(rows(value="1" * 50)), "is too long"),
            ("\n".join(rows(value="0.0000001")), "at most 6 decimals"),
            ("\n".join(rows(header="start,kwh,quality", after=",missing")), "Line 2: the interval is MISSING"),
            ("\n".join(rows(header="start,kwh,quality", after=",bad")), "Line 2: “bad” is not a quality"),
            ("\n".join([*rows()[:5], *rows()[6:]]), "Line 6: the interval of 2026-03-07T04:00-05:00 is missing"),
            ("\n".join([*rows()[:4], "2026-03-07T07:30Z,1", *rows()[4:]]), "Line 5: the interval of"),
            ("\n".join([rows()[0], *rows()[2:]]), "Line 2: the interval of 2026-03-07T00:00-05:00 is missing"),
            ("\n".join(rows()[:-1]), "The interval of 2026-03-07T23:00-05:00 is missing at the end"),
            ("start,kwh\n9999-12-31T23:00,1\n", "Line 2: “9999-12-31T23:00” is not a time"),
            ("start,kwh\n2026-03-07T00:00,1\n2026-03-07T02:00,1\n", "The intervals are 2:00:00 long"),
        ],
    )
    def test_name_line_and_remedy(self, text: str, words: str) -> None:
        assert words in refusal(text)
