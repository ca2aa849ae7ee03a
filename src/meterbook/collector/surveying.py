"""Errands to a meter whose model nobody knows yet: registers that are named, and the models of a SunSpec device."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from meterbook.acquisition import operations
from meterbook.acquisition.contract import errors, frames
from meterbook.acquisition.drivers.sunspec import discovery
from meterbook.collector import searching

PATIENCE_SECONDS = 8  # of one errand; then the bus is somebody else's turn
LONGEST = 0.8  # seconds: a meter that has a register answers sooner
SILENT_AFTER = 3  # blocks without any answer: nobody is there any more


async def ask_blocks(line: frames.Bus, probe: operations.TakenProbe, *, timeout: float) -> Mapping[frames.Block, str]:
    """This will ask for the blocks in their order, as far as the time goes, and return what came of each in hex.

    A block that the meter refuses, or about which it is silent while it answers others, is "". One that may be answered
    at another time is left out.

    :raises errors.DeviceError: when the gateway cannot be reached, or the meter answers nothing
    """
    until = time.monotonic() + PATIENCE_SECONDS
    answers: dict[frames.Block, str] = {}
    is_alive, wait = False, min(timeout, LONGEST)
    for block in probe.blocks:
        if time.monotonic() >= until:
            break
        try:
            answer = await _ask(line, probe.unit_id, block, wait)
        except errors.DeviceError as error:
            is_silent = isinstance(error, errors.Timeout | errors.FrameMismatch | errors.ExceptionAnswer)
            if not is_alive and (len(answers) >= SILENT_AFTER or not is_silent):
                raise
            if not is_silent:
                break  # the line went; what came is kept
            answers[block] = ""
            continue
        is_alive = True
        if answer is not None:
            answers[block] = answer
    if not is_alive:
        raise errors.Timeout(f"unit {probe.unit_id} did not answer", unit=probe.unit_id)
    return answers


async def _ask(line: frames.Bus, unit: int, block: frames.Block, wait: float) -> str | None:
    """What came of a block; "" when the meter has none, None when it is busy.

    :raises errors.DeviceError: when nobody answers
    """
    try:
        frame = await line.read(unit, block, timeout=wait)
    except errors.ExceptionAnswer as error:
        if error.exception in searching.NOBODY:
            raise
        return None if error.is_passing else ""
    return "".join(f"{word:04x}" for word in frame.words)


async def discover(line: frames.Bus, probe: operations.TakenProbe, *, timeout: float) -> dict[str, Any]:
    """This will walk the models of a SunSpec device and return what it says of itself.

    :raises errors.DeviceError: when it does not answer, or is none
    """
    found = await discovery.discover(line, probe.unit_id, timeout=timeout, retries=1)
    return {
        "manufacturer": found.maker,
        "name": found.name,
        "version": found.version,
        "serial_number": found.serial_number,
        "models": list(found.models),
        "document": found.document,
    }
