"""What an account may be asked for: what it owes, without what it disputes under protection."""

from __future__ import annotations

import uuid

from ninja import Router

from meterbook.api import entry, values
from meterbook.api.endpoints import endpoint
from meterbook.billing import permissions
from meterbook.customers import queries as customer_queries
from meterbook.identity.values import Module
from meterbook.journeys import asking

router = Router(tags=["Disputes"])


class AskedOfAccount(values.Told):
    """What an account owes; `withheld` of it is disputed and not asked for, `asked` stays due.

    `unprotected` is disputed beyond what the rules allow, and part of `asked`.
    """

    owed: values.Money
    withheld: values.Money
    unprotected: values.Money
    asked: values.Money


@endpoint(
    router,
    "GET",
    "/accounts/{uuid:account}/asked",
    permission=permissions.VIEW_BILL,
    module=Module.BILLING,
    by_site=True,
    answers=AskedOfAccount,
)
def get_asked_of_account(request: entry.Request, account: uuid.UUID) -> AskedOfAccount:
    """This will return what an account may be asked for now."""
    found = asking.of_account(customer_queries.get_account(public_id=account), at=request.caller.at)
    return AskedOfAccount(
        owed=values.money(found.owed),
        withheld=values.money(found.withheld),
        unprotected=values.money(found.unprotected),
        asked=values.money(found.asked),
    )
