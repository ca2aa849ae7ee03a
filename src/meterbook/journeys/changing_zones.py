"""Another time zone for a meter point or a site: days that were billed stay what they were (M-013).

The zone counts from the first local midnight, by the clock before, at which nothing of the meter point is on a bill
run. So it counts for all days of a meter point that was never billed, and never changes a day that was.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Max, QuerySet
from django.db.models.functions import Upper
from django.utils.translation import gettext as _

from meterbook.billing import models as billing_models
from meterbook.foundation import operation, scoping
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from meterbook.metering import models as metering_models
from meterbook.metering import operations as metering_operations
from meterbook.metering import queries as metering_queries
from meterbook.metering.operations import zoning
from meterbook.sites.operations import finding as site_finding


@operation.operation
def change_point(
    *, actor: Actor, at: datetime, meter_point: uuid.UUID, time_zone: str | None, language: str | None
) -> metering_models.MeterPoint:
    """This will give a meter point its own time zone and document language; None leaves one as it is.

    :param time_zone: empty: that of the site
    :param language: empty: that of the account, the site or the organization
    :raises metering.queries.MeterNotFound: when the organization has no such meter point
    :raises sites.operations.TimeZoneUnknown: when the zone database has no such name
    :raises metering.operations.LanguageUnknown: when documents are not written in it
    """
    found = _points().filter(public_id=meter_point).first()
    if found is None:
        raise metering_queries.MeterNotFound(_("There is no such meter."))
    site_finding.hold_sites(found.organization_id, [found.site_id])  # no run collects meanwhile
    found = _points().get(pk=found.pk)
    return metering_operations.set_zone_and_language(
        actor=actor,
        at=at,
        meter_point=meter_point,
        time_zone=found.time_zone if time_zone is None else time_zone,
        language=found.language if language is None else language,
        from_day=first_days([found])[found.pk],
    )


def first_days(points: Collection[metering_models.MeterPoint]) -> dict[int, date | None]:
    """This will return, by meter point, the first day that another zone counts for; None: for all days.

    Sites must be loaded. Needs a running scope.
    """
    shares = billing_models.RunShare.objects.filter(
        organization_id=scoping.current().organization_id, meter_point_id__in=[each.pk for each in points]
    )
    ends = dict(shares.order_by("meter_point_id").values_list("meter_point_id").annotate(end=Max(Upper("during"))))
    return {each.pk: _midnight_after(ends[each.pk], each.zone) if each.pk in ends else None for each in points}


def first_day(*, meter_point: uuid.UUID) -> date | None:
    """This will return the first day that another zone of a meter point counts for; None: all days."""
    found = _points().filter(public_id=meter_point).first()
    return None if found is None else first_days([found])[found.pk]


def follow_sites(wanted: Mapping[int, str], *, without: Collection[str] = ()) -> None:
    """This will keep the billed days of meter points whose sites get another zone; part of an operation.

    :param wanted: the zones that come, by the sites' internal ids, which are held
    :param without: codes of meter points that get another zone of their own with it
    """
    points = _points().filter(site_id__in=list(wanted), time_zone="").exclude(code__in=list(without))
    moving = [each for each in points.order_by("id") if each.site.time_zone != wanted[each.site_id]]
    days = first_days(moving)
    zoning.keep_former_zones(
        changes={each.pk: (each.site.time_zone, wanted[each.site_id], days[each.pk]) for each in moving}
    )


def follow_points(wanted: Mapping[str, str], sites: Mapping[int, str]) -> None:
    """This will keep the billed days of meter points that get another zone of their own; part of an operation.

    :param wanted: their own zones (empty: that of the site), by code; sites are held and still have their old zones
    :param sites: the zones that sites get, by internal id; those that keep theirs are left out
    """
    points = list(_points().filter(code__in=list(wanted)).order_by("id"))
    changes = {}
    days = first_days(points)
    for each in points:
        before = each.time_zone or each.site.time_zone
        after = wanted[each.code] or sites.get(each.site_id, each.site.time_zone)
        if before != after:
            changes[each.pk] = (before, after, days[each.pk])
    zoning.keep_former_zones(changes=changes)


def _midnight_after(instant: datetime, zone: ZoneInfo) -> date:
    day = civil.local_date(instant, zone)
    return day if civil.start_of_day(day, zone) >= instant else day + timedelta(days=1)


def _points() -> QuerySet[metering_models.MeterPoint]:
    points = metering_models.MeterPoint.objects.filter(organization_id=scoping.current().organization_id)
    return points.select_related("site")
