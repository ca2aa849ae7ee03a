"""Ledger accounts and plans for tests."""

from __future__ import annotations

import itertools
import uuid
from datetime import UTC, date, datetime

from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel.money import Money
from meterbook.ledger import models, operations, posting, values
from tests.factories import identity

AT = datetime(2026, 3, 1, 5, 0, tzinfo=UTC)
DAY = date(2026, 3, 1)
SOURCE = uuid.UUID("00000000-0000-4000-8000-00000000b111")
_numbers = itertools.count(1)


def account(
    *,
    organization: identity_models.Organization,
    kind: values.AccountKind = values.AccountKind.ASSET,
    currency: str = "EUR",
    code: str | None = None,
    is_control: bool = False,
    floor: str | None = None,
) -> models.LedgerAccount:
    """This will open an account; outside a scope."""
    with scoping.scope([organization.id], actor=identity.ACTOR):
        return operations.open_account(
            actor=identity.ACTOR,
            at=AT,
            code=code or f"A{next(_numbers)}",
            name="Account of a test",
            kind=kind,
            currency=currency,
            is_control=is_control,
            floor=None if floor is None else Money.of(floor, currency),
        )


def plan(
    *postings: tuple[models.LedgerAccount, str],
    key: str | None = None,
    posted_date: date = DAY,
    text: str = "Bill 2026-0001",
    source_id: uuid.UUID = SOURCE,
    gives_money_away: bool = False,
) -> posting.TransactionPlan:
    """This will make a plan from accounts and signed amounts in the accounts' currencies."""
    return posting.TransactionPlan(
        key=key or f"key-{next(_numbers)}",
        at=AT,
        posted_date=posted_date,
        text=text,
        source_kind="tests.thing",
        source_id=source_id,
        postings=tuple(posting.Posting(account.pk, Money.of(amount, account.currency)) for account, amount in postings),
        gives_money_away=gives_money_away,
    )


def post(
    *postings: tuple[models.LedgerAccount, str], key: str | None = None, gives_money_away: bool = False
) -> posting.PostedTransaction:
    """This will post one transaction in a scope of its own."""
    made = plan(*postings, key=key, gives_money_away=gives_money_away)
    with scoping.scope([postings[0][0].organization_id], actor=identity.ACTOR):
        return posting.post(actor=identity.ACTOR, at=AT, plan=made)
