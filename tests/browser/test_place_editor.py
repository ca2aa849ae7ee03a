"""The tree editor on a phone by keyboard alone, and on a desk by dragging: it fits and is accessible."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from playwright.sync_api import Page, expect

from meterbook.sites.values import NodeKind
from tests.browser.conftest import Visit
from tests.factories import identity, sites
from tests.support import browser as browsing


def by_keyboard(page: Page, text: str) -> None:
    """Follow a link or press a button by the keys that everybody has."""
    wanted = page.locator("main :is(a, button, summary)", has_text=text).first
    wanted.focus()
    expect(wanted).to_be_focused()
    page.keyboard.press("Enter")


@pytest.mark.spec("M-001/1")
@pytest.mark.parametrize("theme", ["dark"])
def test_add_rename_and_move_by_keyboard_on_a_phone(visit: Visit, theme: str) -> None:
    organization = identity.organization()
    site = sites.site(organization=organization, code="HM")
    user = identity.user(organization=organization)
    watched = visit(width=360, theme=theme)
    page = watched.page

    def look(name: str) -> None:
        assert watched.overflow() <= 0, name
        assert watched.axe() == [], name
        page.screenshot(path=browsing.ROOT / "test-results" / f"places-{name}-360-{theme}.png", full_page=True)

    watched.enter(user, f"/o/{organization.public_id}/sites/{site.public_id}/edit")
    look("empty")
    by_keyboard(page, "Add the first place")
    page.locator("#id_name").focus()
    page.keyboard.type("Floor 1")
    page.locator("#id_code").focus()
    page.keyboard.type("F1")
    page.select_option("#id_kind", "FLOOR")
    by_keyboard(page, "Add, then another")
    expect(page.locator("#id_code")).to_have_value("F2")
    page.locator("#id_name").focus()
    page.keyboard.type("Floor 2")
    page.keyboard.press("Enter")  # the form's first button
    page.wait_for_selector("h2:has-text('Floor 2')")
    look("place")
    by_keyboard(page, "Add inside")
    page.locator("#id_name").focus()
    page.keyboard.type("Shop 12")
    page.locator("#id_code").focus()
    page.keyboard.type("U12")
    page.select_option("#id_kind", "UNIT")
    page.keyboard.press("Tab")
    look("add")
    page.locator("#id_code").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".edit-panel h2:has-text('Shop 12')")
    page.locator("#id_name").focus()
    page.keyboard.press("End")
    page.keyboard.type("a")
    page.keyboard.press("Enter")
    page.wait_for_selector(".edit-panel h2:has-text('Shop 12a')")
    by_keyboard(page, "Move")
    page.wait_for_selector("#id_parent")
    look("move")
    page.select_option("#id_parent", label="Floor 1")
    page.fill("#id_day", (date.today() - timedelta(days=1)).isoformat())  # noqa: DTZ011 - any day that has begun
    page.locator("#id_day").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".edit-panel header:has-text('in Floor 1')")
    by_keyboard(page, "Archive or delete")
    page.wait_for_selector(".effects")
    look("archive")


def test_drag_opens_the_move_filled_in(visit: Visit) -> None:
    organization = identity.organization()
    site = sites.site(organization=organization)
    first = sites.node(site=site, kind=NodeKind.FLOOR, name="Floor 1")
    second = sites.node(site=site, kind=NodeKind.FLOOR, name="Floor 2")
    shop = sites.node(site=site, kind=NodeKind.UNIT, name="Shop 12", parent=first)
    watched = visit(width=1280)
    page = watched.page

    watched.enter(identity.user(organization=organization), f"/o/{organization.public_id}/sites/{site.public_id}/edit")
    page.wait_for_selector(f"[data-place='{shop.public_id}'][draggable=true]")
    page.drag_and_drop(f"[data-place='{shop.public_id}']", f"[data-place='{second.public_id}']")
    page.wait_for_selector("h2:has-text('Move Shop 12')")

    expect(page.locator("#id_parent")).to_have_value(str(second.public_id))
    assert watched.axe() == []
    page.click("main form button:has-text('Move')")
    page.wait_for_selector(".edit-panel header:has-text('in Floor 2')")


@pytest.mark.parametrize("width", [360, 1280])
def test_workbook_pages_fit(visit: Visit, width: int) -> None:
    organization = identity.organization()
    watched = visit(width=width)
    page = watched.page

    watched.enter(identity.user(organization=organization), f"/o/{organization.public_id}/sites/workbooks/")
    assert watched.overflow() <= 0
    assert watched.axe() == []
    watched.go(f"/o/{organization.public_id}/sites/fields")
    assert watched.overflow() <= 0
    assert watched.axe() == []
    expect(page.locator("h1")).to_have_text("Own fields of places")
