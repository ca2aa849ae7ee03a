"""Decide about a bill that would come out differently: keep it, or propose, approve and reject its correction."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.billing import models, permissions
from meterbook.billing import queries as billing_queries
from meterbook.billing.correcting import limits
from meterbook.billing.correction_values import CorrectionState, Mode, Outcome
from meterbook.billing.operations import chaining, crediting, disputing, recalculating, recomputing
from meterbook.billing.queries import amounts
from meterbook.billing.queries import corrections as correction_queries
from meterbook.foundation import operation, scoping
from meterbook.identity import two_people
from meterbook.identity.values import TwoPeople
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from meterbook.kernel.money import Money


class NothingToCorrect(ValueError):
    """The bill would come out the same."""


class BillCredited(ValueError):
    """The bill was credited already; look at the bill that replaces it."""


class BillSettled(ValueError):
    """A later bill settled the estimates of this one; correct that one."""


class NotCalculable(ValueError):
    """The bill cannot be calculated now: readings are missing or not worked out, or a tariff is not there."""


class UnderChargeTooOld(ValueError):
    """More would be asked for than before, for days that are older than the limit of back-billing."""


class CorrectionPresent(ValueError):
    """A correction of this bill waits for approval already."""


class CorrectionNotFound(LookupError):
    """There is no such correction in this organization."""


class CorrectionDecided(ValueError):
    """The correction was decided already."""


class SecondPersonNeeded(PermissionError):
    """Who proposed a correction does not approve it while somebody else can."""


@dataclass(frozen=True)
class Look:
    """A bill beside what it would be now. `plain` is what is kept of the comparison; `now` None: it is not known.

    `cut_before` is the day before which nothing more may be asked for; `is_cut`: that holds for this bill.
    """

    outcome: Outcome
    before: Money
    now: Money | None
    plain: Mapping[str, Any]
    cut_before: date | None
    is_cut: bool


def look(*, bill: uuid.UUID, at: datetime) -> Look:
    """This will calculate a bill from what is known now; nothing changes.

    :raises meterbook.billing.queries.BillNotFound: when the organization has no such bill
    :raises BillCredited: when it was credited
    """
    found = _standing(bill)
    (result,) = recomputing.compute([found], Mode.CORRECT).values()
    cut, currency = cut_before(found, at), found.draft.currency
    return Look(
        outcome=result.outcome,
        before=amounts.money(found.draft.total, currency),
        now=None if result.total is None else amounts.money(result.total, currency),
        plain=recalculating.plain(result),
        cut_before=cut,
        is_cut=_is_cut(found, result, cut),
    )


@operation.operation
def keep_bill(*, actor: Actor, at: datetime, bill: uuid.UUID, reason: str) -> models.Correction:
    """This will note that a bill stays as it is, and why.

    :raises meterbook.billing.queries.BillNotFound: when the organization has no such bill
    :raises BillCredited: when it was credited
    """
    found = _standing(bill)
    (result,) = recomputing.compute([found], Mode.CORRECT).values()
    made = _note(found, result, CorrectionState.KEPT, actor=actor, at=at, reason=reason)
    made.decided_at, made.decided_by = at, actor.label
    made.save(update_fields=["decided_at", "decided_by"])
    _record(actor, at, "billing:keep_bill", made, None, reason=reason)
    return made


@operation.operation
def propose_correction(*, actor: Actor, at: datetime, bill: uuid.UUID, reason: str) -> models.Correction:
    """This will propose to credit a bill and to bill anew what is known now; a second person approves it.

    :raises meterbook.billing.queries.BillNotFound: when the organization has no such bill
    :raises BillCredited: when it was credited
    :raises BillSettled: when a later bill settled its estimates
    :raises NotCalculable: when it is not known what it should be
    :raises NothingToCorrect: when it would come out the same
    :raises UnderChargeTooOld: when more would be asked for, for days older than the limit
    :raises CorrectionPresent: when one waits for approval
    :raises meterbook.billing.operations.chaining.EarlierFirst: when an earlier bill that it goes on from waits
    """
    found = _standing(bill)
    chaining.require_order(found)
    (result,) = recomputing.compute([found], Mode.CORRECT).values()
    _require_worth(found, result, at)
    try:
        with transaction.atomic():
            made = _note(found, result, CorrectionState.PROPOSED, actor=actor, at=at, reason=reason)
    except IntegrityError as error:
        raise CorrectionPresent(_("A correction of this bill waits for approval already.")) from error
    _record(actor, at, "billing:propose_correction", made, None, reason=reason)
    return made


@operation.operation
def approve_correction(*, actor: Actor, at: datetime, correction: uuid.UUID) -> models.CreditNote:
    """This will credit the bill and issue the new one, in one transaction.

    :raises CorrectionNotFound: when the organization has none of that public id
    :raises CorrectionDecided: when it was approved or rejected
    :raises CorrectionOutdated: when the new bill would be another one than was proposed
    :raises SecondPersonNeeded: when another person can approve it
    :raises meterbook.billing.operations.chaining.EarlierFirst: see `propose_correction`
    """
    locked = _open(correction)
    bill = _standing(locked.bill.public_id)
    chaining.require_order(bill)
    is_alone = actor.id == locked.proposed_by_id
    if is_alone and needs_another(actor=actor, at=at, site_id=bill.run.site_id):
        raise SecondPersonNeeded(
            _("You proposed this correction; another person with the right to approve must do so.")
        )
    (result,) = recomputing.compute([bill], Mode.CORRECT).values()
    if (result.made.digest if result.made else "") != locked.digest or result.total != locked.total_now:
        raise crediting.CorrectionOutdated(_(crediting.OUTDATED))
    locked.state, locked.decided_at, locked.decided_by = CorrectionState.ISSUED, at, actor.label
    locked.is_decided_alone = is_alone
    locked.save(update_fields=["state", "decided_at", "decided_by", "is_decided_alone"])
    note = crediting.credit(actor=actor, at=at, correction=locked, bill=bill, result=result)
    disputing.settle(actor=actor, at=at, correction=locked)
    after = {
        "credit_note": note.number,
        "replacement": None if note.replacement is None else note.replacement.number,
        "is_decided_alone": is_alone,
    }
    _record(actor, at, "billing:approve_correction", locked, CorrectionState.PROPOSED, **after)
    return note


@operation.operation
def reject_correction(*, actor: Actor, at: datetime, correction: uuid.UUID, reason: str) -> models.Correction:
    """This will leave the bill as it is.

    :raises CorrectionNotFound: when the organization has none of that public id
    :raises CorrectionDecided: when it was approved or rejected
    """
    locked = _open(correction)
    locked.state, locked.decided_at, locked.decided_by = CorrectionState.REJECTED, at, actor.label
    locked.save(update_fields=["state", "decided_at", "decided_by"])
    _record(actor, at, "billing:reject_correction", locked, CorrectionState.PROPOSED, reason=reason)
    return locked


def needs_another(*, actor: Actor, at: datetime, site_id: int) -> bool:
    """This will tell whether somebody else than who proposed it must and can approve a correction."""
    return two_people.is_needed(TwoPeople.RUN) and two_people.others_can(
        actor=actor, at=at, permission=permissions.APPROVE_RUN, site_id=site_id
    )


def _require_worth(bill: models.Bill, result: recomputing.Result, at: datetime) -> None:
    if models.TrueUp.objects.filter(
        organization_id=bill.organization_id, bill=bill, draft__bill__isnull=False
    ).exists():
        raise BillSettled(_("A later bill settled the estimates of this one. Correct that one."))
    if result.outcome is Outcome.HELD:
        raise NotCalculable(
            _("What this bill should be is not known: readings are missing or not worked out, or a tariff.")
        )
    if result.outcome is Outcome.SAME or result.total is None:
        raise NothingToCorrect(
            _("Calculated from what is known now, this bill comes out the same. There is nothing to correct.")
        )
    cut = cut_before(bill, at)
    if _is_cut(bill, result, cut):
        raise UnderChargeTooOld(
            _("%(more)s %(currency)s more would be asked for days before %(day)s: that is older than may be billed.")
            % {"more": result.total - bill.draft.total, "currency": bill.draft.currency, "day": cut}
        )


def _is_cut(bill: models.Bill, result: recomputing.Result, cut: date | None) -> bool:
    is_more = result.total is not None and result.total > bill.draft.total
    return is_more and cut is not None and bill.run.days.upper <= cut


def cut_before(bill: models.Bill, at: datetime) -> date | None:
    """This will return the day before which nothing more is asked for; None: there is no limit."""
    months = correction_queries.correction_rules().back_billing_months
    if months is None:
        return None
    return limits.months_before(civil.local_date(at, ZoneInfo(bill.run.site.time_zone)), months)


def _note(
    bill: models.Bill,
    result: recomputing.Result,
    state: CorrectionState,
    *,
    actor: Actor,
    at: datetime,
    reason: str,
) -> models.Correction:
    return models.Correction.objects.create(
        organization_id=bill.organization_id,
        bill=bill,
        account_id=bill.account_id,
        state=state,
        reason=reason,
        currency=bill.draft.currency,
        total_before=bill.draft.total,
        total_now=result.total if result.total is None else Decimal(result.total),
        digest="" if result.made is None else result.made.digest,
        differences=recalculating.plain(result),
        proposed_at=at,
        proposed_by=actor.label,
        proposed_by_id=actor.id,
    )


def _standing(public_id: uuid.UUID) -> models.Bill:
    """An issued bill that was not credited, with all that is needed to calculate it."""
    bills = models.Bill.objects.filter(organization_id=scoping.current().organization_id, public_id=public_id)
    found = bills.select_related("draft", "run__site", "account", "credit_note").first()
    if found is None:
        raise billing_queries.BillNotFound(_("There is no such bill."))
    if getattr(found, "credit_note", None) is not None:
        raise BillCredited(_("This bill was credited already. Look at the one that replaces it."))
    return found


def _open(public_id: uuid.UUID) -> models.Correction:
    rows = models.Correction.objects.filter(organization_id=scoping.current().organization_id, public_id=public_id)
    found = rows.select_for_update(of=("self",)).select_related("bill").first()
    if found is None:
        raise CorrectionNotFound(_("There is no such correction."))
    if found.state != CorrectionState.PROPOSED:
        raise CorrectionDecided(_("This correction was decided already."))
    return found


def _record(
    actor: Actor, at: datetime, action: str, made: models.Correction, before: CorrectionState | None, **after: object
) -> None:
    reason = str(after.pop("reason", ""))
    facts = {"bill": made.bill.number, "before": made.total_before, "now": made.total_now, "state": made.state, **after}
    audit_operations.record(
        actor=actor,
        at=at,
        action=action,
        subject=made,
        before=None if before is None else {"state": before},
        after=facts,
        reason=reason,
    )
