"""What is known around a gap, for `metering.estimating`: the meter's own past, its neighbors, the meter above it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np

from meterbook.foundation import scoping
from meterbook.kernel import civil, rounding
from meterbook.kernel.period import Period
from meterbook.kernel.quality import ESTIMATED, UNBILLABLE
from meterbook.kernel.series import UsageSeries
from meterbook.metering import models, values
from meterbook.metering.estimating.degrees import Follows, degree_days
from meterbook.metering.estimating.inputs import Case, Minimum, Part, Peer, Year
from meterbook.metering.queries import intervals, policies, runs, shaping
from meterbook.metering.queries.gaps import Gap
from meterbook.metering.queries.policies import EstimatingRow

MONTHS_BACK = 6
WEEKS = 4
TREND = timedelta(weeks=WEEKS)
MOST_NEIGHBORS = 400
_NOT_ACTUAL = np.array(sorted(UNBILLABLE | ESTIMATED), np.uint8)
_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class _Neighbor:
    """Another meter point of the site and service, with its counted series."""

    name: str
    role: values.PointRole
    area: Fraction | None
    used: int | None


def gather(
    *, gap: Gap, since: datetime | None = None, policy: EstimatingRow | None = None, given: int | None = None
) -> Case:
    """This will collect what the methods of estimating are given for a gap, in a fixed number of queries.

    :param since: when the account that pays now began to; what was before is another's. None: nobody is recorded
    :param policy: what last year's use follows; None: nothing but the calendar
    :param given: a person's own number, in the series' scale
    """
    point = models.MeterPoint.objects.select_related("site", "node").get(
        organization_id=scoping.current().organization_id, pk=gap.series.meter_point_id
    )
    own = _Own(gap, point.zone, since)
    neighbors = _neighbors(point, gap)
    parts = [Part(each.name, each.used) for each in neighbors]
    is_part = point.role in (values.PointRole.TENANT, values.PointRole.COMMON)
    return Case(
        days=own.days,
        hours=Fraction(gap.period.duration // timedelta.resolution, _HOUR // timedelta.resolution),
        difference=gap.difference,
        weights=shaping.weights_of(gap=gap, zone=point.zone).weights,
        year=_with_degrees(own, policy, point.site_id),
        periods=own.months(),
        like=own.like_days(),
        peers=[Peer(each.name, each.used, each.area) for each in neighbors if each.role == point.role],
        own_area=_area(point.node),
        parents=[part for part, each in zip(parts, neighbors, strict=True) if each.role is values.PointRole.MAIN]
        if is_part
        else (),
        siblings=[part for part, each in zip(parts, neighbors, strict=True) if each.role is not values.PointRole.MAIN]
        if is_part
        else (),
        minimums=_minimums(point, gap.period),
        given=given,
    )


def _with_degrees(own: _Own, policy: EstimatingRow | None, site_id: int) -> Year | None:
    """Last year's days with how cold or hot they and the gap were, where use follows that and it is known."""
    year = own.year()
    if year is None or policy is None or policy.follows is Follows.NOTHING:
        return year
    spans = [own.local_days, own.local_days_before]
    wanted = [first + timedelta(days=each) for first, until in spans for each in range((until - first).days)]
    known = policies.temperatures_of(site_id=site_id, days=wanted)
    now, then = (
        degree_days(known, first=first, until=until, follows=policy.follows, base=policy.base_tenths)
        for first, until in spans
    )
    return replace(year, follows=policy.follows, degrees=now, degrees_then=then)


def _minimums(point: models.MeterPoint, period: Period) -> list[Minimum]:
    rows = policies.list_minimums(meter_point=point.public_id)
    found: dict[tuple[str, int | None, int], Fraction] = defaultdict(Fraction)
    if rows:
        for day, part in civil.local_days(period, point.zone):
            holding = next((each.a_month for each in rows if each.from_date <= day), None)
            length = (civil.next_month(day.replace(day=1)) - day.replace(day=1)).days
            found[f"{day:%Y-%m}", holding, length] += _share(part, day, point.zone)
    return [Minimum(month, a_month, days, of) for (month, a_month, of), days in found.items()]


class _Own:
    """The past of the series itself."""

    def __init__(self, gap: Gap, zone: ZoneInfo, since: datetime | None) -> None:
        self._period, self._zone, self._since = gap.period, zone, since
        self._series = gap.series
        self._first = civil.local_date(gap.period.start, zone)
        month = self._first.replace(day=1)
        for _each in range(MONTHS_BACK):
            month = (month - timedelta(days=1)).replace(day=1)
        self._from = month
        self._past = self._run(Period(civil.start_of_day(month, zone), gap.period.start))
        self.days = sum((_share(part, day, zone) for day, part in civil.local_days(gap.period, zone)), Fraction(0))

    @property
    def local_days(self) -> tuple[date, date]:
        """The local days of the gap, [first, until)."""
        final = civil.local_date(self._period.end - timedelta.resolution, self._zone)
        return self._first, final + timedelta(days=1)

    @property
    def local_days_before(self) -> tuple[date, date]:
        """As many days from the same date a year before on."""
        first, until = self.local_days
        then = civil.local_date(self._year_before(self._period.start), self._zone)
        return then, then + (until - first)

    def months(self) -> list[Part]:
        """Whole local months before the gap; `used` None where not all of one was measured for this account."""
        found, month = [], self._from
        while month < self._first.replace(day=1):
            period = civil.month_bounds(month, self._zone)
            days = (civil.next_month(month) - month).days
            found.append(Part(f"{month:%Y-%m}", self._used(self._past, period), Fraction(days)))
            month = civil.next_month(month)
        return found

    def like_days(self) -> dict[date, list[Part]]:
        """For each local day of the gap the same hours of the same weekdays in the four weeks before it began."""
        before = [self._first - timedelta(days=each) for each in range(1, 7 * WEEKS + 1)]
        found = {}
        for day, part in civil.local_days(self._period, self._zone):
            alike = [each for each in before if each.weekday() == day.weekday()]
            like = [each for each in alike if not civil.is_skipped(each, self._zone)]
            found[day] = [Part(each.isoformat(), self._used(self._past, self._moved(part, day, each))) for each in like]
        return found

    def year(self) -> Year | None:
        """The same dates a year before, with how the weeks before both compare."""
        start, end = (self._year_before(each) for each in (self._period.start, self._period.end))
        if end <= start:
            return None
        # Whole days: the interval in which the gap begins is known only in part.
        today = civil.start_of_day(self._first, self._zone)
        same_day = self._year_before(today)
        past = self._run(Period(same_day - TREND, end))
        then = actual(past, Period(start, end))
        name = civil.local_date(start, self._zone).isoformat()
        return Year(
            then=Part(name, then, self.days),
            is_same_account=self._since is None or self._since <= start,
            recent=self._used(self._past, Period(today - TREND, today)),
            recent_before=self._used(past, Period(same_day - TREND, same_day)),
        )

    def _used(self, run: UsageSeries, period: Period) -> int | None:
        return None if self._since is not None and period.start < self._since else actual(run, period)

    def _run(self, period: Period) -> UsageSeries:
        step = timedelta(minutes=self._series.step)
        return intervals.get_intervals(series=self._series, period=Period(period.start - step, period.end + step))

    def _moved(self, part: Period, day: date, other: date) -> Period:
        """The same hours by the clock on another day."""
        bounds = civil.day_bounds(other, self._zone)
        own = civil.day_bounds(day, self._zone)
        start = bounds.start if part.start == own.start else self._at_clock(part.start, other)
        end = bounds.end if part.end == own.end else self._at_clock(part.end, other)
        return Period(start, end) if start < end else bounds

    def _at_clock(self, instant: datetime, day: date) -> datetime:
        return datetime.combine(day, instant.astimezone(self._zone).time(), tzinfo=self._zone).astimezone(UTC)

    def _year_before(self, instant: datetime) -> datetime:
        local = instant.astimezone(self._zone)
        day = local.date()
        final = 28 if (day.month, day.day) == (2, 29) else day.day
        moved = date(day.year - 1, day.month, final)
        return datetime.combine(moved, local.time(), tzinfo=self._zone).astimezone(UTC)


def actual(run: UsageSeries, period: Period) -> int | None:
    """This will return what was used in a period, or None unless all of it was measured.

    Of an interval that the period cuts, the share by time counts; the sum is rounded once, halves up.
    """
    first, until = (period.start - run.start) // run.step, -((run.start - period.end) // run.step)
    if first < 0 or until > len(run) or np.isin(run.quality[first:until], _NOT_ACTUAL).any():
        return None
    used = Fraction(int(run.values[first:until].sum(dtype=np.int64)))
    lead = period.start - (run.start + first * run.step)
    rest = run.start + until * run.step - period.end
    used -= int(run.values[first]) * _ratio(lead, run.step) + int(run.values[until - 1]) * _ratio(rest, run.step)
    return rounding.divide(used.numerator, used.denominator)


def _ratio(part: timedelta, whole: timedelta) -> Fraction:
    return Fraction(part // timedelta.resolution, whole // timedelta.resolution)


def _share(part: Period, day: date, zone: ZoneInfo) -> Fraction:
    return _ratio(part.duration, civil.day_bounds(day, zone).duration)


def _area(node: object) -> Fraction | None:
    area = getattr(node, "area", None)
    return None if not area else Fraction(area)


def _neighbors(point: models.MeterPoint, gap: Gap) -> list[_Neighbor]:
    """The other points of the site and service that count in its sums and had a meter in the time of the gap."""
    organization_id = scoping.current().organization_id
    found = (
        models.Series.objects.filter(
            organization_id=organization_id,
            code=gap.series.code,
            unit=gap.series.unit.value,
            decimals=gap.series.decimals,
            meter_point__site_id=point.site_id,
            meter_point__service=point.service,
            meter_point__installation__during__overlap=(gap.period.start, gap.period.end),
        )
        .exclude(meter_point=point)
        .exclude(meter_point__role=values.PointRole.OTHER)
        .exclude(meter_point__installation__meter__model_code=values.VIRTUAL)
        .select_related("meter_point__node")
        .order_by("id")
        .distinct()
    )
    rows = list(found[:MOST_NEIGHBORS])
    until = (gap.period.end - timedelta.resolution).date() + timedelta(days=1)
    found_runs = runs.runs_of(steps={each.pk: each.step for each in rows}, first=gap.period.start.date(), until=until)
    return [
        _Neighbor(
            name=each.meter_point.code,
            role=values.PointRole(each.meter_point.role),
            area=_area(each.meter_point.node),
            used=actual(found_runs[each.pk], gap.period),
        )
        for each in rows
    ]
