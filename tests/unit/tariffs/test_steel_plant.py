"""A real year by a real tariff: the energy charges that another engine computed (NREL SSC), to 0.01."""

from __future__ import annotations

import csv
import gzip
import itertools
import json
from datetime import date
from decimal import Decimal
from importlib import resources
from pathlib import Path

import pytest

from meterbook.tariffs.rating import fold
from tests.factories import tariffs

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "steel_plant_2018.json").read_text(encoding="utf-8"))
DATA = resources.files("meterbook_lab") / "data"


def quarter_hours() -> list[int]:
    """Each day has 96 rows in order, 00:15 to 24:00; in 10^-3 kWh."""
    text = gzip.decompress((DATA / "steel_plant_2018.csv.gz").read_bytes()).decode()
    return [int(Decimal(row["Usage_kWh"]) * 1000) for row in csv.DictReader(text.splitlines())]


@pytest.mark.parametrize("month", range(1, 13))
def test_energy_charges_before_line_rounding(month: int) -> None:
    raw = json.loads((DATA / "tariff_smud_ci_tod3_2018.json").read_text(encoding="utf-8"))
    until = date(2018, month + 1, 1) if month < 12 else date(2019, 1, 1)
    plan = tariffs.plan(raw, first=date(2018, month, 1), until=until, zone="Asia/Seoul")
    first = (date(2018, month, 1) - date(2018, 1, 1)).days * 96
    values = list(itertools.islice(quarter_hours(), first, first + len(plan.days) * 96))

    rated = fold.rate(plan, tariffs.usage(plan, values))

    energy = sum(line.exact for line in rated.lines if line.component == "energy")
    assert abs(energy - Decimal(GOLDEN["month_energy_charge"][month - 1])) < Decimal("0.01")
    assert sum(each.quantity for each in rated.periods) == Decimal(GOLDEN["month_energy_kwh"][month - 1])
