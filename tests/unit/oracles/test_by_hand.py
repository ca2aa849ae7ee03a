"""More bills of the kinds that others computed, worked out by hand; the arithmetic stands at each case."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from meterbook.tariffs.rating import fold
from meterbook.tariffs.rating.inputs import Banked, History, Inputs
from meterbook.tariffs.rating.plan import Plan
from meterbook.tariffs.rating.terms import Channel
from tests.factories import tariffs
from tests.support import banks
from tests.support.pricing import FIRST, HOUR

CASES = json.loads((Path(__file__).parents[2] / "golden" / "by_hand.json").read_text(encoding="utf-8"))
DECIMALS = 3


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["id"]))
def test_a_bill(case: dict[str, Any]) -> None:
    options = {key: case[key] for key in ("taxes", "rounding", "currency") if key in case}
    raw = tariffs.document(components=case["components"], decimals=DECIMALS, **options)
    until = FIRST + timedelta(days=case.get("days", 31))
    plan = tariffs.plan(raw, first=FIRST, until=until, zone="UTC", decimals=DECIMALS)
    state = fold.advance(plan, fold.begin(plan), tariffs.usage(plan, hours(case["used"], plan), step=HOUR))
    if "fed_in" in case:
        fed_in = tariffs.usage(plan, hours(case["fed_in"], plan), step=HOUR)
        state = fold.advance_channel(plan, state, Channel.EXPORT, fed_in, plan.scale)

    rated = fold.close(plan, state, Inputs(whole_days=case.get("whole_days"), history=History(bank=held(case))))

    assert str(rated.total if "total" in case else rated.net) == case["expected"]
    if "closing" in case:
        assert banks.left(rated)[case.get("bank", "bank")].balance == Decimal(case["closing"])


def hours(quantity: str, plan: Plan) -> list[int]:
    count = plan.period.duration // HOUR
    return [int(Decimal(quantity).scaleb(DECIMALS)), *([0] * (count - 1))]


def held(case: dict[str, Any]) -> dict[str, Banked]:
    if "opening" not in case:
        return {}
    sums = {key: Decimal(case.get(key, "0")) for key in ("imported", "exported", "earned")}
    return {case.get("bank", "bank"): Banked(balance=Decimal(case["opening"]), **sums)}
