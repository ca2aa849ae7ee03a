"""The meter list in a real browser: walked by keys, kept as a view, stale after two intervals, on every screen."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from meterbook.metering import operations as metering_operations
from meterbook.metering import values as metering_values
from tests.browser.conftest import Visit
from tests.factories import identity, metering, sites
from tests.support import browser as browsing


class Place:
    """A site with three meters: one that reports, one that is late, one that never did."""

    def __init__(self) -> None:
        self.organization = identity.organization(name="Northquay Property")
        site = sites.site(organization=self.organization, name="Harbor Mall", time_zone="UTC")
        self.user = identity.user(organization=self.organization, name="Maria Ortega")
        made = [
            metering.installed_meter(organization=self.organization, site=site, name=name, service=service)
            for name, service in (
                ("Anchor Store", metering_values.Service.ELECTRICITY),
                ("Bakery", metering_values.Service.ELECTRICITY),
                ("Calder Grill", metering_values.Service.GAS),
            )
        ]
        self.fresh, self.late, self.never = made
        self.show(self.fresh, timedelta(seconds=1))
        self.show(self.late, timedelta(hours=3))

    @property
    def path(self) -> str:
        return f"/o/{self.organization.public_id}/meters/"

    def show(self, meter: metering.Installed, age: timedelta) -> None:
        """Show a latest register of an age, as the collector does."""
        at = datetime.now(UTC) - age
        rows = [(meter.energy.pk, metering.microseconds(at), 123_456)]
        metering_operations.record_latest(
            organization_id=self.organization.pk,
            actor=metering.ACTOR,
            at=at,
            batch=metering_operations.ReadingBatch.of(rows),
        )


@pytest.fixture(scope="module")
def place(database: str) -> Place:
    return Place()


def open_list(visit: Visit, place: Place, query: str = "", **how: object) -> browsing.Watched:
    watched = visit(**how)
    watched.enter(place.user, place.path + query)
    watched.page.locator("html[data-stream=up]").wait_for(state="attached")
    return watched


def names(page: Page) -> list[str]:
    return page.locator(".meter-list .row-link").all_inner_texts()


def focused(page: Page, name: str) -> None:
    expect(page.locator(".meter-list .row-link:focus")).to_have_text(name)


class TestChoosing:
    @pytest.mark.parametrize("width", [360, 1280])
    def test_chosen_rows_come_as_a_file(self, visit: Visit, place: Place, width: int) -> None:
        page = open_list(visit, place, width=width).page
        expect(page.get_by_role("group", name="With the chosen")).to_be_hidden()

        page.get_by_label("Choose Bakery").check()
        page.get_by_label("Choose Calder Grill").check()
        bar = page.get_by_role("group", name="With the chosen")
        expect(bar).to_contain_text("2 chosen")
        expect(bar).to_be_in_viewport()
        with page.expect_download() as given:
            bar.get_by_role("button", name="CSV").click()

        lines = given.value.path().read_text(encoding="utf-8-sig").splitlines()
        assert [line.partition(",")[0] for line in lines] == ["Meter", "Bakery", "Calder Grill"]
        bar.get_by_role("button", name="Choose none").click()
        expect(bar).to_be_hidden()

    def test_keys_choose_and_news_leave_the_choice(self, visit: Visit, place: Place) -> None:
        page = open_list(visit, place).page
        expect(page.locator("#meter-list[data-keys]")).to_be_attached()

        page.keyboard.press("j")
        page.keyboard.press("x")
        place.show(place.fresh, timedelta(0))

        expect(page.get_by_label("Choose Anchor Store")).to_be_checked()
        expect(page.get_by_role("group", name="With the chosen")).to_contain_text("1 chosen")

    def test_a_click_anywhere_in_a_row_opens_it(self, visit: Visit, place: Place) -> None:
        page = open_list(visit, place).page

        page.locator(".meter-list tbody tr").first.locator("td.num").first.click()

        expect(page.locator("h1")).to_have_text("Anchor Store")


class TestKeys:
    def test_j_k_and_arrows_move_and_enter_opens(self, visit: Visit, place: Place) -> None:
        page = open_list(visit, place).page
        expect(page.locator("#meter-list[data-keys]")).to_be_attached()

        page.keyboard.press("j")
        focused(page, "Anchor Store")
        page.keyboard.press("j")
        page.keyboard.press("ArrowDown")
        focused(page, "Calder Grill")
        page.keyboard.press("k")
        page.keyboard.press("ArrowUp")
        focused(page, "Anchor Store")
        page.keyboard.press("Enter")

        page.wait_for_url(f"**/meters/{place.fresh.point.public_id}/")

    def test_a_slash_searches_and_letters_in_the_field_move_nothing(self, visit: Visit, place: Place) -> None:
        page = open_list(visit, place).page
        expect(page.locator("#meter-list[data-keys]")).to_be_attached()

        page.keyboard.press("/")
        page.keyboard.type("jak")

        expect(page.get_by_role("searchbox", name="Search meters")).to_have_value("jak")
        expect(page.locator(".meter-list .row-link:focus")).to_have_count(0)


class TestValues:
    def test_old_ones_are_grey_and_others_are_not(self, visit: Visit, place: Place) -> None:
        page = open_list(visit, place).page

        old = page.locator(f"[data-live-key='{place.late.point.public_id}-main']").locator("..")
        young = page.locator(f"[data-live-key='{place.fresh.point.public_id}-main']").locator("..")
        expect(old).to_have_class(re.compile("stale"))
        expect(young).not_to_have_class(re.compile("stale"))
        expect(page.locator(f"[data-live-key='{place.late.point.public_id}-state']")).to_have_text("Late")


class TestViews:
    def test_one_is_kept_opened_renamed_and_deleted(self, visit: Visit, place: Place) -> None:
        page = open_list(visit, place, "?service=gas").page
        views = page.locator("details.views")

        views.locator("> summary").click()
        views.get_by_label("Keep what is shown as").fill("Gas only")
        views.get_by_role("button", name="Keep this view").click()
        expect(page.get_by_text("The view “Gas only” is kept.")).to_be_visible()

        page.goto(page.url.partition("?")[0])
        views.locator("> summary").click()
        views.get_by_role("link", name="Gas only").click()
        page.wait_for_url("**/meters/?service=gas")
        assert names(page) == ["Calder Grill"]

        views.locator("> summary").click()
        views.get_by_label("Rename or delete “Gas only”").click()
        views.get_by_label("Name", exact=True).fill("Gas")
        views.get_by_role("button", name="Rename").click()
        expect(page.get_by_text("The view is called “Gas” now.")).to_be_visible()

        views.locator("> summary").click()
        views.get_by_label("Rename or delete “Gas”").click()
        views.get_by_role("button", name="Delete the view “Gas”").click()
        expect(page.get_by_text("The view is deleted.")).to_be_visible()

    def test_a_name_that_is_missing_is_asked_for_beside_the_field(self, visit: Visit, place: Place) -> None:
        page = open_list(visit, place).page
        views = page.locator("details.views")

        views.locator("> summary").click()
        views.get_by_role("button", name="Keep this view").click()

        expect(views.get_by_text("Give the view a name.")).to_be_visible()


class TestShape:
    @pytest.mark.parametrize(("width", "language"), [(360, "es"), (768, "en"), (1280, "es")])
    def test_nothing_is_wider_than_the_screen(self, visit: Visit, place: Place, width: int, language: str) -> None:
        watched = open_list(visit, place, f"?lang={language}", width=width)

        assert watched.overflow() <= 0

    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_the_accessibility_checker_finds_nothing_with_menus_open(
        self, visit: Visit, place: Place, theme: str
    ) -> None:
        watched = open_list(visit, place, theme=theme)
        assert watched.axe() == []

        for menu in ("details.views", "details.columns"):
            watched.page.locator(f"{menu} > summary").click()
            assert watched.axe() == [], menu
            watched.page.locator(f"{menu} > summary").click()

    def test_columns_are_chosen(self, visit: Visit, place: Place) -> None:
        page = open_list(visit, place).page

        page.locator("details.columns > summary").click()
        page.get_by_label("Model").check()
        page.get_by_role("button", name="Show these columns").click()

        expect(page.get_by_role("columnheader", name="Model")).to_be_visible()
