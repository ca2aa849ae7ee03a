"""Which time each reading of a register of maximum demand tells of, through exchanges and changes of the multiplier."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from meterbook.billing.calculating import maxima
from meterbook.billing.calculating.hanging import Hanging
from meterbook.kernel.quantity import Unit
from meterbook.metering import ratios
from meterbook.tariffs.rating.registered import Registered

START = datetime(2026, 1, 1, tzinfo=UTC)


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def meter(serial: str, start: int, end: int | None = None, *changes: Any, **more: Any) -> Hanging:  # noqa: ANN401
    listed = changes or ((start, 40, None),)
    return Hanging(
        **{
            "serial": serial,
            "model": "imported",
            "register": "power_maximum",
            "unit": Unit.KW,
            "decimals": 3,
            "wrap": None,
            "start": day(start),
            "end": None if end is None else day(end),
            "opening": None,
            "closing": None,
            "is_closing_estimated": False,
            "changes": tuple(ratios.Change(day(at), Fraction(times), shown) for at, times, shown in listed),
        }
        | more
    )


def shown(*read: tuple[int, int]) -> list[maxima.Shown]:
    return [maxima.Shown(day(at), value, "FIELD") for at, value in read]


def told(found: list[Registered]) -> list[tuple[str, int, int, Decimal, Fraction]]:
    return [
        (each.meter, (each.since - START).days, (each.at - START).days, each.shown, each.multiplier) for each in found
    ]


@pytest.mark.spec("M-053/3")
def test_each_tells_of_the_time_since_the_one_before_it() -> None:
    found = maxima.told([meter("A", 0)], shown((0, 9_000), (10, 2_500), (31, 2_000)))
    assert told(found) == [
        ("A", 0, 10, Decimal("2.500"), Fraction(40)),
        ("A", 10, 31, Decimal("2.000"), Fraction(40)),
    ]


@pytest.mark.spec("M-053/3")
def test_an_exchange_ends_the_time_of_the_old_meter() -> None:
    meters = [meter("A", 0, 20, closing=3_000), meter("B", 20, opening=50)]
    found = maxima.told(meters, shown((10, 2_500), (20, 9_000), (31, 2_000)))
    assert told(found) == [
        ("A", 0, 10, Decimal("2.500"), Fraction(40)),
        ("A", 10, 20, Decimal("3.000"), Fraction(40)),
        ("B", 20, 31, Decimal("2.000"), Fraction(40)),
    ]


@pytest.mark.spec("M-053/3")
def test_a_multiplier_holds_for_what_was_shown_before_it_ended() -> None:
    changed = meter("A", 0, None, (0, 40, None), (15, 60, 2_100))
    silent = meter("A", 0, None, (0, 40, None), (15, 60, None))
    assert told(maxima.told([changed], shown((31, 2_000)))) == [
        ("A", 0, 15, Decimal("2.100"), Fraction(40)),
        ("A", 15, 31, Decimal("2.000"), Fraction(60)),
    ]
    assert told(maxima.told([silent], shown((15, 2_300), (31, 2_000)))) == [
        ("A", 0, 15, Decimal("2.300"), Fraction(40)),
        ("A", 15, 31, Decimal("2.000"), Fraction(60)),
    ]
