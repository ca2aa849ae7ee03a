"""Cut a period to the time of one's own contracts: what a tenant may see begins and ends with them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from meterbook.kernel.period import Period


@dataclass(frozen=True, order=True)
class Stay:
    """[start, end) of a contract; `end` None while no end was agreed."""

    start: datetime
    end: datetime | None


def clip(asked: Period, stays: Iterable[Stay]) -> tuple[Period, ...]:
    """This will return the parts of a period that lie in the stays, in order; stays that touch give one part.

    With a stay from 10 June 00:00 on, 1 June to 1 July becomes 10 June to 1 July; a period before it becomes nothing.
    """
    found: list[Period] = []
    for part in sorted(each for each in (_shared(asked, stay) for stay in stays) if each is not None):
        if found and part.start <= found[-1].end:
            found[-1] = Period(found[-1].start, max(found[-1].end, part.end))
        else:
            found.append(part)
    return tuple(found)


def joined(stays: Iterable[Stay]) -> tuple[Stay, ...]:
    """This will return the stays in order, those that touch as one: a contract that another tariff cut in two is one.

    1 June to 1 July and 1 July without an end become 1 June without an end.
    """
    found: list[Stay] = []
    for each in sorted(stays, key=lambda stay: stay.start):
        before = found[-1] if found else None
        if before is None or (before.end is not None and before.end < each.start):
            found.append(each)
        elif before.end is not None and (each.end is None or each.end > before.end):
            found[-1] = Stay(before.start, each.end)
    return tuple(found)


def _shared(asked: Period, stay: Stay) -> Period | None:
    """An end that is not after the start leaves nothing."""
    start = max(asked.start, stay.start)
    end = asked.end if stay.end is None else min(asked.end, stay.end)
    return Period(start, end) if start < end else None
