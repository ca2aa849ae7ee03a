"""The field program against the product as it is served, meters on real sockets: read, kept, sent once, and asked."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from meterbook.acquisition import operations, values
from meterbook.acquisition.push import batch, signing
from meterbook.foundation import scoping
from meterbook.gateway import courier, keeping, lines, program, store
from meterbook.gateway import main as gateway_main
from meterbook.kernel import clock
from tests.factories import acquisition, gateways, identity, lab, sites
from tests.support import browser, databases, processes, two_runs

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


class House:
    """A site whose gateway reads one meter at a simulated converter."""

    def __init__(self, port: int, unit_id: int = 7) -> None:
        self.organization = identity.organization()
        self.site = sites.site(organization=self.organization)
        self.meter = acquisition.installed_meter(organization=self.organization, site=self.site)
        self.gateway = gateways.gateway(site=self.site, meters=[self.meter])
        self.given = {"actor": identity.ACTOR, "at": clock.now(), "public_id": self.gateway.public_id}
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            bus = operations.create_gateway_bus(
                **self.given, name="Riser", protocol=values.BusProtocol.MODBUS_TCP, host="127.0.0.1", port=port
            )
            self.device = operations.create_gateway_device(
                **self.given, bus=bus.public_id, meter=self.meter.meter.public_id, unit_id=unit_id
            )

    def enrol(self, address: str, folder: Path) -> None:
        words = ["init", "--folder", str(folder), "--server", address, "--code", gateways.code(self.gateway)]
        assert gateway_main.main(words) == 0

    def stored(self) -> list[tuple[datetime, int]]:
        return acquisition.stored(self.meter.energy)


@pytest.fixture(scope="module")
def address(server: databases.TestServer, database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with browser.serve(server, database, tmp_path_factory.mktemp("served")) as served:
        yield served.address


@contextlib.contextmanager
def running(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The program as a process of its own."""
    words = [sys.executable, "-m", "meterbook.gateway.main", "run", "--folder", str(folder)]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(words, env=processes.environment(folder), stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


class TestInit:
    def test_keeps_its_key_to_itself_and_shows_a_picture(
        self, address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        house = House(port=502)
        folder = tmp_path / "gateway"

        house.enrol(address, folder)

        assert "█" in capsys.readouterr().out
        assert stat.S_IMODE((folder / keeping.FILE).stat().st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert gateway_main.main(["init", "--folder", str(folder), "--server", address, "--code", "x"]) == 1
        assert "secret" not in repr(keeping.load(folder))

    def test_says_why_it_cannot(self, address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        def ask(server: str, code: str) -> str:
            words = ["init", "--folder", str(tmp_path / "x"), "--server", server, "--code", code]
            assert gateway_main.main(words) == 1
            return capsys.readouterr().err

        assert "not valid" in ask(address, "0000-0000-0000-0000")
        assert "https" in ask("http://meters.example.com", "0000-0000-0000-0000")
        assert "refused" in ask(f"http://127.0.0.1:{processes.free_port()}", "0000-0000-0000-0000").lower()
        assert gateway_main.main(["run", "--folder", str(tmp_path / "x")]) == 1


class TestRun:
    def test_reads_sends_and_answers_within_two_seconds(self, address: str, tmp_path: Path) -> None:
        folder = tmp_path / "gateway"
        with lab.running_gateway(units={7: "eastron_sdm630"}, clock=clock.now) as meters:
            house = House(meters.port)
            house.enrol(address, folder)
            with running(folder) as process:
                acquisition.eventually(house.stored)
                acquisition.eventually(lambda: acquisition.shown_device(house.device).answered_at)
                took = []
                for _ in range(5):
                    began = time.monotonic()
                    asked = acquisition.request(house.device)
                    row = acquisition.eventually(
                        lambda asked=asked: (
                            row if (row := acquisition.shown_request(house.organization.pk, asked)).is_final else None
                        )
                    )
                    took.append(time.monotonic() - began)
                process.send_signal(signal.SIGTERM)
                assert process.wait(20) == 0

        assert row.status is values.RequestStatus.ANSWERED
        assert {each.register_code for each in row.values} >= {"energy_import", "power"}
        assert max(took) <= 2 or sorted(took)[-2] <= 2, took
        first = house.stored()[0]
        assert first[0] <= clock.now()

    @pytest.mark.spec("M-018/2")
    def test_sends_what_it_read_in_72_hours_without_the_server_in_order_and_once(
        self, address: str, tmp_path: Path
    ) -> None:
        folder = tmp_path / "gateway"
        standing = lab.settable_clock(NOON)
        with clock.use(standing), lab.running_gateway(units={7: "eastron_sdm630"}, clock=clock.now) as meters:
            house = House(meters.port)
            house.enrol(address, folder)

            async def fetch() -> program.Gateway:
                made = program.Gateway(folder)
                await made.fetch_configuration()
                await made.stop_reading()
                return made

            async def away() -> list[int]:
                made = await fetch()
                await made.use_configuration()
                for number in range(72 * 4):
                    standing.advance(QUARTER)
                    await made.read_due()
                    if number == 100:  # begun again later in a slot that was read
                        await made.close()
                        standing.advance(timedelta(minutes=3))
                        made = program.Gateway(folder)
                        await made.use_configuration()
                        await made.read_due()
                        standing.advance(timedelta(minutes=-3))
                # Killed in the middle of a batch: it was made ready, and nobody knows whether it came.
                ready = made._store.ready(made._courier.boot, {})
                assert ready is not None
                await asyncio.to_thread(made._courier.batch, ready.sequence, ready.body)
                await made.close()
                return [
                    row[0]
                    for row in sqlite3.connect(folder / keeping.BUFFER).execute("SELECT at FROM reading ORDER BY id")
                ]

            async def back() -> None:
                made = program.Gateway(folder)
                while await made.send_once():
                    pass
                assert made._store.waiting().rows == 0
                await made.close()

            kept = asyncio.run(away())
            asyncio.run(back())
            asyncio.run(back())

        wanted = [NOON + number * QUARTER for number in range(1, 72 * 4 + 1)]
        assert [at for at, _value in house.stored()] == wanted
        assert kept == sorted(kept)
        assert [value for _at, value in house.stored()] == sorted(value for _at, value in house.stored())
        late = two_runs.kept(house.organization, {(7, "energy_import"): house.meter.energy})
        assert late.blocks == two_runs.recorded(late.readings).blocks

    def test_killed_in_the_middle_loses_and_doubles_nothing(self, address: str, tmp_path: Path) -> None:
        folder = tmp_path / "gateway"
        with lab.running_gateway(units={7: "eastron_sdm630"}, clock=clock.now) as meters:
            house = House(meters.port)
            house.enrol(address, folder)
            for _ in range(3):
                with running(folder):
                    acquisition.eventually(lambda: (folder / keeping.BUFFER).exists())
                    acquisition.eventually(lambda: _kept(folder))
            with running(folder):
                acquisition.eventually(lambda: len(house.stored()) >= 1 and not _waiting(folder))

        stored = [at for at, _value in house.stored()]
        assert stored == sorted(set(stored))
        assert stored == [at for at, register in _kept(folder) if register == "energy_import"]
        assert gateways.incidents(house.gateway).keys() <= {"REPLAY"}


def _kept(folder: Path) -> list[tuple[datetime, str]]:
    with contextlib.closing(sqlite3.connect(f"file:{folder / keeping.BUFFER}?mode=ro", uri=True)) as base:
        try:
            rows = base.execute("SELECT at, register FROM reading ORDER BY id").fetchall()
        except sqlite3.OperationalError:
            return []
    return [(datetime.fromtimestamp(at / 1000, UTC), register) for at, register in rows]


def _waiting(folder: Path) -> int:
    with contextlib.closing(sqlite3.connect(f"file:{folder / keeping.BUFFER}?mode=ro", uri=True)) as base:
        sent = base.execute("SELECT coalesce(max(number), 0) FROM fact WHERE name = 'sent_until'").fetchone()[0]
        return int(base.execute("SELECT count(*) FROM reading WHERE id > ?", [sent]).fetchone()[0])


class TestGateway:
    def test_keeps_what_it_cannot_send_and_exchanges_its_key(self, address: str, tmp_path: Path) -> None:
        house = House(port=502)
        folder = tmp_path / "gateway"
        house.enrol(address, folder)
        kept = keeping.load(folder)
        row = store.Row(house.meter.meter.serial_number, "energy_import", "KWH", 2, int(NOON.timestamp() * 1000), 5)

        async def send() -> tuple[str, bool]:
            keeping.save(folder, replace(kept, server=f"http://127.0.0.1:{processes.free_port()}"))
            lost = program.Gateway(folder)
            lost._store.add([row])
            with pytest.raises(courier.Unreachable):
                await lost.send_once()
            await lost.close()
            keeping.save(folder, kept)
            made = program.Gateway(folder)
            made.exchange_key()
            is_more = await made.send_once()
            await made.close()
            return keeping.load(folder).key, is_more

        key, is_more = asyncio.run(send())

        assert not is_more
        assert key != kept.key
        assert len(house.stored()) == 1

    def test_sets_its_clock_by_the_server_when_it_is_wrong(self, address: str, tmp_path: Path) -> None:
        house = House(port=502)
        folder = tmp_path / "gateway"
        house.enrol(address, folder)
        slow = courier.Courier(keeping.load(folder), offset_ms=-3_600_000)

        told = slow.batch(1, batch.write(batch.Batch()))

        assert told["sequence"] == 1
        assert abs(slow.offset_ms) < 5_000
        assert gateways.incidents(house.gateway) == {"TIME": 1}

    def test_does_not_use_a_configuration_that_is_not_the_servers(self, address: str, tmp_path: Path) -> None:
        house = House(port=502)
        folder = tmp_path / "gateway"
        house.enrol(address, folder)
        keeping.save(folder, replace(keeping.load(folder), server_key=signing.encode(bytes(32))))

        async def fetch() -> int:
            made = program.Gateway(folder)
            await made.fetch_configuration()
            number = made._kept.number
            await made.close()
            return number

        assert asyncio.run(fetch()) == 0

    def test_never_carries_out_a_request_that_expired(self, address: str, tmp_path: Path) -> None:
        folder = tmp_path / "gateway"
        with lab.running_gateway(units={7: "eastron_sdm630"}, clock=clock.now) as meters:
            house = House(meters.port)
            house.enrol(address, folder)
            answered: list[lines.Asked] = []

            async def ask() -> None:
                made = program.Gateway(folder)
                await made.fetch_configuration()
                await made.stop_reading()
                outlets = replace(made._outlets(), answer=lambda asked, _answer: answered.append(asked))
                runner = lines.BusRunner(made._kept.configuration.buses[0], outlets)
                device = str(house.device.public_id)
                await runner._serve(lines.Asked("late", device, time.monotonic() - 1))
                await runner._serve(lines.Asked("in time", device, time.monotonic() + 20))
                await runner.close()
                await made.close()

            asyncio.run(ask())

        assert [each.id for each in answered] == ["in time"]
