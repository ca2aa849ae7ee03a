"""Intervals a second through the rating matrix on one core: time, tiers, demand, traces as bytes; baseline: sums."""

from __future__ import annotations

import json
from collections import deque
from datetime import date, timedelta

import numpy as np

from bench import measure
from meterbook.tariffs.rating import fold
from tests.factories import tariffs

ACCOUNTS = 2_000
STEP = timedelta(minutes=15)
RAW = tariffs.document(
    periods=[{"code": code, "name": code} for code in ("peak", "flat", "valley")],
    calendar=[
        {
            "windows": [
                {"from": "00:00", "to": "08:00", "period": "valley"},
                {"from": "08:00", "to": "18:00", "period": "flat"},
                {"from": "18:00", "to": "22:00", "period": "peak"},
                {"from": "22:00", "to": "24:00", "period": "flat"},
            ]
        }
    ],
    components=[
        {
            "code": "time",
            "name": "Energy",
            "charge": "ENERGY",
            "prices": {"peak": "0.31234", "flat": "0.18", "valley": "0.09"},
        },
        {**tariffs.TIERS, "code": "steps", "tier_reference": "CALENDAR_MONTH"},
        {"code": "demand", "name": "Demand", "charge": "DEMAND", "price": "2", "demand": {"interval": 15}},
        {"code": "service", "name": "Service", "charge": "FIXED_MONTHLY", "price": "12.00"},
    ],
    taxes=[{"code": "vat", "name": "VAT", "rate": "0.21"}],
)


def main() -> None:
    """This will rate 2,000 accounts x 31 days x 15 min, again and again."""
    plan = tariffs.plan(RAW, first=date(2026, 1, 1), until=date(2026, 2, 1))
    slots = plan.period.duration // STEP
    values = np.random.default_rng(11).integers(0, 400, (ACCOUNTS, slots), dtype=np.int64)

    def ours() -> int:
        rated = fold.rate_matrix(plan, values, STEP)
        deque((json.dumps([line.trace for line in each.lines]).encode() for each in rated), maxlen=0)
        return values.size

    def sums() -> int:
        values.reshape(ACCOUNTS, 31, -1).sum(axis=2, dtype=np.int64)
        return values.size

    ours()
    pairs = measure.interleaved(sums, ours)
    measure.report_pairs("rate", "intervals/s", pairs, cores_used=1, accounts=ACCOUNTS, intervals=slots)


if __name__ == "__main__":
    main()
