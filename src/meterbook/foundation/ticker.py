"""Starts periodic jobs from the product's clock, once per scheduled instant, whatever the number of workers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction

from meterbook.foundation import queue, scoping

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
PLATFORM = 0  # stands for no organization in the arguments of a platform job


@dataclass(frozen=True)
class Periodic:
    """A job to start for every organization at each multiple of `every` since 2000-01-01 UTC, plus `offset`.

    A platform job is started once for the whole installation, and opens no scope.
    """

    name: str
    every: timedelta
    offset: timedelta = timedelta(0)
    is_platform: bool = False


def latest_due(periodic: Periodic, now: datetime) -> datetime:
    """This will return the newest scheduled instant that is not after `now`.

    `every` 15 min, `offset` 20 s, now 10:07:00 gives 10:00:20.
    """
    start = EPOCH + periodic.offset
    return start + (now - start) // periodic.every * periodic.every


def tick(periodics: Iterable[Periodic], *, now: datetime) -> list[str]:
    """This will defer, for every organization, each periodic job whose time has come, and answer their names.

    Instants that passed while no worker ran are not made up: a job finds what is left to do itself.
    """
    started = []
    for periodic in periodics:
        scheduled_at = latest_due(periodic, now)
        with transaction.atomic():
            if not _claim(periodic.name, scheduled_at):
                continue
            for organization_id in (PLATFORM,) if periodic.is_platform else scoping.organization_ids():
                queue.defer(
                    periodic.name,
                    organization_id=organization_id,
                    queueing_lock=f"{periodic.name}:{organization_id}",
                    scheduled_at=scheduled_at.isoformat(),
                )
        started.append(periodic.name)
    return started


def _claim(name: str, scheduled_at: datetime) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO foundation_tick (name, scheduled_at) VALUES (%s, %s)"
            " ON CONFLICT (name) DO UPDATE SET scheduled_at = excluded.scheduled_at"
            " WHERE foundation_tick.scheduled_at < excluded.scheduled_at",
            [name, scheduled_at],
        )
        return bool(cursor.rowcount == 1)
