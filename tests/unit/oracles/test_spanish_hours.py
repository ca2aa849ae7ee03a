"""Two bills of a Spanish home with hourly prices, to the cent (tests/golden/pvpc; recorded by pvpcbill)."""

from __future__ import annotations

import csv
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from meterbook.tariffs.rating import fold
from meterbook.tariffs.rating.inputs import Inputs, Prices
from meterbook.tariffs.rating.lines import Rated
from tests.factories import tariffs

HOURS = Path(__file__).parents[2] / "golden" / "pvpc" / "hours_2020.csv"
HOUR = timedelta(hours=1)
RENT = {"code": "rent", "name": "Meter rent", "charge": "FIXED_YEARLY", "price": "9.72"}
WINDOWS = [
    {"from": "12:00", "to": "22:00", "period": "p1"},  # 11 to 21 UTC, in winter
    {"from": "22:00", "to": "12:00", "period": "p2"},
]


def document(access: dict[str, Any], **more: object) -> dict[str, Any]:
    charges = [
        power("power_access", "0.103944"),
        power("power_retail", "0.008505"),
        {"code": "access", "name": "Access", "charge": "ENERGY", **access},
        {
            "code": "hourly",
            "name": "Energy",
            "charge": "ENERGY",
            "price_series": {"code": "pvpc", "factor": "0.001", "by_period": "prices" in access},
        },
        RENT,
    ]
    energy_part = ["power_access", "power_retail", "access", "hourly"]
    taxes = [
        {"code": "electricity", "name": "Electricity tax", "rate": "0.0511269632", "components": energy_part},
        {"code": "vat", "name": "IVA", "rate": "0.21", "components": energy_part, "taxes": ["electricity"]},
        {"code": "vat_rent", "name": "IVA", "rate": "0.21", "components": ["rent"]},
    ]
    return tariffs.document(components=charges, currency="EUR", taxes=taxes, **more)


def power(code: str, price: str) -> dict[str, Any]:
    return {"code": code, "name": code, "charge": "FIXED_DAILY", "price": price, "times": "subscribed_kw"}


def rated(raw: dict[str, Any], contract: str) -> Rated:
    rows = list(csv.DictReader(HOURS.read_text(encoding="utf-8").splitlines()))
    prices = [Decimal(row[contract]) - Decimal(row[f"TEU{contract}"]) for row in rows]
    start = datetime.fromisoformat(rows[0]["start"])
    plan = tariffs.plan(raw, first=date(2020, 2, 18), until=date(2020, 3, 19))
    used = tariffs.usage(plan, [int(Decimal(row["kwh"]).scaleb(3)) for row in rows], step=HOUR)
    known = Inputs(
        facts={"subscribed_kw": Decimal("4.6")}, price_series={"pvpc": Prices(start=start, step=HOUR, prices=prices)}
    )
    return fold.rate(plan, used, known)


def amounts(bill: Rated) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for line in bill.lines:
        found[line.component] = found.get(line.component, Decimal(0)) + line.amount
    return found | {each.code: each.amount for each in bill.taxes}


@pytest.mark.parametrize(
    ("contract", "access", "energy", "expected"),
    [
        ("GEN", {"price": "0.044027"}, "23.51", ("20.82", "3.06", "13.38", "77.08")),
        ("NOC", {"prices": {"p1": "0.062012", "p2": "0.002215"}}, "21.63", ("11.21", "2.47", "10.84", "62.46")),
    ],
    ids=["flat", "two periods"],
)
def test_a_month_by_the_hour(
    contract: str, access: dict[str, Any], energy: str, expected: tuple[str, str, str, str]
) -> None:
    periods = [{"code": "p1", "name": "P1"}, {"code": "p2", "name": "P2"}]
    more = {"periods": periods, "calendar": [{"windows": WINDOWS}]} if "prices" in access else {}

    bill = rated(document(access, **more), contract)

    found = amounts(bill)
    assert (found["power_access"], found["power_retail"], found["rent"]) == tuple(
        map(Decimal, ("14.34", "1.17", "0.80"))
    )
    assert found["hourly"] == Decimal(energy)
    toll, tax, vat, total = map(Decimal, expected)
    assert (found["access"], found["electricity"], found["vat"] + found["vat_rent"]) == (toll, tax, vat)
    assert bill.total == total
