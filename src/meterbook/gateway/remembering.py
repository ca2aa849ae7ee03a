"""A meter behind the gateway is asked for what it remembers: the server says which instants it lacks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from meterbook.acquisition import remembering
from meterbook.acquisition.contract import errors
from meterbook.acquisition.contract.frames import Block, Frame
from meterbook.acquisition.library.documents import MeterModel
from meterbook.acquisition.polling import errands
from meterbook.acquisition.polling.timetable import EPOCH
from meterbook.gateway import tallies, telling

PAUSE_SECONDS = 0.25  # real time between two pieces of one memory
RESERVE_SECONDS = 5.0  # of the time that is left, for the answer to come


@dataclass(frozen=True)
class Wanted:
    """Which instants lack a reading, and the name of the zone that the meter's clock may keep."""

    zone: str
    missing: frozenset[datetime]

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Wanted:
        """This will read what the server says; instants are milliseconds since 1970."""
        return cls(
            str(given["zone"]), frozenset(EPOCH + timedelta(milliseconds=int(each)) for each in given["missing"])
        )


async def serve(
    model: MeterModel,
    wanted: Wanted,
    fetch: remembering.Fetch,
    *,
    until: float,
    offset_ms: Callable[[], int],
    pause: float = PAUSE_SECONDS,
) -> dict[str, Any]:
    """This will read a memory and return the answer: what was found before a piece failed, and what was wrong.

    :param until: of the machine's running time, when nobody waits for the answer any more
    :param offset_ms: what must be added to this machine's clock
    """
    began, found, problem = time.monotonic(), remembering.Conversation(), None

    async def piece(block: Block) -> Frame:
        await asyncio.sleep(pause)
        frame = await fetch(block)
        return replace(frame, at=frame.at + timedelta(milliseconds=offset_ms()))

    try:
        task = remembering.Task(model, ZoneInfo(wanted.zone), wanted.missing)
        async with asyncio.timeout(max(0.0, until - began - RESERVE_SECONDS)):
            await remembering.converse(task, piece, lambda: tallies.server_now(offset_ms()), found)
    except errors.DeviceError as error:
        problem = telling.told(error)
    except errands.DeviceGone:
        problem = telling.problem("DISABLED", "the device is not asked at present", "Switch the device and its bus on.")
    except TimeoutError:
        problem = telling.problem("TIMEOUT", "the bus had no time for it", "Ask again later.")
        problem["data"] = {"seconds": round(until - began)}
    except (KeyError, ValueError, OSError):
        problem = telling.problem("CLOCK_ZONE", f"the gateway knows no zone {wanted.zone}", "Install its time zones.")
    took_ms = round((time.monotonic() - began) * 1000)
    return {"values": [], "problem": problem, "took_ms": took_ms, "memory": _told(found)}


def _told(found: remembering.Conversation) -> dict[str, Any]:
    by_register: dict[str, dict[str, list[int]]] = {}
    for each in found.found:
        group = by_register.setdefault(each.code, {"at": [], "value": []})
        group["at"].append(tallies.milliseconds(each.at))
        group["value"].append(each.value)
    ahead = None if found.ahead is None else round(found.ahead.total_seconds())
    return {"asked": found.asked, "ahead_seconds": ahead, "found": by_register}
