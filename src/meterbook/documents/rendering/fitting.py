"""How airy a bill is set, so that it fits two pages: reckoned from what stands on it, then looked at.

Measuring in the template would set every bill several times. So heights are reckoned from counts (a line that breaks is
not known here), the bill is set once, and what took a page more than it should is set again, denser.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

AIRS = (100, 70, 55, 40)  # percent: 100 is as airy as can be
HIGH = {"a4": 7480, "us-letter": 6980}  # tenths of a point, of a page inside its margins
BOX, TO_PAY, LINE = 700, 700, 110  # of the box that says how a bill is checked and paid, and of a line in it
PAGES = 2
NOTE_LINE = 120  # characters

# Airs of the first page and of the second; None on the second: what proves flows over as many pages as it takes.
Layout = tuple[int, int | None]


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


def _first(height: Callable[[Mapping[str, Any], int], int], bill: Mapping[str, Any]) -> int:
    high = HIGH[bill["paper"]]
    return next((place for place, air in enumerate(AIRS) if height(bill, air) <= high), len(AIRS))


def _tall(fixed: int, airy: int, air: int) -> int:
    """Tenths of a point of something that is `fixed` high and `airy` more at full air."""
    return fixed + airy * air // 100


def _front(bill: Mapping[str, Any], air: int) -> int:
    """What the first page takes: head, boxes, lines, balance, history and how to pay."""
    rows = sum(max(1, len(group["rows"])) + bool(group["sum"]) for group in bill["groups"]) + len(bill["sums"])
    details = 105 * sum(bool(row.get("detail")) for group in bill["groups"] for row in group["rows"])
    named = 155 * len(bill["groups"]) + 110 * max(0, len(bill["customer"]["lines"]) - 3)
    balance = _tall(134 * len(bill["balance"]), 160, air) if bill["balance"] else 0
    box = BOX + (TO_PAY + LINE * len(bill["payment"]["lines"]) if bill["due"]["day"] else 0)
    compared = LINE if bill["chart"] and bill["chart"]["before"] else 0
    paying = max(box, _tall(950 + compared, 600, air)) + (
        LINE * (2 + len(bill["notice"]) // NOTE_LINE) if bill["notice"] else 0
    )
    return _tall(2440, 400, air) + rows * _tall(90, 80, air) + details + named + balance + paying


def _proof(bill: Mapping[str, Any], air: int) -> int:
    """What the second page takes: readings, price periods, taxes, history, notes and legal words."""
    meters, row = bill["meters"], _tall(90, 80, air)
    registers = [each for meter in meters for each in meter["registers"]]
    counted = [*meters, *registers]
    segments = sum(max(1, len(each["segments"])) for each in counted)
    sums = sum(bool(each["adjustment"]) + bool(each["has_sum"]) for each in counted)
    readings = len(meters) * _tall(230, 120, air) + 170 * len(registers) + 310 * segments + 170 * sums
    readings += 135 * sum(1 + len(line) // NOTE_LINE for meter in meters for line in meter["workings"])
    use = sum(_tall(420, 280, air) + len(each["rows"]) * row for each in bill["use"])
    history = len(bill["history"]["rows"]) * _tall(365, 120, air) + _tall(0, 200, air) if bill["history"] else 0
    notes = sum(_tall(130, 40, air) * (1 + len(note) // NOTE_LINE) for note in bill["notes"])
    services = _tall(330, 200, air) + len(bill["services"]) * row if bill["services"] else 0
    return _tall(1490, 700, air) + readings + use + len(bill["taxes"]) * row + services + history + notes
