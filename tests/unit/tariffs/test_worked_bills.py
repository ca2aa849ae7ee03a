"""Bills that utilities printed and other engines computed, to the cent: `tests/golden/worked_bills.json`."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from meterbook.kernel import civil
from meterbook.kernel.period import Period
from meterbook.tariffs.rating import fold, lines, reading, usage
from meterbook.tariffs.rating.plan import Plan
from tests.factories import tariffs

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "worked_bills.json").read_text(encoding="utf-8"))
ZONE = ZoneInfo("UTC")


def rate(raw: dict[str, Any], total: str, first: date, until: date) -> lines.Rated:
    document = reading.read(raw)
    period = Period(civil.start_of_day(first, ZONE), civil.start_of_day(until, ZONE))
    state, scale = usage.from_determinants({"total": total}, document)
    return fold.close(Plan(document, ZONE, period, scale), state)


@pytest.mark.parametrize("case", GOLDEN["bills"], ids=lambda case: str(case["id"]))
def test_bill(case: dict[str, Any]) -> None:
    raw = tariffs.document(
        components=case["components"], currency=case["currency"], unit=case["unit"], taxes=case["taxes"]
    )

    rated = rate(raw, case["total"], date.fromisoformat(case["from"]), date.fromisoformat(case["to"]))

    assert str(rated.total) == case["expected"]["total"]
    if case["expected"]["lines"]:
        assert {line.code: str(line.amount) for line in rated.lines} == case["expected"]["lines"]


@pytest.mark.spec("B-30")
@pytest.mark.parametrize("month", GOLDEN["daily_tiers"]["months"], ids=lambda month: str(month["month"]))
def test_tiers_for_each_day(month: dict[str, str]) -> None:
    raw = tariffs.document(components=GOLDEN["daily_tiers"]["components"], decimals=4)
    first = date.fromisoformat(f"{month['month']}-01")

    rated = rate(raw, month["kwh"], first, civil.next_month(first))

    assert abs(sum(line.exact for line in rated.lines) - Decimal(month["energy_charge"])) < Decimal("0.000001")
