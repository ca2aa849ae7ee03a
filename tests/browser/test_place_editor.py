"""The tree editor on a phone by keyboard alone, and on a desk by dragging: it fits and is accessible."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from playwright.sync_api import expect

from meterbook.sites.values import NodeKind
from tests.browser.conftest import Visit
from tests.factories import identity, sites
from tests.support import browser as browsing


def by_keyboard(watched: browsing.Watched, text: str) -> None:
    """Follow a link or press a button by the keys that everybody has."""
    wanted = watched.page.locator("main :is(a, button)", has_text=text).first
    wanted.focus()
    expect(wanted).to_be_focused()
    enter(watched)


def enter(watched: browsing.Watched) -> None:
    """Press the key that follows a link and sends a form."""
    with watched.leaving():
        watched.page.keyboard.press("Enter")


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
        browsing.picture(page, f"places-{name}-360-{theme}")

    watched.enter(user, f"/o/{organization.public_id}/sites/{site.public_id}/edit")
    look("empty")
    by_keyboard(watched, "Add the first place")
    page.locator("#id_name").focus()
    page.keyboard.type("Floor 1")
    page.locator("#id_code").focus()
    page.keyboard.type("F1")
    page.select_option("#id_kind", "FLOOR")
    by_keyboard(watched, "Add, then another")
    expect(page.locator("#id_code")).to_have_value("F2")
    page.locator("#id_name").focus()
    page.keyboard.type("Floor 2")
    enter(watched)  # the form's first button
    page.wait_for_selector("h2:has-text('Floor 2')")
    look("place")
    by_keyboard(watched, "Add inside")
    page.locator("#id_name").focus()
    page.keyboard.type("Shop 12")
    page.locator("#id_code").focus()
    page.keyboard.type("U12")
    page.select_option("#id_kind", "UNIT")
    page.keyboard.press("Tab")
    look("add")
    page.locator("#id_code").focus()
    enter(watched)
    page.wait_for_selector(".edit-panel h2:has-text('Shop 12')")
    page.locator("#id_name").focus()
    page.keyboard.press("End")
    page.keyboard.type("a")
    enter(watched)
    page.wait_for_selector(".edit-panel h2:has-text('Shop 12a')")
    by_keyboard(watched, "Move")
    page.wait_for_selector("#id_parent")
    look("move")
    page.select_option("#id_parent", label="Floor 1")
    page.fill("#id_day", (date.today() - timedelta(days=1)).isoformat())  # noqa: DTZ011 - any day that has begun
    page.locator("#id_day").focus()
    enter(watched)
    page.wait_for_selector(".edit-panel header:has-text('in Floor 1')")
    by_keyboard(watched, "Archive or delete")
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
    with watched.leaving():
        page.drag_and_drop(f"[data-place='{shop.public_id}']", f"[data-place='{second.public_id}']")
    page.wait_for_selector("h2:has-text('Move Shop 12')")

    expect(page.locator("#id_parent")).to_have_value(str(second.public_id))
    assert watched.axe() == []
    watched.follow("main form button:has-text('Move')")
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
