"""Milliseconds to price a year of 200 accounts by another tariff, and to reproduce their issued bills by their own.

12 months x 200 accounts x 15 minutes by time of use, tiers, a daily charge and a tax, in one process: issued bills are
compared account by account, month by month and line by line, as the page and the API answer it. The baseline loads the
same blocks and sums them by numpy, without prices. The making of the bills is not measured.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from datetime import date

os.environ.setdefault("MB_BENCH_ACCOUNTS", "200")

from bench import measure
from bench.billplace import ACCOUNTS, AT, ZONE, Place, document

FIRST, UNTIL, MONTHS, TRIES = date(2025, 1, 1), date(2026, 1, 1), 12, 5


def main() -> None:
    """This will print a line for another tariff, and one for their own."""
    with measure.database():
        place = Place(FIRST)
        _bill(place)
        raw = document()
        raw["components"][0]["prices"]["peak"] = "0.3140"
        for name, chosen in (("whatif", raw), ("whatif_reproduced", None)):
            (baseline, base_cpu), (value, cpu) = _measured(lambda: _blocks(place)), _measured(_compare(place, chosen))
            measure.report(
                name, "ms", value, baseline, accounts=ACCOUNTS, bills=ACCOUNTS * MONTHS, cpu=cpu, baseline_cpu=base_cpu
            )


def _months() -> list[tuple[date, date]]:
    from meterbook.kernel import civil

    months, month = [], FIRST
    while month < UNTIL:
        months.append((month, civil.next_month(month)))
        month = civil.next_month(month)
    return months


def _bill(place: Place) -> None:
    """A year of blocks, and the bills of its months."""
    from django.db import connections

    from meterbook.kernel import civil
    from tests.factories import billing

    with connections["default"].cursor() as cursor:
        for month, _after in _months():
            for table in ("metering_seriesday", "metering_reading"):
                cursor.execute("SELECT metering_make_partition(%s, %s)", [table, month])
    place._store(civil.start_of_day(FIRST, ZONE), civil.start_of_day(UNTIL, ZONE))
    for month, after in _months():
        billing.issued(place.place, first_day=month, until_day=after)


def _compare(place: Place, raw: dict[str, object] | None) -> Callable[[], None]:
    from meterbook.billing.whatif import asked as asking
    from meterbook.billing.whatif import comparing
    from meterbook.foundation import scoping
    from tests.factories import billing

    def run() -> None:
        with scoping.scope([place.organization_id], actor=billing.ACTOR):
            chosen = None if raw is None else comparing.of_document(raw)
            scope = asking.Scope(sites=frozenset({place.place.site.pk}))
            found = comparing.compare(asking.Asked(scope, FIRST, UNTIL, chosen), now=AT)
        if len(found.accounts) != ACCOUNTS or bool(found.change.amount) != (raw is not None):
            raise SystemExit("The comparison is wrong; its time says nothing.")

    return run


def _blocks(place: Place) -> None:
    """The same days of the same series, read in the same portions, and summed up."""
    from meterbook.billing.calculating import usage
    from meterbook.foundation import scoping
    from meterbook.kernel import civil
    from tests.factories import billing

    with scoping.scope([place.organization_id], actor=billing.ACTOR):
        for month, _after in _months():
            first, until = usage.utc_days(civil.month_bounds(month, ZONE))
            loaded = usage.load(
                organization_id=place.organization_id, series_ids=place.series, step=15, first=first, until=until
            )
            loaded.values.sum(axis=1)


def _measured(run: Callable[[], None]) -> tuple[float, int]:
    """Median milliseconds on the clock, and of this process's processor time."""
    found = []
    for _try in range(TRIES):
        begin, used = time.perf_counter(), time.process_time()
        run()
        found.append((time.perf_counter() - begin, time.process_time() - used))
    return statistics.median(each for each, _cpu in found) * 1_000, round(
        statistics.median(cpu for _each, cpu in found) * 1_000
    )


if __name__ == "__main__":
    main()
