"""By which methods time of a bill was estimated, or spread where it was measured as one sum (B-20: bills name it)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from meterbook.billing import content
from meterbook.billing.calculating import facts, usage
from meterbook.kernel.period import Period
from meterbook.kernel.quality import ESTIMATED, Quality
from meterbook.metering import queries as metering_queries
from meterbook.metering.queries.edits import StandingEstimate

_ESTIMATED = np.array(sorted(ESTIMATED), np.uint8)
_SPREAD = np.array([Quality.INTERPOLATED], np.uint8)


@dataclass(frozen=True)
class Estimates:
    """The estimates of a chunk's series that were not withdrawn, in order of time."""

    by_series: dict[int, list[StandingEstimate]] = field(default_factory=dict)

    @classmethod
    def load(cls, wholes: Sequence[tuple[facts.Series, Period]]) -> Estimates:
        """This will load those of these series and periods, in one query."""
        whole = Period(min(each.start for _s, each in wholes), max(each.end for _s, each in wholes))
        found: dict[int, list[StandingEstimate]] = defaultdict(list)
        wanted = {series.id for series, _period in wholes}
        for each in metering_queries.standing_estimates(series_ids=wanted, period=whole, with_spread=True):
            found[each.series_id].append(each)
        return cls(dict(found))

    def inputs(self, series: facts.Series, cut: Period) -> list[str]:
        """This will write down what a bill would say of them."""
        own = (each for each in self.by_series.get(series.id, []) if each.period.overlaps(cut))
        return [f"{each.period.start} {each.period.end} {each.method.value}" for each in own]

    def named(self, series: facts.Series, cut: Period, blocks: usage.Blocks) -> tuple[content.Estimate, ...]:
        """This will return what was estimated or spread in a period by which method, without what readings replaced."""
        codes = blocks.codes(series.id, cut)
        if codes is None:
            return ()
        found = []
        for each in self.by_series.get(series.id, []):
            shared = each.period.intersection(cut)
            if shared is None:
                continue
            columns = slice(blocks.place(shared.start), blocks.place(shared.end))
            is_meant = np.isin(blocks.quality[series.id][columns], _SPREAD if each.is_spread else _ESTIMATED)
            if is_meant.any():
                values = blocks.values[blocks.row_of[series.id], columns]
                used = int(values[is_meant].sum(dtype=np.int64))
                intervals = int(is_meant.sum())
                found.append(content.Estimate(shared, each.method.value, used, intervals, is_spread=each.is_spread))
        return tuple(found)
