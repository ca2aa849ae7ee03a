"""The second wall: what is out of reach is neither seen nor written, and rules over everything still see everything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from meterbook.billing import operations as billing_operations
from meterbook.customers import models, numbering, reaching
from meterbook.customers import operations as customer_operations
from meterbook.foundation import scoping
from meterbook.identity.values import Access
from tests.factories import billing, customers, identity

NOW = billing.FEBRUARY.ends_at
PERMISSION = "customers:manage_customer"


class House:
    """Two sites of one organization with an account each, and somebody who may manage those of the first."""

    def __init__(self) -> None:
        self.organization = identity.organization()
        raw = billing.document()
        self.here, self.there = (
            billing.place(organization=self.organization, landlord=f"L-{number}", raw={**raw, "code": f"T{number}"})
            for number in (1, 2)
        )
        self.access = Access(at_site={self.here.site.pk: frozenset({PERMISSION})})

    @contextmanager
    def entered(self) -> Iterator[None]:
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            reaching.enter(self.access, PERMISSION, at=NOW)
            yield

    def numbers(self) -> list[str]:
        accounts = models.Account.objects.filter(organization_id=self.organization.pk)
        return list(accounts.order_by("number").values_list("number", flat=True))


@pytest.fixture
def house(database: str) -> House:
    return House()


@pytest.mark.spec("M-002/2")
class TestReach:
    def test_holds_for_the_scope_and_ends_with_it(self, house: House) -> None:
        with house.entered():
            limited = house.numbers()
        with scoping.scope([house.organization.pk], actor=identity.ACTOR):
            free = house.numbers()

        assert (limited, free) == (["L-1"], ["L-1", "L-2"])

    def test_of_a_right_that_is_held_everywhere_is_everything(self, house: House) -> None:
        house.access = Access(everywhere=frozenset({PERMISSION}))

        with house.entered():
            assert (scoping.reach(), house.numbers()) == (None, ["L-1", "L-2"])

    def test_of_another_right_for_a_part_of_a_page_ends_with_the_part(self, house: House) -> None:
        with scoping.scope([house.organization.pk], actor=identity.ACTOR):
            with reaching.within(house.access, PERMISSION, at=NOW):
                inside = house.numbers()
            assert (inside, house.numbers()) == (["L-1"], ["L-1", "L-2"])

    def test_is_left_for_a_rule_over_everything(self, house: House) -> None:
        customers.account(organization=house.organization, site=house.there.site, number="A-000041")

        with house.entered():
            assert numbering.next_numbers() == ["A-000042"]
            assert house.numbers() == ["L-1"]

    def test_grows_with_what_is_made_within_it(self, house: House) -> None:
        with house.entered():
            customer_operations.open_account_with_customer(
                actor=identity.ACTOR, at=NOW, site=house.here.site.public_id, number="A-1", name="Ana Ruiz"
            )
            assert house.numbers() == ["A-1", "L-1"]
            with pytest.raises(customer_operations.CodeTaken):
                customer_operations.open_account_with_customer(
                    actor=identity.ACTOR, at=NOW, site=house.here.site.public_id, number="L-2", name="Eva Gil"
                )
            assert house.numbers() == ["A-1", "L-1"]

    def test_keeps_a_run_of_another_site_from_being_written(self, house: House) -> None:
        days = {"first_day": billing.FEBRUARY.first_day, "until_day": billing.FEBRUARY.until_day}

        with pytest.raises(reaching.OutOfReach), house.entered(), reaching.kept():
            billing_operations.plan_run(actor=identity.ACTOR, at=NOW, site=house.there.site.public_id, **days)

    def test_of_a_single_account_is_no_site(self, house: House) -> None:
        with scoping.scope([house.organization.pk], actor=identity.ACTOR):
            reach = reaching.limit(sites=(), accounts=[house.there.landlord.pk])
            assert house.numbers() == ["L-2"]

        assert (reach.sites, reach.run_sites) == (frozenset(), frozenset({house.there.site.pk}))
        assert reach.tariffs == frozenset({house.there.tariff.pk})
