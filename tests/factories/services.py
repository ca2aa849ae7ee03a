"""A household with electricity, gas, water with sewer, and heat, ready to be billed."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from meterbook.billing.gas_values import GasKind, GasOrigin, OnMissingValue
from meterbook.billing.operations import gas as gas_operations
from meterbook.customers import models as customer_models
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel.quantity import Unit
from meterbook.metering import operations as metering_operations
from meterbook.metering.values import Service
from tests.factories import billing, customers, metering, tariffs

ACTOR = billing.ACTOR
DAYS = billing.FEBRUARY
VOLUME = metering_operations.RegisterPlan("volume", "volume", Unit.M3, 3, wrap=None)
HEAT = metering_operations.RegisterPlan("heat", "heat", Unit.KWH, 1, wrap=None)
QUARTERS = 28 * 96


def text(en: str, es: str) -> dict[str, str]:
    return {"en": en, "es": es}


def tax(components: list[str], rate: str = "0.21") -> dict[str, Any]:
    return {"code": f"vat{rate[2:]}", "name": text("VAT", "IVA"), "rate": rate, "components": components}


def document(
    name: dict[str, str], unit: str, price: str, *more: dict[str, Any], decimals: int = 3, rate: str = "0.21"
) -> dict[str, Any]:
    """This will return a price for each unit, and further components, in euros, with one tax on all."""
    listed = [{"code": "use", "name": name, "charge": "ENERGY", "price": price}, *more]
    taxed = [tax([each["code"] for each in listed], rate)]
    return tariffs.document(currency="EUR", unit=unit, decimals=decimals, components=listed, taxes=taxed) | {
        "code": unit.lower() + name["en"].lower().replace(" ", "-"),
        "name": name,
    }


def sewer(**linked: Any) -> dict[str, Any]:  # noqa: ANN401 - parts of a document
    """This will return the sewer of a water tariff: 2.00 for each cubic meter."""
    terms = {"factor": "0.95", **linked}
    name = text("Sewer", "Alcantarillado")
    return {"code": "sewer", "name": name, "charge": "ENERGY", "service": "SEWER", "price": "2.00", "linked": terms}


WATER = document(text("Water", "Agua"), "M3", "1.20", sewer(), rate="0.10")


@dataclass(frozen=True)
class House:
    """A place, the account of its tenant, and a meter of each service."""

    place: billing.Place
    account: customer_models.Account
    electricity: metering.Installed
    gas: metering.Installed
    water: metering.Installed
    heat: metering.Installed


def house(organization: identity_models.Organization | None = None, *, water: dict[str, Any] = WATER) -> House:
    """This will make a tenant who used all of them in February; outside a scope.

    672 kWh, 134.4 m3 of gas, 26.88 m3 of water, 268.8 kWh of heat.
    """
    place = billing.place(organization=organization)
    account = customers.account(organization=place.organization, site=place.site, name="Marta Ruiz")
    electricity = meter(place, account, Service.ELECTRICITY, metering.ENERGY, None, 25)
    gas = document(text("Gas", "Gas"), "KWH", "0.0800", decimals=0)
    heat = document(text("Heat", "Calor"), "KWH", "0.1100", rate="0.10")
    return House(
        place,
        account,
        electricity,
        meter(place, account, Service.GAS, VOLUME, gas, 50),
        meter(place, account, Service.COLD_WATER, VOLUME, water, 10),
        meter(place, account, Service.HEATING, HEAT, heat, 1),
    )


def meter(
    place: billing.Place,
    account: customer_models.Account,
    service: Service,
    register: metering_operations.RegisterPlan,
    raw: dict[str, Any] | None,
    rise: int,
    *,
    code: str | None = None,
    **more: Any,  # noqa: ANN401 - of a meter
) -> metering.Installed:
    """This will make a meter that counted all of February, and a contract for it; outside a scope."""
    made = metering.installed_meter(
        organization=place.organization,
        site=place.site,
        service=service,
        registers=(register,),
        code=code,
        name=service.value.replace("_", " ").capitalize(),
        **more,
    )
    billing.count(made.series[register.series_code], DAYS.starts_at, DAYS.ends_at, rise=rise)
    tariff = place.tariff if raw is None else billing.tariff(organization=place.organization, raw=raw)
    customers.contract(account=account, point=made.point, tariff=tariff, starts_at=DAYS.starts_at)
    return made


def area(
    place: billing.Place, *, on_missing: OnMissingValue = OnMissingValue.HOLD, factor: str | None = "0.9513"
) -> Any:  # noqa: ANN401 - the row
    """This will put a place's site into a supply area without values; outside a scope."""
    terms = gas_operations.AreaTerms(
        name="North",
        factor=None if factor is None else Decimal(factor),
        on_missing=on_missing,
        sites=[place.site.public_id],
    )
    with scoping.scope([place.organization.pk], actor=ACTOR):
        return gas_operations.create_area(actor=ACTOR, at=billing.LONG_AGO, code="north", terms=terms)


def gas_value(
    made: Any,  # noqa: ANN401 - the row of the area
    value: str,
    first: date = DAYS.first_day,
    until: date = DAYS.until_day,
    unit: Unit = Unit.KWH,
) -> int:
    """This will enter a calorific value; outside a scope."""
    entered = gas_operations.NewValue(GasKind.CALORIFIC, first, until, Decimal(value), unit)
    with scoping.scope([made.organization_id], actor=ACTOR):
        return gas_operations.enter_values(
            actor=ACTOR, at=billing.LONG_AGO, area=made.public_id, values=[entered], origin=GasOrigin.PAGE
        )


def known_area(organization: identity_models.Organization) -> uuid.UUID:
    """This will make a supply area with a value in an organization; outside a scope."""
    terms = gas_operations.AreaTerms(name="North", factor=Decimal("0.9513"))
    with scoping.scope([organization.pk], actor=ACTOR):
        made = gas_operations.create_area(actor=ACTOR, at=billing.LONG_AGO, code=uuid.uuid4().hex[:8], terms=terms)
    gas_value(made, "11.247")
    return made.public_id
