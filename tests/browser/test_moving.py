"""Somebody moves in and out again, on a phone: each step fits, is accessible, and can be left and taken up."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from meterbook.identity.values import RoleCode
from tests.browser.conftest import Visit
from tests.factories import billing, identity, moves
from tests.support import browser as browsing


class Walk:
    """A manager who lets people in and out, and looks at each page on the way."""

    def __init__(self, visit: Visit, *, width: int, theme: str) -> None:
        unit = moves.unit(billing.place())
        start = billing.FEBRUARY.starts_at
        billing.count(unit.meter.energy, start, start + timedelta(days=20), begin=12_345)
        user = identity.user(organization=unit.organization, name="Maria Ortega", role=RoleCode.MANAGER)
        self.watched = visit(width=width, theme=theme)
        self.page = self.watched.page
        self.home = f"/o/{unit.organization.public_id}/"
        self.look_name = f"{width}-{theme}"
        self.watched.enter(user, f"{self.home}moves/")

    def look(self, name: str) -> None:
        """The page fits, is accessible, and has its picture taken."""
        assert self.watched.overflow() <= 0, name
        assert self.watched.axe() == [], name
        browsing.picture(self.page, f"moving-{name}-{self.look_name}")

    def at_step(self, caption: str) -> None:
        """The step that is open."""
        expect(self.page.locator('.journey-step[aria-current="step"] h2')).to_have_text(caption)

    def answer(self, step: str, following: str, **fields: str) -> None:
        """Fill in the fields of a step and go on to the one that follows."""
        self.at_step(step)
        for name, value in fields.items():
            self.page.fill(f"[name={name}]", value)
        self.watched.follow(".journey-body button:has-text('Next')")
        self.at_step(following)

    def pick(self, words: str) -> None:
        """Choose one of a list."""
        self.page.check(f"label.pick:has-text('{words}') input")


def move_in(walk: Walk) -> None:
    page = walk.page
    walk.look("list")
    walk.watched.follow("main .actions button:has-text('Move-in')")
    walk.at_step("Unit")
    walk.look("unit")
    walk.pick("Unit 12")
    walk.answer("Unit", "Customer")
    walk.look("customer")
    walk.answer("Customer", "Start", name="Ana Ruiz", number="A-000001")
    # Left, and taken up from the list.
    walk.watched.go(f"{walk.home}moves/")
    walk.watched.follow("main a.row-link:has-text('Move-in')")
    walk.answer("Start", "Meter readings", day="2026-02-01")
    expect(page.locator(".meter-reading")).to_contain_text("123.45")
    walk.look("readings")
    walk.answer("Meter readings", "Tariff")
    walk.answer("Tariff", "Deposit")
    walk.answer("Deposit", "Summary", amount="250.00")
    walk.look("summary-in")
    walk.watched.follow(".journey-body button:has-text('Move in')")
    page.wait_for_selector("h1:has-text('Ana Ruiz')")


def move_out(walk: Walk) -> None:
    page = walk.page
    walk.watched.go(f"{walk.home}moves/")
    walk.watched.follow("main .actions button:has-text('Move-out')")
    walk.at_step("Account")
    walk.pick("Ana Ruiz")
    walk.answer("Account", "End")
    walk.answer("End", "Meter readings", day="2026-02-11")
    walk.answer("Meter readings", "New address")
    walk.answer("New address", "Summary", address="Calle Mayor 1")
    expect(page.locator(".journey-body")).to_contain_text("240.0")
    walk.look("summary-out")
    walk.watched.follow(".journey-body button:has-text('Move out')")
    page.wait_for_selector("h1:has-text('Ana Ruiz')")


@pytest.mark.parametrize(("width", "theme"), [(360, "light")])
def test_move_in_then_out(visit: Visit, width: int, theme: str) -> None:
    walk = Walk(visit, width=width, theme=theme)

    move_in(walk)
    move_out(walk)

    walk.watched.go(f"{walk.home}moves/")
    expect(walk.page.locator("main")).to_contain_text("Unit 12")
    for name, path in (("customers", "customers/"), ("unbilled", "moves/unbilled"), ("openings", "moves/openings")):
        walk.watched.go(walk.home + path)
        walk.look(name)
    walk.watched.go(f"{walk.home}customers/")
    walk.watched.follow("main a.row-link:has-text('Ana Ruiz')")
    walk.page.wait_for_selector("#customer-accounts")
    walk.look("customer-page")
