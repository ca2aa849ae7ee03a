"""What an account owes, what of it is disputed, and what may be asked for: from books and disputes."""

from __future__ import annotations

from datetime import datetime

from meterbook.arrears import asking
from meterbook.billing.queries import disputes as dispute_queries
from meterbook.customers import queries as customer_queries
from meterbook.ledger import queries as ledger_queries


def of_account(row: customer_queries.AccountRow, *, at: datetime) -> asking.Asked:
    """This will return what an account may be asked for at an instant."""
    balance = ledger_queries.balance(row.receivable_id)
    claims = dispute_queries.claims_of(account_id=row.id, currency=balance.currency, at=at)
    return asking.what_is_asked(balance, [asking.Claim(each.amount, each.is_protected) for each in claims])
