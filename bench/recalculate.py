"""Seconds to calculate twelve months of 1,000 accounts again: from the same inputs, and from what is known now.

12 months x 1,000 accounts x 15 minutes by time of use, tiers, a daily charge and a tax, in one process, with the
differences by line stored for each bill. The making of the bills is not measured.
"""

from __future__ import annotations

import os
import time
from datetime import date

os.environ.setdefault("MB_BENCH_ACCOUNTS", "1000")

from bench import measure
from bench.billplace import ACCOUNTS, AT, Place

FIRST, MONTHS = date(2024, 1, 1), 12


def main() -> None:
    """This will print a line for each way of calculating."""
    with measure.database():
        from meterbook.billing.correction_values import Mode
        from meterbook.kernel import civil

        place, month = Place(FIRST), FIRST
        for _number in range(MONTHS):
            _bill(place, month)
            month = civil.next_month(civil.next_month(month))  # the blocks of neighbors share a UTC day
        for name, mode in (("recalculate", Mode.REPRODUCE), ("recalculate_now", Mode.CORRECT)):
            seconds, same = _again(place, mode)
            bills = ACCOUNTS * MONTHS
            measure.report(name, "s", seconds, bills=bills, same=same, bills_a_second=round(bills / seconds))


def _bill(place: Place, month: date) -> None:
    from tests.factories import billing

    drafted = billing.advance(place.planned(month))
    billing.advance(billing.approve(drafted))


def _again(place: Place, mode: object) -> tuple[float, int]:
    from meterbook.billing import models
    from meterbook.billing.correction_values import Mode, Outcome
    from meterbook.billing.operations import recalculating
    from meterbook.foundation import scoping
    from tests.factories import billing

    begin = time.perf_counter()
    with scoping.scope([place.organization_id], actor=billing.ACTOR):
        asked = recalculating.ask_recalculation(
            actor=billing.ACTOR,
            at=AT,
            mode=Mode(mode),
            scope=recalculating.Scope(site=place.place.site.public_id),
        )
    is_left = True
    while is_left:
        with scoping.scope([place.organization_id], actor=billing.ACTOR):
            is_left = recalculating.calculate_next(recalculation=asked.public_id)
    seconds = time.perf_counter() - begin
    with scoping.scope([place.organization_id], actor=billing.ACTOR):
        rows = models.RecalculatedBill.objects.filter(
            organization_id=place.organization_id, recalculation=asked, outcome=Outcome.SAME
        )
        return seconds, rows.count()


if __name__ == "__main__":
    main()
