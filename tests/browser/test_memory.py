"""The memory of a meter on the page of a gap fits, is accessible, and its button asks."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from meterbook.acquisition import models, operations, queries
from meterbook.foundation import scoping
from meterbook.kernel import clock
from tests.browser.conftest import Visit
from tests.factories import acquisition, identity, sites
from tests.support import browser as browsing


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (360, "dark")])
def test_the_memory_of_a_meter_is_asked(visit: Visit, width: int, theme: str) -> None:
    organization = identity.organization()
    user = identity.user(organization=organization)
    site = sites.site(organization=organization)
    meter = acquisition.installed_meter(organization=organization, site=site, model_code="pilot_spm93")
    acquisition.device(organization=organization, on=acquisition.bus(site=site), meter=meter.meter)
    watched = visit(width=width, theme=theme)
    page = watched.page
    watched.enter(user, f"/o/{organization.public_id}/meters/{meter.point.public_id}/gap")

    page.get_by_role("button", name="Ask the meter's memory").click()
    expect(page.get_by_text("The meter is being asked")).to_be_visible()
    with scoping.scope([organization.pk], actor=acquisition.ACTOR):
        asked = models.DeviceRequest.objects.get(organization_id=organization.pk)
        told = queries.MemoryAnswer(asked=5, taken=4, known=0, conflicts=1, ahead_seconds=-300)
        answer = operations.Answer(took_ms=800, memory=told)
        operations.answer_request(
            actor=acquisition.ACTOR, at=clock.now(), real_at=clock.real_now(), request_id=asked.pk, answer=answer
        )
    page.reload()

    expect(page.get_by_text("4 readings were taken.")).to_be_visible()
    assert watched.overflow() <= 0
    assert watched.axe() == []
    browsing.picture(page, f"memory-{width}-{theme}")
