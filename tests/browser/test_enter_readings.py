"""Twenty meters read by hand, typed on a phone: Enter saves and goes on, odd numbers are asked about."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from meterbook.foundation import scoping
from meterbook.kernel import civil, clock
from meterbook.metering.values import Source
from meterbook.monitoring import queries as monitoring_queries
from meterbook.sites import operations as site_operations
from meterbook.sites import values as site_values
from tests.browser.conftest import Visit
from tests.factories import billing, identity, metering, sites
from tests.journeys import hand_read

UNITS = 20


class House:
    """Casa Sol: twenty units, each with a meter that showed 1,000.00 and 1,300.00 kWh at the ends of two months."""

    def __init__(self) -> None:
        self.organization = identity.organization(name="Casa Sol")
        self.site = sites.site(organization=self.organization, name="Casa Sol", time_zone="Europe/Madrid")
        self.user = identity.user(organization=self.organization, name="Lucía Prieto")
        due = monitoring_queries.round_of(civil.local_date(clock.now(), billing.MADRID))
        newest = civil.month_bounds(due, billing.MADRID).start
        former = civil.month_bounds(newest.date() - timedelta(days=2), billing.MADRID).start
        for number in range(1, UNITS + 1):
            with scoping.scope([self.organization.pk], actor=identity.ACTOR):
                unit = site_operations.create_node(
                    actor=identity.ACTOR,
                    at=former,
                    site=self.site,
                    kind=site_values.NodeKind.UNIT,
                    code=f"P{number}",
                    name=f"Piso {number}",
                )
            made = metering.installed_meter(
                organization=self.organization, site=self.site, node=unit, registers=(metering.ENERGY,)
            )
            metering.record(made.energy, [(former, 100_000), (newest, 130_000)], source=Source.FIELD)

    @property
    def path(self) -> str:
        return f"/o/{self.organization.public_id}/readings/"


@pytest.fixture(scope="module")
def place(database: str) -> House:
    return House()


def test_the_round_of_a_house_goes_by_thumb(visit: Visit, place: House) -> None:
    watched = visit(width=360)
    watched.enter(place.user, place.path)
    page = watched.page
    fields = page.locator("input[data-value]")
    expect(fields).to_have_count(UNITS)

    fields.nth(0).fill("1,480.5")
    expect(page.locator("[data-use]").nth(0)).to_contain_text("180.50")
    fields.nth(0).press("Enter")
    expect(page.locator("[data-progress-words]")).to_have_text("1 of 20")
    expect(page.locator("[data-row]").nth(0)).to_contain_text("Entered")
    expect(fields.nth(1)).to_be_focused()

    fields.nth(2).fill("1,400")  # typed ahead; it must not be lost
    fields.nth(1).fill("1,299")
    expect(page.locator("[data-odd]").nth(1)).to_contain_text("lower than the reading before")
    fields.nth(1).press("Enter")
    doubt = page.locator(".reading-doubt")
    expect(doubt).to_contain_text("It is lower than the 1,300.00 kWh before.")
    doubt.get_by_label("Yes, it is right").check()
    doubt.get_by_label("Why it is right").fill("counter was exchanged by the supplier")
    doubt.get_by_label("Why it is right").press("Enter")
    expect(page.get_by_text("Take a photo of the display as well")).to_be_visible()
    expect(doubt.get_by_label("Why it is right")).to_have_value("counter was exchanged by the supplier")
    photo = {"name": "display.png", "mimeType": "image/png", "buffer": hand_read.picture().read()}
    page.locator("[data-row]").nth(1).get_by_label("Photo of the display").set_input_files(photo)  # type: ignore[arg-type]
    doubt.get_by_label("Why it is right").press("Enter")
    expect(page.locator("[data-progress-words]")).to_have_text("2 of 20")
    expect(fields.nth(2)).to_have_value("1,400")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360

    page.locator(".reading-foot").get_by_role("button", name="Save all").click()
    expect(page.get_by_text(": 1,400.00 kWh is saved.")).to_be_visible()
    expect(page.locator("[data-progress-words]")).to_have_text("3 of 20")
    page.get_by_role("link", name="Still missing").click()
    expect(fields).to_have_count(UNITS - 3)
