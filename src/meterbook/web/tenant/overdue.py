"""Which own bills are past their due day and not paid yet: what was paid settles the oldest bills first."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from meterbook.arrears import asking
from meterbook.billing import queries as billing_queries
from meterbook.billing.queries import credit_notes as note_queries
from meterbook.billing.queries import disputes as dispute_queries
from meterbook.customers import queries as customer_queries
from meterbook.kernel import civil
from meterbook.ledger import queries as ledger_queries


def of_account(
    row: customer_queries.AccountRow, bills: Sequence[billing_queries.BillRow], *, at: datetime
) -> frozenset[uuid.UUID]:
    """This will return those of an account's newest bills that are overdue; what is disputed is not.

    :param bills: the newest first, without a gap
    """
    balance = ledger_queries.balance(row.receivable_id)
    today = civil.local_date(at, ZoneInfo(row.zone))
    if balance.amount <= 0 or not any(each.due_date and each.due_date < today for each in bills):
        return frozenset()
    credited = note_queries.credited_among(public_ids=[each.public_id for each in bills])
    claims = dispute_queries.claims_of(account_id=row.id, currency=balance.currency, at=at)
    withheld = {each.bill_number: each.amount.amount for each in claims if each.is_protected}
    owed = balance.amount - sum(withheld.values())
    asked = [(each.number, each.total.amount, withheld.get(each.number, 0)) for each in bills]
    standing = [pair for pair, each in zip(asked, bills, strict=True) if each.public_id not in credited]
    unpaid = asking.unpaid(owed, [(number, total - kept) for number, total, kept in standing])
    return frozenset(
        each.public_id for each in bills if each.number in unpaid and each.due_date and each.due_date < today
    )
