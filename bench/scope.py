"""What row security costs: bill lists and block loads of the application role against a role that passes by (ratio).

Three organizations with bills and day blocks lie in the same tables. The statements are the product's; both roles send
the same text with the same values, in turn, on connections of one server. The owner of the tables has no policies.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Sequence
from typing import Any

os.environ.setdefault("MB_BENCH_ACCOUNTS", "1000")

from bench import measure
from bench.billplace import ACCOUNTS, MONTHS, Place

ORGANIZATIONS = 3
SERIES = 400  # as in a chunk of a bill run
TURNS = 60
SPARE = 5  # turns that are not measured

Statement = tuple[bytes, Any]


def main() -> None:
    """This will print a line for the lists and one for the blocks, in microseconds of the median turn."""
    with measure.database():
        from django.db import connections

        from tests.factories import billing

        places = [Place() for _ in range(ORGANIZATIONS)]
        for place in places:
            for month in MONTHS[:2]:
                drafted = billing.advance(place.planned(month))
                billing.advance(billing.approve(drafted))
        with connections["owner"].cursor() as cursor:
            cursor.execute("ANALYZE")
        compare("scope_bills", places[1], bill_lists)
        compare("scope_blocks", places[1], block_load)


def compare(name: str, place: Place, statements: Any) -> None:  # noqa: ANN401 - a function of a place
    """This will send the statements of a place as both roles, turn by turn, and print the medians."""
    from django.db import connection, connections

    from meterbook.foundation import scoping
    from tests.factories import billing

    with scoping.scope([place.organization_id], actor=billing.ACTOR):
        wanted = statements(place)
        connections["owner"].ensure_connection()
        seconds: dict[str, list[float]] = {"app": [], "owner": []}
        for turn in range(TURNS + SPARE):
            for role, raw in (("app", connection.connection), ("owner", connections["owner"].connection)):
                taken = _send(raw, wanted)
                if turn >= SPARE:
                    seconds[role].append(taken)
    ours, baseline = (1_000_000 * statistics.median(seconds[role]) for role in ("app", "owner"))
    measure.report(name, "µs", ours, baseline, turns=TURNS, organizations=ORGANIZATIONS, accounts=ACCOUNTS)


def bill_lists(_place: Place) -> list[Statement]:
    """The statements of the first page of bills, and of a page that is sorted by name."""
    from django.db import connection

    from meterbook.billing import queries

    found: list[Statement] = []

    def note(execute: Any, statement: str, values: Any, is_many: bool, context: Any) -> Any:  # noqa: ANN401
        found.append((statement.encode(), values))
        return execute(statement, values, is_many, context)

    with connection.execute_wrapper(note):
        queries.list_bills()
        queries.list_bills(narrowing=queries.BillNarrowing(sort=queries.BillSort.NAME))
    return found


def block_load(place: Place) -> list[Statement]:
    """The statement that a chunk of a bill run reads its day blocks with."""
    from meterbook.billing.calculating import usage
    from meterbook.kernel import civil

    values = {
        "organization": place.organization_id,
        "series": place.series[:SERIES],
        "first": MONTHS[0],
        "until": civil.next_month(MONTHS[0]),
    }
    return [(usage.PACKED, values)]


def _send(raw: Any, wanted: Sequence[Statement]) -> float:  # noqa: ANN401 - a connection of psycopg
    import psycopg

    begin = time.perf_counter()
    with psycopg.Cursor(raw) as cursor:
        for statement, values in wanted:
            cursor.execute(statement, values, binary=True)
            if not cursor.fetchall():
                raise RuntimeError("both roles must find rows")
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
