"""The mall's bill runs: three months issued, and the latest one for somebody to look at and approve."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from meterbook.billing import models as billing_models
from meterbook.billing import operations as billing_operations
from meterbook.foundation import scoping
from meterbook.kernel import civil
from meterbook.sites import models as site_models
from meterbook_lab import demo_people
from meterbook_lab.harbor import shapes
from meterbook_lab.harbor.calendar import Calendar

ISSUED = 3  # runs before the latest one
PLANNED_AFTER, APPROVED_AFTER = timedelta(days=1, hours=9), timedelta(days=2, hours=10)


def bill(
    organization_id: int, site: site_models.Site, people: demo_people.Actors, calendar: Calendar, at: datetime
) -> None:
    """This will bill the months as they were over: a clerk plans, another person approves all but the latest.

    Outside a scope; everything must be derived.
    """
    clerk, approver = people[demo_people.CLERK], people[demo_people.APPROVER]
    months = calendar.first_days[-2 - ISSUED : -1]
    for first_day in months:
        until_day = civil.next_month(first_day)
        over_at = civil.start_of_day(until_day, shapes.ZONE)
        is_latest = first_day == months[-1]
        planned_at = min(over_at + PLANNED_AFTER, at) if is_latest else over_at + PLANNED_AFTER
        with scoping.scope([organization_id], actor=clerk):
            run = billing_operations.plan_run(
                actor=clerk, at=planned_at, site=site, first_day=first_day, until_day=until_day
            )
        _advance(organization_id, run, planned_at)
        if not is_latest:
            with scoping.scope([organization_id], actor=approver):
                billing_operations.approve_run(actor=approver, at=over_at + APPROVED_AFTER, run=run)
            _advance(organization_id, run, over_at + APPROVED_AFTER)


def billed_months(calendar: Calendar) -> tuple[date, ...]:
    """This will return the first days of the months that are issued, the earliest first."""
    return calendar.first_days[-2 - ISSUED : -2]


def _advance(organization_id: int, run: billing_models.BillRun, at: datetime) -> None:
    """At once, in this process; the jobs that were deferred find nothing left to do."""
    billing_operations.advance_run(
        organization_id=organization_id, actor=demo_people.ACTOR, at=at, run_id=run.public_id
    )
