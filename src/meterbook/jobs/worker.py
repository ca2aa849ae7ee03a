"""The worker process: runs jobs as they come and starts periodic ones by the product's clock."""

from __future__ import annotations

import asyncio
import contextlib
import signal

import structlog
from asgiref.sync import sync_to_async
from django.db import close_old_connections
from django.db.utils import OperationalError
from procrastinate import App, exceptions
from procrastinate.contrib.django import app
from procrastinate.jobs import Job, Status

from meterbook.foundation import ticker
from meterbook.jobs import declare, periodic
from meterbook.kernel import clock

log = structlog.get_logger(__name__)

CONCURRENCY = 4
PAUSE_SECONDS = 1.0
# A worker says every few seconds that it lives. One that was killed has left its jobs behind, and whoever restarts it
# is quicker than that is certain: so all workers keep looking for such jobs.
HEARTBEAT_SECONDS = 5.0
LOST_SECONDS = 20.0


def run() -> None:
    """This will work until SIGTERM or SIGINT, then finish the running jobs and return."""
    asyncio.run(_run())


async def _run() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    ticking = asyncio.create_task(_tick_until(stop))
    while not stop.is_set():
        working = asyncio.create_task(_work())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if working.done() and (error := working.exception()) is not None:
            log.warning("worker.lost_database", error=str(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), PAUSE_SECONDS)
        else:
            working.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await working
    await ticking


async def _work() -> None:
    connector = app.connector.get_worker_connector()  # type: ignore[attr-defined]  # DjangoConnector has it
    worker_app = app.with_connector(connector)
    async with worker_app.open_async():
        looking = asyncio.create_task(_look_for_orphans(worker_app))
        working = asyncio.create_task(
            worker_app.run_worker_async(
                concurrency=CONCURRENCY,
                install_signal_handlers=False,
                delete_jobs="successful",
                shutdown_graceful_timeout=10,
                update_heartbeat_interval=HEARTBEAT_SECONDS,
                stalled_worker_timeout=LOST_SECONDS,
            )
        )
        try:
            await asyncio.wait({looking, working}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (looking, working):
                task.cancel()
            ended = await asyncio.gather(looking, working, return_exceptions=True)
    for outcome in ended:
        if isinstance(outcome, Exception):
            raise outcome


async def _look_for_orphans(worker_app: App) -> None:
    while True:
        for orphan in await worker_app.job_manager.get_stalled_jobs(seconds_since_heartbeat=LOST_SECONDS):
            await _take_over(worker_app, orphan)
        await asyncio.sleep(HEARTBEAT_SECONDS)


async def _take_over(worker_app: App, orphan: Job) -> None:
    """The job of a worker that was killed waits for ever otherwise, and all jobs behind its lock with it."""
    log.warning("worker.orphan_taken_over", job=orphan.id, task=orphan.task_name)
    if orphan.attempts >= declare.MAX_ATTEMPTS:
        # It may be what kills the workers: a person must look at it.
        await worker_app.job_manager.finish_job(orphan, Status.FAILED, delete_job=False)
        return
    try:
        await worker_app.job_manager.retry_job(orphan)
    except exceptions.UniqueViolation:
        # The next instant of a periodic job waits already, and does what this one has left.
        await worker_app.job_manager.finish_job(orphan, Status.ABORTED, delete_job=True)


async def _tick_until(stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            await sync_to_async(_tick, thread_sensitive=True)()
        except OperationalError as error:
            log.warning("worker.ticker_lost_database", error=str(error))
        except Exception:
            # A timetable that stops while jobs still run would go unseen for days: say so, and go on.
            log.exception("worker.tick_failed")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), PAUSE_SECONDS)


def _tick() -> None:
    close_old_connections()
    ticker.tick(periodic.PERIODICS, now=clock.now())
    close_old_connections()
