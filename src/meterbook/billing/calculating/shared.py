"""What accounts bear of shared costs in a run, and whose sheets are not there yet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Q

from meterbook.billing import content, models
from meterbook.billing.calculating import checking, facts
from meterbook.billing.content import shared_costs
from meterbook.foundation import many
from meterbook.kernel import currency as currencies


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
    held: dict[int, list[checking.Held]] = defaultdict(list)
    wanted = set(account_ids)
    for sheet in _undivided(run):
        for account_id in sorted(wanted.intersection(sheet.account_ids)):
            if sheet.is_put_off:
                costs[account_id].append(_later(sheet))
            else:
                held[account_id] += sheet.reasons
    return Borne(dict(costs), dict(held))


def _undivided(run: facts.Run) -> list[models.PoolSheet]:
    sheets = models.PoolSheet.objects.filter(~Q(reasons=[]), organization_id=run.organization_id, run_id=run.id)
    return list(sheets.select_related("pool").order_by("id"))


def _later(sheet: models.PoolSheet) -> dict[str, Any]:
    """What a bill says of a cost that a later one will have: no money, and for which days."""
    first, until = sheet.days.lower.isoformat(), sheet.days.upper.isoformat()
    none = f"{Decimal(0).scaleb(-currencies.minor_units(sheet.currency)):f}"
    return {
        "pool": {
            "code": sheet.pool.code,
            "name": sheet.pool.name,
            "kind": sheet.pool.definition["kind"],
            "version": sheet.version,
        },
        "sheet": {"id": str(sheet.public_id), "digest": "", "first_day": first, "until_day": until},
        "total": none,
        "why": shared_costs.LATER,
        "first_day": first,
        "until_day": until,
        "days": (sheet.days.upper - sheet.days.lower).days,
        "is_vacancy": False,
        "amount": none,
    }
