"""End a contract: where issued bills reach beyond that day, only when the person knows of them.

A bill never changes. What was billed for the time after the end stays on it until it is credited.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from meterbook.billing import models as billing_models
from meterbook.customers import models as customer_models
from meterbook.customers import operations as customer_operations
from meterbook.customers import tenancies
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor


@dataclass(frozen=True)
class BillBeyond:
    """An issued bill on which the contract is until an instant after its end."""

    public_id: uuid.UUID
    number: str
    until: datetime
    zone: ZoneInfo


class BillsReachBeyond(ValueError):
    """Issued bills reach beyond the day; say that this is known, or end the contract later."""

    def __init__(self, bills: Sequence[BillBeyond]) -> None:
        super().__init__(_("Issued bills reach beyond that day. They stay as they are; confirm that you know."))
        self.bills = tuple(bills)


def bills_beyond(*, contract: uuid.UUID, ends_at: datetime) -> list[BillBeyond]:
    """This will return the issued bills with time of a contract after an instant, the latest last.

    :raises customers.tenancies.ContractNotThere: when the organization has no such contract
    """
    found = tenancies.find_contract(contract)
    return _beyond(found, ends_at)


@operation.operation
def end_contract(
    *, actor: Actor, at: datetime, contract: uuid.UUID, ends_at: datetime, is_confirmed: bool = False
) -> customer_models.Contract:
    """This will end a running contract; from then on the unit is vacant until another begins.

    :param is_confirmed: whether the person knows which issued bills reach beyond the end
    :raises BillsReachBeyond: with these bills, when that is not so
    :raises customers.operations.NotRunning: when it has ended, or would end before it begins
    :raises customers.tenancies.ContractNotThere: when the organization has no such contract
    """
    bills = bills_beyond(contract=contract, ends_at=ends_at)
    if bills and not is_confirmed:
        raise BillsReachBeyond(bills)
    return customer_operations.end_contract(actor=actor, at=at, contract=contract, ends_at=ends_at)


def _beyond(contract: customer_models.Contract, ends_at: datetime) -> list[BillBeyond]:
    organization_id = scoping.current().organization_id
    shares = billing_models.RunShare.objects.filter(
        organization_id=organization_id, contract_id=contract.pk, during__endswith__gt=ends_at
    )
    untils: dict[int, datetime] = {run_id: during.upper for run_id, during in shares.values_list("run_id", "during")}
    bills = billing_models.Bill.objects.filter(
        organization_id=organization_id, account_id=contract.account_id, run_id__in=list(untils)
    )
    zone = contract.meter_point.zone
    found = bills.order_by("bill_date", "id").values_list("public_id", "number", "run_id")
    return [BillBeyond(public_id, number, untils[run_id], zone) for public_id, number, run_id in found]
