"""How airy a bill is set, so that it fits two pages: reckoned from what stands on it, then looked at.

Measuring in the template would set every bill several times. So heights are reckoned from counts (a line that breaks is
not known here), the bill is set once, and what took a page more than it should is set again, denser.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

AIRS = (1.0, 0.7, 0.55, 0.4)  # 1 is as airy as can be
HIGH = 748.0  # pt of a page inside its margins
PAGES = 2

# Airs of the first page and of the second; None on the second: what proves flows over as many pages as it takes.
Layout = tuple[float, float | None]


def layouts(bill: Mapping[str, Any]) -> Iterator[Layout]:
    """This will return the layouts to try, the likeliest first; the last one always holds.

    :param bill: what `page.of_bill` returns, with its balance
    """
    own, air = _first(_front, bill), _first(_proof, bill)
    if own < len(AIRS) and air < len(AIRS):
        last = len(AIRS) - 1
        for step in range(len(AIRS) - min(own, air)):
            yield AIRS[min(own + step, last)], AIRS[min(air + step, last)]
    yield AIRS[own] if own < len(AIRS) else AIRS[0], None


def _first(height: Callable[[Mapping[str, Any], float], float], bill: Mapping[str, Any]) -> int:
    return next((place for place, air in enumerate(AIRS) if height(bill, air) <= HIGH), len(AIRS))


def _row(air: float) -> float:
    return 9 + 8 * air


def _front(bill: Mapping[str, Any], air: float) -> float:
    """Points that the first page takes: head, boxes, lines, balance, history and how to pay."""
    rows = sum(max(1, len(group["rows"])) for group in bill["groups"]) + len(bill["sums"])
    named = 15.5 * len(bill["groups"]) + 11 * max(0, len(bill["customer"]["lines"]) - 3)
    balance = 16 * air + 13.4 * len(bill["balance"]) if bill["balance"] else 0
    return 244 + 40 * air + rows * _row(air) + named + balance + max(128, 95 + 60 * air)


def _proof(bill: Mapping[str, Any], air: float) -> float:
    """Points that the second page takes: readings, price periods, taxes, history, notes and legal words."""
    meters = bill["meters"]
    segments = sum(max(1, len(meter["segments"])) for meter in meters)
    sums = sum(bool(meter["adjustment"]) + bool(meter["has_sum"]) for meter in meters)
    readings = len(meters) * (23 + 12 * air) + 31 * segments + 17 * sums
    use = sum(42 + 28 * air + len(each["rows"]) * _row(air) for each in bill["use"])
    history = len(bill["history"]["rows"]) * (36.5 + 12 * air) + 20 * air if bill["history"] else 0
    notes = 20 * air + sum((13 + 4 * air) * (1 + len(note) // 120) for note in bill["notes"])
    return 69 + 50 * air + readings + use + len(bill["taxes"]) * _row(air) + history + notes + 80
