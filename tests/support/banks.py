"""Energy used and fed in, priced with what earlier bills left in banks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from meterbook.tariffs.rating import bank_states, fold, inputs_reading
from meterbook.tariffs.rating.bank_waiting import Waiting
from meterbook.tariffs.rating.inputs import Banked, History, Inputs
from meterbook.tariffs.rating.lines import Rated
from meterbook.tariffs.rating.terms import Channel
from tests.factories import tariffs

DECIMALS = 3
HOUR = timedelta(hours=1)
JANUARY = date(2026, 1, 1)


def month(
    components: list[dict[str, Any]],
    used: str | list[str],
    fed_in: str | list[str] = "0",
    *,
    first: date = JANUARY,
    days: int = 31,
    held: Mapping[str, Banked] | None = None,
    is_final: bool = False,
    waiting: tuple[Waiting, ...] = (),
    **more: object,
) -> Rated:
    """This will price a month in which energy was used and fed in: all in the first hour, or hour by hour."""
    raw = tariffs.document(components=components, decimals=DECIMALS, **more)  # type: ignore[arg-type]
    plan = tariffs.plan(raw, first=first, until=first + timedelta(days=days), zone="UTC", decimals=DECIMALS)
    state = fold.advance(plan, fold.begin(plan), tariffs.usage(plan, _hours(used, days), step=HOUR))
    state = fold.advance_channel(
        plan, state, Channel.EXPORT, tariffs.usage(plan, _hours(fed_in, days), step=HOUR), plan.scale
    )
    inputs = Inputs(history=History(bank=held or {}), is_final_period=is_final, waiting_banks=waiting)
    return fold.close(plan, state, inputs)


def left(rated: Rated) -> dict[str, Banked]:
    """This will return what a bill leaves in banks."""
    found = bank_states.left(rated.lines)
    return {code: inputs_reading.banked(code, state) for code, state in found.items()}


def told(rated: Rated, component: str) -> dict[str, Decimal]:
    """This will return what the trace of a component says of its bank."""
    trace = next(line.trace for line in rated.lines if line.component == component and "bank" in line.trace)
    return {key: Decimal(value) for key, value in trace["bank"].items()}


def due(rated: Rated, component: str = "") -> Decimal:
    """This will return what the lines of a component come to, or all."""
    return sum((line.amount for line in rated.lines if component in ("", line.component)), Decimal(0))


def _hours(given: str | list[str], days: int) -> list[int]:
    listed = [given] if isinstance(given, str) else given
    found = [int(Decimal(each).scaleb(DECIMALS)) for each in listed]
    return found + [0] * (24 * days - len(found))
