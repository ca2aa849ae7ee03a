"""What accounts bear of shared costs in a run, and whose sheets are not there yet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from meterbook.billing import content, models
from meterbook.billing.calculating import checking, facts
from meterbook.billing.content import shared_costs
from meterbook.foundation import many


@dataclass(frozen=True)
class Borne:
    """By account: what bills say of shared costs, and why others cannot be billed."""

    costs: dict[int, list[shared_costs.Shared]] = field(default_factory=dict)
    held: dict[int, list[checking.Held]] = field(default_factory=dict)

    def of(self, account_id: int) -> Sequence[shared_costs.Shared]:
        """This will return what one account bears."""
        return self.costs.get(account_id, ())

    def inputs(self, account_id: int) -> list[str]:
        """This will write down what it was made from."""
        return [content.canonical(each).decode() for each in self.of(account_id)]


def load(run: facts.Run, account_ids: Sequence[int]) -> Borne:
    """This will return the shares that a run bills to accounts, in two queries."""
    costs: dict[int, list[shared_costs.Shared]] = defaultdict(list)
    charges = models.PoolCharge.objects.filter(
        many.among("account_id", account_ids), organization_id=run.organization_id, run_id=run.id
    )
    rows = charges.order_by("share__sheet__pool__stage", "share__sheet__pool__code", "share_id")
    for account_id, told in rows.values_list("account_id", "share__told"):
        costs[account_id].append(told)
    return Borne(dict(costs), _held(run, account_ids))


def _held(run: facts.Run, account_ids: Sequence[int]) -> dict[int, list[checking.Held]]:
    waiting: list[tuple[list[int], list[dict[str, Any]]]] = list(
        models.PoolSheet.objects.filter(~Q(reasons=[]), organization_id=run.organization_id, run_id=run.id)
        .order_by("id")
        .values_list("account_ids", "reasons")
    )
    wanted = set(account_ids)
    found: dict[int, list[checking.Held]] = defaultdict(list)
    for concerned, reasons in waiting:
        for account_id in wanted.intersection(concerned):
            found[account_id] += reasons
    return dict(found)
