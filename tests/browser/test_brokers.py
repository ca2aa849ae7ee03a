"""A broker and a meter that sends at it: pages fit, are accessible, and show only what belongs to the choice."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from meterbook.acquisition import operations, values
from meterbook.foundation import scoping
from meterbook.kernel import clock
from tests.browser.conftest import Visit
from tests.factories import acquisition, identity, mqtt, sites
from tests.support import browser as browsing

REFUSED = values.Problem("BROKER_REFUSED", "refused", "check", {"host": "127.0.0.1"})


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (360, "dark")])
def test_a_meter_that_sends_is_set_up(visit: Visit, width: int, theme: str) -> None:
    organization = identity.organization()
    user = identity.user(organization=organization)
    site = sites.site(organization=organization)
    bus = mqtt.broker(site=site, port=acquisition.free_port())
    with scoping.scope([organization.pk], actor=acquisition.ACTOR):
        operations.note_broker(
            actor=acquisition.ACTOR,
            at=clock.now(),
            bus_id=bus.pk,
            state=values.BrokerState.RETRYING,
            problem=REFUSED,
        )
    watched = visit(width=width, theme=theme)
    page, home = watched.page, f"/o/{organization.public_id}"

    def look(name: str) -> None:
        assert watched.overflow() <= 0, name
        assert watched.axe() == [], name
        browsing.picture(page, f"brokers-{name}-{width}-{theme}")

    watched.enter(user, f"{home}/topology/brokers/")
    look("list")
    watched.go(f"{home}/topology/brokers/new")
    look("new")
    watched.go(f"{home}/meters/new")
    page.fill("[name=name]", "Shop 12")
    page.fill("[name=code]", "MP-101")
    page.select_option("[name=model_code]", "json_electricity")
    page.fill("[name=serial_number]", "SN1")
    page.select_option("[name=gateway]", f"mqtt:{bus.public_id}")
    expect(page.locator("[name=unit_id]")).to_be_hidden()
    page.fill("[name=topic]", "riser/1")
    page.fill("[name=mapping]", "energy_import: /energy/total kWh")
    look("meter")
    watched.follow("text=Set up the meter")
    page.wait_for_selector("h1:has-text('Shop 12')")
    watched.follow("main a:has-text('Connection')")
    expect(page.locator("[name=topic]")).to_have_value("riser/1")
    look("connection")
    watched.go(f"{home}/topology")
    expect(page.locator(".topology .broker-state")).to_contain_text("Not connected")
    look("topology")
