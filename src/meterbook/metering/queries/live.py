"""The newest value of each series."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np

from meterbook.foundation import scoping
from meterbook.kernel.quality import Quality
from meterbook.metering import models, values
from meterbook.metering.queries import series as series_queries

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Latest:
    """The newest value of one series as its register gave it."""

    at: datetime
    raw: int
    quality: Quality


@dataclass(frozen=True)
class LiveRow:
    """The newest value of one series in its unit, after the multiplier. `value` and `at` are None before the first one.

    `decimals` is how many of them the register resolves; a screen shows that many. The age is the screen's to compute.
    """

    series_id: int
    public_id: uuid.UUID
    code: str
    caption: str
    value: Decimal | None
    decimals: int
    unit: str
    at: datetime | None
    quality: Quality


def latest_of(*, series_ids: Collection[int]) -> dict[int, Latest]:
    """This will return the newest value of each series that has one, in one query (a chunk holds 128 series)."""
    wanted: dict[int, list[int]] = {}
    for series_id in series_ids:
        wanted.setdefault(series_id // values.SERIES_A_CHUNK, []).append(series_id)
    chunks = models.LatestChunk.objects.filter(
        organization_id__in=scoping.current().organizations, chunk__in=wanted
    ).values_list("chunk", "at", "value", "quality")
    found = {}
    for chunk, at, value, quality in chunks:
        instants, numbers = np.frombuffer(at, "<i8"), np.frombuffer(value, "<i8")
        codes = np.frombuffer(quality, np.uint8)
        for series_id in wanted[chunk]:
            place = series_id % values.SERIES_A_CHUNK
            if instants[place] != values.NEVER:
                moment = _EPOCH + timedelta(microseconds=int(instants[place]))
                found[series_id] = Latest(moment, int(numbers[place]), Quality(int(codes[place])))
    return found


def live_values(*, series: Sequence[series_queries.SeriesRow]) -> list[LiveRow]:
    """This will return the newest value of each series, in the order given, in three queries however many there are."""
    latest = latest_of(series_ids=[each.id for each in series])
    scales = series_queries.scales_of(series=series)
    return [_row(each, latest.get(each.id), scales.get(each.id, [])) for each in series]


def _row(
    series: series_queries.SeriesRow, latest: Latest | None, scales: Sequence[series_queries.RegisterScale]
) -> LiveRow:
    scale = series_queries.scale_at(scales, latest.at) if latest else None
    is_known = latest is not None and scale is not None
    return LiveRow(
        series_id=series.id,
        public_id=series.public_id,
        code=series.code,
        caption=series.caption,
        value=scale.value(latest.raw) if latest and scale else None,
        decimals=min(scale.decimals, series.decimals) if scale else series.decimals,
        unit=series.unit.symbol,
        at=latest.at if latest and is_known else None,
        quality=latest.quality if latest and is_known else Quality.MISSING,
    )
