"""From the code on a bill of fourteen months ago to the raw reading in counted clicks: a manager, and the tenant."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Visit
from tests.factories import billing
from tests.journeys import glass, several_registers
from tests.support import browser as browsing

MOST_CLICKS = 3


class Clicks:
    """Counts what a person clicks from the page that the code on the paper opens."""

    def __init__(self, watched: browsing.Watched) -> None:
        self.watched, self.count = watched, 0

    def follow(self, what: str | Locator) -> None:
        """A click that leads to another page."""
        self.count += 1
        self.watched.follow(what)

    def open(self, what: str) -> Locator:
        """A click that opens a line; it answers its inside when that is there."""
        self.count += 1
        part = self.watched.page.locator(what)
        part.locator("> summary").click()
        expect(part.locator("[aria-busy]")).to_have_count(0)
        return part


@pytest.fixture(scope="module")
def old(site_server: browsing.Site) -> glass.OldBill:
    """The bill; corrected more than a year later."""
    made = glass.OldBill()
    made.correct()
    return made


@pytest.mark.spec("M-088/1")
@pytest.mark.spec("I-01")
@pytest.mark.parametrize("line", ["#line-0-0-0", "#line-0-0-2", "#tax-0"], ids=["energy", "fixed", "tax"])
@pytest.mark.parametrize(
    ("who", "language", "width", "theme"),
    [("manager", "en-US", 1280, "light"), ("renter", "es-ES", 360, "dark"), ("renter", "en-US", 768, "light")],
)
def test_raw_frame_is_three_clicks_from_the_code(
    visit: Visit, old: glass.OldBill, who: str, language: str, width: int, theme: str, line: str
) -> None:
    watched = visit(width=width, theme=theme, language=language)
    page = watched.page
    code = billing.code_of(old.place.organization, old.bill)
    person = getattr(old, who)
    type(person).objects.filter(pk=person.pk).update(language=language[:2])
    watched.enter(person, f"/v/{code}")
    clicks = Clicks(watched)

    clicks.follow("a[href$='/open']")
    opened = clicks.open(line)
    assert watched.overflow() <= 0
    assert watched.axe() == []
    browsing.picture(page, f"glass-{who}-{width}-{line.strip('#')}")
    clicks.follow(opened.locator("a.to-reading").first)

    assert clicks.count == MOST_CLICKS
    expect(page.locator("dd.mono").first).to_have_text("100000")
    expect(page.locator(".raw-frame").first).to_contain_text("00 01 86 A0")
    expect(page.locator("main")).to_contain_text("La factura dice" if language == "es-ES" else "The bill says")
    assert watched.overflow() <= 0
    assert watched.axe() == []
    browsing.picture(page, f"glass-{who}-{width}-reading")


@pytest.mark.spec("I-01")
def test_intervals_of_a_day_lead_to_the_readings(visit: Visit, old: glass.OldBill) -> None:
    watched = visit()
    page = watched.page
    watched.enter(old.renter, old.path("tenant_bill_page", old.bill))

    part = Clicks(watched).open("#line-0-0-0")
    part.locator(".as-table > summary").click()
    part.locator(".day > summary").nth(9).click()
    expect(part.locator(".interval-list li").first).to_contain_text("0.250")
    expect(part.locator(".proof")).to_contain_text("these were kept")
    watched.follow(part.locator(".interval-list a.to-reading").first)

    expect(page.locator("h1")).to_contain_text("kWh")
    expect(page.locator("tr.is-shown")).to_have_count(1)


@pytest.fixture(scope="module")
def bakery(site_server: browsing.Site) -> several_registers.Bakery:
    """A bill by tariff registers and reactive energy, all read by hand."""
    return several_registers.Bakery()


@pytest.mark.spec("M-088/2")
@pytest.mark.parametrize(
    ("who", "language", "width", "theme", "line", "raw"),
    [
        ("manager", "en-US", 1280, "light", "#line-0-0-1", "300000"),  # T2
        ("renter", "es-ES", 360, "dark", "#line-0-0-2", "200000"),  # reactive energy
    ],
)
def test_a_line_of_another_register_leads_to_its_reading(
    visit: Visit, bakery: several_registers.Bakery, who: str, language: str, width: int, theme: str, line: str, raw: str
) -> None:
    watched = visit(width=width, theme=theme, language=language)
    page, person = watched.page, getattr(bakery, who)
    type(person).objects.filter(pk=person.pk).update(language=language[:2])
    watched.enter(person, f"/v/{billing.code_of(bakery.place.organization, bakery.bill)}")
    clicks = Clicks(watched)

    clicks.follow("a[href$='/open']")
    assert watched.overflow() <= 0
    opened = clicks.open(line)
    assert watched.overflow() <= 0
    assert watched.axe() == []
    browsing.picture(page, f"registers-{who}-{width}")
    clicks.follow(opened.locator("a.to-reading[href*='register=']").first)

    assert clicks.count == MOST_CLICKS
    expect(page.locator("dd.mono").first).to_have_text(raw)
    expect(page.locator("main")).to_contain_text("La factura dice" if language == "es-ES" else "The bill says")
    browsing.picture(page, f"registers-{who}-{width}-reading")
