"""Whom news of an account goes to: its e-mail address, or the chats of the tenants who sign in for it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime

from meterbook.customers import own
from meterbook.customers import queries as customer_queries
from meterbook.notifications import queries as notification_queries
from meterbook.notifications import values as notification_values

To = notification_values.To


def recipients(
    accounts: Mapping[uuid.UUID, customer_queries.AccountRow], *, at: datetime
) -> dict[uuid.UUID, tuple[To, ...]]:
    """This will return whom to tell, by account; accounts that nobody is reached for are left out.

    Nothing is sent to cost centers: their people are users of the organization.

    Without an e-mail address it is each tenant who linked a Telegram chat; the bill itself goes on paper all the same.
    """
    found: dict[uuid.UUID, tuple[To, ...]] = {
        key: (To.customer(key, email=each.email, language=each.language, zone=each.zone),)
        for key, each in accounts.items()
        if each.email and not each.is_internal
    }
    without = {each.id: each for each in accounts.values() if not each.email and not each.is_internal}
    users = own.users_of(account_ids=without, at=at) if without else {}
    chats = notification_queries.users_with_a_chat(user_ids={each for many in users.values() for each in many})
    for account_id, many in users.items():
        told = tuple(To.user(each, zone=without[account_id].zone) for each in many if each in chats)
        if told:
            found[without[account_id].public_id] = told
    return found
