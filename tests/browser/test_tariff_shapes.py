"""Tariffs made by hand from price sheets: steps, time of use with seasons, demand; as a manager would at a desk."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.tariffs import models
from tests.browser.conftest import Visit
from tests.factories import identity, sites
from tests.support import browser as browsing


def begin(visit: Visit, start: str) -> tuple[browsing.Watched, identity_models.Organization]:
    organization = identity.organization()
    sites.site(organization=organization, name="Harbor", code="HR")
    watched = visit(width=1280)
    user = identity.user(organization=organization)
    watched.enter(user, f"/o/{organization.public_id}/tariffs/new?start={start}")
    return watched, organization


def put(page: Page, place: str, value: str) -> None:
    page.locator(f"[name='{place}']").fill(value)


def choose(watched: browsing.Watched, place: str, value: str) -> None:
    """A choice that changes which fields there are: the page comes anew."""
    with watched.page.expect_navigation():
        watched.page.locator(f"[name='{place}']").select_option(value)


def add(watched: browsing.Watched, shape: str) -> None:
    with watched.page.expect_navigation():
        button = watched.page.locator(f"button[value='{shape}']")
        button.evaluate("each => each.closest('details')?.setAttribute('open', '')")
        button.click()


def saved(watched: browsing.Watched, organization: identity_models.Organization) -> dict[str, Any]:
    watched.follow(".page-head button:has-text('Save draft')")
    watched.page.wait_for_selector(".version-strip")
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        found: dict[str, Any] = models.TariffVersion.objects.get(organization_id=organization.pk).document
        return found


def test_steps_of_a_town(visit: Visit) -> None:
    """Oakville's residential steps: 0.053 up to 600 kWh a bill, 0.062 above."""
    watched, organization = begin(visit, "steps")
    page = watched.page
    choose(watched, "components[0].tier_reference", "BILLING_PERIOD")
    while page.locator("[name='components[0].tiers[2].price']").count():
        with page.expect_navigation():
            page.locator("button[value='remove:components[0].tiers[1]']").click()
    put(page, "components[0].tiers[0].up_to", "600")
    put(page, "components[0].tiers[0].price", "0.053")
    put(page, "components[0].tiers[1].price", "0.062")

    document = saved(watched, organization)

    assert document["components"][0]["tiers"] == [{"up_to": "600", "price": "0.053"}, {"price": "0.062"}]
    assert document["components"][0]["tier_reference"] == "BILLING_PERIOD"


def test_time_of_use_with_seasons_and_demand(visit: Visit) -> None:
    """Two seasons, prices by time of use, and the highest power at 13.90."""
    watched, organization = begin(visit, "")
    page = watched.page
    add(watched, "add:seasons")
    add(watched, "add:components:DEMAND")
    place = page.locator("[name$='.demand.interval']").get_attribute("name") or ""
    demand = place.removesuffix(".demand.interval")
    put(page, f"{demand}.price", "13.90")
    put(page, "components[0].prices.peak", "0.1637")

    document = saved(watched, organization)

    assert [each["starts"] for each in document["seasons"]] == ["04-01", "10-01"]
    assert document["components"][0]["prices"]["peak"] == "0.1637"
    (charged,) = [each for each in document["components"] if each["charge"] == "DEMAND"]
    assert (charged["price"], charged["demand"]) == ("13.90", {"interval": 15})
