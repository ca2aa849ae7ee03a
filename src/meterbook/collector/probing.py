"""A test read: one meter is asked once for everything that its model has, and what it sends is kept raw."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

from meterbook.acquisition import networks, operations, values
from meterbook.acquisition.contract import errors, frames
from meterbook.acquisition.library.documents import MeterModel
from meterbook.acquisition.polling import blocks, reading
from meterbook.collector import dialing, searching, selecting, surveying
from meterbook.kernel import clock

log = structlog.get_logger(__name__)

LONGEST_OF_TELEGRAMS_MS = 12_000
RETRIES, LONGEST_MS = 1, 3_000  # two attempts of the longest time-out leave time to answer the person
BROKEN = values.Problem(
    "BROKEN",
    "the collector could not deal with the answer",
    "Send the log of the collector to whoever looks after the system.",
)

Connected = Callable[[], Awaitable[frames.Bus]]


class Lines:
    """Connections for test reads at places that no bus talks to; one conversation at a time with each."""

    def __init__(self, allowed: networks.AllowedNetworks) -> None:
        self._allowed = allowed
        self._turns: dict[tuple[str, int], asyncio.Lock] = {}

    async def ask(self, probe: operations.TakenProbe) -> operations.ProbeAnswer | None:
        """This will open a connection, ask, and close it again; None when the time is over."""
        turn = self._turns.setdefault((probe.host, probe.port), asyncio.Lock())
        line: list[dialing.Line] = []

        async def connected() -> frames.Bus:
            if not line:
                line.append(dialing.open_line(probe, await dialing.find(probe, self._allowed)))
            return line[0]

        async with turn:
            try:
                return await ask(connected, probe)
            finally:
                for each in line:
                    await each.close()


async def ask(connected: Connected, probe: operations.TakenProbe) -> operations.ProbeAnswer | None:
    """This will ask on a line and tell what came, or why nothing did; None when the question expired meanwhile.

    Blocks that the meter does not have are left out, as long as it sends others.
    """
    began = time.monotonic()
    left = (probe.expires_at - clock.real_now()).total_seconds()
    try:
        async with asyncio.timeout(left):
            return await _ask(connected, probe, began)
    except TimeoutError:
        return None
    except errors.DeviceError as error:
        return operations.ProbeAnswer(took_ms=_since(began), problem=values.Problem.of(error))
    except Exception:
        log.exception("collector.probe_failed", probe=probe.probe_id)
        return operations.ProbeAnswer(took_ms=_since(began), problem=BROKEN)


async def _ask(connected: Connected, probe: operations.TakenProbe, began: float) -> operations.ProbeAnswer:
    sent: list[tuple[str, str]] = []
    raw: dict[str, str] = {}
    if probe.errand is values.Errand.NUMBERS:
        selected, rest = await selecting.search(await connected(), probe)
        return operations.ProbeAnswer(took_ms=_since(began), selected=selected, rest=rest)
    if probe.until_unit is not None:
        found, following = await searching.search(await connected(), probe)
        return operations.ProbeAnswer(took_ms=_since(began), found=found, next_unit=following)
    longest = LONGEST_OF_TELEGRAMS_MS if probe.protocol.is_telegram else LONGEST_MS
    timeout = min(probe.timeout_ms, longest) / 1000
    if probe.errand is values.Errand.BLOCKS:
        answers = await surveying.ask_blocks(await connected(), probe, timeout=timeout)
        return operations.ProbeAnswer(took_ms=_since(began), answers=answers)
    if probe.errand is values.Errand.SUNSPEC:
        device = await surveying.discover(await connected(), probe, timeout=timeout)
        return operations.ProbeAnswer(took_ms=_since(began), device=device)
    model = probe.model
    if model.is_named:
        return await _read_out(await connected(), probe, model, timeout, began)

    async def question(planned: blocks.PlannedBlock) -> frames.Frame:
        return await (await connected()).read(probe.unit_id, planned.block, timeout=timeout, retries=RETRIES)

    def take(planned: blocks.PlannedBlock, frame: frames.Frame) -> None:
        sent.append((frame.request, frame.response))
        for register in planned.registers:
            start = register.address - planned.block.address
            raw[register.code] = "".join(f"{word:04x}" for word in frame.words[start : start + register.words])

    refusal = await reading.ask_each(blocks.plan_model(model).everything, ask=question, take=take)
    problem = values.Problem.of(refusal) if refusal is not None else None
    return operations.ProbeAnswer(took_ms=_since(began), frames=tuple(sent), raw=raw, problem=problem)


async def _read_out(
    line: frames.Bus, probe: operations.TakenProbe, model: MeterModel, timeout: float, began: float
) -> operations.ProbeAnswer:
    """All records that the meter sends are kept, and which of them the model's registers are."""
    frame = await line.read(probe.address, frames.RECORDS, timeout=timeout, retries=RETRIES)
    sent = {record.name: record.raw for record in frame.records}
    return operations.ProbeAnswer(
        took_ms=_since(began),
        frames=((frame.request, frame.response),),
        raw={each.code: sent[each.record] for each in model.registers if each.record in sent},
        records=frame.records,
        kin=frame.kin,
    )


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
