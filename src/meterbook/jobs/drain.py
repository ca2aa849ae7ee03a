"""Runs the jobs that are due, here and now, until none is left: for a clock that is moved by hand."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import datetime

from asgiref.sync import sync_to_async
from django.db import connections
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from meterbook.foundation import ticker
from meterbook.foundation.ticker import Periodic
from meterbook.kernel import clock

MOST_ROUNDS = 1_000  # a job that always leaves another behind must not hold time up for ever
Run = Callable[[datetime], Awaitable[None]]


class JobsEndless(RuntimeError):
    """Jobs leave new jobs behind without end; look into the log which they are."""


@contextlib.asynccontextmanager
async def opened(periodics: Iterable[Periodic]) -> AsyncIterator[Run]:
    """This will give a function that starts what the timetable says for an instant and runs all due jobs to their end.

    A job that failed and is to be tried again later stays for the next worker.
    """
    timetable = tuple(periodics)
    worker_app = app.with_connector(app.connector.get_worker_connector())  # type: ignore[attr-defined]  # Django's has it
    async with worker_app.open_async():

        async def run(at: datetime) -> None:
            await sync_to_async(ticker.tick, thread_sensitive=True)(timetable, now=at)
            for _round in range(MOST_ROUNDS):
                if not await sync_to_async(_waits, thread_sensitive=True)():
                    return
                await worker_app.run_worker_async(
                    wait=False, concurrency=1, install_signal_handlers=False, delete_jobs="successful"
                )
            raise JobsEndless(JobsEndless.__doc__)

        try:
            yield run
        finally:
            await sync_to_async(connections.close_all, thread_sensitive=True)()


def _waits() -> bool:
    """Queues wait in real time, whatever the product's clock shows."""
    waiting = ProcrastinateJob.objects.filter(status="todo").exclude(scheduled_at__gt=clock.real_now())
    return waiting.exists()
