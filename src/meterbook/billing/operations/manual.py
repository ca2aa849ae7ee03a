"""Bills of one account or unit with free begin and end: previewed without a trace, or planned as a run (M-080)."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import formats
from django.utils.translation import gettext as _

from meterbook.billing import models, values
from meterbook.billing.calculating import drafting, facts
from meterbook.billing.operations import collecting, planning, truing_up
from meterbook.billing.operations import periods as run_periods
from meterbook.customers import models as customer_models
from meterbook.foundation import operation, scoping
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from meterbook.kernel.period import Period
from meterbook.metering import models as metering_models
from meterbook.sites import models as site_models

LONGEST = timedelta(days=1_100)  # that one bill may cover


class PeriodImpossible(ValueError):
    """A bill begins before it ends, ends before now, and covers three years at most."""


class PartBilled(ValueError):
    """A part of the time is on a bill, or in an open run, already: `bill` or `run` names which."""

    def __init__(self, words: str, *, bill: uuid.UUID | None = None, run: uuid.UUID | None = None) -> None:
        super().__init__(words)
        self.bill, self.run = bill, run


class NobodyAsked(LookupError):
    """There is no such account or unit at a site of this organization."""


@dataclass(frozen=True)
class Wanted:
    """Whom a manual bill is for: an account, or whoever pays for the meters of a unit; between two instants."""

    start: datetime
    end: datetime
    account: uuid.UUID | None = None
    unit: uuid.UUID | None = None


@dataclass(frozen=True)
class Preview:
    """What a manual bill would be: contents by account as they would be stored, and why an account would be held."""

    contents: tuple[dict[str, Any], ...]
    held: tuple[tuple[str, tuple[dict[str, Any], ...]], ...]


@operation.operation
def plan_manual(*, actor: Actor, at: datetime, wanted: Wanted, due_days: int = values.DUE_DAYS) -> models.BillRun:
    """This will start a run for one account or unit over [start, end); it is reviewed and approved like any other.

    :raises NobodyAsked: when there is no such account or unit
    :raises PeriodImpossible: see there
    :raises PartBilled: when a bill or an open run has some of that time already, naming it
    :raises NobodyToBill: when nobody pays for a meter then
    """
    run = _create(actor, at, wanted, due_days)
    planning.record_plan(actor=actor, at=at, run=run)
    return run


@operation.operation
def preview_manual(*, actor: Actor, at: datetime, wanted: Wanted) -> Preview:
    """This will calculate what `plan_manual` would bill; nothing of it stays.

    :raises NobodyAsked: see `plan_manual`
    :raises PeriodImpossible: see `plan_manual`
    :raises PartBilled: see `plan_manual`
    :raises NobodyToBill: see `plan_manual`
    """
    with transaction.atomic():
        run = _create(actor, at, wanted, values.DUE_DAYS)
        planning.collect(run)
        members = models.RunMember.objects.filter(organization_id=run.organization_id, run=run).order_by("position")
        numbers = dict(members.values_list("account_id", "account__number"))
        made = drafting.Calculator(facts.run_of(run)).calculate(list(numbers))
        outcome, _settled = truing_up.settled(run, made)
        transaction.set_rollback(True)
    return Preview(
        contents=tuple(json.loads(outcome.contents[each].data) for each in numbers if each in outcome.contents),
        held=tuple((numbers[each], tuple(outcome.held[each])) for each in numbers if each in outcome.held),
    )


def _create(actor: Actor, at: datetime, wanted: Wanted, due_days: int) -> models.BillRun:
    site, terms = _asked(wanted)
    period = _period(wanted, at)
    zone = ZoneInfo(site.time_zone)
    run = planning.create(
        actor=actor,
        at=at,
        site=site,
        first_day=civil.local_date(period.start, zone),
        until_day=civil.local_date(period.end - timedelta.resolution, zone) + timedelta(days=1),
        due_days=due_days,
        more=planning.Terms(
            account_ids=terms.get("account_ids"), meter_point_ids=terms.get("meter_point_ids"), exact=period
        ),
    )
    _require_unbilled(run, period)
    if not collecting.postpaid(run, {each.account_id for each in collecting.wanted_shares(run)}):
        raise planning.NobodyToBill(_("Nobody pays for a meter there in this time: look at the contracts."))
    return run


def _asked(wanted: Wanted) -> tuple[site_models.Site, dict[str, list[int]]]:
    organization_id = scoping.current().organization_id
    if wanted.account is not None:
        accounts = customer_models.Account.objects.filter(organization_id=organization_id, public_id=wanted.account)
        account = accounts.select_related("site").first()
        if account is not None:
            return account.site, {"account_ids": [account.pk]}
    elif wanted.unit is not None:
        points = metering_models.MeterPoint.objects.filter(
            organization_id=organization_id, node__public_id=wanted.unit
        ).select_related("site")
        found = list(points.order_by("id"))
        if found:
            return found[0].site, {"meter_point_ids": [each.pk for each in found]}
    raise NobodyAsked(_("Choose an account, or a unit with a meter."))


def _period(wanted: Wanted, at: datetime) -> Period:
    if not wanted.start < wanted.end:
        raise PeriodImpossible(_("A bill begins before it ends."))
    if wanted.end > at:
        raise PeriodImpossible(_("The end must have passed: what was not used yet cannot be billed."))
    if wanted.end - wanted.start > LONGEST:
        raise PeriodImpossible(_("One bill covers three years at most."))
    return Period(wanted.start, wanted.end)


def _require_unbilled(run: models.BillRun, period: Period) -> None:
    """Of the same payer at the same meter: a share of a run that is open, or a bill."""
    paid = _who_pays(run, period)
    shares = models.RunShare.objects.filter(
        organization_id=run.organization_id,
        meter_point_id__in={point for _account, point in paid},
        during__overlap=(period.start, period.end),
    ).select_related("run")
    for share in shares.order_by("during", "id"):
        if (share.account_id, share.meter_point_id) not in paid:
            continue
        bill = models.Bill.objects.filter(
            organization_id=run.organization_id, run_id=share.run_id, account_id=share.account_id
        ).first()
        if bill is not None:
            words = _("A part of this time is on bill %(number)s already; begin after it, or end before it.")
            raise PartBilled(words % {"number": bill.number}, bill=bill.public_id)
        words = _("A part of this time is in the run of %(first)s to %(last)s, which is open: finish or cancel it.")
        raise PartBilled(words % _days(share.run), run=share.run.public_id)


def _who_pays(run: models.BillRun, period: Period) -> Collection[tuple[int, int]]:
    is_asked = run_periods.asked(run)
    found = run_periods.occupancy(run.site, run_periods.of_run(run), only=run_periods.points_of(run))
    return {
        (each.account_id, point_id)
        for point_id, shares in found.items()
        for each in shares
        if is_asked(each.account_id) and each.period.overlaps(period)
    }


def _days(run: models.BillRun) -> dict[str, str]:
    first: date = run.days.lower
    last: date = run.days.upper - timedelta(days=1)
    return {
        "first": formats.date_format(first, "SHORT_DATE_FORMAT"),
        "last": formats.date_format(last, "SHORT_DATE_FORMAT"),
    }
