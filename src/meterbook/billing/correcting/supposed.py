"""Bills as they would be if meters had counted otherwise; from what is known now but for their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np

from meterbook.billing.calculating import facts, usage
from meterbook.billing.correcting import anew
from meterbook.metering import blocks
from meterbook.metering.deriving.supposing import Supposed


class Supposer(anew.Recalculator):
    """Calculates accounts of a run with the intervals of some series replaced by supposed ones."""

    def __init__(
        self, run: facts.Run, shares: Mapping[int, Sequence[facts.Share]], supposed: Sequence[Supposed]
    ) -> None:
        super().__init__(run, shares)
        self._supposed = tuple(supposed)

    def read(
        self, *, organization_id: int, series_ids: Sequence[int], step: int, first: date, until: date
    ) -> usage.Blocks:
        """This will return the blocks as they are, with the days that are supposed put over them."""
        found = usage.load(organization_id=organization_id, series_ids=series_ids, step=step, first=first, until=until)
        slots = blocks.MINUTES_A_DAY // step
        for each in self._supposed:
            row = found.row_of.get(each.series_id)
            if row is None or each.step != step:
                continue
            codes = found.quality.get(each.series_id)
            whole = np.zeros(found.values.shape[1], np.uint8) if codes is None else codes
            for place, (numbers, quality) in enumerate(zip(each.values, each.quality, strict=True)):
                day = (each.first - first).days + place
                if 0 <= day < (until - first).days:
                    part = slice(day * slots, (day + 1) * slots)
                    found.values[row, part], whole[part] = numbers, quality
            if whole.any():
                found.quality[each.series_id] = whole
            else:
                found.quality.pop(each.series_id, None)
        return found
