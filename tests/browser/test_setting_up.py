"""Setting up on a phone and on a desk: each page fits and is accessible, and shows only what belongs to the choice."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.factories import acquisition, identity
from tests.support import browser as browsing


def fill_meter(page: Page, port: int) -> None:
    page.fill("[name=name]", "Shop 12")
    page.fill("[name=code]", "MP-101")
    page.select_option("[name=model_code]", "eastron_sdm630")
    page.fill("[name=serial_number]", "SN1")
    page.fill("[name=multiplier]", "200/5")
    page.fill("[name=gateway_name]", "Ground floor")
    page.fill("[name=port]", str(port))


@pytest.mark.parametrize(("width", "theme"), [(360, "light")])
def test_from_nothing_to_a_meter(visit: Visit, width: int, theme: str) -> None:
    organization = identity.organization(name="Northquay Property")
    user = identity.user(organization=organization, name="Maria Ortega")
    watched = visit(width=width, theme=theme)
    page = watched.page

    def look(name: str) -> None:
        assert watched.overflow() <= 0, name
        assert watched.axe() == [], name
        browsing.picture(page, f"setting-up-{name}-{width}-{theme}")

    watched.enter(user, f"/o/{organization.public_id}/")
    look("home")
    watched.follow("main a:has-text('Set up a site')")
    page.fill("[name=name]", "Harbor Mall")
    page.fill("[name=time_zone]", "Europe/Madrid")
    look("site")
    page.fill("[name=currency]", "EUR")
    watched.follow("text=Set up the site")
    watched.follow("main .first-steps a:has-text('Add a meter')")
    page.select_option("[name=model_code]", "imported")
    expect(page.locator("[name=host]")).to_be_hidden()
    expect(page.locator("[name=first_day]")).to_be_visible()
    look("meter-of-files")
    fill_meter(page, acquisition.free_port())
    expect(page.locator("[name=first_day]")).to_be_hidden()
    page.fill("[name=host]", "192.0.2.7")
    # The answer's status is an error of Chromium's console.
    watched.follow("text=Set up the meter")
    page.wait_for_selector("#id_host-problem-1")
    watched.said = [said for said in watched.said if "422" not in said]
    look("meter-refused")
    assert page.input_value("[name=serial_number]") == "SN1"
    page.fill("[name=host]", "127.0.0.1")
    watched.follow("text=Set up the meter")
    page.wait_for_selector("h1:has-text('Shop 12')")
    expect(page.locator("main .read-now")).to_be_visible()
    look("meter")
    watched.go(f"/o/{organization.public_id}/sites/")
    look("sites")
    watched.go(f"/o/{organization.public_id}/meters/new")
    page.select_option("[name=gateway]", index=0)
    expect(page.locator("[name=host]")).to_be_hidden()
    watched.go(f"/o/{organization.public_id}/")
    look("next-steps")
