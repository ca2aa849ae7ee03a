"""Bills a second, from the day blocks to issued and posted bills, against a bare COPY of the rows they are made of.

10,000 accounts x 31 days x 15 minutes by time of use, tiers, a daily charge and a tax: lines, registers, history,
canonical JSON, numbers, double entry, row security. Two processes draft, and two issue. PDFs are not in it. Memory is
the most that one of the processes held.
"""

from __future__ import annotations

import gc
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any, LiteralString

from psycopg import sql

from bench import measure
from bench.billplace import ACCOUNTS, AT, MONTHS, Place

PROCESSES = 2
_OF_RUN = "IN (SELECT transaction_id FROM billing_bill WHERE run_id = {run})"
COPIED: dict[str, LiteralString] = {
    "billing_billdraft": "run_id = {run}",
    "billing_bill": "run_id = {run}",
    "ledger_ledgertransaction": "id " + _OF_RUN,
    "ledger_ledgerentry": "transaction_id " + _OF_RUN,
}


def main() -> None:
    """This will print the run, its two phases, and the memory."""
    if len(sys.argv) == 3:
        _work(int(sys.argv[1]), uuid.UUID(sys.argv[2]))
        return
    with measure.database():
        place = Place()
        baselines, ours, phases, memory = [], [], [], 0
        for number, month in enumerate(MONTHS):
            run = place.planned(month)
            _checkpoint()
            drafted, drafting = advance(place, run)
            issued, issuing = issue(place, run)
            memory = max(memory, drafting, issuing)
            seconds = _copy(run)
            if number:  # the first is for connections, caches and partitions
                ours.append(ACCOUNTS / (drafted + issued))
                baselines.append(ACCOUNTS / seconds)
                phases.append((ACCOUNTS / drafted, ACCOUNTS / issued))
        measure.report_pairs(
            "billrun",
            "bills/s",
            measure.Pairs(tuple(baselines), tuple(ours)),
            accounts=ACCOUNTS,
            processes=PROCESSES,
            drafted_a_second=[round(each) for each, _ in phases],
            issued_a_second=[round(each) for _, each in phases],
            memory_mib=memory // 1024,
        )


def advance(place: Place, run: Any) -> tuple[float, int]:  # noqa: ANN401 - a BillRun
    """Seconds of two processes until a person must decide or the run is closed, and the larger one's memory in KiB."""
    command = [sys.executable, "-m", "bench.billrun", str(place.organization_id), str(run.public_id)]
    workers = [
        subprocess.Popen(  # noqa: S603 - this very program
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(PROCESSES)
    ]
    for each in workers:
        _hear(each)
    begin = time.perf_counter()
    for each in workers:
        if each.stdin is not None:
            each.stdin.write("go\n")
            each.stdin.flush()
    largest = max(int(_hear(each)) for each in workers)
    seconds = time.perf_counter() - begin
    for each in workers:
        each.communicate()
    return seconds, largest


def _hear(worker: subprocess.Popen[str]) -> str:
    if worker.stdout is None:
        raise RuntimeError("a worker speaks over its standard output")
    return worker.stdout.readline()


def _work(organization_id: int, run_id: uuid.UUID) -> None:
    """A process that carries the run on: it is ready before the clock starts, as a worker is."""
    import django

    django.setup()
    from meterbook.billing import operations
    from meterbook.foundation import scoping
    from meterbook.kernel.actor import Actor

    actor = Actor.system("bench")
    with scoping.scope([organization_id], actor=actor):
        pass
    gc.collect()
    gc.freeze()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    operations.advance_run(organization_id=organization_id, actor=actor, at=AT, run_id=run_id)
    sys.stdout.write(f"{_peak()}\n")
    sys.stdout.flush()


def _peak() -> int:
    """KiB of this process at most; `getrusage` would tell that of the parent before the program was started."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(each.split()[1]) for each in lines if each.startswith("VmHWM:"))


def issue(place: Place, run: Any) -> tuple[float, int]:  # noqa: ANN401 - a BillRun
    """As `advance`, of an approved run until it is closed."""
    from meterbook.billing import values
    from tests.factories import billing

    approved = billing.approve(billing.fresh(run))
    found = advance(place, approved)
    closed = billing.fresh(run)
    if closed.state != values.RunState.CLOSED:
        raise RuntimeError(f"the run stopped at {closed.state}")
    return found


def _copy(run: Any) -> float:  # noqa: ANN401 - a BillRun
    """Seconds of COPY of the same rows into tables with the same columns and keys, without rules."""
    from django.db import connections

    wrapper = connections["owner"]
    wrapper.ensure_connection()
    raw = wrapper.connection
    data = {}
    with raw.cursor() as cursor:
        for table, condition in COPIED.items():
            copied = sql.Identifier(f"bench_{table}")
            names = {"table": sql.Identifier(table), "copy": copied, "run": sql.Literal(run.pk)}
            cursor.execute(sql.SQL("DROP TABLE IF EXISTS {copy}").format(**names))
            cursor.execute(sql.SQL("CREATE TABLE {copy} (LIKE {table} INCLUDING ALL)").format(**names))
            rows = sql.SQL("SELECT * FROM {table} WHERE {}").format(sql.SQL(condition).format(**names), **names)
            with cursor.copy(sql.SQL("COPY ({}) TO STDOUT (FORMAT BINARY)").format(rows)) as copy:
                data[table] = b"".join(bytes(each) for each in copy)
    begin = time.perf_counter()
    with raw.transaction(), raw.cursor() as cursor:
        for table in COPIED:
            copied = sql.Identifier(f"bench_{table}")
            with cursor.copy(sql.SQL("COPY {} FROM STDIN (FORMAT BINARY)").format(copied)) as copy:
                copy.write(data[table])
    return time.perf_counter() - begin


def _checkpoint() -> None:
    from django.db import connections

    from bench import ingest

    ingest._checkpoint(connections["owner"])


if __name__ == "__main__":
    main()
