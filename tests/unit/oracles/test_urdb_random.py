"""Random rates of the Utility Rate Database on random loads, as NREL's SSC (PySAM 7.1.1) prices them, not rounded.

`load` is [seed, base, by day, noise] of a year of hours in 10^-4 kWh that `hours` makes again.
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from meterbook.cli import rate_files
from meterbook.tariffs.rating import fold
from meterbook.tariffs.rating.inputs import NONE
from meterbook.tariffs.urdb import converting, record
from tests.factories import tariffs

CASES = json.loads((Path(__file__).parents[2] / "golden" / "urdb_random.json").read_text(encoding="utf-8"))
HOUR, DECIMALS, CENT, HALF = timedelta(hours=1), 4, Decimal("0.01"), Decimal("0.005")
PARTS = ("energy", "demand", "fixed", "minimum")


def hours(seed: int, base: int, by_day: int, noise: int) -> list[int]:
    found = []
    for hour in range(8760):
        seed = (seed * 1103515245 + 12345) % 2**31
        found.append(base + (by_day if 8 <= hour % 24 < 20 else 0) + (seed >> 8) % noise)
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["id"]))
def test_each_part_of_each_month(case: dict[str, Any]) -> None:
    document = converting.convert(record.read_text(json.dumps(case["urdb"])), as_ssc=True, decimals=DECIMALS).document
    used, known = hours(*case["load"]), NONE
    for month in range(1, 13):
        first, until = date(2018, month, 1), date(2018 + month // 12, month % 12 + 1, 1)
        plan = tariffs.plan(document, first=first, until=until, zone="UTC", decimals=DECIMALS)
        begin, end = ((day - date(2018, 1, 1)) // HOUR for day in (first, until))
        rated = fold.rate(plan, tariffs.usage(plan, used[begin:end], step=HOUR), known)
        known = rate_files.after(known, plan.document, rated, first)

        for part in PARTS:
            ours = sum((line.exact for line in rated.lines if line.component.startswith(part)), Decimal(0))
            # What is missing up to a minimum is counted from rounded lines here, and nothing is rounded there.
            most = CENT + HALF * len(rated.lines) if part == "minimum" else CENT
            assert abs(ours - Decimal(case["expected"][part][month - 1])) < most, (month, part)
