"""Raw readings as they arrived, and what stands beside them: findings and corrections."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Q

from meterbook.foundation import scoping
from meterbook.kernel.period import Period
from meterbook.kernel.quality import Quality
from meterbook.metering import models, values
from meterbook.metering.queries import series as series_queries
from meterbook.metering.queries import standing
from meterbook.metering.validation.inputs import CorrectionKind, FindingKind


@dataclass(frozen=True)
class ReadingRow:
    """What a register showed, in the series' unit after the multiplier.

    `difference` is to the reading before, None across an exchange, at the first reading and for an instant quantity.
    """

    at: datetime
    raw: int
    value: Decimal | None
    decimals: int
    difference: Decimal | None
    quality: Quality
    source: values.Source
    received_at: datetime

    @property
    def delay(self) -> timedelta:
        """How long after its instant the reading arrived."""
        return self.received_at - self.at


@dataclass(frozen=True)
class FindingRow:
    """Something the derivation noticed."""

    kind: FindingKind
    at: datetime
    until: datetime | None


@dataclass(frozen=True)
class CorrectionRow:
    """A later fact about readings, with its author and reason."""

    kind: CorrectionKind
    at: datetime
    until: datetime | None
    reason: str
    author: str


def latest_readings(
    *, series: series_queries.SeriesRow, until: datetime, limit: int = 20, since: datetime | None = None
) -> list[ReadingRow]:
    """This will return the newest readings before `until`, newest first, in three queries.

    A reading that a person set to another value comes with that value, as EDITED.

    :param since: only readings at or after this instant
    """
    found = models.Reading.objects.filter(
        organization_id__in=scoping.current().organizations, series_id=series.id, at__lt=until
    )
    if since is not None:
        found = found.filter(at__gte=since)
    # One more than is shown: the oldest needs the one before it.
    rows = list(
        standing.annotated(found)
        .order_by("-at", "source")
        .values_list("at", "shown", "quality", "source", "received_at", "fact")[: limit + 1]
    )
    scales = series_queries.scales_of(series=[series]).get(series.id, [])
    is_counter = series.kind is values.SeriesKind.CUMULATIVE
    listed = []
    for place, (at, raw, quality, source, received_at, fact) in enumerate(rows[:limit]):
        scale = series_queries.scale_at(scales, at)
        before = rows[place + 1] if place + 1 < len(rows) else None
        is_same = before is not None and series_queries.scale_at(scales, before[0]) is scale and before[1] <= raw
        difference = scale.value(raw - before[1]) if is_counter and scale and before and is_same else None
        listed.append(
            ReadingRow(
                at=at,
                raw=raw,
                value=scale.value(raw) if scale else None,
                decimals=min(scale.decimals, series.decimals) if scale else series.decimals,
                difference=difference,
                quality=Quality.EDITED if fact == CorrectionKind.SET else Quality(quality),
                source=values.Source(source),
                received_at=received_at,
            )
        )
    return listed


def list_findings(*, series: series_queries.SeriesRow, period: Period) -> list[FindingRow]:
    """This will return what the derivation noticed in a period, oldest first."""
    found = models.SeriesFinding.objects.filter(
        organization_id__in=scoping.current().organizations, series_id=series.id, at__lt=period.end
    ).filter(Q(at__gte=period.start) | Q(until__gt=period.start))
    return [FindingRow(FindingKind(each.kind), each.at, each.until) for each in found.order_by("at", "id")]


def list_corrections(*, series: series_queries.SeriesRow, period: Period) -> list[CorrectionRow]:
    """This will return the corrections of readings in a period, oldest first."""
    found = models.Correction.objects.filter(
        organization_id__in=scoping.current().organizations,
        series_id=series.id,
        at__gte=period.start,
        at__lt=period.end,
    )
    return [
        CorrectionRow(CorrectionKind(each.kind), each.at, each.until, each.reason, each.author)
        for each in found.exclude(standing.PART).order_by("at", "id")
    ]
