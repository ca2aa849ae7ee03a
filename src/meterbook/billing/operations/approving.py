"""What people decide about a run: check again, leave an account out or take it in again, approve."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from meterbook.audit import operations as audit_operations
from meterbook.billing import models, permissions, values
from meterbook.billing import queries as billing_queries
from meterbook.billing.calculating import facts, staleness
from meterbook.billing.operations import collecting, planning, pools_settling, replanning
from meterbook.foundation import operation
from meterbook.identity import two_people
from meterbook.identity.values import TwoPeople
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from meterbook.kernel.period import Period

NAMED = 10  # accounts of a refusal; the others are counted
OUTDATED = gettext_noop("Contracts were changed after the run collected them; check again, and look at the bills.")


class NotInReview(ValueError):
    """This can be done while a run is for review."""


class HeldRemain(ValueError):
    """Accounts are held: put right what is wrong and check again, or leave them out of this run."""


class NothingToIssue(ValueError):
    """The run has no bill to issue; cancel it."""


class DraftsStale(ValueError):
    """Readings, tariffs or what is printed changed after drafts were calculated; check again, then approve."""


class RunOutdated(ValueError):
    """Contracts were changed after the run collected them; check again."""


class SecondPersonNeeded(PermissionError):
    """Who started a run does not approve it while somebody else can."""


class NotByItself(PermissionError):
    """A person approves this run: it has no calendar that does, or was left to a person."""


class MemberNotFound(LookupError):
    """The account has no part in the run, or was left out already."""


class NothingLeft(ValueError):
    """An account that was left out has no days left in this run: another run billed them, or its contract is gone."""


@dataclass(frozen=True)
class CheckedAgain:
    """A run that is checked again, and what planning it anew changed."""

    run: models.BillRun
    planned: replanning.Planned


@operation.operation
def check_again(
    *, actor: Actor, at: datetime, run: models.BillRun | uuid.UUID, is_everything: bool = False
) -> CheckedAgain:
    """This will plan a run anew, check held accounts again and draft those that are sound now.

    Accounts that have come in since are taken in, those gone go out, and drafts that are stale are made anew. Who was
    left out stays so.

    :param is_everything: the drafts of all others are thrown away and made again as well
    :raises NotInReview: in another state
    :raises RunOutdated: when another run took some of the time in this very moment
    :raises customers.queries.NoLandlord: when a unit is vacant and the site has no landlord's account
    """
    locked = _in_review(run)
    locked.priced_on = _today(locked, at)
    drafts = models.BillDraft.objects.filter(organization_id=locked.organization_id, run=locked)
    if not is_everything:
        drafts = drafts.filter(account_id__in=staleness.stale_accounts(locked))
    try:
        planned = replanning.replan(actor=actor, at=at, run=locked)
    except IntegrityError as error:
        raise RunOutdated(_(OUTDATED)) from error
    again = list(drafts.order_by("position").values_list("account_id", flat=True))
    drafts.delete()
    members = models.RunMember.objects.filter(
        Q(state__in=[values.MemberState.HELD, values.MemberState.COLLECTED])
        | Q(account_id__in=again, state=values.MemberState.DRAFTED),
        organization_id=locked.organization_id,
        run=locked,
    )
    chunks = set(members.values_list("chunk", flat=True))
    members.update(state=values.MemberState.COLLECTED, reasons=[])
    _check_chunks(locked, chunks)
    audit_operations.record(
        actor=actor,
        at=at,
        action="billing:check_again",
        subject=locked,
        before={"state": values.RunState.REVIEW},
        after={
            "state": locked.state,
            "is_everything": is_everything,
            "made_anew": len(again),
            **{name: list(own) for name, own in vars(planned).items() if own},
        },
    )
    planning.defer_advance(locked)
    return CheckedAgain(locked, planned)


@operation.operation
def exclude_accounts(
    *, actor: Actor, at: datetime, run: models.BillRun | uuid.UUID, account_ids: Iterable[int], reason: str
) -> models.BillRun:
    """This will leave accounts to a later run of the same days.

    :raises NotInReview: in another state
    :raises MemberNotFound: when one has no part in the run, or was left out already
    """
    locked = _in_review(run)
    wanted = set(account_ids)
    members = models.RunMember.objects.filter(
        organization_id=locked.organization_id,
        run=locked,
        account_id__in=wanted,
        state__in=[values.MemberState.HELD, values.MemberState.DRAFTED],
    )
    numbers = sorted(members.values_list("account__number", flat=True))
    if len(numbers) != len(wanted):
        raise MemberNotFound(_("An account has no part in the run, or was left out already."))
    for model in (models.BillDraft, models.RunShare):
        model.objects.filter(organization_id=locked.organization_id, run=locked, account_id__in=wanted).delete()
    pools_settling.leave(locked, wanted)
    members.update(state=values.MemberState.EXCLUDED, decided_by=actor.label)
    audit_operations.record(
        actor=actor,
        at=at,
        action="billing:exclude_accounts",
        subject=locked,
        before=None,
        after={"accounts": numbers},
        reason=reason,
    )
    return locked


@operation.operation
def include_accounts(
    *, actor: Actor, at: datetime, run: models.BillRun | uuid.UUID, account_ids: Iterable[int]
) -> models.BillRun:
    """This will take accounts that were left out into the run again; jobs check and draft them.

    They pay for what contracts say now, without the time that another run billed meanwhile.

    :raises NotInReview: in another state
    :raises MemberNotFound: when one was not left out of the run
    :raises NothingLeft: when nothing of the days is left to one
    :raises RunOutdated: when what one pays for now, another account of the run pays for
    """
    locked = _in_review(run)
    wanted = set(account_ids)
    members = models.RunMember.objects.filter(
        organization_id=locked.organization_id,
        run=locked,
        account_id__in=wanted,
        state=values.MemberState.EXCLUDED,
    )
    numbers = dict(members.order_by("position").values_list("account_id", "account__number"))
    if len(numbers) != len(wanted):
        raise MemberNotFound(_("An account was not left out of the run."))
    shares = [each for each in collecting.wanted_shares(locked) if each.account_id in wanted]
    some = {each.account_id for each in shares} | pools_settling.take(locked, wanted)
    without = [number for account_id, number in numbers.items() if account_id not in some]
    if without:
        raise NothingLeft(
            _("Nothing of these days is left for %(accounts)s: another run billed them, or the contract was changed.")
            % {"accounts": ", ".join(without)}
        )
    try:
        with transaction.atomic():
            collecting.store_shares(locked, shares)
    except IntegrityError as error:
        raise RunOutdated(_(OUTDATED)) from error
    chunks = set(members.values_list("chunk", flat=True))
    members.update(state=values.MemberState.COLLECTED, reasons=[], decided_by="")
    _check_chunks(locked, chunks)
    audit_operations.record(
        actor=actor,
        at=at,
        action="billing:include_accounts",
        subject=locked,
        before=None,
        after={"accounts": sorted(numbers.values())},
    )
    planning.defer_advance(locked)
    return locked


@operation.operation
def approve_run(*, actor: Actor, at: datetime, run: models.BillRun | uuid.UUID) -> models.BillRun:
    """This will approve all drafts of a run; jobs issue them with the date of `at` at the site.

    Who started it may approve it only when nobody else has the right, or the organization lets one person do both; the
    run is then marked "approved alone".

    :raises NotInReview: in another state
    :raises HeldRemain: while accounts need a decision
    :raises NothingToIssue: without a draft
    :raises RunOutdated: when contracts differ from what was collected
    :raises DraftsStale: when readings, tariffs or what is printed changed after drafts were calculated
    :raises SecondPersonNeeded: when another person can approve it
    """
    locked = _in_review(run)
    _require_sound(locked, at)
    is_alone = actor.id == locked.started_by_id
    if is_alone and two_people.is_needed(TwoPeople.RUN) and _others_can(locked, actor, at):
        raise SecondPersonNeeded(_("You started this run; another person with the right to approve must do so."))
    return _approve(actor, at, locked, is_alone=is_alone)


@operation.operation
def approve_by_calendar(*, actor: Actor, at: datetime, run: models.BillRun | uuid.UUID) -> models.BillRun:
    """This will approve a run whose calendar says so; whether the bills are within tolerance, the caller has seen.

    :raises NotInReview: in another state
    :raises NotByItself: when a person must do it
    :raises HeldRemain: see `approve_run`
    :raises NothingToIssue: see `approve_run`
    :raises RunOutdated: see `approve_run`
    :raises DraftsStale: see `approve_run`
    """
    locked = _in_review(run)
    if locked.needs_person or locked.calendar is None or not locked.calendar.is_auto_approved:
        raise NotByItself(_("A person approves this run."))
    _require_sound(locked, at)
    return _approve(actor, at, locked, is_alone=False)


def exact_of(run: models.BillRun) -> Period | None:
    """This will return the free ends of a manual run."""
    return None if run.exact is None else Period(run.exact.lower, run.exact.upper)


def _approve(actor: Actor, at: datetime, locked: models.BillRun, *, is_alone: bool) -> models.BillRun:
    locked.approved_at, locked.approved_by_id, locked.approved_by = at, actor.id, actor.label
    locked.is_approved_alone = is_alone
    locked.bill_date = _today(locked, at)
    locked.due_date = locked.bill_date + timedelta(days=locked.due_days)
    planning.move(
        locked,
        values.RunState.APPROVED,
        "approved_at",
        "approved_by_id",
        "approved_by",
        "is_approved_alone",
        "bill_date",
        "due_date",
    )
    audit_operations.record(
        actor=actor,
        at=at,
        action="billing:approve_run",
        subject=locked,
        before={"state": values.RunState.REVIEW},
        after={
            "state": locked.state,
            "is_approved_alone": is_alone,
            "bill_date": locked.bill_date,
            **_past_calibration(locked),
        },
    )
    planning.defer_advance(locked)
    return locked


def _past_calibration(run: models.BillRun) -> dict[str, list[str]]:
    """The meters of which the run warned, for the trail: a test that is noted later tells another story."""
    found = billing_queries.uncalibrated_of_run(run_public_id=run.public_id)
    serials = sorted({each.serial_number for each in found})
    return {"past_calibration": serials} if serials else {}


def _in_review(run: models.BillRun | uuid.UUID) -> models.BillRun:
    locked = planning.lock(run)
    if locked.state != values.RunState.REVIEW:
        raise NotInReview(_("This can be done while the run is for review; wait for it, or reload the page."))
    return locked


def _check_chunks(run: models.BillRun, chunks: set[int]) -> None:
    """Back to checking: jobs take up these chunks again."""
    run.save(update_fields=["priced_on"])
    models.RunChunk.objects.filter(organization_id=run.organization_id, run=run, number__in=chunks).update(
        is_done=False
    )
    planning.move(run, values.RunState.VALIDATING)


def _today(run: models.BillRun, at: datetime) -> date:
    return civil.local_date(at, ZoneInfo(run.site.time_zone))


def _require_sound(run: models.BillRun, at: datetime) -> None:
    run.bill_date = _today(run, at)  # taxes of the invoice date must be those of the drafts
    members = models.RunMember.objects.filter(organization_id=run.organization_id, run=run)
    held = members.filter(state=values.MemberState.HELD).count()
    if held:
        raise HeldRemain(
            _("%(count)d accounts are held: put right what is wrong and check again, or leave them out.")
            % {"count": held}
        )
    if not members.filter(state=values.MemberState.DRAFTED).exists():
        raise NothingToIssue(_("The run has no bill to issue; cancel it."))
    excluded = set(members.filter(state=values.MemberState.EXCLUDED).values_list("account_id", flat=True))
    wanted = collecting.wanted_shares(run)
    billed = set(members.values_list("account_id", flat=True))
    now = {_figures(each) for each in wanted if each.account_id in billed - excluded}
    strangers = {each.account_id for each in wanted} - billed
    if now != _collected(run) or collecting.postpaid(run, strangers):
        raise RunOutdated(_(OUTDATED))
    _require_fresh(run)


def _require_fresh(run: models.BillRun) -> None:
    stale = staleness.stale_accounts(run)
    if not stale:
        return
    named = models.RunMember.objects.filter(organization_id=run.organization_id, run=run, account_id__in=stale[:NAMED])
    numbers = list(named.order_by("position").values_list("account__number", flat=True))
    words = ngettext(
        "Readings, a tariff or the customer's data changed after %(count)d bill was calculated (%(accounts)s). "
        "Check again, look at the new amount, and approve then.",
        "Readings, tariffs or customers' data changed after %(count)d bills were calculated (%(accounts)s). "
        "Check again, look at the new amounts, and approve then.",
        len(stale),
    )
    more = ["…"] if len(stale) > NAMED else []
    raise DraftsStale(words % {"count": len(stale), "accounts": ", ".join([*numbers, *more])})


def _figures(share: facts.Share) -> tuple[object, ...]:
    return (share.account_id, share.meter_point_id, share.contract_id, share.tariff_id, share.period)


def _collected(run: models.BillRun) -> set[tuple[object, ...]]:
    return {_figures(each) for each in facts.shares_of(run)}


def _others_can(run: models.BillRun, actor: Actor, at: datetime) -> bool:
    return two_people.others_can(actor=actor, at=at, permission=permissions.APPROVE_RUN, site_id=run.site_id)
