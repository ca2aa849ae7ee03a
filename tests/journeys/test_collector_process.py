"""The collector as a process: it stops when told to, and outlives its database."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from meterbook.acquisition import values
from meterbook.kernel import clock
from tests.factories import acquisition as factory
from tests.factories import identity, lab, sites
from tests.support import databases, processes

QUICK = (
    "import django, datetime; django.setup()\n"
    "from meterbook.kernel import clock\n"
    "from meterbook.collector import main\n"
    "real, product = map(datetime.datetime.fromisoformat, ({real!r}, {product!r}))\n"
    "with clock.use(clock.AcceleratedClock(real, product, clock.FASTEST)):\n"
    "    main.run()\n"
)
START = "import django; django.setup(); from meterbook.collector import main; main.run()"


class TestCollector:
    @pytest.mark.server
    def test_reads_and_stops_within_five_seconds_of_a_signal(
        self, empty_database: str, server: databases.TestServer, tmp_path: Path
    ) -> None:
        organization = identity.organization()
        data_dir = tmp_path / "data"
        data_dir.mkdir(mode=0o700)
        server.write_secrets(data_dir, empty_database)
        environment = processes.environment(data_dir, MB_DEMO="1", DJANGO_SETTINGS_MODULE="meterbook.config.settings")
        with lab.running_gateway(units={7: "eastron_sdm630"}, clock=clock.now) as gateway:
            bus = factory.bus(site=sites.site(organization=organization), port=gateway.port)
            device = factory.device(organization=organization, on=bus, live_seconds=1)
            process = subprocess.Popen([sys.executable, "-c", START], env=environment)
            try:
                factory.eventually(lambda: factory.shown_device(device).answered_at, seconds=60)
                began = time.monotonic()
                process.send_signal(signal.SIGTERM)
                status = process.wait(timeout=20)
                took = time.monotonic() - began
            finally:
                process.kill()
                process.wait()

        assert status == 0
        assert took < 5

    def test_stores_what_it_read_while_the_database_was_away(
        self, empty_database: str, server: databases.TestServer
    ) -> None:
        organization = identity.organization()
        quick = clock.AcceleratedClock(clock.real_now(), clock.real_now(), clock.FASTEST)
        with clock.use(quick), lab.running_gateway(units={7: "eastron_sdm630"}, clock=clock.now) as gateway:
            site = sites.site(organization=organization)
            bus = factory.bus(site=site, port=gateway.port)
            installed = factory.installed_meter(organization=organization, site=site)
            device = factory.device(organization=organization, on=bus, meter=installed.meter, live_seconds=60)
            with factory.running_collector():
                factory.eventually(lambda: factory.stored(installed.series["power"]))
                databases.allow_connections(server, empty_database, is_allowed=False)
                databases.close_django()
                away = clock.now()
                factory.eventually(lambda: clock.now() > away + timedelta(minutes=6))
                databases.allow_connections(server, empty_database, is_allowed=True)
                back = clock.now()
                kept = factory.eventually(
                    lambda: [at for at, _v in factory.stored(installed.series["power"]) if away < at < back]
                )
                row = factory.eventually(
                    lambda: row if ((row := factory.shown_device(device)).answered_at or away) > back else None
                )

        assert len(kept) >= 1
        assert row.status is values.DeviceStatus.OK

    @pytest.mark.server
    def test_killed_while_the_database_is_away_loses_no_reading(
        self, empty_database: str, server: databases.TestServer, tmp_path: Path
    ) -> None:
        organization = identity.organization()
        data_dir = tmp_path / "data"
        data_dir.mkdir(mode=0o700)
        server.write_secrets(data_dir, empty_database)
        environment = processes.environment(data_dir, MB_DEMO="1", DJANGO_SETTINGS_MODULE="meterbook.config.settings")
        quick = clock.AcceleratedClock(clock.real_now(), datetime(2026, 6, 16, 9, 50, tzinfo=UTC), clock.FASTEST)
        code = QUICK.format(real=quick.real.isoformat(), product=quick.product.isoformat())
        with clock.use(quick), lab.running_gateway(units={7: "eastron_sdm630"}, clock=clock.now) as gateway:
            site = sites.site(organization=organization)
            bus = factory.bus(site=site, port=gateway.port)
            installed = factory.installed_meter(organization=organization, site=site)
            factory.device(organization=organization, on=bus, meter=installed.meter, live_seconds=60)
            series = installed.series["power"]
            with running(code, environment) as process:
                factory.eventually(lambda: len(factory.stored(series)) >= 2, seconds=60)
                databases.allow_connections(server, empty_database, is_allowed=False)
                databases.close_django()
                away = clock.now()
                factory.eventually(lambda: clock.now() > away + timedelta(minutes=11))
                process.kill()
                killed = clock.now()
            databases.allow_connections(server, empty_database, is_allowed=True)
            with running(code, environment):
                instants = factory.eventually(
                    lambda: found if (found := [at for at, _v in factory.stored(series)])[-1] > killed else None,
                    seconds=60,
                )

        slots = [at.replace(minute=at.minute // 5 * 5, second=0) for at in instants if at < killed]
        assert len([at for at in instants if away < at < killed]) >= 2
        assert {after - before for before, after in pairwise(slots)} == {timedelta(minutes=5)}
        assert not list((data_dir / "collector").glob("readings.*"))


@contextlib.contextmanager
def running(code: str, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", code], env=environment)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()
