"""What the shops of the mall pay together: elevators by area from what suppliers charge, and losses by use."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from meterbook.billing.operations import pools as pool_operations
from meterbook.billing.operations import supplier_invoices as invoice_operations
from meterbook.billing.pools import invoices
from meterbook.foundation import scoping
from meterbook.kernel import civil
from meterbook.sites import models as site_models
from meterbook_lab import demo_people
from meterbook_lab.harbor import bills
from meterbook_lab.harbor.building import Points
from meterbook_lab.harbor.calendar import Calendar

VAT = {"code": "vat", "name": "VAT", "rate": "0.21"}
ELEVATORS = {
    "name": "Elevators and escalators",
    "kind": "ELEVATOR",
    "stage": 2,
    "source": {"kind": "INVOICE"},
    "parts": [{"key": "AREA"}],
    "tax": VAT,
}
AMOUNTS = ("1860.00", "1860.00")  # a month, the earliest first, as they were entered by hand
# Of later months the supplier's invoices are kept: what names the pool is passed on, the landlord bears the rest.
SUPPLIER, MAINTENANCE = "Ascensores Ponent, S.A.", "1860.00"
REPAIRS = (("354.35", "48.00"), ())  # a repair that is passed on, and a fine for a missed appointment
POOL = "ELEVATORS"
LINES = (
    ("FIXED", "Maintenance", True),
    ("OTHER", "Repair of escalator 2", True),
    ("OTHER", "Missed appointment", False),
)
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
            for code, document in (("LOSSES", losses), (POOL, ELEVATORS))
        )
        for month, amount in zip(months, AMOUNTS, strict=False):
            pool_operations.enter_amount(
                actor=clerk,
                at=at,
                pool=elevators.public_id,
                first_day=month,
                until_day=civil.next_month(month),
                amount=Decimal(amount),
                text="Maintenance",
                reference=_reference(month),
            )
        for month, more in zip(months[len(AMOUNTS) :], REPAIRS, strict=True):
            invoice_operations.enter_invoice(
                actor=clerk, at=at, site=site.public_id, document=invoice(month, more, site.currency)
            )


def invoice(month: date, more: Sequence[str], currency: str) -> dict[str, Any]:
    """This will return the invoice of the elevators' supplier for a month.

    :param more: amounts of a repair and of a fine; none: maintenance alone
    """
    amounts = [MAINTENANCE, *more]
    lines: list[dict[str, Any]] = [
        {"kind": kind, "text": text, "amount": amount} | ({"pool": POOL} if is_passed else {})
        for (kind, text, is_passed), amount in zip(LINES, amounts, strict=False)
    ]
    return {
        "format": invoices.FORMAT,
        "supplier": SUPPLIER,
        "number": _reference(month),
        "service": "OTHER",
        "first_day": month.isoformat(),
        "until_day": civil.next_month(month).isoformat(),
        "currency": currency,
        "lines": lines,
        "total": str(sum(map(Decimal, amounts))),
    }


def _reference(month: date) -> str:
    return f"ASC-{month:%Y%m}"
