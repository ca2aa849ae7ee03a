"""One person who plans and approves, where the organization lets one do both."""

from __future__ import annotations

from datetime import UTC, datetime

from meterbook.foundation import scoping
from meterbook.identity import two_people
from meterbook.identity.values import TwoPeople
from tests.factories import billing, identity

AT = datetime(2026, 1, 5, tzinfo=UTC)


def test_approves_and_the_run_says_so() -> None:
    place = billing.place()
    billing.shop(place, name="Calder Bakery", days=billing.FEBRUARY)
    starter, _other = (identity.actor(identity.user(organization=place.organization)) for _person in range(2))
    days = {"first_day": billing.FEBRUARY.first_day, "until_day": billing.FEBRUARY.until_day}
    run = billing.advance(billing.plan(place, actor=starter, **days))
    with scoping.scope([place.organization.pk], actor=identity.ACTOR):
        two_people.change_policy(actor=identity.ACTOR, at=AT, needed_for=[TwoPeople.TARIFF])

    approved = billing.approve(run, actor=starter)

    assert approved.is_approved_alone is True
