"""The ticker starts each periodic job once per instant."""

from datetime import UTC, datetime, timedelta

from django.db import connection

from meterbook.foundation import ticker
from tests.factories import identity as identity_factory

NOW = datetime(2026, 3, 29, 1, 0, 5, tzinfo=UTC)


def test_a_periodic_job_starts_once_per_instant_and_once_per_organization() -> None:
    organization = identity_factory.organization()
    periodic = ticker.Periodic("audit.seal_entries", every=timedelta(days=3650))

    first = ticker.tick([periodic], now=NOW)
    second = ticker.tick([periodic], now=NOW + timedelta(seconds=1))

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM foundation_tick WHERE name = 'audit.seal_entries'")
        cursor.execute(
            "SELECT count(*) FROM procrastinate_jobs"
            " WHERE task_name = 'audit.seal_entries' AND args ->> 'organization_id' = %s",
            [str(organization.id)],
        )
        assert cursor.fetchone() == (1,)
    assert (first, second) == (["audit.seal_entries"], [])


def test_a_platform_job_starts_once_for_the_whole_installation() -> None:
    identity_factory.organization()
    identity_factory.organization()
    periodic = ticker.Periodic("metering.make_partitions", every=timedelta(days=3650), is_platform=True)

    ticker.tick([periodic], now=NOW)

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM foundation_tick WHERE name = 'metering.make_partitions'")
        cursor.execute(
            "DELETE FROM procrastinate_jobs WHERE task_name = 'metering.make_partitions'"
            " RETURNING args ->> 'organization_id'"
        )
        assert cursor.fetchall() == [("0",)]
