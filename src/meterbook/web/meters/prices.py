"""A usage by the price periods of the tariff that holds at the meter point: peak, off-peak and the like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from meterbook.kernel import civil
from meterbook.kernel.period import Period
from meterbook.metering import queries as metering_queries
from meterbook.tariffs import queries as tariff_queries
from meterbook.tariffs.rating import classes
from meterbook.tariffs.rating.document import TariffDocument

MOST = 4  # colors that can be told apart


@dataclass(frozen=True)
class Contracted:
    """During a period a tariff holds at the meter point."""

    tariff_id: int
    period: Period


@dataclass(frozen=True)
class PriceSplit:
    """The bars of a usage by price period: `parts[bar][period]`, integers of the usage's scale; `totals` a period."""

    names: tuple[str, ...]
    parts: tuple[tuple[int, ...], ...]
    totals: tuple[int, ...]


def is_offered(contracts: Sequence[Contracted]) -> bool:
    """This will tell whether a tariff that holds in the period has prices that depend on the time."""
    tariffs = {each.tariff_id for each in contracts}
    return any(
        len(version.raw.get("periods", ())) > 1
        for tariff_id in sorted(tariffs)
        for version in tariff_queries.list_versions(tariff_id=tariff_id)
    )


def split(
    *, usage: metering_queries.Usage, contracts: Sequence[Contracted], zone: ZoneInfo, language: str
) -> PriceSplit | None:
    """This will sum the intervals of each bar by price period, as the bill does.

    None where that cannot be told exactly: no contract or tariff holds all the time, prices do not depend on the time,
    or an interval lies in two price periods.
    """
    run = usage.intervals
    codes = np.full(len(run), -1, np.int64)
    names: dict[str, tuple[int, str]] = {}
    for contract in contracts:
        for document, part in _documents(contract, usage.period, zone):
            first, until = (_place(usage, each) for each in (part.start, part.end))
            start = run.start + first * run.step
            classed = classes.classify(document, zone, start=start, step=run.step, count=until - first)
            if classed.shared:
                return None
            for place, period in enumerate(document.periods):
                name = period.name.get(language) or next(iter(period.name.values()), period.code)
                index = names.setdefault(period.code, (len(names), name))[0]
                codes[first:until][classed.period == place] = index
    if not 1 < len(names) <= MOST or (codes < 0).any():
        return None
    return _summed(usage, codes, tuple(name for _index, name in names.values()))


def _documents(contract: Contracted, period: Period, zone: ZoneInfo) -> list[tuple[TariffDocument, Period]]:
    """The published versions that hold during a contract, each with its part of the period."""
    within = contract.period.intersection(period)
    if within is None:
        return []
    found = []
    for version in tariff_queries.list_versions(tariff_id=contract.tariff_id):
        if version.first_day is None:
            continue
        start = civil.start_of_day(version.first_day, zone)
        end = civil.start_of_day(version.until_day, zone) if version.until_day else max(within.end, start)
        if start < end and (part := Period(start, end).intersection(within)) is not None:
            found.append((version.document, part))
    return found


def _place(usage: metering_queries.Usage, instant: datetime) -> int:
    """The first interval that begins at or after an instant, kept inside the run."""
    run = usage.intervals
    return min(max(-((run.start - instant) // run.step), 0), len(run))


def _summed(usage: metering_queries.Usage, codes: NDArray[np.int64], names: tuple[str, ...]) -> PriceSplit:
    values = usage.intervals.values
    parts = []
    for slot in usage.slots:
        first, until = _place(usage, slot.start), _place(usage, slot.end)
        own = [int(values[first:until][codes[first:until] == index].sum()) for index in range(len(names))]
        parts.append(tuple(own))
    totals = tuple(sum(part[index] for part in parts) for index in range(len(names)))
    return PriceSplit(names, tuple(parts), totals)
