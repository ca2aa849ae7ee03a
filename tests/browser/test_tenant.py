"""A tenant's own pages on a phone, light and dark, and on a desk."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from meterbook.kernel import civil, clock
from tests.browser.conftest import Visit
from tests.factories import billing
from tests.journeys.tenancy import Tenancy
from tests.support import browser as browsing


def look(watched: browsing.Watched, name: str) -> None:
    browsing.picture(watched.page, f"tenant-{name}")
    assert watched.overflow() <= 0, name
    assert watched.axe() == [], name
    browsing.picture(watched.page, f"tenant-{name}")


@pytest.mark.spec("M-003/2")
@pytest.mark.parametrize(("width", "theme"), [(360, "light"), (360, "dark"), (1280, "light")])
def test_a_tenant_sees_the_own_time(visit: Visit, width: int, theme: str) -> None:
    today = civil.local_date(clock.now(), billing.MADRID)
    tenancy = Tenancy(moved=civil.start_of_day(today - timedelta(days=5), billing.MADRID))
    billing.count(tenancy.meter.energy, billing.FEBRUARY.starts_at, billing.FEBRUARY.ends_at)
    tenancy.contract(tenancy.account, billing.FEBRUARY.starts_at, billing.FEBRUARY.ends_at)
    billing.issued(tenancy.place, first_day=billing.FEBRUARY.first_day, until_day=billing.FEBRUARY.until_day)
    watched = visit(width=width, theme=theme)
    page = watched.page

    watched.enter(tenancy.user, "/")
    expect(page.locator(".own-hero")).to_contain_text("New Tenant")
    expect(page.locator(".usage-chart svg").first).to_be_visible()
    look(watched, f"home-{width}-{theme}")

    watched.follow(".own-tabs a:has-text('Use')")
    expect(page.locator("h1")).to_have_text("Local 12")
    expect(page.locator(".usage-chart svg").first).to_be_visible()
    page.click(".own-table summary")
    look(watched, f"use-{width}-{theme}")

    watched.go(f"{tenancy.use_path}?view=day&day={(today - timedelta(days=6)).isoformat()}")
    expect(page.locator("main")).to_contain_text("Not your time")
    look(watched, f"outside-{width}-{theme}")

    watched.follow(".own-tabs a:has-text('Privacy')")
    expect(page.locator("h1")).to_have_text("Who looked at your use")
    look(watched, f"looks-{width}-{theme}")
