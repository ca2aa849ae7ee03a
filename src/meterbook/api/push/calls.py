"""What gateways ask: their configuration, what their devices are asked, and the answers to that."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Mapping
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connections
from django.http import HttpRequest, HttpResponse

from meterbook.acquisition import gateways
from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition import queries as acquisition_queries
from meterbook.acquisition.push import batch as push_batch
from meterbook.api import problems
from meterbook.api.push import door, news
from meterbook.foundation import scoping
from meterbook.journeys import pushed, remembered
from meterbook.kernel import clock
from meterbook.kernel.quantity import Unit

LONGEST_WAIT_MS = 25_000
MOST_VALUES = 1_000


@door.opened
def configuration(request: HttpRequest) -> HttpResponse:
    """This will return what the gateway should read, signed with the key that it keeps from its enrolment."""
    call = door.call(request)
    with scoping.scope([call.organization_id], actor=call.actor):
        made = acquisition_operations.sign_configuration(actor=call.actor, at=call.at, gateway_id=call.gateway_id)
    return door.told({"number": made.number, "configuration": made.text, "signature": made.signature})


@door.opened
def answers(request: HttpRequest) -> HttpResponse:
    """This will take the answer to a request; one that comes too late is dropped."""
    call = door.call(request)
    given = push_batch.read_object(call.body)
    try:
        wanted, answer = uuid.UUID(str(given.get("request"))), _answer(given)
        memory = _memory(given["memory"]) if given.get("memory") else None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise push_batch.BatchUnreadable("An answer has request, took_ms, values and problem.") from error
    told: dict[str, Any] = {"actor": call.actor, "at": call.at, "real_at": clock.real_now(), "request": wanted}
    try:
        if memory is not None:
            place = acquisition_operations.Found(call.organization_id, call.gateway_id)
            status = remembered.take(**told, place=place, answer=answer, told=memory)
        else:
            with scoping.scope([call.organization_id], actor=call.actor):
                status = acquisition_operations.answer_gateway_request(
                    **told, gateway_id=call.gateway_id, answer=answer
                )
    except acquisition_queries.RequestNotFound as error:
        raise problems.not_found() from error
    return door.told({"status": status.value})


@door.opened_async
async def requests(request: HttpRequest) -> HttpResponse:
    """This will return what devices of the gateway are asked, as soon as there is something, at most after 25 s."""
    call = await sync_to_async(_begun)(request)
    given = push_batch.read_object(call.body)
    wait, known = given.get("wait_ms", 0), given.get("configuration", 0)
    if type(wait) is not int or type(known) is not int or not 0 <= wait <= LONGEST_WAIT_MS:
        raise push_batch.BatchUnreadable("wait_ms is a whole number from 0 to 25000, configuration one from 0.")
    until = asyncio.get_running_loop().time() + wait / 1000
    with news.of_this_process().bell(call.organization_id) as bell:
        while True:
            bell.clear()
            told = await sync_to_async(_look)(call)
            left = until - asyncio.get_running_loop().time()
            if told["requests"] or told["exchange_key"] or told["configuration"] != known or left <= 0:
                return door.told(told)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(bell.wait(), left)


def _begun(request: HttpRequest) -> door.Call:
    try:
        return door.call(request)
    finally:
        connections.close_all()  # the connection must not wait as long as the gateway does


def _look(call: door.Call) -> dict[str, Any]:
    try:
        at = clock.now()
        with scoping.scope([call.organization_id], actor=call.actor):
            taken = acquisition_operations.take_gateway_requests(
                actor=call.actor, at=at, real_at=clock.real_now(), gateway_id=call.gateway_id
            )
            acquisition_operations.number_configuration(actor=call.actor, at=at, gateway_id=call.gateway_id)
            return {"requests": list(taken), **gateways.orders_of(gateway_id=call.gateway_id)}
    finally:
        connections.close_all()


def _answer(given: Mapping[str, Any]) -> acquisition_operations.Answer:
    """Raises KeyError, TypeError or ValueError for another shape."""
    took_ms, rows = given["took_ms"], given["values"]
    if type(took_ms) is not int or not 0 <= took_ms < 2**31 or len(rows) > MOST_VALUES:
        raise ValueError(took_ms)
    return acquisition_operations.Answer(
        took_ms=took_ms, values=tuple(_value(each) for each in rows), problem=pushed.problem_of(given.get("problem"))
    )


def _memory(given: Mapping[str, Any]) -> remembered.Told:
    """Raises KeyError, TypeError, AttributeError or ValueError for another shape."""
    asked, ahead, found = given["asked"], given["ahead_seconds"], given["found"]
    instants = [each for group in found.values() for each in group["at"]]
    numbers = [asked, *([] if ahead is None else [ahead]), *instants]
    numbers += [each for group in found.values() for each in group["value"]]
    is_wrong = any(type(each) is not int or abs(each) >= push_batch.LARGEST for each in numbers)
    if is_wrong or any(each < 0 for each in instants) or abs(ahead or 0) > 2**31:
        raise ValueError(asked)
    return remembered.Told(
        asked=min(max(0, asked), 2**31 - 1),
        ahead_seconds=ahead,
        found={
            str(code): [
                (acquisition_operations.instant(at), value)
                for at, value in zip(group["at"], group["value"], strict=True)
            ]
            for code, group in found.items()
        },
    )


def _value(given: Mapping[str, Any]) -> acquisition_queries.AnsweredValue:
    value, decimals = given["value"], given["decimals"]
    if (
        type(value) is not int
        or type(decimals) is not int
        or abs(value) >= push_batch.LARGEST
        or not 0 <= decimals < 10
    ):
        raise ValueError(value)
    texts = {name: str(given[name])[:60] for name in ("register_code", "series_code", "raw")}
    return acquisition_queries.AnsweredValue(**texts, value=value, decimals=decimals, unit=Unit(given["unit"]))
