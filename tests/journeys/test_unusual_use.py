"""A bill of more than such a meter counts is pointed at before anybody approves it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from meterbook.kernel import clock
from tests.factories import billing, customers
from tests.journeys import house

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_march() -> object:
    with clock.use(clock.SettableClock(NOW)) as installed:
        yield installed


def test_a_run_says_which_draft_to_look_at_first_and_why() -> None:
    made = house.House()
    place = billing.place(organization=made.organization)
    meter = billing.metered(place, name="Shop 4", code="MP-4")
    billing.count(meter.energy, billing.FEBRUARY.starts_at, billing.FEBRUARY.ends_at, rise=2_600)  # 104 kW throughout
    account = customers.account(organization=made.organization, site=place.site)
    customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=billing.FEBRUARY.starts_at)
    run = billing.advance(billing.plan(place, first_day=date(2026, 2, 1), until_day=date(2026, 3, 1)))

    page = made.client.get(made.path("run", run.public_id)).content.decode()
    asked = made.client.post(made.path("run_approve", run.public_id)).content.decode()
    narrowed = made.client.get(made.path("run", run.public_id), {"show": "unusual"}).content.decode()

    assert "Look at the use first" in page
    assert "every check passed" not in page
    assert "2,496 kWh a day; at most 2,400 are plausible." in page
    assert "Compare the readings with the meter before you approve" in page
    assert "1 bill is about far more than is usual or plausible" in asked
    assert "MP-4" in narrowed
