"""A bill run and a bill in a real browser: live without a reload, open down to an interval, on every screen."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from meterbook.billing import queries as billing_queries
from meterbook.foundation import scoping
from meterbook.kernel import civil
from tests.browser.conftest import Visit
from tests.factories import billing, customers, identity

FIRST, UNTIL = date(2026, 2, 2), date(2026, 2, 9)
MADRID = ZoneInfo("Europe/Madrid")
START, END = civil.start_of_day(FIRST, MADRID), civil.start_of_day(UNTIL, MADRID)


class Place:
    """A bakery with an estimated quarter of an hour, a pharmacy whose meter stopped, and a dentist who came late."""

    def __init__(self) -> None:
        self.place = billing.place(code="HR")
        organization = self.place.organization
        self.user = identity.user(organization=organization, name="Daniel Okafor")
        gap = [START + timedelta(days=2), START + timedelta(days=2, minutes=15)]
        for name, end, comes, without in (
            ("Calder & Sons Bakery", END, START, gap),
            ("Row Pharmacy", START + timedelta(days=3), START, []),
            ("Harbor Dental", END, START + timedelta(days=1), []),
        ):
            meter = billing.metered(self.place, name=name)
            billing.count(meter.energy, START, end, without=without)
            account = customers.account(organization=organization, site=self.place.site, name=name)
            customers.contract(account=account, point=meter.point, tariff=self.place.tariff, starts_at=comes)
        self.run = billing.plan(self.place, first_day=FIRST, until_day=UNTIL)

    @property
    def base(self) -> str:
        return f"/o/{self.place.organization.public_id}"

    @property
    def run_path(self) -> str:
        return f"{self.base}/runs/{self.run.public_id}/"

    def bill_path(self, customer: str) -> str:
        with scoping.scope([self.place.organization.pk], actor=identity.ACTOR):
            rows = billing_queries.run_bills(run_public_id=self.run.public_id).rows
        public_id = next(each.bill_public_id for each in rows if each.customer_name == customer)
        return f"{self.base}/bills/{public_id}/"


@pytest.fixture(scope="module")
def place(database: str) -> Place:
    return Place()


@pytest.fixture(scope="module")
def reviewed(place: Place) -> Place:
    """The same place when its run waits for a person."""
    place.run = billing.advance(place.run)
    return place


def crowded(page: Page) -> list[str]:
    """Figures that reach out of their boxes: what they would then lie over."""
    found: list[str] = page.evaluate(
        "[...document.querySelectorAll('.run-keys > div, .bill-facts > div, .bill-line > summary > *')]"
        ".filter((box) => box.scrollWidth > box.clientWidth + 1 && getComputedStyle(box).display !== 'inline')"
        ".map((box) => box.textContent)"
    )
    return found


def open_line(page: Page) -> None:
    page.locator("details.bill-line > summary").first.click()
    page.locator(".day-bars").first.wait_for()


def test_the_page_follows_a_run_without_a_reload(place: Place, visit: Visit) -> None:
    watched = visit()
    watched.enter(place.user, place.run_path)
    watched.page.evaluate("window.isSamePage = true")
    expect(watched.page.get_by_text("Waits for its first step.")).to_be_visible()

    place.run = billing.advance(place.run)

    expect(watched.page.get_by_text("1 account needs a decision")).to_be_visible()
    assert watched.page.evaluate("window.isSamePage") is True


def test_a_part_that_is_replaced_takes_no_style_over(place: Place, visit: Visit) -> None:
    """What a script styled is not copied as an attribute: the policy would refuse it and the console say so."""
    watched = visit()
    watched.enter(place.user, f"{place.base}/runs/new")
    watched.page.evaluate("document.querySelector('#means').style.color = 'red'")

    watched.page.get_by_label("Days until payment is due").fill("30")
    watched.page.get_by_label("Month").select_option(index=1)

    expect(watched.page.locator("#means:not([style])")).to_be_visible()


@pytest.mark.parametrize(("width", "theme"), [(360, "light"), (1280, "dark")])
def test_a_run_for_review_fits(reviewed: Place, visit: Visit, width: int, theme: str) -> None:
    watched = visit(width=width, theme=theme)

    watched.enter(reviewed.user, reviewed.run_path)

    expect(watched.page.get_by_role("button", name="Approve 3 of 4")).to_be_disabled()
    assert watched.overflow() == 0
    assert crowded(watched.page) == []
    assert watched.axe() == []


@pytest.mark.parametrize(("width", "theme"), [(360, "light"), (1280, "dark")])
def test_a_bill_opens_in_place_and_fits(reviewed: Place, visit: Visit, width: int, theme: str) -> None:
    watched = visit(width=width, theme=theme)
    watched.enter(reviewed.user, reviewed.bill_path("Calder & Sons Bakery"))

    open_line(watched.page)

    expect(watched.page.get_by_text("These are the very intervals that the bill was made from.")).to_be_visible()
    assert watched.overflow() == 0
    assert crowded(watched.page) == []
    assert watched.axe() == []


def test_an_interval_is_three_clicks_away(reviewed: Place, visit: Visit) -> None:
    watched = visit()
    watched.enter(reviewed.user, reviewed.bill_path("Calder & Sons Bakery"))

    open_line(watched.page)
    watched.page.get_by_text("Days and intervals").first.click()
    watched.page.locator(".day > summary").nth(2).click()

    expect(watched.page.locator(".interval-list li")).to_have_count(56)
    expect(watched.page.get_by_role("link", name="This day at the meter")).to_be_visible()


def test_the_vacancy_is_the_landlords(reviewed: Place, visit: Visit) -> None:
    watched = visit()

    watched.enter(reviewed.user, reviewed.bill_path("Harbor Properties"))

    expect(watched.page.get_by_text("Vacancy, the landlord pays")).to_be_visible()
    expect(watched.page.get_by_text("This is a draft.")).to_be_visible()
