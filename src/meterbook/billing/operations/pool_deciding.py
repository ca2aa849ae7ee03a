"""Decide about a shared cost that holds its members: bill them now without it, and divide it with a later run."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.billing import models, values
from meterbook.billing.calculating import pool_standing
from meterbook.billing.operations import approving, planning, pools
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor


class PoolNotWaiting(ValueError):
    """The run does not wait for this shared cost, or was not told to leave it to a later one; reload the page."""


@operation.operation
def put_pool_off(*, actor: Actor, at: datetime, run: uuid.UUID, pool: uuid.UUID, reason: str) -> models.BillRun:
    """This will have a run bill without a shared cost that waits, and without those that it gives to or takes from.

    The days are left to the next run of the site that divides shared costs; bills name the cost.

    :raises NotInReview: in another state
    :raises PoolNotFound: when there is no such shared cost
    :raises PoolNotWaiting: when no sheet of the run waits for it
    :raises RunOutdated: see `approving.check_again`
    :raises customers.queries.NoLandlord: see `approving.check_again`
    """
    _find(pool)
    locked = _in_review(run)
    waiting = models.PoolSheet.objects.filter(
        organization_id=locked.organization_id, run=locked, is_put_off=False, digest="", pool__public_id=pool
    )
    found = waiting.select_related("pool").first()
    if found is None:
        raise PoolNotWaiting(_("The run does not wait for this shared cost any more."))
    together = pool_standing.joined(locked, found.pool)
    said = {"reason": reason, "by": actor.label}
    before = dict(locked.put_off or {})
    locked.put_off = before | {str(each.public_id): said for each in together}
    locked.save(update_fields=["put_off"])
    codes = [each.code for each in together]
    return _again(locked, actor, at, "billing:put_pool_off", {"pools": codes}, reason)


@operation.operation
def take_pool_up(*, actor: Actor, at: datetime, run: uuid.UUID, pool: uuid.UUID) -> models.BillRun:
    """This will have a run divide a shared cost after all, with those that it gives to or takes from.

    :raises NotInReview: in another state
    :raises PoolNotFound: when there is no such shared cost
    :raises PoolNotWaiting: when the run was not told to leave it out
    :raises RunOutdated: see `approving.check_again`
    :raises customers.queries.NoLandlord: see `approving.check_again`
    """
    found = _find(pool)
    locked = _in_review(run)
    kept = dict(locked.put_off or {})
    if str(pool) not in kept:
        raise PoolNotWaiting(_("The run was not told to leave this shared cost to a later one."))
    together = pool_standing.joined(locked, found)
    for each in together:
        kept.pop(str(each.public_id), None)
    locked.put_off = kept or None
    locked.save(update_fields=["put_off"])
    codes = [each.code for each in together]
    return _again(locked, actor, at, "billing:take_pool_up", {"pools": codes}, "")


def _find(pool: uuid.UUID) -> models.Pool:
    found = models.Pool.objects.filter(organization_id=scoping.current().organization_id, public_id=pool).first()
    if found is None:
        raise pools.PoolNotFound(_("There is no such shared cost."))
    return found


def _in_review(run: uuid.UUID) -> models.BillRun:
    locked = planning.lock(run)
    if locked.state != values.RunState.REVIEW:
        raise approving.NotInReview(_("This can be done while the run is for review; wait for it, or reload the page."))
    return locked


def _again(
    run: models.BillRun, actor: Actor, at: datetime, action: str, after: dict[str, list[str]], reason: str
) -> models.BillRun:
    audit_operations.record(actor=actor, at=at, action=action, subject=run, before=None, after=after, reason=reason)
    return approving.check_again(actor=actor, at=at, run=run).run
