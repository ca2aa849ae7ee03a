"""The latest bill of each account by other prices: what a change of tariff would have meant. Needs a running scope."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Exists, OuterRef

from meterbook.billing import models
from meterbook.billing.calculating import facts
from meterbook.billing.operations import recomputing
from meterbook.billing.queries.amounts import money
from meterbook.billing.whatif import history, pricing
from meterbook.foundation import scoping
from meterbook.kernel.money import Money


@dataclass(frozen=True)
class LastBill:
    """The latest bill with some of the meter points; `after` None: it cannot be priced so, and `reasons` say why."""

    number: str
    first_day: date
    until_day: date
    before: Money
    after: Money | None
    reasons: Sequence[Mapping[str, Any]] = ()

    @property
    def change(self) -> Money | None:
        """What is more to pay; None where it is not known."""
        return None if self.after is None else self.after - self.before


def compare(
    *, account_ids: Collection[int], point_ids: Collection[int], chosen: facts.Tariff, now: datetime
) -> dict[int, LastBill]:
    """This will price the latest bills of accounts, what is not of the meter points staying as it was, by account id.

    Accounts of which nothing was billed are left out. A fixed number of queries for each run that the bills are of.
    """
    newest = _newest(account_ids, point_ids)
    by_run: dict[int, list[models.Bill]] = defaultdict(list)
    for each in newest:
        by_run[each.run_id].append(each)
    found: dict[int, LastBill] = {}
    only = pricing.Only(points=frozenset(point_ids))
    for bills in by_run.values():
        run, ids = bills[0].run, [each.account_id for each in bills]
        portion = history.Portion(
            facts.run_of(run),
            recomputing.billed_shares(run, ids, with_credited=False),
            {each.account_id: history.Issued(each.draft_id, each.draft.total, each.public_id) for each in bills},
        )
        compared = pricing.Session(run.days.lower, chosen, only, now).compare(portion)
        for bill in bills:
            after = compared.after.get(bill.account_id)
            found[bill.account_id] = LastBill(
                number=bill.number,
                first_day=run.days.lower,
                until_day=run.days.upper,
                before=money(bill.draft.total, bill.draft.currency),
                after=None if after is None else money(after, bill.draft.currency),
                reasons=compared.held.get(bill.account_id, ()),
            )
    return found


def _newest(account_ids: Collection[int], point_ids: Collection[int]) -> list[models.Bill]:
    owner = scoping.current().organization_id
    shares = models.RunShare.objects.filter(
        organization_id=owner,
        run_id=OuterRef("run_id"),
        account_id=OuterRef("account_id"),
        meter_point_id__in=list(point_ids),
    )
    bills = models.Bill.objects.filter(
        Exists(shares), organization_id=owner, account_id__in=list(account_ids), credit_note__isnull=True
    )
    newest = bills.order_by("account_id", "-run__days__startswith", "-id").distinct("account_id")
    found = models.Bill.objects.filter(organization_id=owner, pk__in=newest.values("pk"))
    return list(
        found.select_related("draft", "run__site")
        .defer("draft__content", "draft__postings", "draft__nets")
        .order_by("id")
    )
