"""The frame of the operators' pages: widths, accessibility, theme, and alarms that appear by themselves."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Route, expect

from meterbook.alarms import operations as alarm_operations
from meterbook.alarms import values as alarm_values
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel.actor import Actor
from meterbook.sites import models as site_models
from tests.browser.conftest import Visit
from tests.factories import identity, metering, sites
from tests.support import browser as browsing

ACTOR = Actor.system("test")
PAGES = ("", "alarms/", "alarms/?state=all")


def raise_alarm(
    organization: identity_models.Organization, site: site_models.Site, name: str = "Volt Electronics"
) -> None:
    with scoping.scope([organization.id], actor=ACTOR):
        alarm_operations.raise_alarm(
            actor=ACTOR,
            at=datetime.now(UTC) - timedelta(minutes=2),
            kind=alarm_values.AlarmKind.METER_SILENT,
            site=site,
            subject_kind="meter",
            subject_id=uuid.uuid4(),
            details={"name": name, "reason": "No answer within 2 s"},
        )


class Property:
    """An organization with a site, a meter that reports, one that never did, and an alarm."""

    def __init__(self) -> None:
        self.organization = identity.organization(name="Northquay Property")
        self.site = sites.site(organization=self.organization, name="Harbor Mall")
        self.user = identity.user(organization=self.organization, name="Maria Ortega")
        installed = metering.installed_meter(organization=self.organization, site=self.site, name="FreshMart")
        metering.installed_meter(organization=self.organization, site=self.site, name="A shop with a rather long name")
        now = datetime.now(UTC)
        metering.record(installed.energy, [(now, 28_430_921)], at=now)
        raise_alarm(self.organization, self.site)

    @property
    def path(self) -> str:
        return f"/o/{self.organization.public_id}/"


@pytest.fixture(scope="module")
def place(database: str) -> Property:
    return Property()


class TestPages:
    @pytest.mark.parametrize(("width", "theme"), [(360, "light"), (768, "dark")])
    @pytest.mark.spec("M-044/1")
    def test_fit_the_screen_and_are_accessible(self, visit: Visit, place: Property, width: int, theme: str) -> None:
        watched = visit(width=width, theme=theme)
        watched.enter(place.user)
        for page in PAGES:
            watched.go(place.path + page)

            assert watched.overflow() <= 0, page
            assert watched.axe() == [], page

    @pytest.mark.parametrize("width", [360, 1280])
    def test_before_signing_in_fit_and_are_accessible(self, visit: Visit, width: int) -> None:
        watched = visit(width=width)
        for path in ("/accounts/login/", "/accounts/password/reset/", "/accounts/password/reset/done/"):
            watched.go(path)

            assert watched.overflow() <= 0, path
            assert watched.axe() == [], path

    def test_say_what_to_do_when_there_are_no_meters(self, visit: Visit) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization)
        watched = visit(width=360)

        watched.enter(user, f"/o/{organization.public_id}/")

        assert "No meters yet" in watched.page.inner_text("main")
        assert "No open alarms" in watched.page.inner_text("#alarm-zone")
        assert watched.overflow() <= 0
        assert watched.axe() == []

    def test_that_are_not_there_keep_the_frame_and_offer_the_way_back(self, visit: Visit, place: Property) -> None:
        watched = visit()
        watched.enter(place.user)
        watched.go(f"/o/{uuid.uuid4()}/")

        assert "There is no such page" in watched.page.inner_text("h1")
        assert watched.axe() == []
        # Chromium reports the answer's status as an error of the console.
        watched.said = [said for said in watched.said if "404" not in said]


class TestAlarmZone:
    @pytest.mark.parametrize("width", [360, 1280])
    @pytest.mark.spec("M-044/1")
    @pytest.mark.spec("M-010/2")
    def test_shows_a_new_alarm_without_a_reload(self, visit: Visit, width: int) -> None:
        organization = identity.organization()
        site = sites.site(organization=organization)
        user = identity.user(organization=organization)
        watched = visit(width=width)
        watched.enter(user)
        watched.page.wait_for_selector("html[data-stream=up]")
        watched.page.evaluate("window.notReloaded = true")

        raise_alarm(organization, site, "Pulse Gym")

        expect(watched.page.locator("#alarm-zone")).to_contain_text("Pulse Gym is silent")
        assert watched.page.evaluate("window.notReloaded")

    def test_reaches_every_tab_over_one_stream(self, visit: Visit) -> None:
        organization = identity.organization()
        site = sites.site(organization=organization)
        user = identity.user(organization=organization)
        watched = visit()
        streams: list[str] = []
        watched.page.context.on(
            "request", lambda request: streams.append(request.url) if request.url.endswith("/stream") else None
        )
        watched.enter(user)
        watched.page.wait_for_selector("html[data-stream=up]")
        other = watched.page.context.new_page()
        other.goto(watched.page.url)
        other.wait_for_selector("html[data-stream=up]")

        raise_alarm(organization, site, "Pulse Gym")

        for page in (watched.page, other):
            expect(page.locator("#alarm-zone")).to_contain_text("Pulse Gym is silent")
        assert len(streams) == 1
        watched.page.close()
        raise_alarm(organization, site, "Loft Yoga")
        # The other tab first has to open a stream of its own.
        expect(other.locator("#alarm-zone")).to_contain_text("Loft Yoga is silent")
        watched.page = other

    def test_is_not_asked_for_any_more_by_who_signs_out(self, visit: Visit) -> None:
        """Otherwise it may reach the server when the person is signed out already, and is refused."""
        watched = visit()
        asked: list[Route] = []
        watched.page.context.route("**/stream", lambda route: asked.append(route))

        def sign_out(route: Route) -> None:
            answer = route.fetch(max_redirects=0)
            for each in asked:
                each.fulfill(status=401)
            route.fulfill(response=answer)

        watched.page.route("**/accounts/logout/", sign_out)
        with watched.page.expect_request("**/stream"):
            watched.enter(identity.user(organization=identity.organization()))
        watched.page.click("summary:has(.person-mark)")
        watched.follow("text=Sign out")

        watched.page.wait_for_url("**/accounts/login/**")

    def test_tells_nothing_of_another_organization(self, visit: Visit) -> None:
        organization, foreign = identity.organization(), identity.organization()
        site = sites.site(organization=foreign)
        own_site = sites.site(organization=organization)
        user = identity.user(organization=organization)
        watched = visit()
        watched.enter(user)
        watched.page.wait_for_selector("html[data-stream=up]")

        raise_alarm(foreign, site, "Foreign Gym")
        raise_alarm(organization, own_site, "Own Gym")

        zone = watched.page.locator("#alarm-zone")
        expect(zone).to_contain_text("Own Gym is silent")
        assert "Foreign Gym" not in zone.inner_text()


class TestAlarmList:
    def test_lets_an_alarm_be_marked_as_seen(self, visit: Visit) -> None:
        place = Property()
        watched = visit()
        watched.enter(place.user, f"{place.path}alarms/")

        watched.page.click("text=Mark as seen")

        expect(watched.page.locator("#alarm-list")).to_contain_text("Maria Ortega")


class TestShell:
    def test_keeps_the_theme(self, visit: Visit, place: Property) -> None:
        watched = visit()
        watched.enter(place.user)
        watched.page.click(".topbar .theme summary")
        with watched.page.expect_response("**/theme"):
            watched.page.click(".topbar .theme button[data-theme=dark]")
        watched.go(place.path)

        assert watched.page.get_attribute("html", "data-bs-theme") == "dark"

    def test_opens_the_navigation_as_a_drawer_on_a_phone(self, visit: Visit, place: Property) -> None:
        watched = visit(width=360)
        watched.enter(place.user)
        assert not watched.page.is_visible(".sidebar")

        watched.page.click(".burger")
        watched.follow(".sidebar a:has-text('Alarms')")

        watched.page.wait_for_url("**/alarms/")

    def test_leads_the_keyboard_over_the_skip_link_to_the_content(self, visit: Visit, place: Property) -> None:
        watched = visit()
        watched.enter(place.user)
        watched.page.keyboard.press("Tab")
        watched.page.keyboard.press("Enter")

        expect(watched.page.locator("#main")).to_be_focused()

    def test_narrows_home_to_the_chosen_site(self, visit: Visit) -> None:
        place = Property()
        sites.site(organization=place.organization, name="Quay House")
        watched = visit()
        watched.enter(place.user)
        watched.page.click(".topbar .site summary")
        watched.follow(".topbar .site button:has-text('Harbor Mall')")

        watched.page.wait_for_selector("h1:has-text('Harbor Mall')")


class TestStyleguide:
    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_shows_every_component_and_is_accessible(
        self, visit: Visit, place: Property, theme: str, tmp_path: object
    ) -> None:
        watched = visit(theme=theme)
        watched.enter(place.user, "/styleguide")
        picture = browsing.ROOT / "test-results" / f"styleguide-{theme}.png"

        watched.page.screenshot(path=picture, full_page=True)

        assert picture.stat().st_size > 50_000
        assert watched.axe() == []
