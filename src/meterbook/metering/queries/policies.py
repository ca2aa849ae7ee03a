"""How gaps of a site are estimated, what was agreed and how warm it was. Needs a running scope."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q

from meterbook.foundation import scoping
from meterbook.metering import models
from meterbook.metering.estimating.degrees import DEFAULT_BASE, Follows
from meterbook.metering.estimating.inputs import DEFAULT_ORDER, Method
from meterbook.metering.estimating.limits import NO_LIMITS, Limits

MOST = 400


@dataclass(frozen=True)
class EstimatingRow:
    """How gaps are estimated: the methods in order, what last year's use follows, counted from tenths of a degree.

    `limits` are what rules allow. `version` 0: nobody has set anything. `is_own`: of the site itself, not of the
    organization.
    """

    methods: tuple[Method, ...] = DEFAULT_ORDER
    follows: Follows = Follows.NOTHING
    base_tenths: int = DEFAULT_BASE
    limits: Limits = NO_LIMITS
    version: int = 0
    is_own: bool = False
    set_by: str = ""
    set_at: datetime | None = None


@dataclass(frozen=True)
class MinimumRow:
    """What is to be used in a month at least from a day on, in the counted series' scale; None: nothing any more."""

    public_id: uuid.UUID
    from_date: date
    a_month: int | None
    set_by: str
    set_at: datetime


@dataclass(frozen=True)
class TemperatureRow:
    """The mean of a day in tenths of a degree Celsius."""

    day: date
    tenths: int


def estimating_policy(*, site_id: int | None) -> EstimatingRow:
    """This will return how gaps are estimated at a site, or (None) in the organization, in one query."""
    rows = models.EstimatingPolicy.objects.filter(
        Q(site_id=None) | Q(site_id=site_id), organization_id=scoping.current().organization_id
    ).order_by("version")
    latest = {each.site_id: each for each in rows}
    found = latest.get(site_id) or latest.get(None)
    if found is None:
        return EstimatingRow()
    return EstimatingRow(
        methods=tuple(Method(each) for each in found.methods if each in set(Method)),
        follows=Follows(found.degree_days),
        base_tenths=found.base_tenths,
        limits=Limits(found.most_months, found.percent, found.only_defective),
        version=found.version,
        is_own=found.site_id == site_id,
        set_by=found.set_by,
        set_at=found.set_at,
    )


def estimating_order(*, site_id: int | None) -> tuple[Method, ...]:
    """This will return the order in which methods are tried at a site, or (None) in the organization, in one query."""
    return estimating_policy(site_id=site_id).methods


def list_minimums(*, meter_point: uuid.UUID) -> list[MinimumRow]:
    """This will return the minimums that were agreed for a meter point, the latest day first."""
    rows = models.MinimumUse.objects.filter(
        organization_id=scoping.current().organization_id, meter_point__public_id=meter_point
    )
    return [
        MinimumRow(each.public_id, each.from_date, each.a_month, each.set_by, each.set_at)
        for each in rows.order_by("-from_date", "id")[:MOST]
    ]


def list_temperatures(*, site_id: int, limit: int = MOST) -> list[TemperatureRow]:
    """This will return the temperatures of a site, the latest days first."""
    rows = models.DayTemperature.objects.filter(organization_id=scoping.current().organization_id, site_id=site_id)
    listed = rows.order_by("-day").values_list("day", "tenths")[:limit]
    return [TemperatureRow(day, tenths) for day, tenths in listed]


def temperatures_of(*, site_id: int, days: Collection[date]) -> dict[date, int]:
    """This will return the temperatures that are known of days, in tenths of a degree Celsius."""
    rows = models.DayTemperature.objects.filter(
        organization_id=scoping.current().organization_id, site_id=site_id, day__in=list(days)
    )
    return dict(rows.values_list("day", "tenths"))
