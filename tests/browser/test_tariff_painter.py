"""The week of a tariff's prices, painted by keyboard and mouse at a desk and by finger on a phone."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.tariffs import models, operations
from tests.browser.conftest import Visit
from tests.factories import identity, tariffs
from tests.support import browser as browsing

COVERED = "[data-part=covered]:visible"


def tariff_of(organization: identity_models.Organization) -> models.Tariff:
    document = {**tariffs.peak_document(), "code": "RETAIL"}
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        return operations.create_tariff(actor=identity.ACTOR, at=identity.LONG_AGO, document=document)


def saved(tariff: models.Tariff) -> dict[str, Any]:
    with scoping.scope([tariff.organization_id], actor=identity.ACTOR):
        found = models.TariffVersion.objects.get(organization_id=tariff.organization_id, tariff=tariff)
        document: dict[str, Any] = found.document
        return document


def cell(page: Page, day: int, number: int) -> Locator:
    return page.locator(f"td[data-day='{day}'][data-cell='{number}']")


def open_draft(watched: browsing.Watched, organization: identity_models.Organization, tariff: models.Tariff) -> None:
    user = identity.user(organization=organization)
    watched.enter(user, f"/o/{organization.public_id}/tariffs/{tariff.public_id}/draft")


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def save(watched: browsing.Watched) -> None:
    watched.follow(".page-head button:has-text('Save draft')")
    watched.page.wait_for_selector(".version-strip")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_by_keyboard_and_mouse_at_a_desk(visit: Visit, theme: str) -> None:
    organization = identity.organization()
    tariff = tariff_of(organization)
    watched = visit(width=1280, theme=theme)
    page = watched.page
    open_draft(watched, organization, tariff)

    expect(page.locator(COVERED)).to_have_text("All 336 cells have a price")
    cell(page, 0, 0).focus()
    press(page, "ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown", "End", "Shift+Home", "Shift+ArrowDown")
    press(page, "2", " ")
    expect(page.locator("[data-part=status]")).to_have_text("Off-peak: Saturday to Sunday, 00:00 to 24:00.")
    expect(cell(page, 6, 20)).to_have_attribute("aria-label", "Sunday 10:00 to 10:30: Off-peak")
    press(page, "Control+z")
    expect(cell(page, 6, 20)).to_have_attribute("aria-label", "Sunday 10:00 to 10:30: Peak")
    press(page, "Control+y")
    assert watched.overflow() <= 0
    assert watched.axe() == []
    # The mouse draws a rectangle on Monday alone, and Monday is copied.
    page.locator("[data-period='0']").click()
    cell(page, 0, 12).scroll_into_view_if_needed()
    cell(page, 0, 12).hover()
    page.mouse.down()
    cell(page, 0, 15).hover()
    page.mouse.up()
    expect(page.locator("[data-part=status]")).to_have_text("Peak: Monday, 06:00 to 08:00.")
    page.locator("[data-act=weekdays]").click()
    expect(page.locator("[data-part=table] tr").nth(4)).to_contain_text("06:00–22:00 Peak")
    browsing.picture(page, f"painter-1280-{theme}")
    save(watched)

    document = saved(tariff)
    assert [each["weekdays"] for each in document["day_types"]] == [["MON", "TUE", "WED", "THU", "FRI"], ["SAT", "SUN"]]
    assert [each["windows"][0]["from"] for each in document["calendar"]] == ["06:00", "00:00"]


def test_by_finger_on_a_phone_one_day_at_a_time(visit: Visit) -> None:
    organization = identity.organization()
    tariff = tariff_of(organization)
    watched = visit(width=360)
    page = watched.page
    open_draft(watched, organization, tariff)

    page.locator("[data-day-tab='6']").click()
    page.locator("[data-period='1']").click()
    expect(page.locator("td[data-cell]")).to_have_count(48)
    finger(page, cell(page, 6, 16), cell(page, 6, 43))
    expect(page.locator("[data-part=status]")).to_have_text("Off-peak: Sunday, 08:00 to 22:00.")
    assert watched.overflow() <= 0
    assert watched.axe() == []
    browsing.picture(page, "painter-360-light")
    save(watched)

    assert saved(tariff)["day_types"][1]["weekdays"] == ["SUN"]


def test_preview_follows_what_is_typed_and_faults_stand_beside_their_fields(visit: Visit) -> None:
    organization = identity.organization()
    watched = visit(width=768)
    page = watched.page
    watched.enter(identity.user(organization=organization), f"/o/{organization.public_id}/tariffs/new?start=flat")

    page.select_option("#id_example-month", "6")
    page.fill("#f-components-0-price", "0.10")
    expect(page.locator("#preview tfoot")).to_contain_text("36.00")
    page.select_option("#f-components-0-charge", "TIERS")
    page.wait_for_selector("#f-components-0-tiers-0-up_to")
    page.fill("#f-components-0-tiers-0-up_to", "many")
    with watched.leaving():
        page.keyboard.press("Enter")
    page.wait_for_selector("#problems")
    expect(page.locator("#f-components-0-tiers-0-up_to")).to_have_value("many")
    expect(page.locator("#f-components-0-tiers-0-up_to-problem-1")).to_contain_text("Write a quantity from 0 on")
    assert watched.overflow() <= 0
    assert watched.axe() == []
    watched.said.clear()  # a form with faults is answered with 422, which the console tells
    page.locator("#problems a").first.click()
    expect(page.locator("#f-components-0-tiers-0-up_to")).to_be_focused()
    browsing.picture(page, "tariff-faults-768")


def finger(page: Page, first: Locator, last: Locator) -> None:
    """Draw from one cell to another with one finger, through the debugger: a page cannot make real touches."""
    last.scroll_into_view_if_needed()
    boxes = [each.bounding_box() for each in (first, last)]
    points = [{"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2} for box in boxes if box]
    session = page.context.new_cdp_session(page)
    for kind, at in (("touchStart", points[:1]), ("touchMove", points[1:]), ("touchEnd", [])):
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})
