"""Power by time of use, priced, for tests against figures that others computed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from meterbook.tariffs.rating import fold
from meterbook.tariffs.rating.inputs import NONE, Inputs
from meterbook.tariffs.rating.lines import Rated
from tests.factories import tariffs

QUARTER, HOUR = timedelta(minutes=15), timedelta(hours=1)
DECIMALS = 6
RAMP = [Decimal(each) for each in range(96)]  # kW of the quarters of a day: 0, 1, ... 95
WORKDAYS, WEEKEND = ["MON", "TUE", "WED", "THU", "FRI"], ["SAT", "SUN"]


def of_power(
    raw: dict[str, Any],
    power: Sequence[Decimal],
    *,
    first: date,
    until: date,
    step: timedelta = QUARTER,
    inputs: Inputs = NONE,
) -> Rated:
    """This will price the mean power of each interval, in kW."""
    plan = tariffs.plan(raw, first=first, until=until, zone="UTC", decimals=DECIMALS)
    hours = Decimal(step // timedelta(minutes=1)) / 60
    values = [int((each * hours).scaleb(DECIMALS)) for each in power]
    return fold.rate(plan, tariffs.usage(plan, values, step=step), inputs)


def cut(windows: list[list[tuple[str, str]]]) -> list[tuple[str, str, tuple[int, ...]]]:
    """This will cut the day at every edge: each piece with the sets of windows that hold it."""
    edges = sorted({"00:00", "24:00", *(edge for each in windows for window in each for edge in window)})
    return [
        (low, high, tuple(n for n, each in enumerate(windows) if any(a <= low and high <= b for a, b in each)))
        for low, high in pairwise(edges)
    ]


def calendar(sets: list[tuple[str, list[tuple[str, str]]]]) -> dict[str, Any]:
    """This will return periods and windows of a document: a price period for each combination of sets of windows."""
    rows, periods = [], {}
    for kind, days in (("workday", "Mon-Fri"), ("weekend", "Sat-Sun")):
        chosen = [windows if on in (days, "all") else [] for on, windows in sets]
        made = []
        for low, high, held in cut(chosen):
            code = "p" + "-".join(map(str, held)) if held else "none"
            periods[code] = held
            made.append({"from": low, "to": high, "period": code})
        rows.append({"day_types": [kind], "windows": made})
    kinds = [
        {"code": "workday", "name": "Workday", "weekdays": WORKDAYS},
        {"code": "weekend", "name": "Weekend", "weekdays": WEEKEND},
    ]
    return {
        "periods": [{"code": code, "name": code} for code in periods],
        "day_types": kinds,
        "calendar": rows,
        "held": periods,
    }


def windows_of(given: dict[str, Any]) -> tuple[str, list[tuple[str, str]]]:
    """This will return the days and windows of a case."""
    return given["days"], [(low, high) for low, high in given["windows"]]


def demand(code: str, price: str, periods: list[str], **more: object) -> dict[str, Any]:
    """This will return a charge for the highest power, in the hours of some price periods or in all."""
    return {
        "code": code,
        "name": code,
        "charge": "DEMAND",
        "price": price,
        "demand": {**({"periods": periods} if periods else {}), **more},
    }
