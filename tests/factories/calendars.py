"""Billing calendars, and what the jobs do for them at an instant."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from meterbook.billing import cycles, models, operations, values
from meterbook.customers import models as customer_models
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.journeys import keeping_calendars
from meterbook.kernel.actor import Actor
from meterbook.metering import models as metering_models
from tests.factories import billing, sites

ACTOR = Actor.system("factory")
WEEKLY = cycles.Cycle.WEEKLY


def calendar(
    place: billing.Place,
    *,
    starts_on: date,
    at: datetime = billing.LONG_AGO,
    name: str = "Monthly",
    accounts: Collection[customer_models.Account] | None = None,
    **more: Any,  # noqa: ANN401
) -> models.BillingCalendar:
    """This will make a calendar of a place; outside a scope.

    :param more: see `operations.CalendarTerms`
    """
    with scoping.scope([place.organization.pk], actor=ACTOR):
        return operations.create_calendar(
            actor=ACTOR,
            at=at,
            site=place.site.public_id,
            terms=operations.CalendarTerms(name=name, starts_on=starts_on, **more),
            accounts=None if accounts is None else [each.public_id for each in accounts],
        )


def calendar_of(organization: identity_models.Organization) -> uuid.UUID:
    """This will make a calendar in an organization; outside a scope."""
    site = sites.site(organization=organization)
    terms = operations.CalendarTerms(name="Monthly", starts_on=date(2100, 1, 1))
    with scoping.scope([organization.pk], actor=ACTOR):
        made = operations.create_calendar(actor=ACTOR, at=billing.LONG_AGO, site=site.public_id, terms=terms)
    return made.public_id


def begun(place: billing.Place, account: customer_models.Account, run: models.BillRun) -> models.BillingCalendar:
    """This will make a group's calendar that began with a period, with an account that waits and a settled bill.

    :param run: one with bills, whose period it was
    """
    made = calendar(place, starts_on=date(2100, 1, 1), name="Weekly", accounts=[account])
    own = {"organization_id": place.organization.pk}
    with scoping.scope([place.organization.pk], actor=ACTOR):
        models.CalendarPeriod.objects.create(
            **own,
            calendar=made,
            days=run.days,
            due_at=run.started_at,
            tried_at=run.started_at,
            run=run,
            state="STARTED",
        )
        models.WaitingAccount.objects.create(
            **own,
            run=run,
            account=account,
            why=values.AsideReason.PERSON.value,
            until_at=run.started_at,
            put_aside_at=run.started_at,
            put_aside_by="factory",
            is_settled=True,
        )
        bill = models.Bill.objects.filter(**own, run=run).order_by("id")[0]
        draft = models.BillDraft.objects.filter(**own).exclude(run=run).order_by("id")[0]
        models.TrueUp.objects.create(**own, draft=draft, bill=bill, account=account, net=0)
    return made


def tick(organization: identity_models.Organization, at: datetime) -> None:
    """This will do what the jobs do from one instant on until nothing is left to do; outside a scope."""
    before: object = None
    billing.derive(organization.pk)
    while (now := _standing(organization)) != before:
        before = now
        keeping_calendars.keep(organization_id=organization.pk, actor=ACTOR, at=at)
        for run in runs(organization):
            operations.advance_run(organization_id=organization.pk, actor=ACTOR, at=at, run_id=run.public_id)
        billing.derive(organization.pk)


def runs(organization: identity_models.Organization) -> list[models.BillRun]:
    """This will return all runs, the oldest first; outside a scope."""
    with scoping.scope([organization.pk], actor=ACTOR):
        return list(models.BillRun.objects.filter(organization_id=organization.pk).order_by("id"))


def bills(organization: identity_models.Organization) -> dict[str, list[str]]:
    """This will return the numbers of the bills of each account, in their order; outside a scope."""
    with scoping.scope([organization.pk], actor=ACTOR):
        rows = models.Bill.objects.filter(organization_id=organization.pk).order_by("id")
        found: dict[str, list[str]] = {}
        for account, number in rows.values_list("account__number", "number"):
            found.setdefault(account, []).append(number)
        return found


def _standing(organization: identity_models.Organization) -> object:
    with scoping.scope([organization.pk], actor=ACTOR):
        own = {"organization_id": organization.pk}
        runs = models.BillRun.objects.filter(**own).order_by("id")
        members = models.RunMember.objects.filter(**own).order_by("id")
        waiting = models.WaitingAccount.objects.filter(**own, is_settled=False)
        return (
            list(runs.values_list("state", "needs_person")),
            list(members.values_list("state", flat=True)),
            waiting.count(),
            metering_models.Correction.objects.filter(**own).count(),
            models.CalendarPeriod.objects.filter(**own).exclude(state=values.PeriodState.WAITS.value).count(),
        )
