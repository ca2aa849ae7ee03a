"""The time zone and the language of meter points. Whether days were billed is known to the callers."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date, datetime

from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.foundation import operation, scoping
from meterbook.kernel import zones
from meterbook.kernel.actor import Actor
from meterbook.metering import models
from meterbook.metering.operations import placing, virtual
from meterbook.sites import operations as site_operations
from meterbook.sites import values as site_values

BATCH = 1_000


class LanguageUnknown(ValueError):
    """Documents are not written in this language."""


@operation.operation
def set_zone_and_language(
    *,
    actor: Actor,
    at: datetime,
    meter_point: uuid.UUID,
    time_zone: str,
    language: str,
    from_day: date | None,
) -> models.MeterPoint:
    """This will give a meter point a time zone and a document language of its own; the same again changes nothing.

    :param time_zone: a name of the zone database; empty: that of the site
    :param language: empty: that of the account, the site or the organization
    :param from_day: the first day that is in the zone, as days were before; None: all days
    :raises MeterNotFound: when the organization has no such meter point
    :raises sites.operations.TimeZoneUnknown: when the zone database has no such name
    :raises LanguageUnknown: when documents are not written in it
    """
    if time_zone:
        site_operations.require_zone(time_zone)
    if language and language not in site_values.LANGUAGES:
        raise LanguageUnknown(_("Documents are not written in “%(language)s”.") % {"language": language})
    point = placing.held_point(meter_point)
    of_site = point.site.time_zone
    before = {"time_zone": point.time_zone, "language": point.language}
    after: dict[str, object] = {"time_zone": time_zone, "language": language}
    if before == after:
        return point
    was, becomes = point.time_zone or of_site, time_zone or of_site
    if was != becomes:
        former = zones.changed(zones.read(point.former_zones), before=was, after=becomes, day=from_day)
        point.former_zones = zones.written(former)
        after["from_day"] = from_day
    point.time_zone, point.language = time_zone, language
    point.save(update_fields=["time_zone", "language", "former_zones"])
    virtual.mark_points(organization_id=point.organization_id, meter_point_ids=[point.pk])
    audit_operations.record(
        actor=actor, at=at, action="metering:set_zone_and_language", subject=point, before=before, after=after
    )
    return point


@operation.operation
def keep_former_zones(*, changes: Mapping[int, tuple[str, str, date | None]]) -> None:
    """This will keep what past days of meter points were, while their zone becomes another; the caller audits.

    :param changes: by internal id: the zone before, the zone that comes, and its first day (None: from ever on)
    """
    points = list(
        models.MeterPoint.objects.filter(
            organization_id=scoping.current().organization_id, pk__in=list(changes)
        ).order_by("id")
    )
    for point in points:
        before, after, day = changes[point.pk]
        former = zones.changed(zones.read(point.former_zones), before=before, after=after, day=day)
        point.former_zones = zones.written(former)
    own = models.MeterPoint.objects.filter(organization_id=scoping.current().organization_id)
    own.bulk_update(points, ["former_zones"], batch_size=BATCH)
    virtual.mark_points(organization_id=scoping.current().organization_id, meter_point_ids=list(changes))
