"""For how many periods in a row a meter was estimated (B-21). Needs a running scope."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from meterbook.kernel import civil
from meterbook.kernel.period import Period
from meterbook.kernel.quality import ESTIMATED
from meterbook.metering.queries import intervals
from meterbook.metering.queries.gaps import Gap

LOOKED_BACK = 12  # months
_ESTIMATED = np.array(sorted(ESTIMATED), np.uint8)


def estimated_months(*, gap: Gap, zone: ZoneInfo) -> int:
    """This will count the local months in a row that have estimated time, once this gap is filled; 12 before at most.

    A gap from the 20th of March to the 5th of May after a February that was estimated in part gives four.
    """
    first = civil.local_date(gap.period.start, zone).replace(day=1)
    final = civil.local_date(gap.period.end - timedelta.resolution, zone).replace(day=1)
    count = (final.year - first.year) * 12 + final.month - first.month + 1
    months = [first]
    for _each in range(LOOKED_BACK):
        months.append(_before(months[-1]))
    start = civil.start_of_day(months[-1], zone)
    run = intervals.get_intervals(series=gap.series, period=Period(start, gap.period.start))
    is_estimated = np.isin(run.quality, _ESTIMATED)
    for month in months[1:]:
        bounds = civil.month_bounds(month, zone)
        own = slice((bounds.start - run.start) // run.step, (bounds.end - run.start) // run.step)
        if not is_estimated[own].any():
            break
        count += 1
    return count


def _before(month: date) -> date:
    return (month - timedelta(days=1)).replace(day=1)
