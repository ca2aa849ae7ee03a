"""What runs on a gateway: it reads its buses, sends what it keeps, and asks what it should do. Nothing listens."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from meterbook.acquisition import opening
from meterbook.acquisition.push import batch, configuration, signing
from meterbook.gateway import apart, broker, driving, hearing, keeping, lines, remembering, store, tallies, telling
from meterbook.gateway import courier as couriers
from meterbook.kernel import clock

log = logging.getLogger("meterbook.gateway")
COUNT_SECONDS = 60.0  # how often the counts of lines go to the disk
BEAT_SECONDS = 60.0  # how often something is said when there is nothing to send
GATHER_SECONDS = 0.5  # what arrives together is sent together
WAIT_MS = 20_000
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0
MOST_LIVE = 5_000
MACHINE_STARTED = 300  # seconds for which a machine counts as just started


class Gateway:
    """One start of the field program."""

    def __init__(self, folder: Path, *, most_rows: int = store.MOST_ROWS) -> None:
        self._folder = folder
        self._kept = keeping.load(folder)
        self._store = store.Store(folder / keeping.BUFFER, most_rows=most_rows)
        self._courier = couriers.Courier(self._kept, offset_ms=self._store.fact("offset_ms"))
        self._store.started(self._courier.boot)
        self._runners: list[lines.BusRunner | hearing.BrokerRunner] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._carrying: asyncio.Task[None] | None = None
        self._live: dict[tuple[str, str], store.Row] = {}
        self._notes: dict[str, Mapping[str, Any]] = {}
        self._answers: asyncio.Queue[tuple[lines.Asked, Mapping[str, Any]]] = asyncio.Queue()
        self._arrived = asyncio.Event()
        self._tallies = tallies.Tallies()
        self._restart_reason = reason_of_start(is_stopped_cleanly=not self._store.fact("running"))
        self._store.note("running", 1)
        self._said = 0.0
        self._refused_number = -1

    async def run(self, stop: asyncio.Event) -> None:
        """This will read and send until it is stopped."""
        await self._take_over(self._kept.configuration)
        own = [asyncio.create_task(each) for each in (self._send(), self._ask(), self._answer(), self._count())]
        try:
            waits = asyncio.create_task(stop.wait())
            await asyncio.wait([waits, *own], return_when=asyncio.FIRST_COMPLETED)
            waits.cancel()
            for each in own:
                if each.done():
                    each.result()
        finally:
            ending = [*own, *self._tasks, *([self._carrying] if self._carrying is not None else [])]
            for task in ending:
                task.cancel()
            await asyncio.gather(*ending, return_exceptions=True)
            self.keep_counts()
            self._store.note("running", 0)
            self._store.close()

    async def read_due(self) -> None:
        """This will read all that is due now and return; for a clock that stands meanwhile."""
        for each in self._runners:
            await each.read_due()

    async def use_configuration(self) -> None:
        """This will have the buses of the configuration in force read, without sending anything."""
        for bus in self._kept.configuration.buses:
            self._runners.append(self._runner(bus))

    def keep_counts(self) -> None:
        """This will put what was counted of the lines on disk; the next batch takes it along."""
        self._store.add_lines(self._tallies.take(), at=tallies.server_now(self._courier.offset_ms))

    async def stop_reading(self) -> None:
        """This will end what reads the buses."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks, self._runners = [], []

    async def close(self) -> None:
        """This will end the lines and close the buffer."""
        for each in self._runners:
            await each.close()
        self._store.close()

    async def send_once(self) -> bool:
        """This will send one batch, if there is something to say; it answers whether readings still wait.

        :raises couriers.Unreachable: when there is no answer; the batch stays
        :raises couriers.Refused: when it is not taken; the batch stays
        """
        ready = self._store.ready(self._courier.boot, self._status())
        is_due = time.monotonic() - self._said >= BEAT_SECONDS
        if ready is None:
            if not (self._live or self._notes or is_due or self._store.has_lines()):
                return False
            live, self._live = self._live, {}
            notes, self._notes = self._notes, {}
            content = batch.Batch(
                latest=tuple(_group(each) for each in live.values()),
                devices=tuple(notes.values()),
                status=self._status(),
            )
            ready = self._store.make_ready(self._courier.boot, content)
        answer = await apart.run(self._courier.batch, ready.sequence, ready.body)
        self._said = time.monotonic()
        self._store.acknowledged(self._courier.boot, ready, at=clock.now())
        self._hear(answer)
        for first, last in answer.get("missing", ()):
            for sequence in range(first, min(last, first + store.BATCHES_KEPT) + 1):
                again = self._store.again(self._courier.boot, sequence)
                if again is not None:
                    await apart.run(self._courier.batch, again.sequence, again.body)
        return self._store.waiting().rows > 0

    async def fetch_configuration(self) -> None:
        """This will fetch the configuration, and read what it says; one that is not right stays without effect."""
        told = await apart.run(self._courier.call, "configuration", {})
        try:
            kept = self._kept.with_configuration(str(told["configuration"]), str(told["signature"]))
            found = kept.configuration
            for bus in found.buses:
                if bus.broker is None:
                    driving.open_line(bus)
        except (configuration.ConfigurationRefused, opening.ProtocolUnknown, KeyError, TypeError, ValueError) as error:
            log.error("the configuration is refused: %s", error)
            self._refused_number = int(told.get("number", 0))
            return
        if kept.signed != self._kept.signed:
            self._keep(kept)
            await self._take_over(found)

    async def _send(self) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                is_more = await self.send_once()
                pause = FIRST_PAUSE
            except couriers.Unreachable as error:
                log.warning("not sent: %s", error)
                is_more, pause = await self._pause(pause)
            except couriers.Refused as error:
                log.error("refused: %s", error)
                is_more, pause = await self._pause(pause)
            if not is_more:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(1.0):
                        await self._arrived.wait()
                await asyncio.sleep(GATHER_SECONDS)
                self._arrived.clear()

    async def _ask(self) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                known = max(self._kept.number, self._refused_number)
                began = time.monotonic()
                told = await apart.run(self._courier.call, "requests", {"wait_ms": WAIT_MS, "configuration": known})
                for each in told.get("requests", ()):
                    self._hand_out(_asked(each, began))
                if told.get("configuration", 0) > known:
                    await self.fetch_configuration()
                if told.get("exchange_key"):
                    await apart.run(self.exchange_key)
                pause = FIRST_PAUSE
            except (couriers.Unreachable, couriers.Refused) as error:
                log.warning("not asked: %s", error)
                _is_more, pause = await self._pause(pause)

    async def _count(self) -> None:
        while True:
            await asyncio.sleep(COUNT_SECONDS)
            self.keep_counts()

    async def _answer(self) -> None:
        while True:
            asked, answer = await self._answers.get()
            if time.monotonic() >= asked.until:
                continue
            try:
                await apart.run(self._courier.call, "answers", {"request": asked.id, **answer})
            except (couriers.Unreachable, couriers.Refused) as error:
                log.warning("an answer was not sent: %s", error)

    def exchange_key(self) -> None:
        """This will draw the next key, have the server take it, and use it from then on.

        :raises couriers.Unreachable: when there is no answer
        :raises couriers.Refused: when it is not taken
        """
        secret = signing.new_secret()
        given = {"algorithm": "ed25519", "public_key": signing.encode(signing.public_half(secret))}
        told = self._courier.call("keys", given)
        self._keep(replace(self._kept, key=told["key"], secret=signing.encode(secret), algorithm="ed25519"))

    def _hand_out(self, asked: lines.Asked) -> None:
        for each in self._runners:
            if each.knows(asked.device):
                each.ask(asked)
                return
        problem = telling.problem("DISABLED", "the device is not asked at present", "Try again in a minute.")
        self._answers.put_nowait((asked, {"values": [], "took_ms": 0, "problem": problem}))

    async def _take_over(self, found: configuration.Configuration) -> None:
        await self.stop_reading()
        self._runners = [self._runner(bus) for bus in found.buses]
        self._tasks = [asyncio.create_task(each.run()) for each in self._runners]
        self._take_way(found.carrier)
        log.info("configuration %d: %d buses", found.number, len(found.buses))

    def _runner(self, bus: configuration.Bus) -> lines.BusRunner | hearing.BrokerRunner:
        kind = lines.BusRunner if bus.broker is None else hearing.BrokerRunner
        return kind(bus, self._outlets())

    def _take_way(self, carrier: configuration.Carrier | None) -> None:
        """Batches go through the broker of the configuration from now on, or over HTTPS where it names none."""
        if self._carrying is not None:
            self._carrying.cancel()
        self._carrying, self._courier.way = None, None
        if carrier is not None:
            way = broker.BrokerWay(self._kept, carrier)
            self._courier.way, self._carrying = way, asyncio.create_task(way.run())

    def _outlets(self) -> lines.Outlets:
        return lines.Outlets(
            keep=self._keep_rows,
            show=self._show_rows,
            note=lambda device, note: self._notes.__setitem__(device, note),
            answer=lambda asked, answer: self._answers.put_nowait((asked, answer)),
            offset_ms=lambda: self._courier.offset_ms,
            newest=self._store.newest,
            tallies=self._tallies,
        )

    def _keep_rows(self, rows: list[store.Row]) -> None:
        self._store.add(rows)
        self._arrived.set()

    def _show_rows(self, rows: list[store.Row]) -> None:
        for each in rows:
            if len(self._live) < MOST_LIVE:
                self._live[each.meter, each.register] = each

    def _status(self) -> dict[str, object]:
        waiting = self._store.waiting()
        status: dict[str, object] = {
            "firmware": keeping.VERSION,
            "restart_reason": self._restart_reason,
            "clock_offset_ms": -self._courier.offset_ms,
            "buffered": waiting.rows,
        }
        strength = signal_strength()
        if strength is not None:
            status["rssi"] = strength
        return status if waiting.oldest_at is None else {**status, "oldest_at": waiting.oldest_at}

    def _hear(self, answer: Mapping[str, Any]) -> None:
        rejected = int(answer.get("rejected_rows", 0))
        if rejected:
            self._store.note("rejected", self._store.fact("rejected") + rejected)
            log.error("the server cannot store %d readings: %s", rejected, answer.get("rejected", [])[:5])
        if self._courier.offset_ms != self._store.fact("offset_ms"):
            self._store.note("offset_ms", self._courier.offset_ms)

    def _keep(self, kept: keeping.Kept) -> None:
        keeping.save(self._folder, kept)
        self._kept = self._courier.kept = kept

    async def _pause(self, pause: float) -> tuple[bool, float]:
        await asyncio.sleep(pause)
        return True, min(LONGEST_PAUSE, pause * 2)


def reason_of_start(*, is_stopped_cleanly: bool, uptime: Path = Path("/proc/uptime")) -> str:
    """This will tell why the program starts: the machine did, it was killed, or somebody started it."""
    try:
        seconds = int(uptime.read_text(encoding="ascii").partition(".")[0])
    except (OSError, ValueError):
        seconds = MACHINE_STARTED
    if seconds < MACHINE_STARTED:
        return "power or restart of the machine"
    return "started" if is_stopped_cleanly else "killed"


def signal_strength(wireless: Path = Path("/proc/net/wireless")) -> int | None:
    """This will return how strong the radio signal of the first wireless interface is, in dBm; None without one."""
    try:
        lines = wireless.read_text(encoding="ascii").splitlines()[2:]
        return int(lines[0].split()[3].rstrip("."))
    except (OSError, ValueError, IndexError):
        return None


def _asked(given: Mapping[str, Any], began: float) -> lines.Asked:
    """Counted from before it was asked: then it has certainly not lived longer than the server says."""
    wanted = remembering.Wanted.from_json(given["memory"]) if "memory" in given else None
    return lines.Asked(given["id"], given["device"], began + given["expires_in_ms"] / 1000, wanted)


def _group(row: store.Row) -> batch.Group:
    return batch.Group(row.meter, row.register, row.decimals, [row.at], [row.value], row.unit)
