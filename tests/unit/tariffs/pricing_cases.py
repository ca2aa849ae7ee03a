"""Short ways to price totals and intervals by a few components."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from meterbook.kernel.quantity import Unit
from meterbook.kernel.series import UsageSeries
from meterbook.tariffs.rating import demand, fold, pricing
from meterbook.tariffs.rating.inputs import NONE, Inputs
from meterbook.tariffs.rating.lines import Rated
from meterbook.tariffs.rating.measured import Measured
from meterbook.tariffs.rating.plan import Plan, Scale
from meterbook.tariffs.rating.terms import Channel
from tests.factories import tariffs

ENERGY = {"code": "energy", "name": "Energy", "charge": "ENERGY"}
REACTIVE, VOLUME = Scale(Unit.KVARH, 3), Scale(Unit.M3, 3)


def energy(**more: Any) -> dict[str, Any]:  # noqa: ANN401 - parts of a document
    return {**ENERGY, **more}


def component(code: str, charge: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - parts of a document
    return {"code": code, "name": code, "charge": charge, **more}


def plan(
    *components: dict[str, Any],
    first: date = date(2026, 1, 1),
    until: date = date(2026, 1, 31),
    zone: str = "UTC",
    **more: Any,  # noqa: ANN401 - parts of a document
) -> Plan:
    """This will plan 30 days of January in UTC, unless told otherwise."""
    return tariffs.plan(tariffs.document(components=list(components), **more), first=first, until=until, zone=zone)


def totals(
    given: Plan,
    kwh: str | list[str],
    inputs: Inputs = NONE,
    *,
    channels: Mapping[Channel, str] | None = None,
    demands: Mapping[str, Mapping[str, str]] | None = None,
) -> Rated:
    """This will price totals (by price period, if a list), other channels in kvarh, m3 or kWh, and demands in kW."""
    listed = [kwh] if isinstance(kwh, str) else kwh
    wide = [0] * given.class_count
    wide[: len(listed)] = [_units(each) for each in listed]
    others = {channel: [_units(total), *[0] * (given.class_count - 1)] for channel, total in (channels or {}).items()}
    used = Measured(
        totals={Channel.IMPORT: wide, **others},
        scales={
            Channel.IMPORT: given.scale,
            **{each: _scale(given, each) for each in others},
        },
        counts=[1] * given.class_count,
        demands={
            code: {period: demand.Found(Decimal(value), (), 1, 0) for period, value in by_period.items()}
            for code, by_period in (demands or {}).items()
        },
    )
    return pricing.price(given, used, inputs)


def _scale(given: Plan, channel: Channel) -> Scale:
    if channel is Channel.VOLUME:
        return VOLUME
    return REACTIVE if "REACTIVE" in channel else given.scale


def intervals(given: Plan, values: list[int], inputs: Inputs = NONE, *, minutes: int = 15) -> Rated:
    """This will price the first intervals of a period in Wh; the others are empty."""
    step = timedelta(minutes=minutes)
    count = given.period.duration // step
    padded = np.zeros(count, np.int64)
    padded[: len(values)] = values
    return fold.rate(given, UsageSeries(given.period.start, step, padded, np.zeros(count, np.uint8)), inputs)


def amounts(rated: Rated) -> dict[str, str]:
    return {line.code: str(line.amount) for line in rated.lines}


def _units(kwh: str) -> int:
    return int(Decimal(kwh).scaleb(3))
