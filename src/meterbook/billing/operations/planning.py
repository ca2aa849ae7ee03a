"""Plan and cancel runs, and collect who pays for what."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange, DateTimeTZRange
from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.billing import models, values
from meterbook.billing.calculating import bundling, facts
from meterbook.billing.operations import collecting, pools_settling
from meterbook.billing.operations import periods as run_periods
from meterbook.foundation import operation, queue, scoping
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from meterbook.kernel.period import Period
from meterbook.sites import models as site_models

ADVANCE = "billing.advance_run"


class PeriodNotOver(ValueError):
    """The days of a run must be over at the site, and at least one; wait, or end it earlier."""


class RunPresent(ValueError):
    """Another run of the site with some of these days, whose public id is `run`, is open; finish or cancel it first."""

    def __init__(self, words: str, run: uuid.UUID | None = None) -> None:
        super().__init__(words)
        self.run = run


class SiteNotFound(LookupError):
    """There is no such site in this organization."""


class RunNotFound(LookupError):
    """There is no such run in this organization."""


class NobodyToBill(ValueError):
    """No account pays for a meter point in these days, or another run billed them."""


class RunNotCancelable(ValueError):
    """A run can be canceled until it is approved."""


@dataclass(frozen=True)
class Terms:
    """Of a run that is not simply of a site: which accounts, meter points or services, by which calendar, free ends."""

    calendar_id: int | None = None
    account_ids: Collection[int] | None = None
    meter_point_ids: Collection[int] | None = None
    exact: Period | None = None
    needs_person: bool = False
    services: Collection[str] | None = None


@operation.operation
def plan_run(
    *,
    actor: Actor,
    at: datetime,
    site: site_models.Site | uuid.UUID,
    first_day: date,
    until_day: date,
    due_days: int = values.DUE_DAYS,
    more: Terms | None = None,
) -> models.BillRun:
    """This will start a run over the local days [first_day, until_day) of a site; jobs carry it on to REVIEW.

    Where accounts get a bill for each service, runs of the other services start beside it (M-091).

    A meter point in a time zone of its own is billed for these days as they are there (B-11).

    Time that another run billed is left out, so a later run takes what an earlier one left to it.

    :param site: the site, or its public id
    :param due_days: days from the bill's date to the due date
    :param more: which accounts, by which calendar
    :raises SiteNotFound: when the organization has no such site
    :raises PeriodNotOver: when the final day has not ended at the site, or at a meter point in another zone
    :raises RunPresent: when a run of these days is open
    :raises NobodyToBill: when nobody would get a bill
    :raises customers.queries.NoLandlord: when a unit is vacant and the site has no landlord's account
    """
    site = _site(site)
    zone = ZoneInfo(site.time_zone)
    if until_day <= first_day or civil.start_of_day(until_day, zone) > at:
        raise PeriodNotOver(_("The final day of a run must be over at the site; end it earlier."))
    periods = run_periods.of_site(site, first_day, until_day)
    for each, own in periods.items():
        if own.end > at:
            raise PeriodNotOver(
                _("The final day is not over in the zone of every meter: %(zone)s. Wait, or end the run earlier.")
                % {"zone": each.key}
            )
    if more is None or more.account_ids is None:
        run_periods.occupancy(site, periods)
    run = create(actor=actor, at=at, site=site, first_day=first_day, until_day=until_day, due_days=due_days, more=more)
    shares = collecting.payable_shares(run)
    _require_somebody(run, shares)
    record_plan(actor=actor, at=at, run=run)
    start_beside(actor=actor, at=at, run=run, shares=shares)
    return run


def start_beside(*, actor: Actor, at: datetime, run: models.BillRun, shares: Sequence[facts.Share]) -> None:
    """This will start runs of the services that a locked run leaves to others, for who is not in one of them (M-091).

    :param shares: all that accounts pay for in the days of the run, without the time that other runs have
    """
    open_ones = models.BillRun.objects.filter(
        organization_id=run.organization_id, site_id=run.site_id, days=run.days, services__isnull=False
    ).exclude(state__in=[each.value for each in values.FINAL_STATES])
    planned = list(open_ones.order_by("id").values_list("services", "account_ids"))
    for service, account_ids in bundling.others(run, shares).items():
        known = {each for services, ids in planned if service.value in (services or ()) for each in ids or ()}
        billed = collecting.postpaid(run, set(account_ids) - known)
        if billed:
            terms = Terms(
                calendar_id=run.calendar_id,
                account_ids=billed,
                meter_point_ids=run.meter_point_ids,
                exact=None if run.exact is None else Period(run.exact.lower, run.exact.upper),
                needs_person=run.needs_person,
                services=[service.value],
            )
            other = create(
                actor=actor,
                at=at,
                site=run.site,
                first_day=run.days.lower,
                until_day=run.days.upper,
                due_days=run.due_days,
                more=terms,
            )
            record_plan(actor=actor, at=at, run=other)


def create(
    *,
    actor: Actor,
    at: datetime,
    site: site_models.Site,
    first_day: date,
    until_day: date,
    due_days: int,
    more: Terms | None = None,
) -> models.BillRun:
    """This will make the row of a run; nothing carries it on yet.

    :raises RunPresent: when a run of these days is open
    """
    terms = more or Terms()
    exact = None if terms.exact is None else DateTimeTZRange(terms.exact.start, terms.exact.end, "[)")
    try:
        with transaction.atomic():
            return models.BillRun.objects.create(
                organization_id=scoping.current().organization_id,
                site=site,
                days=DateRange(first_day, until_day, "[)"),
                due_days=due_days,
                started_at=at,
                priced_on=civil.local_date(at, ZoneInfo(site.time_zone)),
                started_by_id=actor.id,
                started_by=actor.label,
                calendar_id=terms.calendar_id,
                account_ids=None if terms.account_ids is None else list(terms.account_ids),
                meter_point_ids=None if terms.meter_point_ids is None else list(terms.meter_point_ids),
                exact=exact,
                needs_person=terms.needs_person,
                services=None if terms.services is None else list(terms.services),
            )
    except IntegrityError as error:
        raise _present(site, first_day, until_day) from error


def record_plan(*, actor: Actor, at: datetime, run: models.BillRun) -> None:
    """This will note in the trail that a run was planned, and have jobs carry it on."""
    after: dict[str, object] = {"site": run.site.code, "first_day": run.days.lower, "until_day": run.days.upper}
    if run.exact is not None:
        after |= {"start": run.exact.lower, "end": run.exact.upper}
    if run.account_ids is not None:
        after["accounts"] = len(run.account_ids)
    if run.services is not None:
        after["services"] = run.services
    audit_operations.record(actor=actor, at=at, action="billing:plan_run", subject=run, before=None, after=after)
    defer_advance(run)


def _require_somebody(run: models.BillRun, shares: list[facts.Share]) -> None:
    if not collecting.postpaid(run, {each.account_id for each in shares}):
        words = _(
            "Nobody is to be billed: no account of %(site)s pays for a meter point in these days, "
            "or another run billed them."
        )
        raise NobodyToBill(words % {"site": run.site.name})


def _present(site: site_models.Site, first_day: date, until_day: date) -> RunPresent:
    found = (
        models.BillRun.objects.filter(
            organization_id=scoping.current().organization_id, site=site, days__overlap=DateRange(first_day, until_day)
        )
        .exclude(state__in=[each.value for each in values.FINAL_STATES])
        .first()
    )
    if found is None:  # it was closed in this very moment
        words = _("Another run of %(site)s with some of these days was open until now; try again.")
        return RunPresent(words % {"site": site.name})
    words = _(
        "Another run of %(site)s has some of these days, %(first)s to %(last)s, and is open: finish or cancel it."
    )
    facts = {"site": site.name, "first": found.days.lower, "last": found.days.upper - timedelta(days=1)}
    return RunPresent(words % facts, found.public_id)


@operation.operation
def cancel_run(*, actor: Actor, at: datetime, run: models.BillRun | uuid.UUID, reason: str) -> models.BillRun:
    """This will throw away a run's drafts and free its time for another one.

    :raises RunNotFound: when the organization has no such run
    :raises RunNotCancelable: once it is approved
    """
    locked = lock(run)
    before = locked.state
    cancelable = (
        values.RunState.PLANNED,
        values.RunState.COLLECTING,
        values.RunState.VALIDATING,
        values.RunState.CALCULATED,
        values.RunState.REVIEW,
    )
    if before not in cancelable:
        raise RunNotCancelable(_("A run can be canceled until it is approved."))
    models.BillDraft.objects.filter(organization_id=locked.organization_id, run=locked).delete()
    models.RunShare.objects.filter(organization_id=locked.organization_id, run=locked).delete()
    pools_settling.release(locked)
    move(locked, values.RunState.CANCELED)
    audit_operations.record(
        actor=actor,
        at=at,
        action="billing:cancel_run",
        subject=locked,
        before={"state": before},
        after={"state": locked.state},
        reason=reason,
    )
    return locked


@operation.operation
def carry_on(*, actor: Actor, at: datetime, run: models.BillRun | uuid.UUID) -> None:
    """This will have jobs take up a run again: harmless while others work on it, and helpful after a crash.

    :raises RunNotFound: when the organization has no such run
    """
    locked = lock(run)
    audit_operations.record(
        actor=actor, at=at, action="billing:carry_on", subject=locked, before=None, after={"state": locked.state}
    )
    defer_advance(locked)


def defer_advance(run: models.BillRun) -> None:
    """This will have jobs carry a run on after the commit."""
    for _worker in range(values.WORKERS):
        queue.defer(ADVANCE, organization_id=run.organization_id, run_id=str(run.public_id))


def lock(run: models.BillRun | uuid.UUID) -> models.BillRun:
    """This will return a run as it is now, locked until the transaction ends; rows that refer to it may be written.

    :raises RunNotFound: when the organization has no run of that public id
    """
    public_id = run if isinstance(run, uuid.UUID) else run.public_id
    runs = models.BillRun.objects.filter(organization_id=scoping.current().organization_id, public_id=public_id)
    found = runs.select_for_update(no_key=True, of=("self",)).select_related("site", "calendar").first()
    if found is None:
        raise RunNotFound(_("There is no such run."))
    return found


def move(run: models.BillRun, state: values.RunState, *fields: str) -> None:
    """This will set the state of a locked run."""
    run.state = state
    run.save(update_fields=["state", *fields])


def collect(run: models.BillRun) -> int:
    """This will store who pays for what in a locked run, and divide the accounts into chunks; it answers how many."""
    shares = collecting.wanted_shares(run)
    members = collecting.add_members(run, {each.account_id for each in shares} | pools_settling.settle(run))
    billed = set(members)
    collecting.store_shares(run, [each for each in shares if each.account_id in billed])
    return len(members)


def _site(given: site_models.Site | uuid.UUID) -> site_models.Site:
    if not isinstance(given, uuid.UUID):
        return given
    sites = site_models.Site.objects.filter(organization_id=scoping.current().organization_id, public_id=given)
    found = sites.first()
    if found is None:
        raise SiteNotFound(_("There is no such site."))
    return found
