"""Sums of what a run's list shows, and what its accounts were billed for the same days a year before."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Sum

from meterbook.billing import models
from meterbook.billing.queries import members
from meterbook.billing.queries.amounts import money
from meterbook.billing.queries.runs import find_run
from meterbook.foundation import scoping
from meterbook.kernel.money import Money

SUMS = (
    "SELECT count(*), coalesce(sum(p.total), 0), coalesce(sum(d.total), 0), coalesce(sum(d.net), 0),"
    " coalesce(sum(p.total) FILTER (WHERE d.total IS NOT NULL), 0),"
    " coalesce(sum(d.total) FILTER (WHERE p.total IS NOT NULL), 0)"
)
FEBRUARY, LEAP_DAY = 2, 29


@dataclass(frozen=True)
class ListTotals:
    """Of all accounts that a narrowing finds, on every page of the list.

    `then` and `again` are of those alone that have both a bill before and a draft: like with like.
    """

    count: int
    before: Money
    total: Money
    net: Money
    then: Money
    again: Money


def members_totals(*, run_public_id: uuid.UUID, narrowing: members.Narrowing) -> ListTotals:
    """This will sum the accounts of a run that match, in two queries.

    :raises meterbook.billing.queries.runs.RunNotFound: when it is not there or belongs to another organization
    """
    run = find_run(run_public_id)
    before, _days = members.runs_before(run)
    source = (
        f"{members.MEMBERS}{members.NAMED}{members.DRAFTED}{members.compared_with(before)}"
        f"{members.OWN}{members.where_of(narrowing)}"
    )
    facts = members.facts_of(run, before) | members.narrowed(narrowing)
    count, *amounts = next(iter(members.read(f"{SUMS} {source}", facts)))
    return ListTotals(count, *(money(Decimal(each), run.site.currency) for each in amounts))


def year_before(*, run_public_id: uuid.UUID, account_ids: Sequence[int]) -> dict[int, Money]:
    """This will return what accounts were billed for the days of a run a year before; without those that were not.

    :raises meterbook.billing.queries.runs.RunNotFound: see `members_totals`
    """
    run = find_run(run_public_id)
    days = DateRange(_year_ago(run.days.lower), _year_ago(run.days.upper), "[)")
    drafts = models.BillDraft.objects.filter(
        organization_id=scoping.current().organization_id,
        run__site_id=run.site_id,
        run__state__in=members.ISSUED_STATES,
        run__days__contained_by=days,
        account_id__in=list(account_ids),
        bill__credit_note__isnull=True,  # what came instead is counted
    )
    sums = drafts.order_by().values_list("account_id").annotate(total=Sum("total"))
    return {account_id: money(total, run.site.currency) for account_id, total in sums}


def _year_ago(day: date) -> date:
    is_leap_day = (day.month, day.day) == (FEBRUARY, LEAP_DAY)
    return day.replace(year=day.year - 1, day=LEAP_DAY - 1) if is_leap_day else day.replace(year=day.year - 1)
