"""Reads of runs and of the accounts in them."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Count, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from meterbook.billing import models, values
from meterbook.billing.queries.amounts import money
from meterbook.billing.queries.reasons import Reason
from meterbook.customers import models as customer_models
from meterbook.customers.values import AccountMode
from meterbook.foundation import scoping
from meterbook.kernel.money import Money
from meterbook.kernel.period import Period
from meterbook.metering.values import Service


@dataclass(frozen=True)
class RunCounts:
    """Accounts of a run by state."""

    collected: int
    held: int
    excluded: int
    drafted: int
    issued: int

    @property
    def accounts(self) -> int:
        """All of them."""
        return self.collected + self.held + self.excluded + self.drafted + self.issued


@dataclass(frozen=True)
class RunRow:
    """A run of a site over the local days [first_day, until_day).

    `exact` are the free ends of a bill made by hand; `is_for_some`: not of all accounts; `services`: of these alone,
    for accounts that get a bill for each (empty: of all).
    """

    id: int
    public_id: uuid.UUID
    site_public_id: uuid.UUID
    site_code: str
    site_name: str
    currency: str
    zone: str
    first_day: date
    until_day: date
    state: values.RunState
    counts: RunCounts
    started_at: datetime
    started_by: str
    started_by_id: int | None
    approved_at: datetime | None
    approved_by: str
    is_approved_alone: bool
    bill_date: date | None
    due_date: date | None
    closed_at: datetime | None
    calendar_id: uuid.UUID | None = None
    calendar_name: str = ""
    exact: Period | None = None
    is_for_some: bool = False
    services: tuple[Service, ...] = ()
    needs_person: bool = False


@dataclass(frozen=True)
class MemberRow:
    """An account in a run; the amounts are None without a draft, the number without a bill."""

    account_id: int
    account_public_id: uuid.UUID
    account_number: str
    customer_name: str
    position: int
    state: values.MemberState
    reasons: tuple[Reason, ...]
    decided_by: str
    bill_public_id: uuid.UUID | None
    number: str | None
    net: Money | None
    total: Money | None
    is_estimated: bool
    is_apportioned: bool
    is_vacancy: bool
    is_internal: bool = False  # a cost center


@dataclass(frozen=True)
class RunDetail:
    """A run with the sums of its drafts."""

    run: RunRow
    net: Money
    total: Money
    estimated: int
    vacancies: int


@dataclass(frozen=True)
class MemberPage:
    """A page of the accounts of a run, and how many there are in all."""

    rows: tuple[MemberRow, ...]
    count: int


@dataclass(frozen=True)
class Expected:
    """What contracts say about a period: accounts that pay, and meter points they pay for."""

    accounts: int
    meter_points: int


class RunNotFound(LookupError):
    """There is no such run in this organization."""


def list_runs(*, site_id: int | None = None, without_sites: Collection[int] = (), limit: int = 100) -> list[RunRow]:
    """This will return runs, the newest first."""
    runs = _runs().filter(is_correction=False).exclude(site_id__in=without_sites)
    if site_id is not None:
        runs = runs.filter(site_id=site_id)
    found = list(runs.order_by("-started_at", "-id")[:limit])
    return _run_rows(found)


def site_id_of_run(*, public_id: uuid.UUID) -> int | None:
    """This will return the internal id of the site that a run bills; None for an unknown run."""
    return _runs().filter(public_id=public_id).values_list("site_id", flat=True).first()


def runs_after(
    *, after_id: int, limit: int, site_id: int | None = None, without_sites: Collection[int] = ()
) -> list[RunRow]:
    """This will return runs in the order in which they were started, those behind an id; for programs."""
    runs = _runs().filter(pk__gt=after_id, is_correction=False).exclude(site_id__in=without_sites)
    if site_id is not None:
        runs = runs.filter(site_id=site_id)
    return _run_rows(list(runs.order_by("pk")[:limit]))


def find_run_row(*, public_id: uuid.UUID) -> RunRow:
    """This will return one run without sums, in two queries.

    :raises RunNotFound: see `get_run`
    """
    (row,) = _run_rows([find_run(public_id)])
    return row


def has_runs() -> bool:
    """This will tell whether there is any run."""
    return _runs().exists()


def get_run(*, public_id: uuid.UUID) -> RunDetail:
    """This will return one run.

    :raises RunNotFound: when it is not there or belongs to another organization
    """
    run = find_run(public_id)
    (row,) = _run_rows([run])
    drafts = models.BillDraft.objects.filter(organization_id__in=scoping.current().organizations, run=run)
    sums = drafts.aggregate(
        net=Sum("net"),
        total=Sum("total"),
        estimated=Count("id", filter=Q(is_estimated=True)),
        vacancies=Count("id", filter=Q(is_vacancy=True)),
    )
    return RunDetail(
        run=row,
        net=money(sums["net"] or Decimal(0), row.currency),
        total=money(sums["total"] or Decimal(0), row.currency),
        estimated=sums["estimated"],
        vacancies=sums["vacancies"],
    )


def run_bills(
    *,
    run_public_id: uuid.UUID,
    states: Sequence[values.MemberState] = (),
    search: str = "",
    offset: int = 0,
    limit: int = 50,
    after_position: int = 0,
) -> MemberPage:
    """This will return a page of a run's accounts in the order of their bills, in four queries.

    :param after_position: only those behind this position: pages that nothing shifts
    :raises RunNotFound: see `get_run`
    """
    run = find_run(run_public_id)
    members = _members(run)
    if states:
        members = members.filter(state__in=states)
    if search:
        members = members.filter(Q(account__number__icontains=search) | Q(account__customer__name__icontains=search))
    page = members.filter(position__gt=after_position).order_by("position")[offset : offset + limit]
    return MemberPage(tuple(_member_rows(run, list(page))), members.count())


def members_of(*, run_public_id: uuid.UUID, accounts: Collection[uuid.UUID]) -> dict[uuid.UUID, int]:
    """This will return the internal ids of accounts that have a part in a run; others are left out.

    :raises RunNotFound: see `get_run`
    """
    members = _members(find_run(run_public_id)).filter(account__public_id__in=accounts)
    return dict(members.order_by("position").values_list("account__public_id", "account_id"))


def expected(*, site_public_id: uuid.UUID, period: Period) -> Expected:
    """This will count the accounts and meter points that contracts name at a site in a period."""
    contracts = customer_models.Contract.objects.filter(
        organization_id__in=scoping.current().organizations,
        account__site__public_id=site_public_id,
        during__overlap=(period.start, period.end),
    )
    counted = contracts.aggregate(
        accounts=Count("account_id", distinct=True), meter_points=Count("meter_point_id", distinct=True)
    )
    return Expected(counted["accounts"], counted["meter_points"])


def _runs() -> QuerySet[models.BillRun]:
    runs = models.BillRun.objects.filter(organization_id__in=scoping.current().organizations)
    return runs.select_related("site", "calendar")


def find_run(public_id: uuid.UUID) -> models.BillRun:
    """This will return the run itself, for the other queries of billing.

    :raises RunNotFound: see `get_run`
    """
    found = _runs().filter(public_id=public_id).first()
    if found is None:
        raise RunNotFound(_("There is no such run."))
    return found


def _members(run: models.BillRun) -> QuerySet[models.RunMember]:
    members = models.RunMember.objects.filter(organization_id__in=scoping.current().organizations, run=run)
    return members.select_related("account__customer")


def _run_rows(runs: Sequence[models.BillRun]) -> list[RunRow]:
    counted: dict[int, dict[str, int]] = {each.pk: {} for each in runs}
    members = models.RunMember.objects.filter(
        organization_id__in=scoping.current().organizations, run_id__in=list(counted)
    )
    for run_id, state, count in (
        members.values_list("run_id", "state").annotate(count=Count("id")).order_by("run_id", "state")
    ):
        counted[run_id][state] = count
    return [_run_row(each, counted[each.pk]) for each in runs]


def _run_row(run: models.BillRun, counted: dict[str, int]) -> RunRow:
    return RunRow(
        id=run.pk,
        public_id=run.public_id,
        site_public_id=run.site.public_id,
        site_code=run.site.code,
        site_name=run.site.name,
        currency=run.site.currency,
        zone=run.site.time_zone,
        first_day=run.days.lower,
        until_day=run.days.upper,
        state=values.RunState(run.state),
        counts=RunCounts(
            **{each.value.lower(): counted.get(each.value, 0) for each in values.MemberState},
        ),
        started_at=run.started_at,
        started_by=run.started_by,
        started_by_id=run.started_by_id,
        approved_at=run.approved_at,
        approved_by=run.approved_by,
        is_approved_alone=run.is_approved_alone,
        bill_date=run.bill_date,
        due_date=run.due_date,
        closed_at=run.closed_at,
        calendar_id=None if run.calendar is None else run.calendar.public_id,
        calendar_name="" if run.calendar is None else run.calendar.name,
        exact=None if run.exact is None else Period(run.exact.lower, run.exact.upper),
        is_for_some=run.account_ids is not None or run.meter_point_ids is not None,
        needs_person=run.needs_person,
        services=tuple(map(Service, run.services or ())),
    )


def _member_rows(run: models.BillRun, members: Sequence[models.RunMember]) -> list[MemberRow]:
    drafts = models.BillDraft.objects.filter(
        organization_id__in=scoping.current().organizations,
        run=run,
        position__in=[each.position for each in members],
    )
    found = {each.account_id: each for each in drafts.select_related("bill").defer("content", "postings")}
    return [_member_row(each, found.get(each.account_id)) for each in members]


def _member_row(member: models.RunMember, draft: models.BillDraft | None) -> MemberRow:
    bill = None if draft is None else getattr(draft, "bill", None)
    return MemberRow(
        account_id=member.account_id,
        account_public_id=member.account.public_id,
        account_number=member.account.number,
        customer_name=member.account.customer.name,
        position=member.position,
        state=values.MemberState(member.state),
        reasons=Reason.read(member.reasons),
        decided_by=member.decided_by,
        bill_public_id=None if draft is None else draft.public_id,
        number=None if bill is None else bill.number,
        net=None if draft is None else money(draft.net, draft.currency),
        total=None if draft is None else money(draft.total, draft.currency),
        is_estimated=draft is not None and draft.is_estimated,
        is_apportioned=draft is not None and draft.is_apportioned,
        is_vacancy=draft is not None and draft.is_vacancy,
        is_internal=member.account.mode == AccountMode.INTERNAL,
    )
