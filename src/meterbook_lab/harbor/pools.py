"""What the shops of the mall pay together: elevators by area from invoices, and losses by use."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from meterbook.billing.operations import pools as pool_operations
from meterbook.foundation import scoping
from meterbook.kernel import civil
from meterbook.sites import models as site_models
from meterbook_lab import demo_people
from meterbook_lab.harbor import bills
from meterbook_lab.harbor.building import Points
from meterbook_lab.harbor.calendar import Calendar

VAT = {"code": "vat", "name": "VAT", "rate": "0.21"}
ELEVATORS = {
    "name": "Elevators and escalators, maintenance",
    "kind": "ELEVATOR",
    "stage": 2,
    "source": {"kind": "INVOICE"},
    "parts": [{"key": "AREA"}],
    "tax": VAT,
}
AMOUNTS = ("1860.00", "1860.00", "2214.35", "1860.00")  # a month, the earliest first
LOSSES, LOSS_PRICE = "MP-013", "0.1175"  # the meter that counts them, EUR a kWh


def create(
    organization_id: int,
    site: site_models.Site,
    made: Points,
    people: demo_people.Actors,
    calendar: Calendar,
    at: datetime,
) -> None:
    """This will make the pools from the first month on that is billed, and enter what the invoices say.

    Outside a scope, after the landlord's account is there.

    :param made: the meter points by code
    """
    clerk = people[demo_people.CLERK]
    months = calendar.first_days[-2 - bills.ISSUED : -1]
    losses = {
        "name": "Switchboards and losses",
        "kind": "LOSSES",
        "stage": 1,
        "source": {"kind": "METER", "meter_point": str(made[LOSSES].public_id), "price": LOSS_PRICE},
        "parts": [{"key": "USAGE", "secondary": "AREA"}],
        "tax": VAT,
    }
    with scoping.scope([organization_id], actor=clerk):
        _losses, elevators = (
            pool_operations.create_pool(
                actor=clerk, at=at, site=site.public_id, starts_day=months[0], code=code, document=document
            )
            for code, document in (("LOSSES", losses), ("ELEVATORS", ELEVATORS))
        )
        for month, amount in zip(months, AMOUNTS, strict=True):
            pool_operations.enter_amount(
                actor=clerk,
                at=at,
                pool=elevators.public_id,
                first_day=month,
                until_day=civil.next_month(month),
                amount=Decimal(amount),
                text="Maintenance",
                reference=f"ASC-{month:%Y%m}",
            )
