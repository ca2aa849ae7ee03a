"""Who leaves a form with something typed is warned; who sends it is not, and sends it once."""

from __future__ import annotations

from playwright.sync_api import Dialog, expect

from meterbook.customers import models as customer_models
from meterbook.foundation import scoping
from tests.browser.conftest import Visit
from tests.factories import identity, sites


def test_what_is_typed_is_not_lost_and_not_doubled(visit: Visit) -> None:
    organization = identity.organization()
    sites.site(organization=organization)
    watched = visit(width=1280)
    page, seen = watched.page, []

    def stay(dialog: Dialog) -> None:
        seen.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    watched.enter(identity.user(organization=organization), f"/o/{organization.public_id}/customers/new")

    page.locator("[name=name]").press_sequentially("Calder Bakery")
    with page.expect_event("dialog"):
        page.locator(".breadcrumbs a").first.click(no_wait_after=True)
    expect(page.locator("[name=name]")).to_have_value("Calder Bakery")
    page.locator("form[novalidate] button.primary").dblclick()
    expect(page.locator("h1")).to_contain_text("Calder Bakery")
    assert seen == ["beforeunload"]
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        assert customer_models.Customer.objects.filter(organization_id=organization.pk).count() == 1

    page.goto(f"{watched.site.address}/o/{organization.public_id}/tariffs/new")
    page.locator(".tf-add button").first.click()  # the server drew the form anew; nothing is kept yet
    expect(page.locator("#tariff-form")).to_have_attribute("data-unsaved", "")
    with page.expect_event("dialog"):
        page.locator(".breadcrumbs a").first.click(no_wait_after=True)
    expect(page.locator("#tariff-form")).to_be_visible()
    assert seen == ["beforeunload", "beforeunload"]
