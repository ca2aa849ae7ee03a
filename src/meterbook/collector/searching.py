"""A search on a line: which addresses answer, and which models of the library what they say fits."""

from __future__ import annotations

import time

from meterbook.acquisition import catalogue, operations, values
from meterbook.acquisition.contract import errors, frames
from meterbook.acquisition.library import orders
from meterbook.acquisition.library.documents import MeterModel

PATIENCE_SECONDS = 8  # of a part of a search; then the bus is somebody else's turn
LONGEST_MS = 600  # a meter that is there answers sooner
MOST_MODELS = 5
# What a gateway answers for an address behind it at which nobody is: path unavailable, target did not respond.
NOBODY = frozenset({10, 11})

Found = tuple[tuple[int, tuple[str, ...]], ...]


async def search(line: frames.Bus, probe: operations.TakenProbe) -> tuple[Found, int]:
    """This will ask one address after the other, once each, and return who answered and the first that was not asked.

    :raises errors.DeviceError: when the gateway itself cannot be reached
    """
    until = time.monotonic() + PATIENCE_SECONDS
    timeout = min(probe.timeout_ms, LONGEST_MS) / 1000
    found: list[tuple[int, tuple[str, ...]]] = []
    unit, end = probe.unit_id, probe.until_unit or probe.unit_id
    while unit <= end and time.monotonic() < until:
        if await _is_there(line, unit, probe.model, timeout):
            is_all = probe.errand is values.Errand.PRESENCE
            found.append((unit, () if is_all else await _models(line, unit, probe, timeout, until)))
        unit += 1
    return tuple(found), unit


async def _is_there(line: frames.Bus, unit: int, model: MeterModel, timeout: float) -> bool:
    try:
        await line.read(unit, _main(model), timeout=timeout)
    except errors.ExceptionAnswer as error:
        return error.exception not in NOBODY
    except (errors.Timeout, errors.FrameMismatch):
        return False
    except errors.DeviceError as error:
        if isinstance(error, errors.ConnectionRefused | errors.ConnectionLost):
            raise
    return True  # also one that answers with what cannot be used: it is there


async def _of_kin(line: frames.Bus, unit: int, types: catalogue.Catalogue, timeout: float) -> tuple[str, ...]:
    """The models of the library that are of the maker, version and medium that an M-Bus meter says it is."""
    try:
        frame = await line.read(unit, frames.RECORDS, timeout=timeout)
    except (errors.Timeout, errors.FrameMismatch):
        return ()
    if frame.kin is None:
        return ()
    maker, _, version, medium = frame.kin
    alike = (each for each in types.all_models() if each.kin and each.kin.matches(maker, version, medium))
    return tuple(each.code for each in alike)[:MOST_MODELS]


async def _models(
    line: frames.Bus, unit: int, probe: operations.TakenProbe, timeout: float, until: float
) -> tuple[str, ...]:
    """The models whose main counter the meter has, with a number that a counter shows; the chosen one first."""
    said: dict[frames.Block, str | None] = {}
    fitting: list[tuple[bool, str]] = []
    chosen = probe.model
    if chosen.is_named:
        return await _of_kin(line, unit, probe.types, timeout)
    others = [each for each in probe.types.all_models() if each.code != chosen.code and not each.is_named]
    for model in (chosen, *others):
        block = _main(model)
        if block not in said:
            if time.monotonic() >= until:
                break
            said[block] = await _words(line, unit, block, timeout)
        sent = said[block]
        if sent is None:
            continue
        main = orders.main_counter(model)
        read = next(each for each in orders.readings(main, sent) if each.order is orders.order_of(main))
        if read.is_plausible:
            fitting.append((not read.number, model.code))
    # What shows a number that has counted says more than a zero, which every model reads as zero.
    return tuple(code for _is_zero, code in sorted(fitting, key=lambda each: each[0])[:MOST_MODELS])


async def _words(line: frames.Bus, unit: int, block: frames.Block, timeout: float) -> str | None:
    try:
        frame = await line.read(unit, block, timeout=timeout)
    except (errors.ExceptionAnswer, errors.Timeout, errors.FrameMismatch):
        return None
    return "".join(f"{word:04x}" for word in frame.words)


def _main(model: MeterModel) -> frames.Block:
    main = orders.main_counter(model)
    return frames.Block(main.function, main.address, main.words)
