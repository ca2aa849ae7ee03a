"""Fifty meters are read in a cellar without network: nothing typed is lost, all is sent once, refusals come back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Route, expect

from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel import civil, clock
from meterbook.metering import models
from meterbook.metering.values import Source
from meterbook.monitoring import queries as monitoring_queries
from tests.browser.conftest import Visit
from tests.factories import billing, identity, metering, sites
from tests.journeys import hand_read
from tests.support import browser as browsing

METERS = 50
# What the browser and the other parts of the page say while there is no network.
UNREACHED = ("Failed to load resource: net::ERR_", "htmx:afterRequest", "htmx:sendError")
DROPPED = """async () => {
  for (let turn = 0; turn < 200 && (await caches.keys()).length; turn += 1)
    await new Promise((go) => setTimeout(go, 50));
  return caches.keys();
}"""
SENDING_MILLISECONDS = 120_000


def house() -> tuple[identity_models.Organization, identity_models.User]:
    """This will make Casa Luna: fifty meters that showed 1,000.00 and 1,300.00 kWh at the ends of two months."""
    organization = identity.organization(name="Casa Luna")
    place = sites.site(organization=organization, name="Casa Luna", time_zone="Europe/Madrid")
    user = identity.user(organization=organization, name="Lucía Prieto")
    due = monitoring_queries.round_of(civil.local_date(clock.now(), billing.MADRID))
    newest = civil.month_bounds(due, billing.MADRID).start
    former = civil.month_bounds(newest.date() - timedelta(days=2), billing.MADRID).start
    for number in range(1, METERS + 1):
        made = metering.installed_meter(
            organization=organization, site=place, code=f"M-{number:02}", registers=(metering.ENERGY,)
        )
        metering.record(made.energy, [(former, 100_000), (newest, 130_000)], source=Source.FIELD)
    return organization, user


def sign_out(watched: browsing.Watched) -> None:
    """This will sign out; nothing of the page is kept then."""
    watched.page.locator("details.person > summary").click()
    watched.follow(watched.page.get_by_role("button", name="Sign out"))
    assert "/accounts/" in watched.page.url
    assert watched.ask(DROPPED) == []


@pytest.mark.spec("M-026/2")
def test_fifty_readings_without_network_are_sent_once(visit: Visit, database: str) -> None:
    organization, user = house()
    watched = visit(width=360)
    path = f"/o/{organization.public_id}/readings/"
    watched.enter(user, path)
    page = watched.page
    fields = page.locator("input[data-value]")
    waiting = page.locator("[data-waiting-count]")
    progress = page.locator("[data-progress-words]")
    expect(page.locator("[data-kept-page]")).to_be_visible()

    page.context.set_offline(True)
    page.reload()
    expect(page.locator("[data-waiting-words]")).to_contain_text("No network")
    expect(fields).to_have_count(METERS)
    photo = {"name": "display.png", "mimeType": "image/png", "buffer": hand_read.picture().read()}
    page.locator("[data-row]").nth(2).locator("input[type=file]").set_input_files(photo)  # type: ignore[arg-type]
    for number in range(METERS):
        fields.nth(number).fill("9,999" if number == 1 else "1,400")
        fields.nth(number).press("Enter")
        expect(page.locator("[data-unsent]").nth(number)).to_contain_text("not yet sent")
    expect(waiting).to_have_text("50 not yet sent")
    page.reload()
    expect(waiting).to_have_text("50 not yet sent")
    expect(fields.nth(49)).to_have_value("1,400")
    assert watched.overflow() == 0

    lost: list[str] = []

    def lose_answer(route: Route) -> None:
        """The server takes the first reading, and its answer is lost on the way."""
        if route.request.method != "POST" or lost:
            route.continue_()
            return
        lost.append(route.fetch().text())
        route.abort()

    page.route(f"**{path}*", lose_answer)
    page.context.set_offline(False)
    expect(waiting).not_to_have_text("50 not yet sent", timeout=SENDING_MILLISECONDS)
    expect(progress).to_have_text("49 of 50", timeout=SENDING_MILLISECONDS)
    expect(waiting).to_have_text("1 was refused: see the words beside its meter.")
    refused = page.locator("[data-row]").nth(1)
    expect(refused).to_contain_text("more than three times the usual use")
    expect(refused.locator("input[data-value]")).to_have_value("9,999")
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        assert models.Reading.objects.filter(organization_id=organization.pk).count() == 3 * METERS - 1
        taken = models.TakenReading.objects.filter(organization_id=organization.pk)
        assert (taken.count(), taken.filter(photo__isnull=False).count()) == (METERS - 1, 1)
    assert len(lost) == 1

    page.locator("[data-row]").nth(1).get_by_role("button", name="Discard").click()
    expect(page.locator("[data-waiting]")).to_be_hidden()
    sign_out(watched)
    watched.said = [each for each in watched.said if not each.startswith(UNREACHED)]
