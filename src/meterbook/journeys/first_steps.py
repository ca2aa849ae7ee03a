"""What the first-run wizard does in one go: a first price, and a first customer with a unit and a contract."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from meterbook.customers import operations as customer_operations
from meterbook.customers import overriding
from meterbook.foundation import operation
from meterbook.journeys.add_meter import blaming
from meterbook.kernel.actor import Actor
from meterbook.kernel.quantity import Unit
from meterbook.metering import operations as metering_operations
from meterbook.sites import operations as site_operations
from meterbook.sites import values as site_values
from meterbook.tariffs import operations as tariff_operations
from meterbook.tariffs.rating.problems import TariffInvalid

HUNDRED = Decimal(100)


@dataclass(frozen=True)
class FirstPrice:
    """A flat price: `price` for each `unit`, `monthly` each month (None: nothing), `tax_percent` on top of both."""

    code: str
    name: str
    currency: str
    unit: Unit
    price: Decimal
    monthly: Decimal | None
    tax_name: str
    tax_percent: Decimal
    tax_name_es: str = ""  # on bills in Spanish; without one `tax_name` stands there, too

    def document(self) -> dict[str, Any]:
        """This will return the tariff document: 21 percent are a rate of 0.21."""
        components: list[dict[str, Any]] = [
            {
                "code": "energy",
                "name": {"en": "Usage", "es": "Consumo"},
                "charge": "ENERGY",
                "price": f"{self.price:f}",
            }
        ]
        if self.monthly:
            components.append(
                {
                    "code": "service",
                    "name": {"en": "Service", "es": "Servicio"},
                    "charge": "FIXED_MONTHLY",
                    "price": f"{self.monthly:f}",
                }
            )
        document: dict[str, Any] = {
            "format": "meterbook-tariff/1",
            "code": self.code,
            "name": {"en": self.name, "es": self.name},
            "currency": self.currency,
            "unit": self.unit.name,
            "components": components,
        }
        if self.tax_percent:
            rate = f"{(self.tax_percent / HUNDRED).normalize():f}"
            name = {"en": self.tax_name, "es": self.tax_name_es or self.tax_name}
            document["taxes"] = [{"code": "tax", "name": name, "rate": rate}]
        return document


@operation.operation
def set_first_price(
    *, actor: Actor, at: datetime, price: FirstPrice, first_day: date, may_publish: bool
) -> tuple[uuid.UUID, bool]:
    """This will write a tariff and, where that is the person's to do, put it in force from a day on.

    Returns the tariff's public id, and whether it is in force.

    :param may_publish: False leaves a draft for whoever publishes tariffs
    :raises meterbook.journeys.add_meter.MeterRefused: naming the field (name, price) that cannot be
    """
    with blaming("name", tariff_operations.TariffCodeTaken), blaming("price", TariffInvalid):
        tariff = tariff_operations.create_tariff(actor=actor, at=at, document=price.document())
    if may_publish:
        try:
            tariff_operations.publish_version(actor=actor, at=at, tariff=tariff.public_id, first_day=first_day)
        except tariff_operations.SecondPersonNeeded:
            return tariff.public_id, False
    return tariff.public_id, may_publish


@dataclass(frozen=True)
class FirstCustomer:
    """Who pays, for which meter point, by which tariff, from when. `unit` is what is let, "" for none.

    `reason` says why the tariff is not the default; needed only where it is not.
    """

    site: uuid.UUID
    number: str
    name: str
    email: str
    language: str
    unit: str
    meter_point: uuid.UUID
    tariff: uuid.UUID
    starts_at: datetime
    reason: str = ""


@operation.operation
def welcome_first_customer(*, actor: Actor, at: datetime, customer: FirstCustomer) -> bool:
    """This will open an account, make the unit and hang the meter there, and let the account pay from an instant on.

    All of it, or nothing. Returns whether the tariff holds at once; else the default does until another approves it.

    :raises meterbook.journeys.add_meter.MeterRefused: naming the field (number, unit, first_day, reason) that cannot be
    """
    with blaming("number", customer_operations.CodeTaken):
        account = customer_operations.open_account_with_customer(
            actor=actor,
            at=at,
            site=customer.site,
            number=customer.number,
            name=customer.name,
            email=customer.email,
            language=customer.language,
        )
    if customer.unit:
        _let(actor, at, customer)
    with (
        blaming("first_day", customer_operations.ContractsOverlap, customer_operations.ContractMisfit),
        blaming("reason", overriding.OverrideUnreasoned),
    ):
        made = customer_operations.start_contract(
            actor=actor,
            at=at,
            account=account,
            meter_point=customer.meter_point,
            tariff=customer.tariff,
            starts_at=customer.starts_at,
            reason=customer.reason,
        )
    return made.tariff.public_id == customer.tariff


def _let(actor: Actor, at: datetime, customer: FirstCustomer) -> None:
    with blaming("unit", site_operations.NodeCodeTaken):
        node = site_operations.create_node(
            actor=actor,
            at=at,
            site=customer.site,
            kind=site_values.NodeKind.UNIT,
            code=customer.unit[:40],
            name=customer.unit,
        )
    with blaming("first_day", site_operations.MoveInFuture, site_operations.MovedLater):
        metering_operations.move_point(
            actor=actor,
            at=at,
            meter_point=customer.meter_point,
            node=node.public_id,
            moved_at=customer.starts_at,
        )
