"""A key for a program, made on a phone and on a desk: it is shown once, it works, and it ends when it is revoked."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.factories import identity, sites
from tests.support import browser as browsing


@pytest.mark.parametrize(("width", "theme"), [(360, "dark")])
def test_from_no_key_to_a_revoked_one(visit: Visit, width: int, theme: str) -> None:
    organization = identity.organization(name="Northquay Property")
    sites.site(organization=organization)
    sites.site(organization=organization, name="Quay House")
    watched = visit(width=width, theme=theme)
    page = watched.page

    def look(name: str) -> None:
        assert watched.overflow() <= 0, name
        assert watched.axe() == [], name
        browsing.picture(page, f"keys-{name}-{width}-{theme}")

    watched.enter(identity.user(organization=organization), f"/o/{organization.public_id}/api/")
    page.locator("summary", has_text="Set up a meter point").click()
    expect(page.locator("#create_meter_point .api-inside")).to_be_visible()
    look("reference")
    watched.follow("main a:has-text('API keys')")
    look("none")
    watched.follow("main a:has-text('New key')")
    page.fill("[name=name]", "Accounting")
    page.check("[value='sites:view']")
    look("new")
    watched.follow("text=Make the key")
    token = page.input_value("#key")
    look("made")
    answer = page.request.get(f"{watched.site.address}/api/v1/sites", headers={"Authorization": f"Bearer {token}"})
    assert [each["name"] for each in answer.json()["items"]] == ["Harbor Mall", "Quay House"]
    watched.follow("main a:has-text('Done')")
    expect(page.locator(".key-list")).to_contain_text(token[:15])
    look("list")
    watched.follow("main a:has-text('New secret')")
    look("rotate")
    watched.follow("text=Back, change nothing")
    watched.follow("main a:has-text('Revoke')")
    look("revoke")
    page.fill("[name=reason]", "lost")
    watched.follow("button:has-text('Revoke the key')")
    expect(page.locator(".key-list .chip")).to_have_text("Revoked")
    refused = page.request.get(f"{watched.site.address}/api/v1/sites", headers={"Authorization": f"Bearer {token}"})
    assert refused.status == 401
    watched.check()
