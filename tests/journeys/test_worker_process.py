"""The worker as a process: what it was doing when it was killed is done by the next one."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connections
from django.db.backends.utils import CursorWrapper

from meterbook.foundation import queue, scoping
from meterbook.jobs import periodic
from meterbook.metering import models
from meterbook.metering.deriving import marks
from tests.factories import identity, metering
from tests.support import databases, processes

START = "import django; django.setup(); from meterbook.jobs import worker; worker.run()"
DERIVE = "metering.derive_dirty_days"
BEGIN = datetime(2026, 3, 10, tzinfo=UTC)
FAR = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture
def data_folder(empty_database: str, server: databases.TestServer, tmp_path: Path) -> Path:
    """A data folder that leads to a database whose timetable does nothing: the only jobs are those of the test."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    server.write_secrets(folder, empty_database)
    with connections["owner"].cursor() as cursor:
        for each in periodic.PERIODICS:
            cursor.execute("INSERT INTO foundation_tick (name, scheduled_at) VALUES (%s, %s)", [each.name, FAR])
    return folder


@contextlib.contextmanager
def worker(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    environment = processes.environment(folder, DJANGO_SETTINGS_MODULE="meterbook.config.settings")
    process = subprocess.Popen([sys.executable, "-c", START], env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def jobs() -> list[str]:
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT status FROM procrastinate_jobs WHERE task_name = %s ORDER BY id", [DERIVE])
        return [str(row[0]) for row in cursor.fetchall()]


def workers(cursor: CursorWrapper) -> int:
    cursor.execute("SELECT count(*) FROM procrastinate_workers")
    return int(cursor.fetchone()[0])


def killed_while_deriving(folder: Path, organization_id: int) -> None:
    """Somebody else holds the organization, so that the job is under way when its worker is killed."""
    with connections["maintenance"].cursor() as held:
        held.execute("SELECT pg_advisory_lock(%s, %s)", [marks.LOCK, organization_id])
        with worker(folder) as process:
            processes.until(lambda: jobs() == ["doing"], what="the job is under way")
            process.send_signal(signal.SIGKILL)
            process.wait()
        held.execute("SELECT pg_advisory_unlock(%s, %s)", [marks.LOCK, organization_id])


def the_dead_one_is_missed() -> None:
    """A new worker has begun, and the time passes after which the other is taken for lost."""
    with connections["owner"].cursor() as cursor:
        processes.until(lambda: workers(cursor) == 2, what="the second worker is there")
        cursor.execute(
            "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute'"
            " WHERE id = (SELECT min(id) FROM procrastinate_workers)"
        )


def derived(organization_id: int) -> int:
    with scoping.scope([organization_id], actor=identity.ACTOR):
        return models.SeriesDay.objects.filter(organization_id=organization_id).count()


class TestKilledWorker:
    def test_leaves_a_job_that_the_next_one_takes_over_however_soon_it_starts(self, data_folder: Path) -> None:
        meter = metering.installed_meter(organization=identity.organization())
        metering.record(meter.energy, [(BEGIN + timedelta(minutes=15 * n), 100 + n) for n in range(9)])
        queue.defer(DERIVE, organization_id=meter.organization_id)
        killed_while_deriving(data_folder, meter.organization_id)
        assert (jobs(), derived(meter.organization_id)) == (["doing"], 0)

        with worker(data_folder):
            the_dead_one_is_missed()
            processes.until(lambda: jobs() == [], what="the job is done")

        assert derived(meter.organization_id) == 1

    def test_gives_way_to_the_next_instant_of_a_periodic_job_that_waits_already(self, data_folder: Path) -> None:
        meter = metering.installed_meter(organization=identity.organization())
        metering.record(meter.energy, [(BEGIN + timedelta(minutes=15 * n), 100 + n) for n in range(9)])
        lock = f"{DERIVE}:{meter.organization_id}"
        queue.defer(DERIVE, organization_id=meter.organization_id, queueing_lock=lock)
        killed_while_deriving(data_folder, meter.organization_id)
        queue.defer(DERIVE, organization_id=meter.organization_id, queueing_lock=lock)
        assert jobs() == ["doing", "todo"]

        with worker(data_folder):
            the_dead_one_is_missed()
            processes.until(lambda: jobs() == [], what="both are gone")

        assert derived(meter.organization_id) == 1


class TestFailingJob:
    def test_of_the_timetable_gives_way_to_the_next_instant(self, data_folder: Path) -> None:
        """It fails while the next one waits: put back beside it, it would hold its lock for ever."""
        meter = metering.installed_meter(organization=identity.organization())
        metering.record(meter.energy, [(BEGIN + timedelta(minutes=15 * n), 100 + n) for n in range(9)])
        lock = f"{DERIVE}:{meter.organization_id}"
        queue.defer(DERIVE, organization_id=meter.organization_id, queueing_lock=lock)
        with connections["maintenance"].cursor() as held, connections["owner"].cursor() as owner:
            held.execute("SELECT pg_advisory_lock(%s, %s)", [marks.LOCK, meter.organization_id])
            owner.execute("REVOKE INSERT ON metering_seriesday FROM meterbook_bulk")
            with worker(data_folder) as process:
                processes.until(lambda: jobs() == ["doing"], what="the job is under way")
                queue.defer(DERIVE, organization_id=meter.organization_id, queueing_lock=lock)
                held.execute("SELECT pg_advisory_unlock(%s, %s)", [marks.LOCK, meter.organization_id])
                processes.until(lambda: jobs() == ["failed", "failed"], what="both have failed")
                owner.execute("GRANT INSERT ON metering_seriesday TO meterbook_bulk")
                queue.defer(DERIVE, organization_id=meter.organization_id, queueing_lock=lock)
                processes.until(lambda: jobs() == ["failed", "failed"], what="the third is done")
                processes.until(lambda: derived(meter.organization_id) == 1, what="the day is there")
                process.send_signal(signal.SIGTERM)
                assert process.wait(timeout=30) == 0
