"""The palette in a real browser: by keyboard, by touch, read by screen readers, on every width."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from meterbook.identity import models as identity_models
from tests.browser.conftest import Visit
from tests.factories import customers, identity, metering, sites
from tests.support import browser as browsing


class Quay:
    """Two meters and an account to jump to."""

    def __init__(self) -> None:
        self.organization: identity_models.Organization = identity.organization(name="Northquay Property")
        self.site = sites.site(organization=self.organization, name="Harbor Mall")
        self.user = identity.user(organization=self.organization, name="Maria Ortega")
        for name in ("Bakery", "Bakehouse"):
            metering.installed_meter(organization=self.organization, site=self.site, name=name)
        customers.account(organization=self.organization, site=self.site, name="Bakers & Sons")

    @property
    def work(self) -> str:
        return reverse("work", args=[self.organization.public_id])


@pytest.fixture(scope="module")
def quay(database: str) -> Quay:
    return Quay()


def open_page(visit: Visit, quay: Quay, **how: object) -> browsing.Watched:
    watched = visit(**how)
    watched.enter(quay.user, quay.work)
    return watched


class TestPalette:
    def test_is_used_by_keyboard(self, visit: Visit, quay: Quay) -> None:
        watched = open_page(visit, quay, width=1280)
        page = watched.page

        page.keyboard.press("Control+k")
        box = page.get_by_role("combobox")
        expect(box).to_be_focused()
        expect(page.get_by_role("option", name="Home", exact=True)).to_be_visible()
        box.fill("bake")
        expect(page.get_by_role("option", name="Bakehouse")).to_have_attribute("aria-selected", "true")
        page.keyboard.press("ArrowDown")
        expect(page.get_by_role("option", name="Bakery")).to_have_attribute("aria-selected", "true")
        chosen = page.get_by_role("option", name="Bakery").get_attribute("id")
        assert box.get_attribute("aria-activedescendant") == chosen
        page.keyboard.press("Enter")

        expect(page.get_by_role("heading", level=1)).to_contain_text("Bakery")

    def test_goes_away_by_escape_and_keeps_what_was_opened_last(self, visit: Visit, quay: Quay) -> None:
        page = open_page(visit, quay, width=1280).page
        page.keyboard.press("Control+k")
        page.get_by_role("combobox").fill("bakehouse")
        expect(page.get_by_role("option", name="Bakehouse")).to_be_visible()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Bakehouse")

        page.keyboard.press("Control+k")
        recent = page.get_by_role("group", name="Opened last")
        expect(recent.get_by_role("option", name="Bakehouse")).to_be_visible()
        page.keyboard.press("Escape")

        expect(page.get_by_role("combobox")).to_be_hidden()

    def test_is_used_by_touch(self, visit: Visit, quay: Quay) -> None:
        watched = open_page(visit, quay, width=360)
        page = watched.page

        page.get_by_role("button", name="Find anything").click()
        page.get_by_role("combobox").fill("bakers")
        option = page.get_by_role("option", name="Bakers & Sons")
        expect(option).to_be_visible()
        box = option.bounding_box()
        assert box is not None
        assert box["height"] >= 44
        assert watched.overflow() == 0
        option.click()

        expect(page.get_by_role("heading", level=1)).to_contain_text("Bakers & Sons")

    def test_says_when_nothing_is_found(self, visit: Visit, quay: Quay) -> None:
        page = open_page(visit, quay, width=1280).page
        page.keyboard.press("Control+k")
        page.get_by_role("combobox").fill("zzz")

        expect(page.get_by_text("Nothing is called that")).to_be_visible()
        page.keyboard.press("Enter")
        expect(page.get_by_role("combobox")).to_be_focused()

    @pytest.mark.parametrize(("width", "theme"), [(360, "light")])
    def test_is_accessible(self, visit: Visit, quay: Quay, width: int, theme: str) -> None:
        watched = open_page(visit, quay, width=width, theme=theme)
        watched.page.get_by_role("button", name="Find anything").click()
        watched.page.get_by_role("combobox").fill("bake")
        expect(watched.page.get_by_role("option", name="Bakery")).to_be_visible()

        assert watched.axe() == []
