"""The first-run wizard on a phone: from the one-time password of an empty database to the draft of a first bill."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from meterbook.acquisition.library import documents, orders
from meterbook.acquisition.library.orders import ByteOrder
from meterbook.billing import models as billing_models
from meterbook.foundation import scoping
from meterbook.identity import first_start
from meterbook.kernel import clock
from meterbook.metering import models as metering_models
from tests.factories import acquisition, billing, identity, lab
from tests.support import browser as browsing
from tests.support import databases

SECRET = "three-words-and-a-dash"
ACTOR = identity.ACTOR


@dataclass
class Walk:
    """The wizard at a phone."""

    watched: browsing.Watched
    organization_id: int

    @property
    def page(self) -> Page:
        return self.watched.page

    def look(self, name: str) -> None:
        assert self.watched.overflow() <= 0, name
        assert self.watched.axe() == [], name
        browsing.picture(self.page, f"first-start-{name}")

    def fill(self, **given: str) -> None:
        for name, text in given.items():
            self.page.fill(f"[name={name}]", text)

    def go_on(self, name: str, heading: str) -> None:
        self.look(name)
        self.watched.follow(".start-row .action.primary")
        self.page.wait_for_selector(f"h1:has-text('{heading}')")

    def sign_in(self, email: str, password: str) -> None:
        self.watched.go("/")
        self.fill(login=email, password=password)
        self.watched.follow(".sign-in form:has(input[name=password]) button[type=submit]")
        self.page.wait_for_selector("input[name=password1]")
        self.fill(password1=SECRET, password2=SECRET)
        self.watched.follow("text=Save password")
        self.watched.follow("text=Later")  # the second step of signing in

    def set_up_site(self) -> None:
        self.page.wait_for_selector("h1:has-text('Who are you?')")
        self.fill(name="Maple Court", person="Rosa Vidal")
        self.go_on("organization", "Your first site")
        assert self.page.input_value("[name=time_zone]")  # what the browser says
        self.fill(name="Maple Court 4", time_zone="Europe/Madrid", currency="EUR")
        self.go_on("site", "Add your first meter")

    def add_meter(self, port: int) -> None:
        page = self.page
        page.select_option("[name=model_code]", "eastron_sdm630")
        self.fill(name="Flat 1", serial_number="SN-1", host="127.0.0.1", port=str(port), unit_id="9")
        page.click("text=Test read")
        page.wait_for_selector("text=The meter did not answer")
        self.look("no-answer")
        self.fill(unit_id="7")
        page.click(".probe > .action")
        page.wait_for_selector(".probe-number:has-text('1,284.')")  # it counts on, a tenth of a kWh a minute
        expect(page.locator("[name=byte_order]:checked")).to_have_value("3412")
        page.click("text=Do you know an earlier reading?")
        self.fill(opening_day=(clock.now() - timedelta(days=40)).date().isoformat(), opening="884.56")
        page.click("label:has-text('It differs')")
        page.wait_for_selector("label.primary:has-text('It differs')")
        self.fill(shown=page.inner_text(".probe-lcd b"))
        page.wait_for_selector("text=That is the order 3 4 1 2.")
        self.go_on("meter", "What does it cost?")

    def leave_and_resume(self) -> None:
        self.watched.follow("text=Finish later")
        self.watched.follow("text=Step by step")
        self.page.wait_for_selector("h1:has-text('What does it cost?')")

    def agree(self) -> None:
        self.fill(price="0.25", tax_percent="21")
        self.look("price")
        self.watched.follow(".start-row .action.primary")
        self.page.wait_for_selector("text=Put it in force")
        self.go_on("price-sure", "Who pays?")
        self.fill(name="Ana Ruiz", unit="Flat 1")
        self.go_on("customer", "Your first draft bill")

    def bill(self) -> None:
        acquisition.eventually(lambda: _has_reading(self.organization_id))
        self.look("bill")
        self.watched.follow("text=Make the draft")
        self.page.wait_for_selector("text=The bill is being worked out")
        # What the worker does.
        billing.derive(self.organization_id)
        with scoping.scope([self.organization_id], actor=ACTOR):
            run = billing_models.BillRun.objects.get(organization_id=self.organization_id)
        billing.advance(run)
        self.page.wait_for_selector("text=The draft is there.")
        self.look("draft")
        self.watched.follow("text=Look at the draft")
        self.page.wait_for_selector("main:has-text('Ana Ruiz')")


@pytest.mark.spec("M-006/2")
def test_from_the_first_sign_in_to_a_draft_bill(
    browser: Browser, server: databases.TestServer, empty_database: str, tmp_path: Path
) -> None:
    made = first_start.ensure_first_administrator(email="admin@meterbook.example", at=clock.now())
    assert made is not None
    start = {7: {"energy_import": Fraction("1284.01")}}
    with (
        lab.running_gateway(units={7: "eastron_sdm630"}, clock=clock.now, start=start) as gateway,
        browsing.serve(server, empty_database, tmp_path) as site,
        browsing.visit(browser, site, width=360, theme="light") as watched,
        acquisition.running_collector(),
    ):
        gateway.meters[7].model = orders.in_order(documents.load("eastron_sdm630"), ByteOrder.O3412)
        walk = Walk(watched, scoping.organization_ids()[0])

        walk.sign_in(made.email, made.password)
        walk.set_up_site()
        walk.add_meter(gateway.port)
        walk.leave_and_resume()
        walk.agree()
        walk.bill()

        watched.check()


def _has_reading(organization_id: int) -> bool:
    with scoping.scope([organization_id], actor=ACTOR):
        return metering_models.Reading.objects.filter(organization_id=organization_id).exists()
