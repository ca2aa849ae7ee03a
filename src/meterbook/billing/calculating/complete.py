"""Whether the intervals of accounts are there, without rating them: who waits for readings need not wait longer."""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from meterbook.billing.calculating import checking, facts, spans, usage
from meterbook.kernel.period import Period
from meterbook.kernel.quality import UNBILLABLE

_UNBILLABLE = np.array(sorted(UNBILLABLE), np.uint8)


class Standing(enum.StrEnum):
    """How it stands with the intervals of an account."""

    COMPLETE = "COMPLETE"
    PENDING = "PENDING"  # readings came that were not derived yet
    LACKING = "LACKING"


def standings(run: facts.Run, shares: Sequence[facts.Share]) -> dict[int, Standing]:
    """This will tell of each account of these shares how it stands with its intervals, in a few queries."""
    points = facts.load_points(run, {each.meter_point_id for each in shares})
    found = {each.account_id: Standing.COMPLETE for each in shares}
    by_step: dict[int, list[tuple[int, facts.Series, Period]]] = defaultdict(list)
    for each in shares:
        point = points[each.meter_point_id]
        if point.series is None:  # nothing comes of waiting
            continue
        span = spans.span(each.period, step=point.series.step, zone=point.zone)
        if span is not None:
            by_step[point.series.step].append((each.account_id, point.series, span.cut))
    for step, parts in by_step.items():
        first, until = usage.utc_days(Period(min(c.start for _a, _s, c in parts), max(c.end for _a, _s, c in parts)))
        ids = sorted({series.id for _account, series, _cut in parts})
        blocks = usage.load(organization_id=run.organization_id, series_ids=ids, step=step, first=first, until=until)
        waiting = checking.pending(run, first, until)
        for account_id, series, cut in parts:
            codes = blocks.codes(series.id, cut)
            if series.id in waiting:
                found[account_id] = Standing.PENDING
            elif codes is not None and np.isin(codes, _UNBILLABLE).any() and found[account_id] is not Standing.PENDING:
                found[account_id] = Standing.LACKING
    return found
