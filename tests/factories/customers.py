"""Customers, accounts and contracts for tests, made through the operations that users have."""

from __future__ import annotations

import itertools
from datetime import datetime

from meterbook.customers import models, operations
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel.actor import Actor
from meterbook.metering import models as metering_models
from meterbook.sites import models as site_models
from meterbook.tariffs import models as tariff_models
from tests.factories.identity import LONG_AGO

ACTOR = Actor.system("factory")
_numbers = itertools.count(1)


def account(
    *,
    organization: identity_models.Organization,
    site: site_models.Site,
    name: str = "Calder & Sons Bakery",
    number: str | None = None,
    language: str = "en",
    email: str = "",
    is_landlord: bool = False,
    is_internal: bool = False,
    vacancy_tariff: tariff_models.Tariff | None = None,
) -> models.Account:
    """This will make a customer with an account at a site; outside a scope."""
    count = next(_numbers)
    with scoping.scope([organization.pk], actor=ACTOR):
        customer = operations.create_customer(
            actor=ACTOR,
            at=LONG_AGO,
            code=f"C{count:06}",
            name=name,
            email=email,
            language=language,
            tax_number="00-0000001",
        )
        return operations.open_account(
            actor=ACTOR,
            at=LONG_AGO,
            customer=customer,
            site=site,
            number=number or f"A-{count:06}",
            is_landlord=is_landlord,
            is_internal=is_internal,
            vacancy_tariff=vacancy_tariff,
        )


def contract(
    *,
    account: models.Account,
    point: metering_models.MeterPoint,
    tariff: tariff_models.Tariff,
    starts_at: datetime,
    ends_at: datetime | None = None,
) -> models.Contract:
    """This will let an account pay for a meter point; outside a scope."""
    with scoping.scope([account.organization_id], actor=ACTOR):
        return operations.start_contract(
            actor=ACTOR,
            at=LONG_AGO,
            account=account,
            meter_point=point,
            tariff=tariff,
            starts_at=starts_at,
            ends_at=ends_at,
        )
