"""The meter page and the meter list in a real browser: live without a reload, exact words, one set of numbers."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition import values as acquisition_values
from meterbook.foundation import scoping
from meterbook.kernel import clock
from meterbook.kernel.quality import Quality
from meterbook.metering import operations as metering_operations
from tests.browser.conftest import Visit
from tests.factories import acquisition, identity, metering, sites, usage
from tests.support import browser as browsing

STALE_MILLISECONDS = 30_000  # more than two of the intervals in which the meter is read
WIDTHS = (360, 768, 1280)
YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)
TIMEOUT = acquisition_values.Problem(
    "TIMEOUT", "unit 7 did not answer within 1 s", "Check the wiring.", {"unit": 7, "seconds": "1"}
)


class Place:
    """A site in UTC with one meter on a bus, whose yesterday has a gap and an estimated hour, and one never read."""

    def __init__(self) -> None:
        self.organization = identity.organization(name="Northquay Property")
        site = sites.site(organization=self.organization, name="Harbor Mall", time_zone="UTC")
        self.user = identity.user(organization=self.organization, name="Maria Ortega")
        self.installed = metering.installed_meter(organization=self.organization, site=site, name="Volt Electronics")
        self.quiet = metering.installed_meter(organization=self.organization, site=site, name="Harbor Grill")
        quality = dict.fromkeys(range(12, 16), Quality.MISSING) | dict.fromkeys(range(32, 36), Quality.ESTIMATED)
        usage.day_block(self.installed.energy, YESTERDAY - timedelta(days=1), [900] * 96)
        usage.day_block(self.installed.energy, YESTERDAY, [1_010] * 96, quality=quality)
        self.bus = acquisition.bus(site=site, name="B2")
        acquisition.device(organization=self.organization, on=self.bus, meter=self.installed.meter, unit_id=7)
        self.show("power", 13_250)
        self.show("energy_import", 28_431_142)

    @property
    def meters(self) -> str:
        return f"/o/{self.organization.public_id}/meters/"

    @property
    def path(self) -> str:
        return f"{self.meters}{self.installed.point.public_id}/"

    @property
    def yesterday(self) -> str:
        return f"{self.path}?view=day&day={YESTERDAY.isoformat()}"

    def show(self, code: str, value: int) -> None:
        """Show a latest value, as the collector does."""
        now = datetime.now(UTC)
        rows = [(self.installed.series[code].pk, metering.microseconds(now), value)]
        metering_operations.record_latest(
            organization_id=self.organization.pk,
            actor=metering.ACTOR,
            at=now,
            batch=metering_operations.ReadingBatch.of(rows),
        )

    def answer(self, answer: acquisition_operations.Answer) -> None:
        """Take the request that waits and answer it, as the collector does."""
        given = {"actor": acquisition.ACTOR, "at": clock.now(), "real_at": clock.real_now()}
        with scoping.scope([self.organization.pk], actor=acquisition.ACTOR):
            [taken] = acquisition_operations.take_requests(bus_ids=[self.bus.pk], **given)
            acquisition_operations.answer_request(request_id=taken.request_id, answer=answer, **given)


@pytest.fixture(scope="module")
def place(database: str) -> Place:
    return Place()


def open_page(visit: Visit, place: Place, path: str, **how: object) -> browsing.Watched:
    """Somebody of the place looks at a page, with the stream running."""
    watched = visit(**how)
    watched.enter(place.user, path)
    watched.go(path)
    watched.page.locator("html[data-stream=up]").wait_for(state="attached")
    return watched


def live_cell(page: Page, key: str) -> object:
    """One value of the page that is kept in step."""
    return page.locator(f"[data-live-key='{key}']")


# Counts what is put into or taken out of the usage part, but what the chart draws by itself.
COUNT_CHANGES = """
window.replaced = 0;
new MutationObserver((all) => {
  for (const { target } of all) if (!target.closest(".usage-chart")) window.replaced++;
}).observe(document.querySelector("#meter-usage"), {childList: true, subtree: true});
"""


def point_at_the_chart(page: Page) -> None:
    """The pointer goes over the chart, once, and rests."""
    page.locator(".usage-chart").scroll_into_view_if_needed()
    page.locator(".usage-chart").hover(position={"x": 500, "y": 240})


def tooltip(page: Page, number: str) -> Locator:
    """The chart's tooltip with a usage."""
    return page.locator(".usage-chart svg text", has_text=re.compile(rf"^Usage: {re.escape(number)}\skWh$")).first


class TestLive:
    def test_values_change_without_a_reload(self, visit: Visit, place: Place) -> None:
        page = open_page(visit, place, place.path).page
        page.evaluate("window.isSamePage = true")
        expect(live_cell(page, "power")).to_have_text("13.250")

        place.show("power", 14_875)

        expect(live_cell(page, "power")).to_have_text("14.875")
        expect(live_cell(page, "figure-power")).to_contain_text("14.875")
        assert page.evaluate("window.isSamePage")
        place.show("power", 13_250)

    def test_ages_count_and_a_value_grows_stale(self, visit: Visit, place: Place) -> None:
        place.show("power", 13_250)
        watched = visit()
        page = watched.page
        page.clock.install()  # the page's time, which goes on as it does but where it is put forward
        watched.enter(place.user, place.path)

        row = page.locator("tr[data-row]").first
        expect(row.locator("[data-stale-mark]")).to_be_hidden()
        page.clock.fast_forward(STALE_MILLISECONDS)
        expect(row).to_have_class(re.compile("stale"))
        expect(row.locator("[data-stale-mark]")).to_be_visible()
        expect(row.locator("[data-fresh-mark]")).to_be_hidden()

    def test_the_list_changes_without_a_reload(self, visit: Visit, place: Place) -> None:
        page = open_page(visit, place, place.meters).page
        key = f"{place.installed.point.public_id}-power"

        place.show("power", 9_999)

        expect(live_cell(page, key)).to_have_text("9.999\u00a0kW")
        place.show("power", 13_250)


class TestReadNow:
    def test_it_tells_how_long_it_took(self, visit: Visit, place: Place) -> None:
        page = open_page(visit, place, place.path).page

        with page.expect_response("**/read"):
            page.get_by_role("button", name="Read now").click()
        expect(page.get_by_role("button", name="Reading…")).to_be_visible()
        place.answer(acquisition_operations.Answer(took_ms=184))

        expect(page.locator("[data-read-answer]")).to_contain_text("Read just now, 184 ms")
        expect(page.get_by_role("button", name="Read now")).to_be_enabled()

    @pytest.mark.parametrize(
        ("language", "words", "remedy"),
        [("en", "Unit 7 did not answer within 1 s.", "Check the unit address"), ("es", "La unidad 7", "")],
    )
    def test_it_tells_exactly_what_failed(
        self, visit: Visit, place: Place, language: str, words: str, remedy: str
    ) -> None:
        page = open_page(visit, place, f"{place.path}?lang={language}").page

        with page.expect_response("**/read"):
            page.locator(".read-now").press("Enter")
        page.locator(".read-now.busy").wait_for()
        place.answer(acquisition_operations.Answer(took_ms=1_012, problem=TIMEOUT))

        told = page.locator("[data-read-answer] .notice.alarm")
        expect(told).to_be_visible()
        expect(told).to_contain_text(words)
        expect(told).to_contain_text(remedy)

    def test_is_not_offered_for_a_meter_on_no_bus(self, visit: Visit, place: Place) -> None:
        page = open_page(visit, place, f"{place.meters}{place.quiet.point.public_id}/").page

        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.get_by_role("button", name="Read now")).to_have_count(0)


class TestUsage:
    def test_chart_and_table_have_the_same_numbers(self, visit: Visit, place: Place) -> None:
        page = open_page(visit, place, place.yesterday).page
        page.locator(".usage-chart svg").wait_for()

        drawn = page.evaluate("JSON.parse(document.getElementById('usage-data').textContent)")
        page.get_by_role("button", name="Show as table").click()
        cells = page.locator("#usage-table tbody td.num:nth-of-type(1)").all_inner_texts()

        assert [("–" if slot[2] is None else f"{float(slot[2]):.2f}") for slot in drawn["slots"]] == cells
        total = page.locator("[data-usage-total]").inner_text()
        assert total == "92.92"  # 92 intervals of 1.01 kWh; four are missing
        assert page.locator(".usage-total").inner_text() == "92.92\u00a0kWh"
        assert sum(round(float(each) * 100) for each in cells if each != "–") == 9_292

    def test_the_tooltip_shows_the_numbers_and_breaks_no_policy(self, visit: Visit, place: Place) -> None:
        page = open_page(visit, place, place.yesterday).page
        page.locator(".usage-chart svg").wait_for()

        point_at_the_chart(page)

        expect(tooltip(page, "4.04")).to_be_visible()

    def test_nothing_moves_under_the_pointer_while_values_come(self, visit: Visit, place: Place) -> None:
        page = open_page(visit, place, place.yesterday).page
        page.locator(".usage-chart svg").wait_for()
        page.evaluate(COUNT_CHANGES)
        point_at_the_chart(page)
        expect(tooltip(page, "4.04")).to_be_visible()

        with page.expect_response("**/usage?*"):
            place.show("power", 12_000)
        expect(live_cell(page, "power")).to_have_text("12.000")

        expect(tooltip(page, "4.04")).to_be_visible()
        assert page.evaluate("window.replaced") == 0
        place.show("power", 13_250)

    def test_a_chart_follows_new_data_in_place(self, visit: Visit) -> None:
        # A place of its own: its numbers change.
        place = Place()
        page = open_page(visit, place, place.yesterday).page
        page.locator(".usage-chart svg").wait_for()
        page.evaluate("document.querySelector('.usage-chart').isSame = true")
        point_at_the_chart(page)
        expect(tooltip(page, "4.04")).to_be_visible()

        usage.day_block(place.installed.energy, YESTERDAY, [2_000] * 96, revision=1)
        place.show("power", 12_000)

        expect(page.locator(".usage-total")).to_have_text("192.00\u00a0kWh")
        expect(page.locator("[data-usage-total]")).to_have_text("192.00")
        expect(tooltip(page, "8.00")).to_be_visible()
        assert page.evaluate("document.querySelector('.usage-chart').isSame")

    @pytest.mark.spec("M-031/2")
    def test_a_gap_is_a_band_with_words_and_the_estimate_is_hatched(self, visit: Visit, place: Place) -> None:
        page = open_page(visit, place, place.yesterday).page
        page.locator(".usage-chart svg").wait_for()

        expect(page.locator(".usage-chart svg text", has_text="No data")).to_have_count(1)
        assert page.locator(".usage-chart svg pattern").count() == 1
        expect(page.locator(".chart-legend")).to_contain_text("4 intervals")

    def test_the_period_survives_a_reload_and_the_keyboard_reaches_it(self, visit: Visit, place: Place) -> None:
        page = open_page(visit, place, place.yesterday).page

        page.get_by_role("link", name="Week").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**view=week**")
        page.reload()

        expect(page.locator(".period .segment a[aria-current=true]")).to_have_text("Week")
        page.get_by_role("link", name="Next period").or_(page.locator("button[aria-label='Next period']")).wait_for()

    def test_a_day_can_be_chosen(self, visit: Visit, place: Place) -> None:
        page = open_page(visit, place, place.path).page

        page.locator(".date-menu > summary").click()
        page.fill("#period-day", YESTERDAY.isoformat())
        page.keyboard.press("Enter")
        page.wait_for_url(f"**day={YESTERDAY.isoformat()}**")

        expect(page.locator("[data-usage-total]")).to_have_text("92.92")

    def test_a_range_can_be_chosen_and_a_bar_leads_inside(self, visit: Visit, place: Place) -> None:
        page = open_page(visit, place, place.path).page

        page.locator(".range-menu > summary").click()
        page.fill("#range-from", (YESTERDAY - timedelta(days=1)).isoformat())
        page.fill("#range-to", YESTERDAY.isoformat())
        page.keyboard.press("Enter")
        page.wait_for_url("**view=range**")
        expect(page.locator("[data-usage-total]")).to_have_text("179.32")

        page.get_by_role("button", name="Show as table").click()
        page.locator("#usage-table tbody a").nth(30).click()
        page.wait_for_url(re.compile("from=.*T07%3A00"))
        expect(page.locator("#usage-table tbody tr")).to_have_count(4)

    @pytest.mark.parametrize("is_painted", [False, True], ids=["still", "painted"])
    def test_a_press_on_a_bar_leads_inside(self, visit: Visit, place: Place, is_painted: bool) -> None:
        page = open_page(visit, place, place.yesterday).page
        point_at_the_chart(page)
        page.mouse.down()
        page.evaluate("document.querySelector('.usage-chart svg').replaceChildren()" if is_painted else "1")
        page.mouse.up()

        page.wait_for_url("**view=range**")
        expect(page.locator(".usage-total")).to_have_text("4.04\u00a0kWh")

    def test_another_meter_is_found_and_compared(self, visit: Visit, place: Place) -> None:
        page = open_page(visit, place, place.yesterday).page
        usage.day_block(place.quiet.energy, YESTERDAY, [505] * 96, revision=2)

        page.locator(".compare-menu > summary").click()
        page.get_by_label("Another meter").fill("grill")
        page.locator("#peer-list a", has_text="Harbor Grill").click()
        page.wait_for_url("**compare=meter**")

        expect(page.locator(".compare-name")).to_contain_text("Harbor Grill")
        expect(page.locator(".chart-legend")).to_contain_text("+100.0")

    def test_the_picture_can_be_saved(self, visit: Visit, place: Place) -> None:
        page = open_page(visit, place, place.yesterday).page
        page.locator(".usage-chart svg").wait_for()
        page.locator("summary[aria-label=Download]").click()

        with page.expect_download() as download:
            page.get_by_role("button", name="Picture (PNG)").click()

        assert download.value.suggested_filename.endswith(".png")


class TestShape:
    @pytest.mark.parametrize("width", WIDTHS)
    def test_nothing_is_wider_than_the_screen(self, visit: Visit, place: Place, width: int) -> None:
        watched = open_page(visit, place, place.yesterday, width=width)
        for path in (place.yesterday, f"{place.meters}{place.quiet.point.public_id}/", place.meters):
            watched.go(path)
            watched.page.locator("h1").wait_for()

            assert watched.overflow() <= 0, path

    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_the_accessibility_checker_finds_nothing(self, visit: Visit, place: Place, theme: str) -> None:
        watched = open_page(visit, place, place.yesterday, theme=theme)
        watched.page.locator(".usage-chart svg").wait_for()
        assert watched.axe() == []

        for path in (f"{place.meters}{place.quiet.point.public_id}/", place.meters):
            watched.go(path)
            assert watched.axe() == [], path

    def test_the_page_of_a_spanish_reader_is_spanish(self, visit: Visit, place: Place) -> None:
        page = open_page(visit, place, f"{place.yesterday}&lang=es").page

        expect(page.locator("html")).to_have_attribute("lang", "es")
        expect(page.locator("[data-usage-total]")).to_have_text("92,92")


class TestRange:
    def test_is_dragged_over_the_bars_of_days(self, visit: Visit, place: Place) -> None:
        first, final = YESTERDAY - timedelta(days=1), YESTERDAY
        start = YESTERDAY - timedelta(days=39)  # long enough for bars of days
        watched = open_page(visit, place, f"{place.path}?view=range&from={start}&to={final}")
        page = watched.page
        chart = page.locator(".usage-chart")
        chart.locator("svg").wait_for()
        chart.scroll_into_view_if_needed()
        box = chart.bounding_box()
        assert box is not None
        # The two bars at the end of forty.
        day = (box["width"] - 70) / 40
        y = box["y"] + box["height"] / 2

        page.mouse.move(box["x"] + box["width"] - 20 - 1.6 * day, y)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] - 20 - 0.4 * day, y, steps=4)
        expect(page.locator(".dragged-range")).to_be_visible()
        page.mouse.up()

        page.wait_for_url(f"**view=range&from={first}&to={final}")
