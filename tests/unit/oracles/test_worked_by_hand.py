"""Bills of price sheets from many countries, from totals; the arithmetic at each case was done apart from this code.

In `arithmetic` r(x) rounds to cents (r(x,3) to three decimals) half away from zero, even(x) half to even, up and down
to whole numbers.
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from meterbook.kernel import civil
from meterbook.kernel.period import Period
from meterbook.tariffs.rating import fold, inputs_reading, reading, usage
from meterbook.tariffs.rating.plan import Plan
from tests.factories import tariffs

CASES = json.loads((Path(__file__).parents[2] / "golden" / "worked_by_hand.json").read_text(encoding="utf-8"))
UTC = ZoneInfo("UTC")


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["id"]))
def test_a_bill(case: dict[str, Any]) -> None:
    document = reading.read(tariffs.document(**case["document"]))
    state, scale = usage.from_determinants(case["given"], document)
    first = date.fromisoformat(case["first"])
    until = first + timedelta(days=case["days"])
    plan = Plan(document, UTC, Period(civil.start_of_day(first, UTC), civil.start_of_day(until, UTC)), scale)

    rated = fold.close(plan, usage.placed(plan, state), inputs_reading.read(case["given"]))

    assert str(rated.total) == case["expected"]
