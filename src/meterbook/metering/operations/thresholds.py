"""Set from when on days are told as ones that can hardly be right (B-18); days that are over are checked again."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from meterbook.audit import operations as audit_operations
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor
from meterbook.metering import models, values
from meterbook.metering.checking import thresholds
from meterbook.metering.deriving import late

CHECKED_AGAIN = 7  # days that are over, when a threshold changes
SERIES_A_ROW = 200
_EPOCH = date(1970, 1, 1)


@operation.operation
def set_thresholds(*, actor: Actor, at: datetime, site_id: int | None, service: str, given: Mapping[str, str]) -> int:
    """This will set thresholds of checks for a site and service (None and "": for all) as a new version.

    The last seven days of the meters that it holds for are checked again. The same again changes nothing.

    :param given: decimal text by name; what is not named follows the wider setting
    :return: the version that holds
    :raises thresholds.ThresholdInvalid: for a name that there is not, or a number outside of its bounds
    """
    after = thresholds.check(given)
    organization_id = scoping.current().organization_id
    own: dict[str, Any] = {"site_id": site_id, "service": service}
    rows = models.CheckingPolicy.objects.filter(organization_id=organization_id, **own)
    found = rows.order_by("-version").first()
    before = dict(found.thresholds) if found else {}
    version = found.version if found else 0
    if before == after:
        return version
    made = models.CheckingPolicy.objects.create(
        organization_id=organization_id, **own, version=version + 1, thresholds=after, set_by=actor.label, set_at=at
    )
    audit_operations.record(
        actor=actor,
        at=at,
        action="metering:set_thresholds",
        subject=made,
        before={"thresholds": before},
        after={"service": service, "thresholds": after, "version": made.version},
    )
    _check_again(site_id, service, at)
    return made.version


def _check_again(site_id: int | None, service: str, at: datetime) -> None:
    organization_id = scoping.current().organization_id
    rows = models.Series.objects.filter(organization_id=organization_id, code__in=set(values.COUNTED_SERIES.values()))
    if site_id is not None:
        rows = rows.filter(meter_point__site_id=site_id)
    if service:
        rows = rows.filter(meter_point__service=service)
    today = (at.date() - _EPOCH) // timedelta(days=1)
    days = range(today - CHECKED_AGAIN, today + 1)
    ids = list(rows.order_by("id").values_list("pk", flat=True))
    made = []
    for begin in range(0, len(ids), SERIES_A_ROW):
        pairs = itertools.product(ids[begin : begin + SERIES_A_ROW], days)
        series, packed = late.packed(np.array(list(pairs), np.int64))
        made.append(models.UncheckedDays(organization_id=organization_id, series=series, days=packed, changed_at=at))
    models.UncheckedDays.objects.bulk_create(made)
