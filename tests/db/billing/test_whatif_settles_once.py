"""A what-if over an estimated bill and the one that settles it: the difference counts once."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from meterbook.foundation import scoping
from meterbook.metering import operations as metering_operations
from meterbook.metering.estimating.inputs import Method
from tests.db.billing.test_bank_chains import ACTOR, again, contents
from tests.db.billing.test_credit_banks import issue
from tests.factories import billing, customers, metering


@pytest.mark.spec("B-75")
@pytest.mark.parametrize("is_whole", [True, False], ids=["both", "the-second-alone"])
def test_a_what_if_by_prices_that_do_not_look_back_settles_once(is_whole: bool) -> None:
    """June is estimated at 900 kWh, and July settles it: 1,550 kWh were used in both."""
    june, july = (billing.Days(date(2026, month, 1), date(2026, month + 1, 1)) for month in (6, 7))
    raw = billing.document()
    place = billing.place(raw=raw)
    meter = billing.metered(place, name="Roof")
    account = customers.account(organization=place.organization, site=place.site, name="Roof", number="A-1")
    customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=june.starts_at)
    metering.record(meter.energy, [(june.starts_at, 100_000)])
    billing.derive(place.organization.pk)
    with scoping.scope([place.organization.pk], actor=ACTOR):
        guessed = metering_operations.Estimated(method=Method.MANUAL, used=900_000, made_of={}, reason="no reading")
        metering_operations.estimate(
            actor=ACTOR,
            at=june.ends_at,
            series=meter.energy,
            until=june.ends_at,
            estimated=guessed,
            needs_second=False,
        )
    billing.derive(place.organization.pk)
    issue(place, june)
    metering.record(meter.energy, [(july.ends_at, 255_000)])
    billing.derive(place.organization.pk)
    issue(place, july)
    first, second = contents(place)
    assert second["settlements"]

    same = again(place, raw, None if is_whole else july.first_day)

    settled = Decimal(second["settlements"][0]["net"])
    assert settled != 0
    if not is_whole:
        # What June was billed stays: its difference is due in July.
        assert same == [Decimal(second["total"])]
        return
    assert sum(each or Decimal(0) for each in same) == Decimal(first["total"]) + Decimal(second["total"])
    assert same != [Decimal(first["total"]), Decimal(second["total"])]
