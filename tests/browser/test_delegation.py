"""Entrusting on a phone, working for the landlord, and being out with the next click."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from meterbook.foundation import scoping
from meterbook.identity import delegations
from meterbook.kernel import clock
from tests.browser.conftest import Visit
from tests.factories import identity, sites
from tests.support import browser as browsing


def look(watched: browsing.Watched, name: str) -> None:
    assert watched.overflow() <= 0, name
    assert watched.axe() == [], name
    browsing.picture(watched.page, f"delegation-{name}")


@pytest.mark.spec("M-004/2")
def test_a_company_works_for_a_landlord_until_it_is_ended(visit: Visit) -> None:
    landlord, company = identity.organization(name="Quay Homes"), identity.organization(name="Acme Management")
    for name in ("North House", "South House"):
        sites.site(organization=landlord, name=name)
    owner = identity.user(organization=landlord, name="Maria Ortega")
    manager = identity.user(organization=company, name="Ann Baker")
    here, there = visit(width=360, theme="light"), visit(width=360, theme="dark")

    here.enter(owner, f"/o/{landlord.public_id}/delegations/")
    look(here, "none")
    here.follow("main a:has-text('Entrust to a company')")
    here.page.fill("[name=code]", str(company.public_id))
    here.page.get_by_label("Control supply").check()
    here.page.get_by_label("South House").check()
    look(here, "form")
    here.follow("main button:has-text('Entrust')")
    expect(here.page.locator("main")).to_contain_text("Acme Management")
    look(here, "given")

    there.enter(manager, f"/o/{company.public_id}/delegations/")
    expect(there.page.locator("main")).to_contain_text("Quay Homes")
    look(there, "received")
    there.follow("main a:has-text('Quay Homes')")
    expect(there.page.locator("main h1")).to_be_visible()
    there.go("/clients")
    expect(there.page.locator("main")).to_contain_text("entrusted to Acme Management")
    look(there, "clients")

    with scoping.scope([landlord.pk], actor=identity.ACTOR):
        (given,) = delegations.list_given(at=clock.now())
        delegations.revoke(actor=identity.ACTOR, at=clock.now(), public_id=given.public_id)
    there.go("/clients")
    expect(there.page.locator("main")).not_to_contain_text("Quay Homes")
