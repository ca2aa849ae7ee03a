"""`meterbook demo-advance`: moves the time of a demonstration, a child of `meterbook demo advance`.

Slot by slot: the clock is set, the simulators stand where their time says, all meters are read, readings are written,
and at each quarter of an hour all due jobs run to their end. What was reached is kept after each slot, so that an end
in between loses nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from meterbook.cli import demo_clock, demo_folder, loading
from meterbook.foundation.server import connections, errors
from meterbook.kernel import clock

if TYPE_CHECKING:
    from meterbook.acquisition import plans
    from meterbook.collector.buffer import Buffer
    from meterbook.collector.buses import BusRunner
    from meterbook.collector.writer import Writer
    from meterbook_lab import gateway_sim

JOBS_EVERY = timedelta(minutes=15)
# Backups are a matter of the machine's days, not of the demonstration's.
LEFT_OUT = frozenset({"foundation.back_up"})


class Stuck(errors.ServerError):
    """Readings could not be written; the reason stands in the log above. What was reached is kept: try again."""

    code = "STUCK"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """This will declare the arguments of the command."""
    parser.add_argument("--to", type=datetime.fromisoformat, required=True)


def run(options: argparse.Namespace) -> int:
    """This will move the time until it is reached, or SIGTERM or SIGINT; it answers 1 when it was ended before.

    :raises Stuck: when readings cannot be written
    """
    loading.load()
    data_dir = connections.data_dir(os.environ)
    reached = asyncio.run(_advance(data_dir, options.to))
    sys.stdout.write(
        f"The demonstration is at {reached:%Y-%m-%d %H:%M} UTC. Go on with `meterbook demo --data {data_dir}`.\n"
    )
    return 0 if reached >= options.to else 1


def slots(start: datetime, until: datetime, step: timedelta) -> Iterator[datetime]:
    """This will yield the instants to stop at: every slot's beginning after `start`, and `until` itself."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    at = start + (step - (start - epoch) % step)
    while at < until:
        yield at
        at += step
    yield until


async def _advance(data_dir: Path, until: datetime) -> datetime:
    from meterbook_lab.harbor import gateways

    content = demo_folder.read(data_dir)
    standing = clock.SettableClock(demo_clock.reached(content, real_at=clock.real_now()))
    clock.install(standing)
    meters = gateways.gateways(datetime.fromisoformat(str(content["since"])))
    behind = dict(zip(demo_folder.ports(content), meters, strict=True))
    await move(standing, until, behind=behind, keep=partial(_keep, data_dir), is_over=_asked_to_stop())
    return standing.now()


async def move(
    standing: clock.SettableClock,
    until: datetime,
    *,
    behind: Mapping[int, Iterable[gateway_sim.Meter]],
    keep: Callable[[datetime], None],
    is_over: Callable[[], bool],
) -> None:
    """This will move the installed clock to an instant, slot by slot.

    :param behind: the simulated meters, by the port at which the buses of the database reach them
    :param keep: is told each instant that was reached
    :param is_over: whether to end before `until`; it is asked after each slot
    :raises Stuck: when readings cannot be written
    """
    from meterbook.collector import buffer, database, main, writer
    from meterbook.jobs import drain, periodic

    waiting, content = database.Database(), buffer.Buffer()
    out = writer.Writer(waiting, content)
    timetable = [each for each in periodic.PERIODICS if each.name not in LEFT_OUT]
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(waiting.close, main.CLOSE_SECONDS)
        runners = await _runners(stack, await waiting.run(main.load_plans), behind, content)
        run_jobs = await stack.enter_async_context(drain.opened(timetable))
        jobs_done_at = standing.now()
        for slot in slots(standing.now(), until, _step(runner.plan for runner in runners)):
            standing.instant = slot
            await _read(runners, out)
            if slot - jobs_done_at >= JOBS_EVERY or slot == until:
                await run_jobs(slot)
                jobs_done_at = slot
            keep(slot)
            if is_over():
                return


async def _runners(
    stack: contextlib.AsyncExitStack,
    found: Iterable[plans.BusPlan],
    behind: Mapping[int, Iterable[gateway_sim.Meter]],
    content: Buffer,
) -> list[BusRunner]:
    """The buses as a collector reads them, led to meters that are simulated in this very process."""
    from meterbook.acquisition import networks
    from meterbook.collector import buses
    from meterbook_lab import gateway_sim

    here = await gateway_sim.start(stack, [(0, meters) for meters in behind.values()])
    ports = dict(zip(behind, here, strict=True))
    outlets = buses.Outlets(content, lambda: None, lambda _request, _answer: None)
    allowed = networks.AllowedNetworks(is_demo=True)
    # What sends by itself is heard as time goes by: nothing of it is there in a time that is leapt over.
    asked = [plan for plan in found if plan.protocol.is_asked and not plan.protocol.is_telegram]
    runners = [buses.BusRunner(replace(plan, port=ports.get(plan.port, plan.port)), allowed, outlets) for plan in asked]
    for runner in runners:
        stack.push_async_callback(runner.close)
    return runners


async def _read(runners: list[BusRunner], out: Writer) -> None:
    await asyncio.gather(*(runner.read_due() for runner in runners))
    if not await out.flush():
        raise Stuck(Stuck.__doc__)


def _step(found: Iterable[plans.BusPlan]) -> timedelta:
    """The shortest interval of a series."""
    steps = [feed.step for plan in found for device in plan.devices for feed in device.feeds]
    return timedelta(minutes=min(steps, default=15))


def _keep(data_dir: Path, at: datetime) -> None:
    content = demo_folder.read(data_dir)
    content[demo_clock.KEY] = demo_clock.stand(at, real_at=clock.real_now())
    demo_folder.write(data_dir, content)


def _asked_to_stop() -> Callable[[], bool]:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    return stop.is_set
