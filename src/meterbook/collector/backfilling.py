"""After an outage: ask meters for what they remember, piece by piece, and store what fits where nothing was read.

The usual questions go on: a bus serves one piece between two of its turns, and at most a few in a second.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import datetime

import structlog

from meterbook.acquisition import memory_plans, operations, plans, queries, remembering, values
from meterbook.acquisition.contract import errors
from meterbook.acquisition.contract.frames import Block, Frame
from meterbook.acquisition.library.documents import MeterModel
from meterbook.acquisition.polling import errands
from meterbook.collector import buses, probing, readers
from meterbook.collector.database import Database, DatabaseLost
from meterbook.foundation import scoping
from meterbook.kernel import clock
from meterbook.kernel.actor import Actor
from meterbook.metering import operations as metering_operations

log = structlog.get_logger(__name__)

ACTOR = Actor.system("collector")
PAUSE_SECONDS = 0.25  # real time between two pieces of one memory
LOOK_SECONDS = 60.0  # real time between two looks for meters that were not heard
NO_MEMORY = values.Problem(
    "NO_MEMORY", "the model declares no memory", "Choose the right meter model, or fill the gap in another way."
)


class Backfiller:
    """Serves requests for memories, each while the bus of its device goes on reading."""

    def __init__(self, database: Database, *, pause: float = PAUSE_SECONDS) -> None:
        self._database, self._pause = database, pause

    async def serve(self, request: operations.TakenRequest, runner: buses.BusRunner) -> None:
        """This will read what a device remembers of the time without readings, store what fits, and answer."""
        began = time.monotonic()
        conversation, problem = remembering.Conversation(), None
        reader = runner.reader(request.device_id)
        model = readers.model_of(reader.plan) if reader is not None else None
        plan = None
        try:
            if reader is not None and model is not None and model.memory is not None:
                kept = {each.code for each in model.memory.registers}
                series = [each.series_id for code, each in reader.feeds.items() if code in kept]
                plan = await self._database.run(load, request, series=series, at=clock.now())
            if reader is None or model is None or plan is None:
                problem = NO_MEMORY if reader is not None else buses.SWITCHED_OFF
            else:
                problem = await self._converse(request, runner, model, plan, conversation)
            answer = operations.Answer(took_ms=round((time.monotonic() - began) * 1000), problem=problem)
            feeds = reader.feeds if reader is not None else {}
            meter_id = plan.meter_id if plan is not None else None
            await self._database.run(write, request, answer, conversation, feeds, meter_id)
        except (DatabaseLost, metering_operations.StoreBusy) as error:
            # Nothing is stored by halves, and the memory is still there: the request expires and is made anew.
            log.warning("collector.memory_not_written", request=request.request_id, error=str(error))
        except Exception:
            log.exception("collector.memory_refused", request=request.request_id)
            broken = operations.Answer(took_ms=round((time.monotonic() - began) * 1000), problem=probing.BROKEN)
            await self._database.run(write, request, broken, remembering.Conversation(), {}, None)

    async def _converse(
        self,
        request: operations.TakenRequest,
        runner: buses.BusRunner,
        model: MeterModel,
        plan: memory_plans.Wanted,
        conversation: remembering.Conversation,
    ) -> values.Problem | None:
        """What came before a piece failed is kept; the answer says what was wrong with the rest."""
        left = (request.expires_at - clock.real_now()).total_seconds()
        try:
            async with asyncio.timeout(left):
                await remembering.converse(
                    remembering.Task(model, plan.zone, plan.missing),
                    lambda block: self._piece(runner, request.device_id, block),
                    clock.now,
                    conversation,
                )
        except errors.DeviceError as error:
            return values.Problem.of(error)
        except errands.DeviceGone:
            return buses.SWITCHED_OFF
        except TimeoutError:
            return values.Problem("TIMEOUT", "the bus had no time for it", "Ask again later.", {"seconds": "900"})
        return None

    async def _piece(self, runner: buses.BusRunner, device_id: int, block: Block) -> Frame:
        await asyncio.sleep(self._pause)
        return await runner.errands.fetch(device_id, block)


def load(request: operations.TakenRequest, *, series: Sequence[int], at: datetime) -> memory_plans.Wanted | None:
    """This will return what is wanted of a device's memory."""
    with scoping.scope([request.organization_id], actor=ACTOR):
        return memory_plans.wanted(device_id=request.device_id, series_ids=series, at=at)


def ask_due(*, at: datetime, real_at: datetime, looked: dict[int, datetime]) -> int:
    """This will ask for the memories of meters that answer again and remember what nobody read; it counts them.

    :param looked: as `memory_plans.devices_to_ask`
    """
    asked = 0
    for organization_id in scoping.organization_ids():
        with scoping.scope([organization_id], actor=ACTOR):
            for meter in memory_plans.devices_to_ask(at=at, looked=looked):
                operations.request_memory(actor=ACTOR, at=at, real_at=real_at, meter_public_id=meter)
                asked += 1
    return asked


def write(
    request: operations.TakenRequest,
    answer: operations.Answer,
    conversation: remembering.Conversation,
    feeds: Mapping[str, plans.RegisterFeed],
    meter_id: int | None,
) -> None:
    """This will store what fits of what was found, and give the request its answer. Again it changes nothing."""
    at = clock.now()
    rows = [
        metering_operations.RememberedValue(feeds[each.code].series_id, each.at, each.value)
        for each in conversation.found
        if each.code in feeds
    ]
    outcome = metering_operations.RememberOutcome(0, 0, 0)
    if meter_id is not None and rows:
        outcome = metering_operations.remember(
            organization_id=request.organization_id, actor=ACTOR, at=at, meter_id=meter_id, found=rows
        )
    ahead = conversation.ahead
    told = queries.MemoryAnswer(
        asked=conversation.asked,
        taken=outcome.taken,
        known=outcome.known,
        conflicts=outcome.conflicts,
        ahead_seconds=None if ahead is None else round(ahead.total_seconds()),
    )
    given = operations.Answer(took_ms=answer.took_ms, problem=answer.problem, memory=told)
    with scoping.scope([request.organization_id], actor=ACTOR):
        operations.answer_request(
            actor=ACTOR, at=at, real_at=clock.real_now(), request_id=request.request_id, answer=given
        )
    log.info("collector.memory_read", request=request.request_id, taken=outcome.taken, conflicts=outcome.conflicts)
