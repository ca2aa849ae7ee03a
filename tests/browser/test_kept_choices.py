"""What was ticked in the list of a run stays when the page is loaded anew, filtered or turned, until it is decided."""

from __future__ import annotations

import re
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from meterbook.kernel import civil
from tests.browser.conftest import Visit
from tests.factories import billing, customers, identity

FIRST, UNTIL = date(2026, 2, 2), date(2026, 2, 4)
MADRID = ZoneInfo("Europe/Madrid")
START, END = civil.start_of_day(FIRST, MADRID), civil.start_of_day(UNTIL, MADRID)
NAMES = ("Bakery", "Florist", "Pharmacy")


@pytest.fixture
def place(database: str) -> billing.Place:
    made = billing.place(code="HR")
    for name in NAMES:
        meter = billing.metered(made, name=name)
        billing.count(meter.energy, START, END)
        account = customers.account(organization=made.organization, site=made.site, name=name)
        customers.contract(account=account, point=meter.point, tariff=made.tariff, starts_at=START)
    return made


def test_boxes_stay_ticked_over_loading_and_filters_until_it_is_decided(place: billing.Place, visit: Visit) -> None:
    run = billing.advance(billing.plan(place, first_day=FIRST, until_day=UNTIL))
    path = f"/o/{place.organization.public_id}/runs/{run.public_id}/"
    watched = visit()
    watched.enter(identity.user(organization=place.organization, name="Daniel Okafor"), path)
    page = watched.page
    page.get_by_role("checkbox", name=re.compile("Choose Bakery")).check()
    expect(page.locator("[data-chosen]")).to_have_text("1")

    page.reload()
    expect(page.get_by_role("checkbox", name=re.compile("Choose Bakery"))).to_be_checked()
    expect(page.get_by_role("checkbox", name=re.compile("Choose Florist"))).not_to_be_checked()
    page.goto(page.url.split("?")[0] + "?search=Florist")
    page.get_by_role("checkbox", name=re.compile("Choose Florist")).check()
    expect(page.locator("[data-chosen]")).to_have_text("2")
    assert watched.axe() == []
    page.get_by_role("button", name="Leave out…", exact=True).click()
    expect(page.get_by_text("Bakery")).to_be_visible()
    expect(page.get_by_text("Florist")).to_be_visible()
    page.get_by_label("Why these are left out").fill("the meters are being exchanged")
    page.get_by_role("button", name="Leave them out").click()
    expect(page.get_by_text("2 accounts were left out.")).to_be_visible()
    expect(page.locator("[data-chosen]")).to_have_text("0")


def test_none_are_chosen_at_once(place: billing.Place, visit: Visit) -> None:
    run = billing.advance(billing.plan(place, first_day=FIRST, until_day=UNTIL))
    watched = visit()
    watched.enter(
        identity.user(organization=place.organization, name="Daniel Okafor"),
        f"/o/{place.organization.public_id}/runs/{run.public_id}/",
    )
    page = watched.page
    page.get_by_role("checkbox", name=re.compile("Choose Bakery")).check()

    page.get_by_role("button", name="Choose none").click()

    expect(page.get_by_role("checkbox", name=re.compile("Choose Bakery"))).not_to_be_checked()
    page.reload()
    expect(page.get_by_role("checkbox", name=re.compile("Choose Bakery"))).not_to_be_checked()
