"""How a bus answers: the charts are drawn, their tables open, and the page fits and is accessible."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from meterbook.foundation import scoping
from meterbook.kernel import clock
from meterbook.monitoring import line_health
from meterbook.monitoring.line_health import HourOfLine
from tests.browser.conftest import Visit
from tests.factories import acquisition, identity, sites
from tests.support import browser as browsing


@pytest.mark.parametrize(("width", "theme", "language"), [(360, "dark", "es"), (1280, "light", "en")])
def test_how_a_bus_answers_is_drawn(visit: Visit, width: int, theme: str, language: str) -> None:
    organization = identity.organization()
    user = identity.user(organization=organization)
    bus = acquisition.bus(site=sites.site(organization=organization), name="Basement")
    device = acquisition.device(organization=organization, on=bus)
    now = clock.now()
    counts = {"asked": 12, "answered": 8, "timeouts": 3, "damaged": 1, "busy_ms": 3_600}
    buckets = (2, 6, 0, 0, 0, 0, 0, 0)
    hour = now.replace(minute=0, second=0, microsecond=0)
    hours = [
        HourOfLine(bus.pk, None, hour, **counts, watched_ms=12_000, buckets=buckets),
        HourOfLine(bus.pk, device.pk, hour, **counts, buckets=buckets, clock_ms=75_000, clock_at=now),
    ]
    with scoping.scope([organization.pk], actor=acquisition.ACTOR):
        line_health.add_hours(actor=acquisition.ACTOR, at=now, hours=hours)
    watched = visit(width=width, theme=theme)
    page, path = watched.page, f"/o/{organization.public_id}/topology/buses/{bus.public_id}/health?lang={language}"

    watched.enter(user, path)

    expect(page.locator(".bus-chart svg")).to_have_count(3)
    for table in page.locator(".chart-table > summary").all():
        table.click()
    expect(page.locator(".chart-table[open] table")).to_have_count(2)
    expect(page.locator(".bus-meters")).to_contain_text("75")
    assert watched.overflow() <= 0
    assert watched.axe() == []
    browsing.picture(page, f"bus-health-{width}-{theme}")
    page.set_viewport_size({"width": 768, "height": 900})
    expect(page.locator(".bus-chart svg")).to_have_count(3)
    assert watched.overflow() <= 0
    watched.check()
