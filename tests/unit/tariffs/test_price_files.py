"""Files of prices by the hour: what is read, and what is told about each line that cannot be."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from meterbook.tariffs import price_files

MADRID = ZoneInfo("Europe/Madrid")
STEPS = (15, 30, 60)


def read(text: str) -> price_files.PriceRows:
    return price_files.read(text, MADRID, STEPS)


def test_reads_local_times_and_decimal_commas() -> None:
    found = read("start;price\n2026-03-01T00:00;98,5\n2026-03-01T01:00;-4\n")

    assert (found.start, found.step) == (datetime(2026, 2, 28, 23, tzinfo=UTC), 60)
    assert found.prices == [Decimal("98.5"), Decimal(-4)]


def test_reads_other_columns_in_any_order_and_offsets() -> None:
    found = read("zone,price,start\nES,0.1,2026-03-01T00:00Z\nES,0.2,2026-03-01T00:15Z\n")

    assert (found.start, found.step, found.prices) == (
        datetime(2026, 3, 1, tzinfo=UTC),
        15,
        [Decimal("0.1"), Decimal("0.2")],
    )


@pytest.mark.parametrize(
    ("day", "hours"),
    [("2026-10-25", [0, 1, 2, 2, 3, 4]), ("2026-03-29", [0, 1, 3, 4])],
    ids=["repeated-hour", "missing-hour"],
)
def test_follows_the_clocks(day: str, hours: list[int]) -> None:
    rows = "\n".join(f"{day}T{hour:02}:00,{place}" for place, hour in enumerate(hours))

    found = read(f"start,price\n{rows}\n")

    assert (found.step, len(found.prices)) == (60, len(hours))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "The first line must name the columns start and price"),
        ("when,price\n", "The first line must name the columns start and price"),
        ("start,price\n2026-03-01T00:00,1\n", "at least two rows"),
        ("start,price\n2026-03-01T00:00,1\n2026-03-01T00:10,1\n", "Line 3: 10 minutes after the row before"),
        (
            "start,price\n2026-03-01T00:00,1\n2026-03-01T01:00,1\n\n2026-03-01T03:00,1\n",
            "Line 5: after 2026-03-01T01:00 comes 2026-03-01T03:00, which is not 60 minutes later.",
        ),
        ("start,price\nyesterday,1\n2026-03-01T01:00,1\n", "Line 2: “yesterday” is no time"),
        ("start,price\n2026-03-29T01:00,1\n2026-03-29T02:00,1\n", "Line 3: the clocks of Europe/Madrid never show"),
        ("start,price\n2026-03-01T00:00,1\n2026-03-01T01:00,1.234.5\n", "Line 3: “1.234.5” is no price"),
        ("start,price\n2026-03-01T00:00,1\n2026-03-01T01:00\n", "Line 3 has no start or no price."),
        ("start,price\n2026-03-01T00:00,1\n2026-03-01T00:00,1\n", "Line 3"),
    ],
    ids=["empty", "names", "one-row", "step", "gap", "time", "missing-hour", "price", "cell", "twice"],
)
def test_tells_the_line_and_the_remedy(text: str, words: str) -> None:
    with pytest.raises(price_files.PriceFileInvalid) as told:
        read(text)

    assert words in str(told.value)
