"""What people changed about readings: corrections with the original, estimates with what became of them, conflicts."""

from __future__ import annotations

import enum
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from meterbook.foundation import many, scoping
from meterbook.kernel import rounding
from meterbook.kernel.period import Period
from meterbook.metering import models, values
from meterbook.metering.estimating.inputs import Method
from meterbook.metering.queries import intervals, proposals, standing
from meterbook.metering.queries import series as series_queries
from meterbook.metering.queries.series import SeriesRow
from meterbook.metering.validation.inputs import CorrectionKind

MOST = 200
OF_A_TIME = (CorrectionKind.ESTIMATE, CorrectionKind.APPORTION)  # that can be withdrawn


class EstimateState(enum.StrEnum):
    """What became of an estimate."""

    STANDING = "STANDING"
    PARTLY = "PARTLY"  # readings inside its time replaced a part of it
    REPLACED = "REPLACED"  # a later reading is there: all of it is measured
    WITHDRAWN = "WITHDRAWN"


@dataclass(frozen=True)
class EditRow:
    """One correction or estimate. `shown` and `original` are the register before and after, in the series' unit; of
    INTERVALS what was used in them.

    Of an estimate: `used` is what it said, `used_now` what is counted in its time now, `replaced_at` the reading that
    replaced it.
    """

    public_id: uuid.UUID
    series: SeriesRow
    kind: CorrectionKind
    at: datetime
    until: datetime | None
    original: Decimal | None
    shown: Decimal | None
    method: Method | None
    made_of: Mapping[str, object]
    used: Decimal | None
    used_now: Decimal | None
    state: EstimateState | None
    replaced_at: datetime | None
    reason: str
    author: str
    approved_by: str
    recorded_at: datetime


@dataclass(frozen=True)
class ConflictRow:
    """Two numbers for one instant and source: the first one counts. In the series' unit."""

    series: SeriesRow
    at: datetime
    source: values.Source
    kept: Decimal | None
    offered: Decimal | None
    received_at: datetime


@dataclass(frozen=True)
class StandingEstimate:
    """Time that is estimated, as far as readings have not replaced it, and by which method.

    With `is_spread` nothing is estimated: what was measured over that time was spread by the usual shape.
    """

    series_id: int
    period: Period
    method: Method
    author: str
    reason: str
    is_spread: bool = False


def list_edits(*, series: Sequence[SeriesRow]) -> list[EditRow]:
    """This will return what people changed of these series, the latest first; of more than 200 the latest."""
    known = {each.id: each for each in series}
    found = list(
        models.Correction.objects.filter(organization_id__in=scoping.current().organizations, series_id__in=known)
        .exclude(standing.PART)
        .order_by("-recorded_at", "-id")[:MOST]
    )
    scales = series_queries.scales_of(series=series)
    originals = _originals(found)
    withdrawn = {(each.series_id, each.at, each.until): each.pk for each in reversed(found) if _withdraws(each)}
    return [_row(each, known[each.series_id], scales.get(each.series_id, []), originals, withdrawn) for each in found]


def list_conflicts(*, series: Sequence[SeriesRow]) -> list[ConflictRow]:
    """This will return where a second number came for an instant that had one, the latest first."""
    known = {each.id: each for each in series}
    rows = models.ReadingConflict.objects.filter(
        organization_id__in=scoping.current().organizations, series_id__in=known
    ).order_by("-received_at", "-id")[:MOST]
    scales = series_queries.scales_of(series=series)
    return [
        ConflictRow(
            series=known[each.series_id],
            at=each.at,
            source=values.Source(each.source),
            kept=_value(scales.get(each.series_id, []), each.at, each.kept_value),
            offered=_value(scales.get(each.series_id, []), each.at, each.offered_value),
            received_at=each.received_at,
        )
        for each in rows
    ]


def standing_estimates(
    *, series_ids: Collection[int], period: Period, with_spread: bool = False
) -> list[StandingEstimate]:
    """This will return the estimates of series in a period that were not withdrawn, in order of time, in one query.

    Whether readings replaced them since is for the intervals to say: those are estimated no more.

    :param with_spread: also measured use that was spread over time
    """
    kinds = [CorrectionKind.ESTIMATE, CorrectionKind.WITHDRAW, *([CorrectionKind.APPORTION] if with_spread else [])]
    rows = models.Correction.objects.filter(
        many.among("series_id", series_ids),
        organization_id__in=scoping.current().organizations,
        kind__in=kinds,
        at__lt=period.end,
        until__gt=period.start,
    ).order_by("recorded_at", "id")
    found: dict[tuple[int, datetime, datetime], StandingEstimate] = {}
    for each in rows:
        if each.until is None:
            continue
        key = (each.series_id, each.at, each.until)
        if each.kind == CorrectionKind.WITHDRAW:
            found.pop(key, None)
        elif each.method:
            found[key] = StandingEstimate(
                series_id=each.series_id,
                period=Period(each.at, each.until),
                method=Method(each.method),
                author=each.author,
                reason=each.reason,
                is_spread=each.kind == CorrectionKind.APPORTION,
            )
    return [found[key] for key in sorted(found)]


def is_estimate_of(*, meter_point: uuid.UUID, estimate: uuid.UUID) -> bool:
    """This will tell whether there is such an estimate or apportioning of a meter point, withdrawn or not."""
    found = models.Correction.objects.filter(
        organization_id__in=scoping.current().organizations,
        public_id=estimate,
        kind__in=OF_A_TIME,
        series__meter_point__public_id=meter_point,
    )
    return found.exists()


def _withdraws(fact: models.Correction) -> bool:
    return fact.kind == CorrectionKind.WITHDRAW


def _row(
    fact: models.Correction,
    series: SeriesRow,
    scales: Sequence[series_queries.RegisterScale],
    originals: Mapping[tuple[int, datetime], int],
    withdrawn: Mapping[tuple[int, datetime, datetime | None], int],
) -> EditRow:
    kind = CorrectionKind(fact.kind)
    is_estimate = kind is CorrectionKind.ESTIMATE
    original = (
        originals.get((fact.series_id, fact.at)) if kind in (CorrectionKind.SET, CorrectionKind.EXCLUDE) else None
    )
    state, replaced_at, now = None, None, None
    is_withdrawn = withdrawn.get((fact.series_id, fact.at, fact.until), 0) > fact.pk
    if kind is CorrectionKind.APPORTION:
        state = EstimateState.WITHDRAWN if is_withdrawn else EstimateState.STANDING
    if is_estimate and fact.until is not None:
        state, replaced_at = _state(fact, is_withdrawn=is_withdrawn)
        if state is not EstimateState.STANDING:
            now = _used_now(series, Period(fact.at, fact.until))
    return EditRow(
        public_id=fact.public_id,
        series=series,
        kind=kind,
        at=fact.at,
        until=fact.until,
        original=_sum(fact, "was") if original is None else _value(scales, fact.at, original),
        shown=_value(scales, fact.at, fact.value)
        if kind is CorrectionKind.SET and fact.value is not None
        else _sum(fact, "now"),
        method=Method(fact.method) if fact.method else None,
        made_of=fact.made_of,
        used=proposals.used_of(fact.made_of, series.decimals),
        used_now=now,
        state=state,
        replaced_at=replaced_at,
        reason=fact.reason,
        author=fact.author,
        approved_by=fact.approved_by,
        recorded_at=fact.recorded_at,
    )


def _sum(fact: models.Correction, name: str) -> Decimal | None:
    """What was used in the intervals that a file corrected."""
    told = fact.made_of.get(name) if fact.kind == CorrectionKind.INTERVALS else None
    return Decimal(told) if isinstance(told, str) else None


def _state(fact: models.Correction, *, is_withdrawn: bool) -> tuple[EstimateState, datetime | None]:
    if is_withdrawn:
        return EstimateState.WITHDRAWN, None
    register = models.InstallationRegister.objects.filter(
        organization_id__in=scoping.current().organizations,
        series_id=fact.series_id,
        installation__during__contains=fact.at,
    ).select_related("installation")
    own = register.first()
    readings = models.Reading.objects.filter(
        organization_id__in=scoping.current().organizations, series_id=fact.series_id, at__gt=fact.at
    )
    until = None if own is None else own.installation.during.upper
    if until is not None:
        readings = readings.filter(at__lt=until)
    counting = standing.counting(readings)
    later = counting.filter(at__gte=fact.until).order_by("at").values_list("at", flat=True).first()
    if later is None and own is not None and own.closing is not None and not own.is_closing_estimated:
        later = until
    if later is not None:
        return EstimateState.REPLACED, later
    inside = counting.order_by("-at").values_list("at", flat=True).first()
    return (EstimateState.STANDING, None) if inside is None else (EstimateState.PARTLY, inside)


def _used_now(series: SeriesRow, period: Period) -> Decimal:
    """What is counted in a time now, whatever its quality; an interval that the time cuts counts by its share."""
    step = timedelta(minutes=series.step)
    run = intervals.get_intervals(series=series, period=Period(period.start - step, period.end))
    total = 0
    for place, used in enumerate(run.values.tolist()):
        start = run.start + place * run.step
        inside = min(start + run.step, period.end) - max(start, period.start)
        if used and inside > timedelta(0):
            total += rounding.divide(used * (inside // timedelta.resolution), run.step // timedelta.resolution)
    return Decimal(total).scaleb(-series.decimals, context=rounding.EXACT)


def _originals(facts: Sequence[models.Correction]) -> dict[tuple[int, datetime], int]:
    """What readings said that were corrected: of several sources the one that counted."""
    wanted = [each for each in facts if each.kind in (CorrectionKind.SET, CorrectionKind.EXCLUDE)]
    rows = models.Reading.objects.filter(
        organization_id__in=scoping.current().organizations,
        series_id__in={each.series_id for each in wanted},
        at__in={each.at for each in wanted},
    ).order_by("-source")
    return {(series_id, at): value for series_id, at, value in rows.values_list("series_id", "at", "value")}


def _value(scales: Sequence[series_queries.RegisterScale], at: datetime, raw: int) -> Decimal | None:
    scale = series_queries.scale_at(scales, at)
    return None if scale is None else scale.value(raw)
