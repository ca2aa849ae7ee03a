"""Divide the pools of a run's site, keep the sheets, and say which run bills which share."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Q

from meterbook.billing import models, values
from meterbook.billing.calculating import facts, pool_sheets, pool_standing
from meterbook.billing.operations import collecting
from meterbook.billing.operations import periods as run_periods
from meterbook.billing.values import RunState

# Sheets of these runs stay as they are: what one of their bills left out, another run takes.
KEPT = (RunState.APPROVED, RunState.ISSUING, RunState.DELIVERED, RunState.CLOSED)
_BATCH = 2_000


def settle(run: models.BillRun) -> set[int]:
    """This will divide the pools of a locked run's site and say what it bills; it answers the accounts concerned.

    A run of single accounts, with free ends or after a credit note divides nothing. Days that another run divided are
    left out, and the shares that nobody billed yet are taken.
    """
    if run.is_correction or run.services is not None:  # of an account with several bills one bears them
        return set()
    if pool_standing.divides(run):
        for made in pool_sheets.make(facts.run_of(run), pool_standing.wanted(run), put_off=run.put_off or {}):
            store(run, made)
    take(run)
    return pool_standing.concerned(run)


def settle_again(run: models.BillRun) -> set[int]:
    """This will divide anew what would come out differently now; it answers the accounts before and after."""
    changed = pool_standing.differing(run)
    if not changed:
        return set()
    before = pool_standing.concerned(run)
    release(run)
    now = settle(run)
    _add_members(run, now)
    return before | now


def take(run: models.BillRun, account_ids: Iterable[int] | None = None) -> set[int]:
    """This will have a run bill the shares of its own sheets, and of earlier ones that nobody bills yet.

    It answers whose shares it took.

    :param account_ids: of these accounts alone; without them of all that were not left out
    """
    is_asked = run_periods.asked(run)
    shares = models.PoolShare.objects.filter(
        Q(sheet__run=run) | Q(sheet__run__state__in=[each.value for each in KEPT]),
        organization_id=run.organization_id,
        sheet__site_id=run.site_id,
        sheet__days__endswith__lte=run.days.upper,
        sheet__is_replaced=False,
        charge=None,
    )
    if account_ids is None:
        members = models.RunMember.objects.filter(organization_id=run.organization_id, run=run)
        out = members.filter(state=values.MemberState.EXCLUDED)
        shares = shares.exclude(account_id__in=out.values("account_id"))
    else:
        shares = shares.filter(account_id__in=list(account_ids))
    made = models.PoolCharge.objects.bulk_create(
        [
            models.PoolCharge(organization_id=run.organization_id, share_id=pk, run=run, account_id=account_id)
            for pk, account_id in shares.order_by("id").values_list("id", "account_id")
            if is_asked(account_id)
        ],
        batch_size=_BATCH,
    )
    return {each.account_id for each in made}


def leave(run: models.BillRun, account_ids: Iterable[int]) -> None:
    """This will leave what accounts bear to another run."""
    charges = models.PoolCharge.objects.filter(organization_id=run.organization_id, run=run)
    charges.filter(account_id__in=list(account_ids)).delete()


def release(run: models.BillRun) -> None:
    """This will throw away the sheets of a run that is not approved, and all that it bills of shared costs."""
    models.PoolCharge.objects.filter(organization_id=run.organization_id, run=run).delete()
    models.PoolShare.objects.filter(organization_id=run.organization_id, sheet__run=run).delete()
    models.PoolSheet.objects.filter(organization_id=run.organization_id, run=run).delete()


def store(run: models.BillRun, made: pool_sheets.Made, *, replaces: models.PoolSheet | None = None) -> models.PoolSheet:
    """This will keep a sheet of a run and its shares."""
    sheet = models.PoolSheet.objects.create(
        organization_id=run.organization_id,
        public_id=made.public_id,
        pool=made.pool,
        site_id=run.site_id,
        run=run,
        days=DateRange(made.first_day, made.until_day, "[)"),
        version=made.pool.version,
        content=made.data,
        digest=made.digest,
        currency=made.currency,
        total=made.total,
        reasons=made.reasons,
        account_ids=sorted(made.account_ids) if made.reasons else [],
        is_put_off=made.is_put_off,
        replaces=replaces,
    )
    models.PoolShare.objects.bulk_create(
        [
            models.PoolShare(
                organization_id=run.organization_id,
                sheet=sheet,
                account_id=each.account_id,
                amount=each.told["amount"],
                told=each.told,
            )
            for each in (made.sheet.charges if made.sheet else ())
            if each.account_id is not None
        ],
        batch_size=_BATCH,
    )
    return sheet


def _add_members(run: models.BillRun, account_ids: set[int]) -> None:
    """Who bears something only since sheets were made anew comes after the others; who bears nothing more, goes."""
    members = models.RunMember.objects.filter(organization_id=run.organization_id, run=run)
    collecting.add_members(run, account_ids - set(members.values_list("account_id", flat=True)))
    billed = models.RunShare.objects.filter(organization_id=run.organization_id, run=run)
    idle = members.exclude(account_id__in=account_ids).exclude(account_id__in=billed.values("account_id"))
    idle = idle.exclude(state=values.MemberState.EXCLUDED)
    gone = list(idle.values_list("account_id", flat=True))
    models.BillDraft.objects.filter(organization_id=run.organization_id, run=run, account_id__in=gone).delete()
    members.filter(account_id__in=gone).delete()
