"""What of billing waits for a person: runs to review or issue, held accounts, months that nobody billed."""

from __future__ import annotations

import functools
import operator
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Q

from meterbook.billing import models, values
from meterbook.customers import models as customer_models
from meterbook.foundation import scoping
from meterbook.kernel import civil
from meterbook.kernel.period import Period

OPEN_STATES = (values.RunState.REVIEW, values.RunState.APPROVED)


@dataclass(frozen=True)
class WaitingRun:
    """A run that goes on only when a person decides; `since` is when it was started or approved."""

    public_id: uuid.UUID
    site_name: str
    first_day: date
    state: values.RunState
    accounts: int
    held: int
    drafted: int
    since: datetime


@dataclass(frozen=True)
class UnbilledMonth:
    """A month that is over, in which contracts ran at a site and which no run covers."""

    site_public_id: uuid.UUID
    site_name: str
    first_day: date
    accounts: int


def waiting_runs(*, site_ids: Collection[int] | None = None, limit: int = 5) -> list[WaitingRun]:
    """This will return the runs in review or approved, the oldest month first, in two queries.

    :param site_ids: only those sites; None means all of the organization
    """
    runs = models.BillRun.objects.filter(
        organization_id__in=scoping.current().organizations, state__in=OPEN_STATES
    ).select_related("site")
    if site_ids is not None:
        runs = runs.filter(site_id__in=site_ids)
    found = list(runs.order_by("days", "id")[:limit])
    if not found:
        return []
    counts: dict[int, dict[str, int]] = {each.pk: {} for each in found}
    members = models.RunMember.objects.filter(
        organization_id__in=scoping.current().organizations, run_id__in=list(counts)
    )
    for run_id, state, count in members.order_by().values_list("run_id", "state").annotate(count=Count("id")):
        counts[run_id][state] = count
    return [
        WaitingRun(
            public_id=run.public_id,
            site_name=run.site.name,
            first_day=run.days.lower,
            state=values.RunState(run.state),
            accounts=sum(counts[run.pk].values()),
            held=counts[run.pk].get(values.MemberState.HELD, 0),
            drafted=counts[run.pk].get(values.MemberState.DRAFTED, 0),
            since=run.approved_at or run.started_at,
        )
        for run in found
    ]


def unbilled_months(*, months: Mapping[int, tuple[date, Period]]) -> list[UnbilledMonth]:
    """This will return which sites' months have contracts but no run, in two queries.

    :param months: by site id, the first day of the month asked about and its period at the site
    """
    if not months:
        return []
    organizations = scoping.current().organizations
    # A bill by hand is no month.
    runs = models.BillRun.objects.filter(organization_id__in=organizations, site_id__in=months, exact=None).exclude(
        state=values.RunState.CANCELED
    )
    earliest = min(day for day, _period in months.values())
    billed = [
        (site_id, days)
        for site_id, days in runs.filter(days__endswith__gt=earliest).order_by("id").values_list("site_id", "days")
    ]
    unbilled = {
        site_id: (day, period)
        for site_id, (day, period) in months.items()
        if not any(site == site_id and days.lower < civil.next_month(day) and days.upper > day for site, days in billed)
    }
    if not unbilled:
        return []
    ran = functools.reduce(
        operator.or_,
        (
            Q(account__site_id=site_id, during__overlap=(period.start, period.end))
            for site_id, (_day, period) in unbilled.items()
        ),
    )
    counted = (
        customer_models.Contract.objects.filter(ran, organization_id__in=organizations)
        .order_by("account__site_id")
        .values_list("account__site_id", "account__site__public_id", "account__site__name")
        .annotate(accounts=Count("account_id", distinct=True))
    )
    return [
        UnbilledMonth(public_id, name, unbilled[site_id][0], accounts) for site_id, public_id, name, accounts in counted
    ]
