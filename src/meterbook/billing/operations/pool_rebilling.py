"""Bill all members of a closed sheet again (B-64): looked at first, proposed by one person, carried out by another.

A further sheet takes the place of the one that is closed; the bills of its members are credited and made anew by the
same code as any correction, all of them in one transaction or none.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.billing import models
from meterbook.billing.correction_values import CorrectionState, Outcome
from meterbook.billing.operations import (
    correcting,
    crediting,
    disputing,
    pool_swapping,
    recalculating,
    recomputing,
)
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor

PROPOSED, DONE, REJECTED = "PROPOSED", "DONE", "REJECTED"


class RebillPresent(ValueError):
    """Somebody proposed to bill these members again already; approve or reject that."""


class RebillNotFound(LookupError):
    """There is no such proposal in this organization."""


class RebillDecided(ValueError):
    """The proposal was approved or rejected already."""


class RebillOutdated(ValueError):
    """The bills would be others than were proposed; reject it, and propose it again."""


class RebillNeedsAnother(PermissionError):
    """Who proposed it does not approve it while somebody else can."""


@operation.operation
def propose_rebill(*, actor: Actor, at: datetime, sheet: uuid.UUID, reason: str) -> models.PoolRebill:
    """This will propose to bill all members of a closed sheet again.

    :raises pool_swapping.SheetNotFound: when there is none
    :raises pool_swapping.NothingToRebill: see there
    :raises pool_swapping.RebillBlocked: when a bill cannot be made again
    :raises RebillPresent: when it is proposed already
    """
    seen = pool_swapping.look(sheet=sheet, at=at)
    _require_possible(seen)
    found = pool_swapping.find_sheet(sheet)
    try:
        with transaction.atomic():
            made = models.PoolRebill.objects.create(
                organization_id=found.organization_id,
                sheet=found,
                site_id=found.site_id,
                state=PROPOSED,
                reason=reason,
                digest=seen.digest,
                plan=[_plain(each) for each in seen.members],
                proposed_at=at,
                proposed_by=actor.label,
                proposed_by_id=actor.id,
            )
    except IntegrityError as error:
        raise RebillPresent(_("To bill these members again is proposed already.")) from error
    _record(actor, at, "billing:propose_pool_rebill", made, None)
    return made


@operation.operation
def approve_rebill(*, actor: Actor, at: datetime, rebill: uuid.UUID) -> models.PoolSheet:
    """This will put a further sheet in the place of the closed one, credit the bills of its members and issue new ones.

    :raises RebillNotFound: when the organization has no such proposal
    :raises RebillDecided: when it was decided
    :raises RebillNeedsAnother: when another person can approve it
    :raises RebillOutdated: when it would come out differently now
    :raises pool_swapping.RebillBlocked: when a bill cannot be made again
    """
    locked = _open(rebill)
    is_alone = actor.id == locked.proposed_by_id
    if is_alone and correcting.needs_another(actor=actor, at=at, site_id=locked.site_id):
        raise RebillNeedsAnother(_("You proposed it; another person with the right to approve must do so."))
    found = pool_swapping.find_sheet(locked.sheet.public_id)
    made = pool_swapping.differing(found)
    swapped = pool_swapping.swap(found, made)
    effects = [pool_swapping.effect(each, swapped.results[each.pk], at) for each in swapped.bills]
    if made.digest != locked.digest or [_plain(each) for each in effects] != locked.plan:
        raise RebillOutdated(_("The bills would be others than were proposed. Reject it, and propose it again."))
    locked.state, locked.decided_at, locked.decided_by, locked.is_decided_alone = DONE, at, actor.label, is_alone
    locked.save(update_fields=["state", "decided_at", "decided_by", "is_decided_alone"])
    notes = [
        _credit(actor, at, locked, each, swapped.results[each.pk])
        for each in swapped.bills
        if swapped.results[each.pk].outcome is not Outcome.SAME
    ]
    _record(actor, at, "billing:approve_pool_rebill", locked, PROPOSED, credit_notes=[each.number for each in notes])
    return swapped.sheet


@operation.operation
def reject_rebill(*, actor: Actor, at: datetime, rebill: uuid.UUID, reason: str) -> models.PoolRebill:
    """This will leave the sheet and its bills as they are.

    :raises RebillNotFound: see `approve_rebill`
    :raises RebillDecided: see `approve_rebill`
    """
    locked = _open(rebill)
    locked.state, locked.decided_at, locked.decided_by = REJECTED, at, actor.label
    locked.save(update_fields=["state", "decided_at", "decided_by"])
    _record(actor, at, "billing:reject_pool_rebill", locked, PROPOSED, reason=reason)
    return locked


def _credit(
    actor: Actor, at: datetime, rebill: models.PoolRebill, bill: models.Bill, result: recomputing.Result
) -> models.CreditNote:
    correction = models.Correction.objects.create(
        organization_id=bill.organization_id,
        bill=bill,
        account_id=bill.account_id,
        state=CorrectionState.ISSUED,
        reason=rebill.reason,
        currency=bill.draft.currency,
        total_before=bill.draft.total,
        total_now=result.total,
        digest="" if result.made is None else result.made.digest,
        differences=recalculating.plain(result),
        proposed_at=rebill.proposed_at,
        proposed_by=rebill.proposed_by,
        proposed_by_id=rebill.proposed_by_id,
        decided_at=at,
        decided_by=actor.label,
        is_decided_alone=rebill.is_decided_alone,
    )
    note = crediting.credit(actor=actor, at=at, correction=correction, bill=bill, result=result)
    disputing.settle(actor=actor, at=at, correction=correction)
    return note


def _require_possible(seen: pool_swapping.BothWays) -> None:
    if seen.trouble:
        raise pool_swapping.RebillBlocked(seen.trouble)
    wrong = [each for each in seen.members if each.trouble]
    if wrong:
        words = _("Bill %(bill)s of %(name)s cannot be made again: %(trouble)s. Carry the difference instead.")
        raise pool_swapping.RebillBlocked(
            words % {"bill": wrong[0].bill, "name": wrong[0].name, "trouble": wrong[0].trouble}
        )


def _plain(effect: pool_swapping.MemberEffect) -> dict[str, Any]:
    return {
        "account": effect.account,
        "name": effect.name,
        "bill": effect.bill,
        "bill_id": effect.bill_id,
        "before": None if effect.before is None else f"{effect.before:f}",
        "now": None if effect.now is None else f"{effect.now:f}",
        "trouble": effect.trouble,
    }


def _open(public_id: uuid.UUID) -> models.PoolRebill:
    rows = models.PoolRebill.objects.filter(organization_id=scoping.current().organization_id, public_id=public_id)
    found = rows.select_for_update(of=("self",)).select_related("sheet").first()
    if found is None:
        raise RebillNotFound(_("There is no such proposal."))
    if found.state != PROPOSED:
        raise RebillDecided(_("This proposal was decided already."))
    return found


def _record(
    actor: Actor, at: datetime, action: str, made: models.PoolRebill, before: str | None, **after: object
) -> None:
    reason = str(after.pop("reason", made.reason))
    facts = {"sheet": str(made.sheet.public_id), "state": made.state, "bills": len(made.plan), **after}
    audit_operations.record(
        actor=actor,
        at=at,
        action=action,
        subject=made,
        before=None if before is None else {"state": before},
        after=facts,
        reason=reason,
    )
