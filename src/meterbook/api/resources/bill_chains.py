"""Later bills that go on from one that is corrected, in the order in which they are corrected."""

from __future__ import annotations

import uuid
from datetime import date

from ninja import Router

from meterbook.api import entry, values
from meterbook.api.endpoints import endpoint
from meterbook.billing import permissions
from meterbook.billing.correction_values import Dependence, Outcome
from meterbook.billing.operations import chaining
from meterbook.identity.values import Module

router = Router(tags=["Corrections"])


class ChainedBill(values.Told):
    """A later bill, by what it rests on the earlier one, and what it would be now; `is_next`: to be corrected now."""

    id: uuid.UUID
    number: str
    first_day: date
    why: list[Dependence]
    outcome: Outcome
    before: values.Money
    now: values.Money | None
    is_proposed: bool
    is_next: bool


class ChainedBills(values.Told):
    """In their order, twenty-four at most."""

    items: list[ChainedBill]


@endpoint(
    router,
    "GET",
    "/bills/{uuid:bill}/chain",
    permission=permissions.MANAGE_RUN,
    module=Module.BILLING,
    by_site=True,
    answers=ChainedBills,
)
def get_bill_chain(request: entry.Request, bill: uuid.UUID) -> ChainedBills:
    """This will return the later bills that go on from a bill, each calculated from what is known now."""
    return ChainedBills(
        items=[
            ChainedBill(
                id=each.public_id,
                number=each.number,
                first_day=each.first_day,
                why=list(each.why),
                outcome=each.outcome,
                before=values.money(each.before),
                now=None if each.now is None else values.money(each.now),
                is_proposed=each.is_proposed,
                is_next=each.is_next,
            )
            for each in chaining.chain_of(bill=bill)
        ]
    )
