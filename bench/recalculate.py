"""Seconds to calculate twelve months of 1,000 accounts again: from the same inputs, and from what is known now.

12 months x 1,000 accounts x 15 minutes by time of use, tiers, a daily charge and a tax, in one process and in two that
share it, with the differences by line stored for each bill. The making of the bills is not measured. `cpu` is the
processor time of the processes, without the database's.
"""

from __future__ import annotations

import os
import resource
import time
import uuid
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
            for processes in (2, 1):
                seconds, cpu, same = _again(place, mode, processes)
                bills = ACCOUNTS * MONTHS
                figures = {"bills": bills, "same": same, "bills_a_second": round(bills / seconds), "cpu": round(cpu, 1)}
                measure.report(name, "s", seconds, processes=processes, **figures)


def _bill(place: Place, month: date) -> None:
    from tests.factories import billing

    drafted = billing.advance(place.planned(month))
    billing.advance(billing.approve(drafted))


def _again(place: Place, mode: object, processes: int) -> tuple[float, float, int]:
    """Seconds, processor seconds and how many bills came out the same."""
    from meterbook.billing import models
    from meterbook.billing.correction_values import Mode, Outcome
    from meterbook.billing.operations import recalculating
    from meterbook.foundation import scoping
    from tests.factories import billing

    before, begin = _cpu(), time.perf_counter()
    with scoping.scope([place.organization_id], actor=billing.ACTOR):
        asked = recalculating.ask_recalculation(
            actor=billing.ACTOR,
            at=AT,
            mode=Mode(mode),
            scope=recalculating.Scope(site=place.place.site.public_id),
        )
    _share(place, asked.public_id, processes)
    seconds, cpu = time.perf_counter() - begin, _cpu() - before
    with scoping.scope([place.organization_id], actor=billing.ACTOR):
        rows = models.RecalculatedBill.objects.filter(
            organization_id=place.organization_id, recalculation=asked, outcome=Outcome.SAME
        )
        return seconds, cpu, rows.count()


def _share(place: Place, recalculation: uuid.UUID, processes: int) -> None:
    from django.db import connections

    connections.close_all()
    children = []
    for _process in range(processes):
        child = os.fork()
        if child == 0:
            try:
                _work(place, recalculation)
                os._exit(0)
            finally:
                os._exit(1)
        children.append(child)
    statuses = [os.waitpid(each, 0)[1] for each in children]  # all are waited for
    if any(statuses):
        raise RuntimeError("a process that calculated bills failed")


def _work(place: Place, recalculation: uuid.UUID) -> None:
    from meterbook.billing.operations import recalculating
    from meterbook.foundation import scoping
    from tests.factories import billing

    is_left = True
    while is_left:
        with scoping.scope([place.organization_id], actor=billing.ACTOR):
            is_left = recalculating.calculate_next(recalculation=recalculation)


def _cpu() -> float:
    """Processor seconds of this process and those that it waited for."""
    used = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


if __name__ == "__main__":
    main()
