"""This month's use of a tenant by service, against the same time of the month before; and the state of the meters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from meterbook.customers import clipping, own, own_use
from meterbook.kernel import civil, rounding
from meterbook.kernel.rounding import RoundingMode
from meterbook.metering import queries as metering_queries
from meterbook.metering import values as metering_values
from meterbook.web import access, services
from meterbook.web.templatetags import meterbook as tags

if TYPE_CHECKING:
    from django.utils.functional import Promise

DAYS_KEPT_OPEN = timedelta(seconds=1)  # a reading at the very end of a contract is its closing one


@dataclass(frozen=True)
class ServiceUse:
    """One service: the month so far, and the change against the same time of the month before in words."""

    caption: str | Promise
    icon: str
    tone: str
    value: Decimal | None  # None where no reading lies in the month
    decimals: int
    unit: str
    change: str
    is_more: bool
    estimated: Decimal | None


@dataclass(frozen=True)
class MeterLine:
    """One meter: when it was the tenant's, and what its register showed last in that time."""

    href: str
    name: str
    code: str
    place: str
    serial: str
    service: str | Promise
    icon: str
    since: str
    is_running: bool
    value: Decimal | None
    decimals: int
    unit: str
    read_at: datetime | None
    zone: ZoneInfo


@dataclass(frozen=True)
class Month:
    """What the first page shows of use."""

    services: tuple[ServiceUse, ...]
    meters: tuple[MeterLine, ...]


def collect(request: access.Request, points: Sequence[own.OwnPoint]) -> Month:
    """This will read the meters of a tenant, those whose contract runs first."""
    sums: dict[metering_values.Service, list[metering_queries.Usage]] = {}
    lines = []
    for each in sorted(points, key=lambda point: not point.is_running(request.at)):
        detail = metering_queries.get_meter(public_id=each.public_id)
        lines.append(_line(request, each, detail))
        series = detail.main_series
        if series is None:
            continue
        span = metering_queries.span(
            metering_queries.View.MONTH, civil.local_date(request.at, detail.zone), detail.zone, series.step
        )
        found = own_use.usage_within(series=series, point=each, detail=detail, span=span, at=request.at)
        if found is not None:
            sums.setdefault(each.service, []).append(found)
    return Month(tuple(_service(service, found) for service, found in sums.items()), tuple(lines))


def _service(service: metering_values.Service, found: Sequence[metering_queries.Usage]) -> ServiceUse:
    value = sum((each.number(each.total) for each in found), Decimal(0))
    estimated = sum((each.number(each.estimated) for each in found), Decimal(0))
    change = _change(found)
    words = ""
    if change is not None:
        words = _words(found, is_more=change > 0) % {
            "percent": tags.number(abs(change), 0),
            "days": _common_days(found),
        }
    return ServiceUse(
        caption=metering_values.SERVICE_CAPTIONS[service],
        icon=services.ICONS[service],
        tone=services.tone(service),
        value=None if all(each.is_empty for each in found) else value,
        decimals=1 if value < 100 else 0,
        unit=found[0].unit,
        change=words,
        is_more=change is not None and change > 0,
        estimated=estimated or None,
    )


def _words(found: Sequence[metering_queries.Usage], *, is_more: bool) -> str:
    """Against what it is: all of last month by now, or only the days that the tenant had the meter in both months."""
    days = _common_days(found)
    is_whole = all(
        each.comparison is None or each.comparison.common >= sum(slot.value is not None for slot in each.slots)
        for each in found
    )
    if is_whole:
        if is_more:
            return _("%(percent)s %% more than last month by now")
        return _("%(percent)s %% less than last month by now")
    if is_more:
        return ngettext(
            "%(percent)s %% more than last month, over the %(days)s day that is yours in both",
            "%(percent)s %% more than last month, over the %(days)s days that are yours in both",
            days,
        )
    return ngettext(
        "%(percent)s %% less than last month, over the %(days)s day that is yours in both",
        "%(percent)s %% less than last month, over the %(days)s days that are yours in both",
        days,
    )


def _common_days(found: Sequence[metering_queries.Usage]) -> int:
    return min((each.comparison.common for each in found if each.comparison is not None), default=0)


def _change(found: Sequence[metering_queries.Usage]) -> Decimal | None:
    """In percent, over what both months have; None where a meter has nothing to compare with."""
    pairs = [each.comparison for each in found]
    here = there = Decimal(0)
    for each in pairs:
        if each is None or not each.common:
            return None
        here += Decimal(each.here).scaleb(-each.here_decimals, context=rounding.EXACT)
        there += each.number(each.there)
    if not there:
        return None
    return rounding.round_decimal((here - there) * 100 / there, 0, RoundingMode.HALF_UP)


def _line(request: access.Request, point: own.OwnPoint, detail: metering_queries.MeterDetail) -> MeterLine:
    series, stay = detail.main_series, point.stay_at(request.at)
    until = (stay.end + DAYS_KEPT_OPEN) if stay.end is not None else request.at + DAYS_KEPT_OPEN
    rows = (
        metering_queries.latest_readings(series=series, until=until, limit=1, since=stay.start)
        if series is not None
        else []
    )
    row = rows[0] if rows else None
    return MeterLine(
        href=reverse("tenant_use", args=[request.organization.public_id, point.public_id]),
        name=point.name,
        code=point.code,
        place=point.place,
        serial=_serial(detail, stay, request.at),
        service=metering_values.SERVICE_CAPTIONS[point.service],
        icon=services.ICONS[point.service],
        since=_since(stay, detail.zone),
        is_running=point.is_running(request.at),
        value=row.value if row else None,
        decimals=row.decimals if row else 0,
        unit=series.unit.symbol if series else "",
        read_at=row.at if row else None,
        zone=detail.zone,
    )


def _serial(detail: metering_queries.MeterDetail, stay: clipping.Stay, at: datetime) -> str:
    """Of the meter that hung there at the end of the tenant's time: a later one is none of theirs."""
    until = min(stay.end or at, at)
    return next((each.serial_number for each in detail.installations if each.starts_at < until), "")


def _since(stay: clipping.Stay, zone: ZoneInfo) -> str:
    first = formats.date_format(civil.local_date(stay.start, zone), "SHORT_DATE_FORMAT")
    if stay.end is None:
        return _("yours since %(day)s") % {"day": first}
    last = formats.date_format(civil.local_date(stay.end - timedelta.resolution, zone), "SHORT_DATE_FORMAT")
    return _("yours from %(first)s to %(last)s") % {"first": first, "last": last}
