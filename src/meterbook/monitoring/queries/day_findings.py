"""What was found about days of meters and waits to be settled. Needs a running scope."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from meterbook.foundation import scoping
from meterbook.metering.checking.days import CheckKind
from meterbook.monitoring import models

MOST = 200


@dataclass(frozen=True)
class DayFindingRow:
    """Days of a meter point that can hardly be right; `facts` are the numbers of `last_day`."""

    public_id: uuid.UUID
    meter_point: uuid.UUID
    point_code: str
    point_name: str
    site_id: int
    kind: CheckKind
    first_day: date
    last_day: date
    facts: Mapping[str, Any]
    found_at: datetime


def list_day_findings(*, site_ids: Collection[int] | None, meter_point: uuid.UUID | None = None) -> list[DayFindingRow]:
    """This will return what is open, the latest days first, at most 200, in one query.

    :param site_ids: only at these sites; None is everywhere
    """
    rows = models.DayFinding.objects.filter(organization_id=scoping.current().organization_id, settled_at=None)
    if site_ids is not None:
        rows = rows.filter(meter_point__site_id__in=list(site_ids))
    if meter_point is not None:
        rows = rows.filter(meter_point__public_id=meter_point)
    found = rows.select_related("meter_point").order_by("-last_day", "meter_point__sort_code", "id")[:MOST]
    return [
        DayFindingRow(
            public_id=each.public_id,
            meter_point=each.meter_point.public_id,
            point_code=each.meter_point.code,
            point_name=each.meter_point.name,
            site_id=each.meter_point.site_id,
            kind=CheckKind(each.kind),
            first_day=each.first_day,
            last_day=each.last_day,
            facts=each.facts,
            found_at=each.found_at,
        )
        for each in found
    ]


def site_of_day_finding(*, finding: uuid.UUID) -> int | None:
    """This will return the site of the meter that a finding is about; None where there is no such finding."""
    rows = models.DayFinding.objects.filter(organization_id=scoping.current().organization_id, public_id=finding)
    return rows.values_list("meter_point__site_id", flat=True).first()
