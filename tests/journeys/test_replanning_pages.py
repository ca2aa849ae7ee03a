"""The page of a run in review tells what changed in contracts, and *Check again* plans it anew."""

from __future__ import annotations

from django.urls import reverse

from meterbook.identity.values import RoleCode
from tests.factories import api, billing
from tests.factories.billing import FEBRUARY
from tests.support import pages


def test_a_run_says_who_came_in_since_and_takes_them_in_when_it_is_checked_again() -> None:
    place = billing.place(code="HR")
    billing.shop(place, name="Calder Bakery", days=FEBRUARY)
    organization = place.organization
    clerk = pages.signed_in(organization, RoleCode.BILLING_CLERK)
    run = billing.advance(billing.plan(place, first_day=FEBRUARY.first_day, until_day=FEBRUARY.until_day))
    before = pages.page(clerk, "run", organization, run.public_id)
    billing.shop(place, name="Row Pharmacy", days=FEBRUARY)  # its contract was entered late

    shown = pages.page(clerk, "run", organization, run.public_id)
    told = api.program(organization=organization).get(f"/runs/{run.public_id}").json()["planned_since"]
    done = clerk.post(reverse("run_check", args=[organization.public_id, run.public_id]), follow=True)
    billing.advance(run)

    assert "Contracts were changed since this run was planned." not in before
    assert "Contracts were changed since this run was planned." in shown
    assert f"1 account is new: {told['came'][0]}." in shown
    assert (len(told["came"]), told["gone"], told["changed"], told["obstacle"]) == (1, [], [], "")
    assert f"Held accounts are checked again. 1 account is new: {told['came'][0]}." in done.content.decode()
    after = pages.page(clerk, "run", organization, run.public_id)
    assert "Row Pharmacy" in after
    assert "Contracts were changed since this run was planned." not in after
