"""What an account owed before a bill, what was paid, and what it owes with it. Read from entries that never change.

The books only grow and transactions are numbered as they are posted. So what stands before a bill's transaction is the
same whenever it is asked: a bill shown again, or printed years later, tells the same balance.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from meterbook.billing import models
from meterbook.billing.queries.amounts import money
from meterbook.customers.values import AccountMode
from meterbook.foundation import scoping
from meterbook.kernel.money import Money
from meterbook.ledger import queries as ledger_queries


@dataclass(frozen=True)
class Standing:
    """Signed: what the account owes is positive. `previous` + `since` + the bill's total is `due`.

    `previous` is the balance right after the bill before, zero for the first bill; `since` is the sum of what was
    posted after it: payments are negative, corrections either.
    """

    previous: Money
    since: Money
    due: Money


def standing_of(*, public_id: uuid.UUID) -> Standing | None:
    """This will return the balance before and after an issued bill; None for drafts and bills that posted nothing.

    Nobody owes what a cost center is charged: None for that too.
    """
    bill = (
        models.Bill.objects.filter(organization_id=scoping.current().organization_id, public_id=public_id)
        .select_related("draft", "account")
        .defer("draft__content", "draft__postings", "draft__nets")
        .first()
    )
    if bill is None or bill.transaction_id is None or bill.account.mode == AccountMode.INTERNAL:
        return None
    earlier = models.Bill.objects.filter(
        organization_id=scoping.current().organization_id,
        account_id=bill.account_id,
        transaction_id__lt=bill.transaction_id,
    )
    before = earlier.order_by("-transaction_id").values_list("transaction_id", flat=True).first()
    receivable, total = bill.account.receivable_id, money(bill.draft.total, bill.draft.currency)
    carried = ledger_queries.balance_before(receivable, transaction_id=bill.transaction_id)
    previous = (
        Money.zero(total.currency)
        if before is None
        else ledger_queries.balance_before(receivable, transaction_id=before + 1)
    )
    return Standing(previous=previous, since=carried - previous, due=carried + total)
