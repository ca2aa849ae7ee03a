"""A job waits once under its queueing lock, and asking for it again harms nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import connection

from meterbook.foundation import queue, scoping, ticker
from meterbook.kernel.actor import Actor
from tests.factories import identity as identity_factory

ACTOR = Actor.system("test")
NOW = datetime(2026, 3, 29, 1, 0, 5, tzinfo=UTC)


def waiting(organization_id: int, name: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM procrastinate_jobs"
            " WHERE task_name = %s AND status = 'todo' AND (args ->> 'organization_id')::int = %s",
            [name, organization_id],
        )
        return int(cursor.fetchone()[0])


class TestQueueingLock:
    def test_leaves_the_callers_transaction_whole_when_the_job_waits_already(self) -> None:
        organization = identity_factory.organization()
        lock = f"audit.seal_entries:{organization.id}"

        with scoping.scope([organization.id], actor=ACTOR):
            for _ in range(2):
                queue.defer("audit.seal_entries", organization_id=organization.id, queueing_lock=lock)
            # The transaction of the caller goes on.
            organization.name = "Renamed"
            organization.save(update_fields=["name"])

        assert waiting(organization.id, "audit.seal_entries") == 1

    def test_of_one_organization_does_not_hold_up_the_others(self) -> None:
        """A worker that is busy for longer than a period: its job still waits when the next instant comes."""
        busy = identity_factory.organization()
        periodic = ticker.Periodic("audit.seal_entries", every=timedelta(days=36_500))
        queue.defer("audit.seal_entries", organization_id=busy.id, queueing_lock=f"audit.seal_entries:{busy.id}")
        other = identity_factory.organization()

        started = ticker.tick([periodic], now=NOW)

        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM foundation_tick WHERE name = 'audit.seal_entries'")
        assert started == ["audit.seal_entries"]
        assert (waiting(busy.id, "audit.seal_entries"), waiting(other.id, "audit.seal_entries")) == (1, 1)
