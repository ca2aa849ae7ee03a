"""What true-ups of estimated bills change in banks of energy fed in."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from meterbook.billing.content import banked, settlements
from meterbook.tariffs.rating.inputs import NOTHING_BANKED, Banked


def content(balance: str, earned: str, *, periods: dict[str, str] | None = None) -> dict[str, Any]:
    state = {
        "balance": balance,
        "year_from": "2026-01-01",
        "exported": earned,
        **({"periods": periods} if periods else {}),
    }
    lines = [
        {"component": "bank", "code": "bank", "text": {"en": "Bank"}, "unit": "ONE", "quantity": "1", "amount": earned}
    ]
    lines[0]["trace"] = {"bank_state": state}  # type: ignore[assignment]
    charge = {"tariff": {"code": "T1"}, "lines": lines}
    point = {
        "public_id": "p1",
        "code": "1",
        "name": "Roof",
        "service": "ELECTRICITY",
        "unit": "KWH",
        "decimals": 3,
        "quantity": 0,
        "charges": [charge],
    }
    return {"meter_points": [point], "taxes": [], "currency": "EUR"}


def test_what_was_kept_of_an_estimate_is_settled_with_it() -> None:
    found = settlements.difference(content("11.33", "113.3"), content("15.00", "150"))

    assert found is not None
    assert found["banks"] == [{"meter_point": "p1", "component": "bank", "balance": "3.67", "exported": "36.7"}]


def test_banks_that_stay_are_not_named() -> None:
    found = settlements.difference(content("11.33", "113.3"), content("11.33", "113.3"))

    assert found is None


def test_the_next_bill_goes_on_from_both() -> None:
    section = {"banks": [{"meter_point": "p1", "component": "bank", "balance": "3.67"}]}
    bill = {**content("5.00", "50"), "settlements": [section]}
    lines = [*bill["meter_points"][0]["charges"][0]["lines"], *banked.settled(bill, "p1")]

    held = banked.after(NOTHING_BANKED, lines, "bank")

    assert held == Banked(Decimal("8.67"), date(2026, 1, 1), exported=Decimal(50))


def test_what_somebody_else_had_stays_theirs() -> None:
    section = {"account": "A-1", "banks": [{"meter_point": "p1", "component": "bank", "balance": "3.67"}]}

    assert banked.settled({"settlements": [section]}, "p1") == []


def test_units_by_time_of_use_are_settled_each() -> None:
    before, now = content("30", "1", periods={"day": "10", "night": "20"}), content("35", "1", periods={"day": "35"})

    (found,) = banked.difference(before, now)

    assert found["periods"] == {"day": "25", "night": "-20"}


def test_register_netting_leaves_banks_alone() -> None:
    """An average price cannot price what was fed in, so such a settlement stays as it is."""
    settled = settlements.difference(content("11.33", "113.3"), content("15.00", "150"))

    assert settled is not None
    assert settlements.netted(settled, content("1", "1")) == settled
