"""All settings on a phone: found by a word, a logo, and how the numbers of next year's bills begin."""

from __future__ import annotations

import io

from PIL import Image

from meterbook.kernel import clock
from tests.browser.conftest import Visit
from tests.factories import identity, sites


def test_settings_are_found_and_changed_on_a_phone(visit: Visit) -> None:
    organization = identity.organization(name="Northquay Property")
    site = sites.site(organization=organization)
    year = clock.now().year + 1
    watched = visit(width=360, theme="dark")
    page = watched.page

    watched.enter(identity.user(organization=organization), f"/o/{organization.public_id}/settings/")
    assert (watched.overflow(), watched.axe()) == (0, [])
    page.fill("[name=q]", "series")
    with watched.leaving():
        page.keyboard.press("Enter")
    page.wait_for_url("**q=series*")
    watched.follow(".settings-list a:has-text('Bill numbers')")
    page.wait_for_selector("h1:has-text('Bill numbers')")
    watched.follow(f"tr:has-text('{year}') a:has-text('Change')")
    page.fill("[name=series_prefix]", "NQ/27")
    watched.follow("button:has-text('Save')")
    page.wait_for_selector("text=a letter or digit at both ends")
    assert (watched.overflow(), watched.axe()) == (0, [])
    page.fill("[name=series_prefix]", "NQ-27")
    watched.follow("button:has-text('Save')")
    page.wait_for_selector("text=NQ-27-000001")
    assert page.locator(f"text={site.code}-{year}-000001").count() == 0

    watched.go(f"/o/{organization.public_id}/letterhead/")
    picture = io.BytesIO()
    Image.new("RGB", (400, 100), "#0f766e").save(picture, "PNG")
    page.set_input_files("[name=picture]", {"name": "a.png", "mimeType": "image/png", "buffer": picture.getvalue()})
    watched.follow("text=Take this picture")
    page.wait_for_selector("img[alt='Logo of Northquay Property']")
    assert (watched.overflow(), watched.axe()) == (0, [])
    # A form that is refused answers 422, which the console notes.
    watched.said = [said for said in watched.said if "422" not in said]
