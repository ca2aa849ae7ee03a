"""Faults of lines, gateways, computers and databases: what was read is there once, and the days are as without them."""

from __future__ import annotations

import asyncio
import contextlib
import random
import subprocess
from collections import deque
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from structlog import testing

from meterbook.acquisition import plans
from meterbook.acquisition.library import documents
from meterbook.collector import writer
from meterbook.kernel import clock
from meterbook_lab.modbus_faults import Faults
from tests.factories import gateways, identity, metering, sites
from tests.support import databases, two_runs
from tests.support.two_runs import Fault, Kept, Run

MICROSECOND = timedelta(microseconds=1)


@pytest.fixture(scope="module")
def clean(database: str, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """The run without a fault; it is read once for all."""
    return two_runs.carry_out(Fault(), tmp_path_factory.mktemp("clean"))


class SpoiledAnswers(Fault):
    """One answer in every third slot is spoiled in its way."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults

    async def before(self, run: Run, number: int) -> None:
        if number % 3 == 1:
            run.server.next.append(self.faults)


class TestAFrame:
    @pytest.mark.parametrize(
        "faults",
        [
            Faults(is_silent=True),
            Faults(is_cut=True),
            Faults(late_seconds=0.2),
            Faults(has_wrong_unit=True),
            Faults(has_wrong_transaction=True),
            Faults(is_garbled=True),
            Faults(exception=6),
        ],
        ids=["lost", "cut", "late", "of_another", "of_another_question", "garbled", "busy"],
    )
    def test_that_is_spoiled_changes_nothing(self, clean: Kept, tmp_path: Path, faults: Faults) -> None:
        faulty = two_runs.carry_out(SpoiledAnswers(faults), tmp_path)

        two_runs.assert_survived(faulty, clean, is_whole=True)


class TestATcpGateway:
    def test_that_reboots_loses_the_slots_in_which_it_was_away_and_no_other(self, clean: Kept, tmp_path: Path) -> None:
        class Reboot(Fault):
            """It breaks off, accepts and drops for three slots, is away for three, and comes back."""

            async def before(self, run: Run, number: int) -> None:
                if number == 10:
                    run.server.disconnect()
                    run.server.drops = True
                if number == 13:
                    run.server.drops = False
                    await asyncio.to_thread(run.server.go)
                if number == 16:
                    await asyncio.to_thread(run.server.come)

        faulty = two_runs.carry_out(Reboot(), tmp_path)

        two_runs.assert_survived(faulty, clean, is_whole=False)
        lost = {at for at, _value in clean.readings[7, "energy_import"]} - {
            at for at, _value in faulty.readings[7, "energy_import"]
        }
        assert lost == set(two_runs.SLOTS[10:16])

    def test_that_forgot_a_connection_is_dialed_anew(self, clean: Kept, tmp_path: Path) -> None:
        class HalfOpen(Fault):
            """The other end is gone and says nothing: what is sent vanishes."""

            async def before(self, run: Run, number: int) -> None:
                if number in (5, 20, 21):
                    run.server.forget()

        faulty = two_runs.carry_out(HalfOpen(), tmp_path)

        two_runs.assert_survived(faulty, clean, is_whole=True)


class TestTheClockOfTheComputer:
    @pytest.mark.parametrize(
        "leap", [timedelta(minutes=7), timedelta(hours=3), timedelta(minutes=-20), timedelta(hours=-5)], ids=str
    )
    def test_that_leaps_and_comes_back_changes_nothing(self, clean: Kept, tmp_path: Path, leap: timedelta) -> None:
        faulty = two_runs.carry_out(Leaping(leap, range(20, 21)), tmp_path)

        two_runs.assert_survived(faulty, clean, is_whole=True)

    @pytest.mark.parametrize("leap", [timedelta(hours=2), timedelta(hours=-2)], ids=str)
    def test_that_is_set_for_good_reads_each_slot_once_and_goes_on(self, tmp_path: Path, leap: timedelta) -> None:
        faulty = two_runs.carry_out(Leaping(leap, range(20, 100)), tmp_path)

        slots = faulty.slots((7, "energy_import"))
        assert len(set(slots)) == len(slots)
        values = [value for _at, value in faulty.readings[7, "energy_import"]]
        assert values == sorted(values)
        assert slots[-1] == two_runs.SLOTS[-1].replace(second=0) + leap
        assert faulty.blocks == two_runs.recorded(faulty.readings).blocks


class Leaping(Fault):
    """The computer's clock leaps in some slots; the meters live in the true time."""

    def __init__(self, leap: timedelta, slots: range) -> None:
        self.leap, self.slots = leap, slots

    @contextlib.contextmanager
    def product_clock(self, truth: clock.SettableClock) -> Iterator[None]:
        self.computer = clock.SettableClock(truth.instant)
        begin = truth.instant
        with clock.use(clock.SteadyClock(self.computer, lambda: (truth.instant - begin) // MICROSECOND * 1_000)):
            yield

    async def before(self, run: Run, number: int) -> None:
        self.computer.instant = run.truth.instant + (self.leap if number in self.slots else timedelta(0))


class TestTheDatabase:
    def test_that_is_restarted_in_the_middle_gets_all_afterwards(
        self, clean: Kept, tmp_path: Path, server: databases.TestServer, database: str
    ) -> None:
        class Restart(Fault):
            """Its connections are ended and none is let in, between reading and writing, for eight slots."""

            async def before(self, run: Run, number: int) -> None:
                if number in (12, 20):
                    databases.allow_connections(server, database, is_allowed=number == 20)

        try:
            faulty = two_runs.carry_out(Restart(), tmp_path)
        finally:
            databases.allow_connections(server, database, is_allowed=True)

        two_runs.assert_survived(faulty, clean, is_whole=True)


class TestTheCollector:
    def test_killed_in_the_middle_of_a_batch_loses_and_doubles_nothing(self, clean: Kept, tmp_path: Path) -> None:
        class Killed(Fault):
            """It is gone before its batch is written, in the middle of it, and after it but before that is noted."""

            async def read(self, run: Run, number: int) -> None:
                if number not in (7, 15, 23):
                    await super().read(run, number)
                    return
                await run.reader.read_due()
                content = run.buffer.take()
                rows = list(content.readings[run.organization.pk])
                if number != 7:
                    content.readings[run.organization.pk] = deque(rows[: len(rows) // 2] if number == 15 else rows)
                    await run.database.run(writer.write_readings, run.organization.pk, content, at=run.truth.instant)
                await run.end()
                run.truth.advance(timedelta(minutes=1))  # begun again later in the slot, which was read already
                await run.begin()
                await super().read(run, number)

        faulty = two_runs.carry_out(Killed(), tmp_path)

        two_runs.assert_survived(faulty, clean, is_whole=True)


class TestADisk:
    def test_that_is_full_loses_nothing_while_the_collector_lives(self, clean: Kept, tmp_path: Path) -> None:
        with small_disk(tmp_path / "small") as folder:

            class Full(Fault):
                """A file takes all room for a while in which the database is behind."""

                async def read(self, run: Run, number: int) -> None:
                    if number == 10:
                        fill(folder)
                        assert run.buffer.journal is not None
                        run.buffer.journal.cut()  # the next reading needs room of its own
                    if number == 25:
                        (folder / "filler").unlink()
                    await run.reader.read_due()
                    if not 8 <= number < 30:
                        await run.writer.flush()

            with testing.capture_logs() as logged:
                faulty = two_runs.carry_out(Full(), folder / "collector")

        assert "collector.journal_not_written" in {each["event"] for each in logged}
        two_runs.assert_survived(faulty, clean, is_whole=True)


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16k", "none", str(folder)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"mounting a small file system is forbidden here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill(folder: Path) -> None:
    with contextlib.suppress(OSError), (folder / "filler").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(512))


class TestPushes:
    @pytest.mark.spec("M-019/2")
    def test_that_come_twice_in_disorder_and_overlap_give_the_same_days(self, clean: Kept) -> None:
        organization = identity.organization()
        site = sites.site(organization=organization)
        installed = {
            unit: metering.installed_meter(
                organization=organization,
                site=site,
                model_code=model,
                registers=plans.registers_of_model(model, only=two_runs.REGISTERS),
            )
            for unit, model in two_runs.UNITS.items()
        }
        gateway = gateways.gateway(site=site, meters=list(installed.values()))
        sender = gateways.enrolled(gateway)
        chance = random.Random(5)  # noqa: S311
        pieces = [
            (unit, code, found[max(0, start - 3) : start + 7])  # three come again
            for (unit, code), found in clean.readings.items()
            for start in range(0, len(found), 7)
        ]
        pieces += chance.sample(pieces, len(pieces) // 3)  # and some wholly
        order = list(enumerate(pieces, start=1))
        chance.shuffle(order)

        for sequence, (unit, code, found) in order:
            decimals = documents.load(two_runs.UNITS[unit]).register(code).decimals
            group = gateways.group(installed[unit], found, register=code, decimals=decimals)
            assert sender.send([group], sequence=sequence).status_code == 200

        series = {key: installed[key[0]].series[key[1]] for key in clean.readings}
        pushed = two_runs.kept(organization, series)
        assert pushed.readings == clean.readings
        assert pushed.blocks == clean.blocks
