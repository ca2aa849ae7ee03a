"""Real years by rates of the Utility Rate Database, as NREL's SSC charges them, to 0.01 before lines are rounded."""

from __future__ import annotations

import csv
import functools
import gzip
import json
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from meterbook.tariffs.rating import fold
from meterbook.tariffs.rating.lines import Rated
from meterbook.tariffs.urdb import converting, record
from tests.factories import tariffs

GOLDEN = Path(__file__).parents[2] / "golden" / "urdb"
CASES = sorted(each.stem for each in GOLDEN.glob("*.json"))
DATA = resources.files("meterbook_lab") / "data"
CENT = Decimal("0.01")
DECIMALS = 4


@functools.cache
def case(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    return found


@functools.cache
def load(name: str) -> tuple[timedelta, list[int]]:
    """The energy of each interval of 2018 in 10^-4 kWh."""
    if name.startswith("7"):
        text = gzip.decompress((GOLDEN / "home_2018.txt.gz").read_bytes()).decode()
        return timedelta(hours=1), [int(Decimal(line).scaleb(DECIMALS)) for line in text.split()]
    text = gzip.decompress((DATA / "steel_plant_2018.csv.gz").read_bytes()).decode()
    rows = csv.DictReader(text.splitlines())
    return timedelta(minutes=15), [int(Decimal(row["Usage_kWh"]).scaleb(DECIMALS)) for row in rows]


def month_of(name: str, month: int) -> Rated:
    converted = converting.convert(record.read_text(json.dumps(case(name)["urdb"])))
    first, until = date(2018, month, 1), date(2018 + month // 12, month % 12 + 1, 1)
    # SSC charges a price for a day 365/12 times a month: an option of the document.
    for each in converted.document["components"]:
        if each["charge"] == "FIXED_DAILY":
            each["proration"] = "MEAN_MONTH"
    plan = tariffs.plan(converted.document, first=first, until=until, zone="Asia/Seoul", decimals=DECIMALS)
    step, values = load(name)
    begin = (first - date(2018, 1, 1)) // step
    return fold.rate(plan, tariffs.usage(plan, values[begin : begin + (until - first) // step], step=step))


def charged(rated: Rated, *starts: str) -> Decimal:
    return sum((line.exact for line in rated.lines if line.component.startswith(starts)), Decimal(0))


@pytest.mark.parametrize("month", range(1, 13))
@pytest.mark.parametrize("name", CASES)
def test_each_part_of_each_month(name: str, month: int) -> None:
    rated = month_of(name, month)

    expected = {key: Decimal(values[month - 1]) for key, values in case(name)["expected"].items()}
    assert sum(each.quantity for each in rated.periods) == expected["month_energy_kwh"].quantize(
        Decimal("0.001"), ROUND_HALF_UP
    )
    assert abs(charged(rated, "energy") - expected["month_energy_charge"]) < CENT
    demand = expected["month_flat_demand_charge"] + expected["month_tou_demand_charge"]
    assert abs(charged(rated, "demand") - demand) < CENT
    assert abs(charged(rated, "minimum") - expected["month_minimum_top_up"]) < CENT
    assert abs(charged(rated, "fixed") - expected["month_fixed_charge"]) < CENT
    assert abs(charged(rated, "") - expected["month_bill"]) < CENT
