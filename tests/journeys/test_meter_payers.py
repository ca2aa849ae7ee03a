"""Who pays, on a meter's page: a contract that is older than the meter says from when it is counted."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.factories import billing, customers
from tests.support import pages

HUNG_AT = datetime(2026, 3, 10, 9, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("starts_at", "is_told"), [(datetime(2026, 3, 1, tzinfo=UTC), True), (datetime(2026, 3, 11, tzinfo=UTC), False)]
)
def test_a_contract_says_from_when_it_is_counted(database: str, starts_at: datetime, is_told: bool) -> None:
    place = billing.place()
    meter = billing.metered(place, name="Bakery", starts_at=HUNG_AT)
    account = customers.account(organization=place.organization, site=place.site)
    customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=starts_at)

    shown = pages.page(pages.signed_in(place.organization), "meter", place.organization, meter.point.public_id)

    assert ("counted from 10 Mar 2026 10:15, when the meter was hung" in shown) is is_told
