"""The same simulated meters read twice, on real sockets: without a fault, and with one. What counts is compared.

Product time is stepped: each slot the bus reads all that is due while the clock stands, so that both runs ask at the
same instants. What the faulty run read must be what the clean one read; the day blocks of both must be equal, byte for
byte, where the clean one leaves out the slots in which the fault left nothing to read.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from pymodbus.pdu.pdu import ModbusPDU

from meterbook.acquisition import models as acquisition_models
from meterbook.acquisition import plans
from meterbook.collector import buffer, buses, journal, resuming, writer
from meterbook.collector.database import Database
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel import clock
from meterbook.kernel.clock import SettableClock
from meterbook.metering import models as metering_models
from meterbook.metering import operations as metering_operations
from meterbook_lab.gateway_sim import SimulatedGateway
from meterbook_lab.modbus_faults import Faults
from meterbook_lab.modbus_server import ModbusServer
from tests.factories import acquisition as factory
from tests.factories import identity, lab, metering, sites
from tests.support import databases

BEGIN = datetime(2026, 6, 16, 18, 0, 3, tzinfo=UTC)
SLOTS = tuple(BEGIN + number * timedelta(minutes=15) for number in range(48))  # over a midnight
UNITS = {7: "eastron_sdm630", 8: "carlo_gavazzi_em24"}
REGISTERS = ("energy_import", "power")

Key = tuple[int, str]  # unit, series
Readings = dict[Key, list[tuple[datetime, int]]]
Blocks = dict[tuple[int, str, date], tuple[bytes, bytes | None, bytes]]


class FaultyServer(ModbusServer):
    """A gateway that spoils its next answers, drops or forgets connections, and can be away. All from any thread."""

    def __init__(self, *given: Any) -> None:  # noqa: ANN401 - as its parent takes them
        super().__init__(*given)
        self.next: deque[Faults] = deque()
        self.drops = False  # accepts, and ends the connection at once
        self._deaf: set[asyncio.StreamWriter] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._place = ("", 0)

    async def start(self, host: str, port: int) -> int:
        """This will start listening and return the port."""
        self._loop = asyncio.get_running_loop()
        found = await super().start(host, port)
        self._place = (host, found)
        return found

    def go(self) -> None:
        """This will end all connections and listen no more, as a gateway that is being restarted."""
        self._run(self.stop())

    def come(self) -> None:
        """This will listen again at the same port."""
        self._run(self.start(*self._place))

    def forget(self) -> None:
        """This will leave all connections half open: what comes on them is never answered, and nobody is told."""
        self._deaf |= self._writers

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """This will answer what comes on a connection until it ends."""
        if not self.drops:
            await super().converse(reader, writer)

    def take(self, asked: ModbusPDU, writer: asyncio.StreamWriter) -> None:
        """This will answer one request, with the fault that is next."""
        if writer in self._deaf:
            return
        if self.next:
            self._faults.change(asked.dev_id, **dataclasses.asdict(self.next.popleft()))
            super().take(asked, writer)
            self._faults.clear(asked.dev_id)
        else:
            super().take(asked, writer)

    def _run(self, work: Any) -> None:  # noqa: ANN401 - a coroutine
        if self._loop is None:
            raise RuntimeError("the gateway was never started")
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)


@dataclass
class Run:
    """One organization whose meters are read. `truth` is the time in which its meters live."""

    organization: identity_models.Organization
    gateway: SimulatedGateway
    bus: acquisition_models.Bus
    series: dict[Key, metering_models.Series]
    truth: SettableClock
    folder: Path
    plan: plans.BusPlan = field(init=False)
    reader: buses.BusRunner = field(init=False)
    buffer: buffer.Buffer = field(init=False)
    writer: writer.Writer = field(init=False)
    database: Database = field(init=False)

    @property
    def server(self) -> FaultyServer:
        """The gateway's side of the sockets."""
        assert isinstance(self.gateway.server, FaultyServer)
        return self.gateway.server

    async def begin(self) -> None:
        """This will start a collector for the bus, over the folder in which an earlier one may have left readings."""
        self.database = Database()
        self.buffer = buffer.Buffer(journal=journal.opened(self.folder))
        self.writer = writer.Writer(self.database, self.buffer)
        left = await self.database.run(resuming.load_served, (self.plan,), at=clock.now())
        served = resuming.with_journal(left, self.buffer.journal)
        outlets = buses.Outlets(self.buffer, self.writer.wake, lambda _request, _answer: None, served=served)
        self.reader = buses.BusRunner(self.plan, factory.DEMO, outlets)

    async def end(self) -> None:
        """This will end the collector with what it has in memory: as kill -9 does when nothing was written before."""
        await self.reader.close()
        await self.database.close(5)
        if self.buffer.journal is not None:
            self.buffer.journal.close()


class Fault:
    """What goes wrong in a run; this one is none. `number` counts the slots."""

    async def before(self, run: Run, number: int) -> None:
        """This will happen before the slot is read."""

    async def read(self, run: Run, number: int) -> None:
        """This will read the slot and store it."""
        await run.reader.read_due()
        await run.writer.flush()

    def show(self, instant: datetime) -> datetime:
        """This will return what the computer's clock shows at an instant."""
        return instant

    @contextlib.contextmanager
    def product_clock(self, truth: SettableClock) -> Iterator[None]:
        """This will install the product's clock."""
        with clock.use(truth):
            yield


@dataclass(frozen=True)
class Kept:
    """What a run left: its readings, and the day blocks that were derived from them."""

    readings: Readings
    blocks: Blocks

    def slots(self, key: Key) -> list[datetime]:
        """The slots of a quarter of an hour in which there are readings, one entry for each reading."""
        return [at.replace(minute=at.minute // 15 * 15, second=0) for at, _value in self.readings[key]]


def carry_out(fault: Fault, folder: Path) -> Kept:
    """This will read all slots with a fault, from a gateway on a real socket, and derive the days; outside a scope."""
    truth = lab.settable_clock(BEGIN - timedelta(minutes=5))
    with (
        fault.product_clock(truth),
        lab.running_gateway(units=UNITS, clock=truth.now, speaks=FaultyServer) as gateway,
    ):
        run = _installed(gateway, truth, folder)
        asyncio.run(_step(run, fault))
    databases.close_django()  # a fault may have ended this thread's connections as well
    return kept(run.organization, run.series)


def recorded(readings: Readings) -> Kept:
    """This will store readings in order and at once in an organization of their own, and derive the days."""
    organization, _site, installed = _meters()
    series = {(unit, code): installed[unit].series[code] for unit, code in readings}
    for key, found in readings.items():
        metering.record(series[key], found)
    return kept(organization, series)


def assert_survived(faulty: Kept, clean: Kept, *, is_whole: bool) -> None:
    """This will hold a faulty run against the clean one: each slot once, the same numbers, the same bytes of all days.

    :param is_whole: whether nothing may be lost; else slots may, and the clean run is taken without them
    """
    for key, found in faulty.readings.items():
        assert len(set(faulty.slots(key))) == len(found), f"{key}: a slot was read twice"
        assert set(found) <= set(clean.readings[key]), f"{key}: a reading differs from that of the clean run"
    if is_whole:
        assert faulty.readings == clean.readings
        assert faulty.blocks == clean.blocks
        return
    assert any(len(found) < len(clean.readings[key]) for key, found in faulty.readings.items()), "nothing was lost"
    assert faulty.blocks == recorded(faulty.readings).blocks


async def _step(run: Run, fault: Fault) -> None:
    await run.begin()
    for number, instant in enumerate(SLOTS):
        run.truth.instant = instant
        await fault.before(run, number)
        await fault.read(run, number)
    await run.writer.flush()
    await run.end()


def _meters() -> tuple[identity_models.Organization, Any, dict[int, metering.Installed]]:
    organization = identity.organization()
    site = sites.site(organization=organization)
    installed = {
        unit: metering.installed_meter(
            organization=organization,
            site=site,
            model_code=model,
            registers=plans.registers_of_model(model, only=REGISTERS),
        )
        for unit, model in UNITS.items()
    }
    return organization, site, installed


def _installed(gateway: SimulatedGateway, truth: SettableClock, folder: Path) -> Run:
    organization, site, installed = _meters()
    bus = factory.bus(site=site, port=gateway.port, timeout_ms=150, retries=3)
    for unit, meter in installed.items():
        factory.device(
            organization=organization, on=bus, meter=meter.meter, unit_id=unit, model_code=UNITS[unit], live_seconds=900
        )
    series = {(unit, code): meter.series[code] for unit, meter in installed.items() for code in REGISTERS}
    run = Run(organization, gateway, bus, series, truth, folder)
    with scoping.scope([organization.pk], actor=factory.ACTOR):
        [run.plan] = plans.devices_for_collector()
    return run


def kept(organization: identity_models.Organization, series: dict[Key, metering_models.Series]) -> Kept:
    """This will derive the days of an organization and return those of some series, with readings; outside a scope."""
    metering_operations.derive_dirty_days(organization_id=organization.pk, actor=factory.ACTOR, at=SLOTS[-1])
    key_of = {each.pk: key for key, each in series.items()}
    with scoping.scope([organization.pk], actor=factory.ACTOR):
        rows = metering_models.SeriesDay.objects.filter(organization_id=organization.pk).values_list(
            "series_id", "day", "values", "quality", "digest"
        )
        blocks = {
            (*key_of[series_id], day): (bytes(values), None if quality is None else bytes(quality), bytes(digest))
            for series_id, day, values, quality, digest in rows
            if series_id in key_of
        }
    return Kept({key: factory.stored(each) for key, each in series.items()}, blocks)
