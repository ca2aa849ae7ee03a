"""Spread what was used while a meter was not read by its usual hours, once it is read again (B-20, second method).

How much it was is measured; only its place in time is not. What was billed already stays as it was billed.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from django.utils.translation import gettext as _

from meterbook.foundation import operation, scoping
from meterbook.journeys import filling
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from meterbook.kernel.quality import Quality
from meterbook.metering import blocks, models, values
from meterbook.metering import operations as metering_operations
from meterbook.metering import queries as metering_queries
from meterbook.metering.estimating.inputs import SHORT_HOURS, Method
from meterbook.metering.validation.inputs import CorrectionKind

DAYS = 2  # before today, in which a gap may have ended
MOST = 200  # in one go; the others come with the next
_SHORT = timedelta(hours=SHORT_HOURS)


@operation.operation
def apportion_gaps(*, actor: Actor, at: datetime) -> int:
    """This will spread the gaps that ended in the last two days, and count them.

    Only gaps of more than two hours, of meters whose usual hours are known, where the site's order has that method, no
    bill was made from the time, and nobody has decided on it. Done again it changes nothing.
    """
    count = 0
    for series, day in _candidates(at):
        count += _apportion(series, day, actor, at)
    return count


def _candidates(at: datetime) -> list[tuple[models.Series, date]]:
    """Counted series and UTC days that were read in part, and not for more than two hours together."""
    organization_id = scoping.current().organization_id
    today = at.astimezone(UTC).date()
    rows = models.SeriesDay.objects.filter(
        organization_id=organization_id,
        day__gte=today - timedelta(days=DAYS),
        day__lt=today,
        quality__isnull=False,
    ).order_by("series_id", "day")
    found: list[tuple[int, date]] = []
    for series_id, day, step, quality, numbers in rows.values_list("series_id", "day", "step", "quality", "values"):
        _values, codes = blocks.decode(bytes(numbers), bytes(quality or b""), step)
        apart = int((codes == Quality.INTERPOLATED).sum()) * timedelta(minutes=step)
        if apart > _SHORT and (codes == Quality.VALID).any():
            found.append((series_id, day))
    series = models.Series.objects.filter(
        organization_id=organization_id,
        pk__in={series_id for series_id, _day in found},
        code__in=set(values.COUNTED_SERIES.values()),
    ).select_related("meter_point__site")
    known = {each.pk: each for each in series}
    return [(known[series_id], day) for series_id, day in found if series_id in known][:MOST]


def _apportion(series: models.Series, day: date, actor: Actor, at: datetime) -> int:
    point = series.meter_point
    local = civil.local_date(datetime.combine(day, time(12), tzinfo=UTC), point.zone)
    until = civil.day_bounds(local, point.zone).end
    policy = metering_queries.estimating_policy(site_id=point.site_id)
    if until > at or Method.PROFILE not in policy.methods:
        return 0
    rows = metering_queries.list_series(meter_point_ids=[point.pk])
    row = next(each for each in rows if each.id == series.pk)
    try:
        gap = metering_queries.find_apart(series=row, until=until)
    except metering_queries.GapRefused:
        return 0
    if gap.period.duration <= _SHORT or gap.difference is None or _is_decided(series, gap):
        return 0
    if filling.bills_of(meter_point_id=point.pk, period=gap.period):
        return 0
    shape = metering_queries.shape_of(gap=gap, zone=point.zone, used=gap.difference)
    if not shape:
        return 0
    metering_operations.apportion(
        actor=actor,
        at=at,
        series=series,
        until=until,
        estimated=metering_operations.Estimated(
            method=Method.PROFILE,
            used=gap.difference,
            made_of={
                "used": gap.difference,
                "intervals": len(shape["parts"]),
                "is_usual": True,
                "policy": policy.version,
            },
            reason=_("Read again after a gap"),
            shape=shape,
        ),
        needs_second=False,
    )
    return 1


def _is_decided(series: models.Series, gap: metering_queries.Gap) -> bool:
    """Whether it was spread before, also where a person has withdrawn that."""
    known = models.Correction.objects.filter(
        organization_id=series.organization_id,
        series=series,
        kind__in=(CorrectionKind.APPORTION, CorrectionKind.WITHDRAW),
        at=gap.period.start,
        until=gap.period.end,
    )
    return known.exists()
