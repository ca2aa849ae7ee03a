"""Which meters' calibration ran out, runs out soon, or did not hold while they counted. Each needs a running scope."""

from __future__ import annotations

import enum
import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from meterbook.foundation import scoping
from meterbook.kernel import civil, order
from meterbook.kernel.period import Period
from meterbook.metering import calibrations, models, values
from meterbook.metering.calibrations import CalibrationState, Lapse, Tested


class Expiry(enum.StrEnum):
    """Which meters a list is narrowed to. The months hold what expired already."""

    ALL = "all"
    EXPIRED = "expired"
    THREE = "3"
    SIX = "6"
    TWELVE = "12"
    UNKNOWN = "unknown"


MONTHS = {Expiry.THREE: 3, Expiry.SIX: 6, Expiry.TWELVE: 12}
PAST = frozenset({CalibrationState.EXPIRED, CalibrationState.FAILED})


@dataclass(frozen=True)
class CalibrationRow:
    """A meter that hangs, and how long its calibration holds: the days before `until_day`; None: no end is known."""

    point_public_id: uuid.UUID
    point_code: str
    point_name: str
    site_id: int
    site_name: str
    place: str
    service: values.Service
    serial_number: str
    model_code: str
    state: CalibrationState
    tested_on: date | None
    until_day: date | None
    certificate_number: str
    test: uuid.UUID | None = None  # the latest one

    @property
    def is_past(self) -> bool:
        """Whether it counts without a calibration that holds."""
        return self.state in PAST

    @property
    def last_day(self) -> date | None:
        """The final day for which the calibration holds, as people write it."""
        return None if self.until_day is None else self.until_day - timedelta(days=1)


@dataclass(frozen=True)
class PastCalibration:
    """A meter that counted at a point without a calibration that holds, from `first` on (a day at the meter)."""

    meter_point_id: int
    meter_public_id: uuid.UUID
    serial_number: str
    first: date
    is_failed: bool
    period: Period


def months_on(day: date, months: int) -> date:
    """This will return the same day so many months later, or the last of that month: 30 November and three is 28
    February.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    following = civil.next_month(date(year, month + 1, 1))
    return min(date(year, month + 1, 1) + timedelta(days=day.day - 1), following - timedelta(days=1))


def calibrations_expiring(
    *, at: datetime, months: int = 3, site_ids: Collection[int] | None = None
) -> list[CalibrationRow]:
    """This will return the meters that hang and whose calibration is past or ends within some months, soonest first.

    :param months: 0 for those that are past already
    :param site_ids: None: of every site of the scope
    """
    found = _rows(at=at, site_ids=site_ids, months=months)
    return [each for each in found if _is_due(each, at.date(), months)]


def list_calibrations(
    *, at: datetime, show: Expiry = Expiry.ALL, search: str = "", site_ids: Collection[int] | None = None
) -> list[CalibrationRow]:
    """This will return the meters that hang by the end of their calibration: past ones first, unknown ones at the end.

    :param search: a part of the serial number, the point's code or name, or the place
    """
    months = 0 if show is Expiry.EXPIRED else MONTHS.get(show)
    found = _rows(at=at, site_ids=site_ids, months=months)
    if months is not None:
        found = [each for each in found if _is_due(each, at.date(), months)]
    elif show is Expiry.UNKNOWN:
        found = [each for each in found if each.state is CalibrationState.UNKNOWN]
    wanted = search.strip().casefold()
    return [each for each in found if not wanted or wanted in _words(each)]


def _words(row: CalibrationRow) -> str:
    return "\n".join((row.serial_number, row.point_code, row.point_name, row.place)).casefold()


def _is_due(row: CalibrationRow, day: date, months: int) -> bool:
    if row.is_past or not months:
        return row.is_past
    return row.until_day is not None and row.until_day <= months_on(day, months)


def _rows(*, at: datetime, site_ids: Collection[int] | None, months: int | None) -> list[CalibrationRow]:
    """Of real meters that hang; with `months` only those of which a test says that it may end by then."""
    owner = scoping.current().organization_id
    hung = models.Installation.objects.filter(organization_id=owner, during__upper_inf=True)
    hung = hung.exclude(meter__model_code=values.VIRTUAL)
    if site_ids is not None:
        hung = hung.filter(meter_point__site_id__in=list(site_ids))
    if months is not None:
        ending = _held(owner).filter(meter_id=OuterRef("meter_id"))
        by = months_on(at.date(), months) + timedelta(days=1)  # the day at the meter may be another
        hung = hung.filter(Exists(ending.filter(Q(until_day__lte=by) | Q(is_passed=False))))
    rows = list(hung.select_related("meter", "meter_point__site", "meter_point__node").order_by("id"))
    tests = tests_of(meter_ids={each.meter_id for each in rows})
    found = [_row(each, tests.get(each.meter_id, ()), at) for each in rows]
    return sorted(found, key=_soonest)


def _soonest(row: CalibrationRow) -> tuple[object, ...]:
    """What is past or failed first, then by its end, then without an end, then unknown."""
    group = 0 if row.is_past else 1 if row.until_day else 3 if row.state is CalibrationState.UNKNOWN else 2
    ends = row.tested_on if row.state is CalibrationState.FAILED else row.until_day
    return group, ends or date.max, order.natural(row.point_code), row.serial_number


def _row(hung: models.Installation, tests: Sequence[models.MeterTest], at: datetime) -> CalibrationRow:
    point = hung.meter_point
    day = civil.local_date(at, point.zone)
    state = calibrations.state_on([_tested(each) for each in tests], day)
    latest = max((each for each in tests if each.tested_on <= day), key=lambda each: each.tested_on, default=None)
    if latest is not None:  # of several on one day the one that was noted last
        latest = [each for each in tests if each.tested_on == latest.tested_on][-1]
    return CalibrationRow(
        point_public_id=point.public_id,
        point_code=point.code,
        point_name=point.name,
        site_id=point.site_id,
        site_name=point.site.name,
        place=point.node.name if point.node else "",
        service=values.Service(point.service),
        serial_number=hung.meter.serial_number,
        model_code=hung.meter.model_code,
        state=state,
        tested_on=latest.tested_on if latest else None,
        until_day=latest.until_day if latest and latest.is_passed else None,
        certificate_number=latest.certificate_number if latest else "",
        test=latest.public_id if latest else None,
    )


def _held(owner: int) -> QuerySet[models.MeterTest]:
    return models.MeterTest.objects.filter(organization_id=owner, withdrawn_at__isnull=True)


def _tested(row: models.MeterTest) -> Tested:
    return Tested(row.tested_on, row.until_day, row.is_passed)


def tests_of(*, meter_ids: Collection[int]) -> Mapping[int, list[models.MeterTest]]:
    """This will return the tests of meters that were not withdrawn, in the order in which they hold."""
    found: dict[int, list[models.MeterTest]] = defaultdict(list)
    rows = _held(scoping.current().organization_id).filter(meter_id__in=list(meter_ids))
    for each in rows.order_by("tested_on", "id"):
        found[each.meter_id].append(each)
    return found


def past_calibration(*, meter_point_ids: Collection[int], within: Period) -> list[PastCalibration]:
    """This will return where meters counted without a calibration that holds, in two queries.

    Meters without any test are not among them: nothing is known of those.
    """
    owner = scoping.current().organization_id
    until = civil.local_date(within.end, UTC) + timedelta(days=1)
    ending = _held(owner).filter(meter_id=OuterRef("meter_id"))
    hung = models.Installation.objects.filter(
        Exists(ending.filter(Q(until_day__lt=until) | Q(is_passed=False))),
        organization_id=owner,
        meter_point_id__in=list(meter_point_ids),
        during__overlap=(within.start, within.end),
    ).select_related("meter", "meter_point__site")
    rows = list(hung.order_by("meter_point__sort_code", "during", "id"))
    tests = tests_of(meter_ids={each.meter_id for each in rows})
    return [found for each in rows for found in _past(each, tests[each.meter_id], within)]


def _past(hung: models.Installation, tests: Sequence[models.MeterTest], within: Period) -> list[PastCalibration]:
    zone = hung.meter_point.zone
    start = max(within.start, hung.during.lower)
    end = within.end if hung.during.upper is None else min(within.end, hung.during.upper)
    first, until = civil.local_date(start, zone), civil.local_date(end, zone) + timedelta(days=1)
    found = []
    for lapse in calibrations.lapses([_tested(each) for each in tests], first, until):
        begins = max(start, civil.start_of_day(lapse.first, zone))
        ends = end if lapse.until is None else min(end, civil.start_of_day(lapse.until, zone))
        if begins < ends:
            found.append(_told(hung, lapse, Period(begins, ends)))
    return found


def _told(hung: models.Installation, lapse: Lapse, period: Period) -> PastCalibration:
    return PastCalibration(
        hung.meter_point_id,
        hung.meter.public_id,
        hung.meter.serial_number,
        lapse.first,
        is_failed=lapse.is_failed,
        period=period,
    )
