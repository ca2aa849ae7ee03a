"""A contract that another tariff cuts in two is one to its tenant."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from meterbook.customers import models as customer_models
from meterbook.customers import operations as customer_operations
from meterbook.foundation import scoping
from meterbook.kernel import clock
from tests.factories import identity
from tests.journeys.tenancy import NOON, Tenancy


@pytest.fixture(autouse=True)
def _at_noon() -> Iterator[object]:
    with clock.use(clock.SettableClock(NOON)) as installed:
        yield installed


@pytest.fixture
def tenancy(database: str) -> Tenancy:
    return Tenancy()


@pytest.mark.spec("X-06")
def test_time_goes_on_where_another_tariff_cuts_the_contract_in_two(tenancy: Tenancy) -> None:
    with scoping.scope([tenancy.place.organization.pk], actor=identity.ACTOR):
        contract = customer_models.Contract.objects.get(
            organization_id=tenancy.place.organization.pk, account=tenancy.account
        )
        customer_operations.end_contract(
            actor=identity.ACTOR, at=NOON, contract=contract, ends_at=NOON + timedelta(days=10)
        )
    tenancy.contract(tenancy.account, NOON + timedelta(days=10))

    text = tenancy.client.get(tenancy.path("tenant_home")).content.decode()

    assert "yours since 10 Jun 2026" in text
    assert "no reading yet" not in text
