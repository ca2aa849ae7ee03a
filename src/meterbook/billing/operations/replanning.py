"""Plan a run in review anew: who came in since it collected who pays for what, who went, and who pays otherwise."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from meterbook.billing import models, values
from meterbook.billing.calculating import bundling, facts, pool_standing
from meterbook.billing.operations import collecting, planning, pools_settling
from meterbook.customers import models as customer_models
from meterbook.customers import queries as customer_queries
from meterbook.foundation import scoping
from meterbook.kernel.actor import Actor

Shares = dict[int, list[facts.Share]]


@dataclass(frozen=True)
class Planned:
    """Numbers of accounts, sorted: who came in, who went out, and who stays but pays for something else.

    `obstacle` says in words why nothing can be planned as contracts are now; then the others are empty.
    """

    came: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    obstacle: str = ""

    @property
    def is_same(self) -> bool:
        """Whether contracts say what the run collected."""
        return not (self.came or self.gone or self.changed or self.obstacle)


@dataclass(frozen=True)
class Difference:
    """What contracts say now and what a run collected, by internal ids of accounts."""

    now: Shares
    came: frozenset[int]
    gone: frozenset[int]
    changed: frozenset[int]


def planned_since(*, run: uuid.UUID, most: int) -> Planned:
    """This will tell what planning a run for review anew would change; nothing in other states.

    :param most: nothing where the run has more accounts than that: approving compares them
    """
    runs = models.BillRun.objects.filter(organization_id=scoping.current().organization_id, public_id=run)
    found = runs.filter(state=values.RunState.REVIEW.value).select_related("site", "calendar").first()
    if found is None:
        return Planned()
    if models.RunMember.objects.filter(organization_id=found.organization_id, run=found).count() > most:
        return Planned()
    try:
        since = difference(found, collecting.payable_shares(found, holds_site=False))
    except customer_queries.NoLandlord as error:
        return Planned(obstacle=str(error))
    return _named(found, came=since.came, gone=since.gone, changed=since.changed)


def difference(run: models.BillRun, payable: list[facts.Share]) -> Difference:
    """This will compare what contracts say with what a run collected. Accounts that were left out are in neither.

    :param payable: see `collecting.payable_shares`
    """
    members = models.RunMember.objects.filter(organization_id=run.organization_id, run=run)
    out = set(members.filter(state=values.MemberState.EXCLUDED).values_list("account_id", flat=True))
    known = set(members.values_list("account_id", flat=True)) - out
    wanted = _by_account(each for each in bundling.kept(run, payable) if each.account_id not in out)
    billed = set(collecting.postpaid(run, set(wanted)))
    now = {account_id: own for account_id, own in wanted.items() if account_id in billed}
    before = _by_account(facts.shares_of(run))
    idle = known - now.keys() - pool_standing.concerned(run)
    return Difference(
        now=now,
        came=frozenset(now.keys() - known),
        gone=frozenset(idle),
        changed=frozenset(each for each in known - idle if set(now.get(each, ())) != set(before.get(each, ()))),
    )


def replan(*, actor: Actor, at: datetime, run: models.BillRun) -> Planned:
    """This will bring who pays for what in a locked run up to date; drafts of all whom it concerns are thrown away.

    What people decided stays: who was left out is still out. Who comes in stands after the others, in the order of the
    numbers, so that no position of a draft moves. Shared costs that come out differently are divided anew.

    :raises django.db.IntegrityError: when another run took some of the time in this very moment
    """
    payable = collecting.payable_shares(run)
    found = difference(run, payable)
    members = models.RunMember.objects.filter(organization_id=run.organization_id, run=run)
    before = set(members.values_list("account_id", flat=True))
    for model in (models.BillDraft, models.RunShare):
        model.objects.filter(
            organization_id=run.organization_id, run=run, account_id__in=found.gone | found.changed
        ).delete()
    members.filter(account_id__in=found.gone).delete()
    members.filter(account_id__in=found.changed).update(state=values.MemberState.COLLECTED, reasons=[])
    collecting.add_members(run, found.came)
    with transaction.atomic():
        collecting.store_shares(
            run, [each for key in sorted(found.came | found.changed) for each in found.now.get(key, ())]
        )
    if run.services is None:
        new = found.came | found.changed
        planning.start_beside(actor=actor, at=at, run=run, shares=[each for each in payable if each.account_id in new])
    pools_settling.settle_again(run)
    after = set(members.values_list("account_id", flat=True))
    return _named(run, came=after - before, gone=before - after, changed=found.changed & after)


def _named(run: models.BillRun, *, came: Collection[int], gone: Collection[int], changed: Collection[int]) -> Planned:
    ids = {*came, *gone, *changed}
    rows = customer_models.Account.objects.filter(organization_id=run.organization_id, pk__in=ids)
    numbers = dict(rows.order_by("id").values_list("id", "number"))

    def named(own: Collection[int]) -> tuple[str, ...]:
        return tuple(sorted(numbers[each] for each in own))

    return Planned(named(came), named(gone), named(changed))


def _by_account(shares: Iterable[facts.Share]) -> Shares:
    found: Shares = defaultdict(list)
    for each in shares:
        found[each.account_id].append(each)
    return dict(found)
