"""Home and the tree of a site in a real browser: live, by keyboard, on every width, without a breach of the policy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from meterbook.identity import models as identity_models
from meterbook.kernel.quality import Quality
from meterbook.metering import operations as metering_operations
from meterbook.metering import values as metering_values
from meterbook.sites.values import NodeKind
from tests.browser.conftest import Visit
from tests.factories import identity, metering, sites, usage
from tests.support import browser as browsing


class Mall:
    """A site with a main meter, a tenant's meter in a unit, and use since three days ago."""

    def __init__(self) -> None:
        self.organization: identity_models.Organization = identity.organization(name="Northquay Property")
        self.site = sites.site(organization=self.organization, name="Harbor Mall", time_zone="UTC")
        self.user = identity.user(organization=self.organization, name="Maria Ortega")
        building = sites.node(site=self.site, name="West wing")
        self.floor = sites.node(site=self.site, name="Ground floor", kind=NodeKind.FLOOR, parent=building)
        unit = sites.node(site=self.site, name="Unit 7", kind=NodeKind.UNIT, parent=self.floor)
        self.main = metering.installed_meter(
            organization=self.organization, site=self.site, name="Main meter", role=metering_values.PointRole.MAIN
        )
        self.shop = metering.installed_meter(organization=self.organization, site=self.site, name="Bakery", node=unit)
        today = datetime.now(UTC).date()
        for meter, value in ((self.main, 1_000), (self.shop, 600)):
            quality = dict.fromkeys(range(32, 36), Quality.ESTIMATED)
            usage.flat_days(meter.energy, today - timedelta(days=3), 2, value)
            usage.day_block(meter.energy, today - timedelta(days=1), [value] * 96, quality=quality)

    @property
    def home(self) -> str:
        return f"/o/{self.organization.public_id}/"

    @property
    def tree(self) -> str:
        return f"{self.home}sites/{self.site.public_id}/"

    def count(self, *readings: tuple[int, int]) -> None:
        """The main meter shows (minutes ago, kWh), and what follows from it is derived."""
        hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        metering.record(self.main.energy, [(hour - timedelta(minutes=ago), kwh * 100) for ago, kwh in readings])
        metering_operations.derive_dirty_days(
            organization_id=self.organization.pk, actor=metering.ACTOR, at=datetime.now(UTC)
        )


@pytest.fixture(scope="module")
def mall(database: str) -> Mall:
    return Mall()


def open_page(visit: Visit, mall: Mall, path: str, **how: object) -> browsing.Watched:
    watched = visit(**how)
    watched.enter(mall.user, path)
    watched.page.locator("html[data-stream=up]").wait_for(state="attached")
    return watched


class TestHome:
    @pytest.mark.parametrize(("width", "theme"), [(360, "light"), (768, "dark")])
    def test_is_whole_and_accessible(self, visit: Visit, mall: Mall, width: int, theme: str) -> None:
        watched = open_page(visit, mall, mall.home, width=width, theme=theme)

        expect(watched.page.locator("#home-chart svg")).to_be_visible()
        expect(watched.page.get_by_role("heading", name="Use by service")).to_be_visible()
        assert watched.overflow() == 0
        assert watched.axe() == []

    def test_follows_the_meters_without_a_reload(self, visit: Visit) -> None:
        mall = Mall()
        mall.count((60, 0), (45, 100))
        watched = open_page(visit, mall, mall.home)
        # Just after midnight the readings are those of yesterday: the table tells of both days.
        table = watched.page.locator("[data-live-key='use']")
        before = table.inner_text()
        watched.page.evaluate("document.querySelector('#home-chart svg').dataset.isSame = 'yes'")

        mall.count((30, 600))

        expect(table).not_to_have_text(before, use_inner_text=True)
        expect(watched.page.locator("#home-chart svg[data-is-same]")).to_be_visible()


class TestTree:
    @pytest.mark.parametrize("width", [360])
    def test_is_whole_and_accessible(self, visit: Visit, mall: Mall, width: int) -> None:
        watched = open_page(visit, mall, mall.tree, width=width)
        watched.page.get_by_text("Ground floor").click()

        expect(watched.page.get_by_role("link", name="Bakery")).to_be_visible()
        assert watched.overflow() == 0
        assert watched.axe() == []

    def test_is_walked_by_the_arrow_keys(self, visit: Visit, mall: Mall) -> None:
        watched = open_page(visit, mall, mall.tree)
        watched.page.locator("summary", has_text="West wing").focus()

        watched.page.keyboard.press("ArrowDown")
        expect(watched.page.locator("summary", has_text="Ground floor")).to_be_focused()
        watched.page.keyboard.press("ArrowRight")
        expect(watched.page.get_by_role("link", name="Bakery")).to_be_visible()
        watched.page.keyboard.press("End")
        expect(watched.page.get_by_role("link", name="Main meter")).to_be_focused()
        watched.page.keyboard.press("ArrowUp")
        expect(watched.page.get_by_role("link", name="Bakery")).to_be_focused()
        watched.page.keyboard.press("Enter")

        watched.page.wait_for_url("**/meters/**")
