"""The intervals that a bill was made from, as they were then: later readings and corrections change them not."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from meterbook.billing.calculating import usage
from meterbook.billing.correcting import keeping
from meterbook.foundation import scoping
from meterbook.kernel.period import Period
from meterbook.metering import models as metering_models
from meterbook.metering import queries as metering_queries

Plain = Mapping[str, Any]


@dataclass(frozen=True)
class AsIssued:
    """Intervals of `step` minutes in the series' scale.

    `is_kept`: they are the very ones that the bill names by digest. `is_changed`: what is known now differs from them.
    """

    blocks: usage.Blocks
    series: metering_queries.SeriesRow
    step: int
    is_kept: bool
    is_changed: bool

    @property
    def length(self) -> timedelta:
        """How long an interval is."""
        return timedelta(minutes=self.step)


def intervals_of(*, point: Plain, series: metering_queries.SeriesRow, approved_at: datetime | None) -> AsIssued:
    """This will load the intervals of a meter point of a bill's content.

    :param point: an entry of `meter_points` of "meterbook-bill/1"
    :param approved_at: when the bill's run was approved; None for a draft, which is of what is known now
    """
    organization_id, period = scoping.current().organization_id, period_of(point)
    first, until = usage.utc_days(period)
    step = _step(organization_id, series, first, until)
    wanted: dict[str, Any] = {"organization_id": organization_id, "series_ids": [series.id], "step": step}
    if approved_at is None:
        found = usage.load(**wanted, first=first, until=until)
    else:
        found = keeping.load_as_of(approved_at, **wanted, first=first, until=until)
    newest = usage.load_digests(organization_id=organization_id, series_ids=[series.id], first=first, until=until)
    named = point["reference"]["digest"]
    return AsIssued(
        blocks=found,
        series=series,
        step=step,
        is_kept=found.reference(series.id, period)[2] == named,
        is_changed=hashlib.sha256(newest[series.id]).hexdigest() != named,
    )


def period_of(part: Plain) -> Period:
    """This will return the time of a charge or of a meter point of a bill."""
    return Period(_instant(part["from"]), _instant(part["until"]))


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _step(organization_id: int, series: metering_queries.SeriesRow, first: date, until: date) -> int:
    """The finest step of the blocks of the time: the series may have got another one since (M-021)."""
    days = metering_models.SeriesDay.objects.filter(
        organization_id=organization_id, series_id=series.id, day__gte=first, day__lt=until
    )
    return min(days.order_by("step").values_list("step", flat=True).distinct(), default=series.step)
