"""What the pages of a run advise: who approves, what bills lack, where readings come from, who pays for vacancy."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from meterbook.billing import models as billing_models
from meterbook.billing import operations as billing_operations
from meterbook.billing import queries as billing_queries
from meterbook.customers import models as customer_models
from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from meterbook.kernel import clock
from meterbook.metering import operations as metering_operations
from meterbook.tariffs import models as tariff_models
from meterbook.tariffs import operations as tariff_operations
from tests.factories import api, billing, customers, identity, metering, moves, sites
from tests.factories.billing import FEBRUARY
from tests.support import pages

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
GAP = FEBRUARY.starts_at + timedelta(days=10)


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with clock.use(clock.SettableClock(NOW)):
        yield


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).replace("\xa0", " ").split())


def started(client: Client, place: billing.Place) -> billing_models.BillRun:
    """February, started by who is signed in, and carried on to review."""
    href = reverse("run_new", args=[place.organization.public_id])
    client.post(href, {"site": str(place.site.public_id), "month": "2026-02"})
    with scoping.scope([place.organization.pk], actor=identity.ACTOR):
        run = billing_models.BillRun.objects.get(organization_id=place.organization.pk)
    return billing.advance(run)


def publish(client: Client, place: billing.Place, first_day: str) -> str:
    """What is said when another version is put in force; what was asked before begins with "asked: "."""
    owner = place.organization
    with scoping.scope([owner.pk], actor=identity.ACTOR):
        raw = billing.document() | {"code": place.tariff.code}
        tariff_operations.save_draft(actor=identity.ACTOR, at=NOW, tariff=place.tariff, document=raw)
    href = reverse("tariff_publish", args=[owner.public_id, place.tariff.public_id])
    asked = client.post(href, {"first_day": first_day}, follow=True)
    if b'name="sure"' not in asked.content:
        return words(asked.content.decode())
    with scoping.scope([owner.pk], actor=identity.ACTOR):
        drafts = tariff_models.TariffVersion.objects.filter(organization_id=owner.pk, state="DRAFT")
        assert drafts.exists()
    done = client.post(href, {"first_day": first_day, "sure": "1"}, follow=True)
    assert "is in force from" in words(done.content.decode())
    return f"asked: {words(asked.content.decode())}"


def test_says_who_approves_and_what_the_bills_lack() -> None:
    place = billing.place()
    billing.shop(place, name="Calder Bakery", days=FEBRUARY)
    client = pages.signed_in(place.organization)
    run = started(client, place)

    alone = words(pages.page(client, "run", place.organization, run.public_id))
    href = reverse("run_approve", args=[place.organization.public_id, run.public_id])
    asked = client.post(href).content.decode()
    other = identity.user(organization=place.organization)
    together = words(pages.page(client, "run", place.organization, run.public_id))
    refused = client.post(href, follow=True).content.decode()

    assert ("Approve 1 bill" in alone, "Approve 1 bill" in together) == (True, False)
    assert f"To be approved by {other.name or other.email}" in together
    assert "another person with the right to approve must do so" in refused
    assert "approved alone" not in refused
    assert "may approve it yourself, because nobody else here can" in alone
    assert f"somebody else must approve it: {other.name or other.email}" in together
    assert "The bills do not say: the address, the tax number, how to pay and whom to ask." in words(asked)
    assert reverse("letterhead", args=[place.organization.public_id]) in asked


def test_tells_what_changed_after_bills_were_calculated_before_and_after_they_are_issued() -> None:
    place = billing.place()
    meter = billing.shop(place, name="Calder Bakery", days=FEBRUARY, without=[GAP + billing.STEP])
    owner, client = place.organization, pages.signed_in(place.organization)
    run = started(client, place)
    fresh = words(pages.page(client, "run", owner, run.public_id))
    with scoping.scope([owner.pk], actor=identity.ACTOR):
        customer_models.Customer.objects.filter(organization_id=owner.pk, name="Calder Bakery").update(
            name="Calder 王 Ltd"
        )

    stale = words(pages.page(client, "run", owner, run.public_id))
    again = client.post(reverse("run_check", args=[owner.public_id, run.public_id]), follow=True)
    billing.advance(run)
    anew = words(pages.page(client, "run", owner, run.public_id))

    notice = "changed after 1 bill was calculated"
    assert (notice in fresh, notice in stale, again.status_code, notice in anew) == (False, True, 200, False)
    assert "The run cannot be approved until they are calculated anew. Calder 王 Ltd" in stale
    assert ("cannot be printed" in fresh, "These signs cannot be printed: 王" in stale) == (False, True)

    assert re.match("asked: .*draft of an open run must be calculated anew", publish(client, place, "2026-02-20"))
    client.post(reverse("run_check", args=[owner.public_id, run.public_id]))
    billing.advance(run)
    billing.advance(billing.approve(run))
    told = publish(client, place, "2026-02-25")
    assert re.match("asked: .*1 issued bill has days from 25 Feb 2026 on; it is not changed.", told)
    assert "issued bill" not in publish(client, place, "2026-03-01")

    asked = words(pages.page(client, "work", owner))
    metering.record(meter.energy, [(GAP + billing.STEP, 100_000 + 25 * 961 + 7)])
    metering_operations.derive_dirty_days(organization_id=owner.pk, actor=identity.ACTOR, at=NOW)
    with scoping.scope([owner.pk], actor=identity.ACTOR):
        billing_operations.note_late_changes(at=NOW)
    told = words(pages.page(client, "work", owner))
    listed = api.program(organization=owner).get("/changed-bills").json()["items"]

    late = "1 bill would change: readings came late"
    assert (late in asked, late in told) == (False, True)
    assert [(each["meter_point"], each["why"]) for each in listed] == [(meter.point.code, "LATE_READINGS")]
    with scoping.scope([owner.pk], actor=identity.ACTOR):
        (bill,) = billing_queries.run_bills(run_public_id=run.public_id).rows
    assert reverse("bill_correct", args=[owner.public_id, bill.bill_public_id]) in pages.page(client, "work", owner)
    opened = words(pages.page(client, "bill", owner, bill.bill_public_id))
    assert "Readings behind this bill came after it was issued. The issued bill itself is never changed." in opened
    assert "These signs cannot be printed: 王" in opened
    assert "Compare and decide" in opened
    viewer = pages.signed_in(owner, RoleCode.MONITOR)
    assert late not in words(pages.page(viewer, "work", owner))


def test_tells_the_same_reason_of_several_meters_once() -> None:
    place = billing.place()
    account = customers.account(organization=place.organization, site=place.site, name="Row Pharmacy")
    for code in ("RP-1", "RP-2"):
        meter = billing.metered(place, code=code)
        billing.count(meter.energy, FEBRUARY.starts_at, GAP)
        customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=FEBRUARY.starts_at)
    client = pages.signed_in(place.organization)
    run = started(client, place)

    shown = pages.page(client, "run", place.organization, run.public_id)

    assert shown.count("Bring in the missing readings") == 1
    assert re.search(r"<summary>2 meters</summary>.*RP-1.*RP-2", shown, re.DOTALL)
    assert "1 held account" in words(pages.page(client, "work", place.organization))
    assert "0 bills" not in words(pages.page(client, "home", place.organization))


def test_a_vacancy_that_nobody_pays_for_names_its_unit_and_leads_to_the_landlord() -> None:
    place = billing.place()
    bare = dataclasses.replace(place, site=sites.site(organization=place.organization))
    unit = moves.unit(bare)
    account = customers.account(organization=place.organization, site=bare.site)
    starts_at = FEBRUARY.starts_at + timedelta(days=3)
    customers.contract(account=account, point=unit.point, tariff=place.tariff, starts_at=starts_at)
    client = pages.signed_in(place.organization)
    opening = reverse("account_new", args=[place.organization.public_id])

    given = {"site": str(bare.site.public_id), "month": "2026-02"}
    answer = client.post(reverse("run_new", args=[place.organization.public_id]), given)
    refused = answer.content.decode()

    assert answer.status_code == 422
    assert "is vacant from 1 Feb 2026 to 3 Feb 2026" in refused
    assert unit.point.code in refused
    assert f"{opening}?landlord=1&amp;site={bare.site.public_id}" in refused
    form = client.get(opening, {"landlord": "1", "site": str(bare.site.public_id)}).content.decode()
    assert re.search(r'<input[^>]*name="is_landlord"[^>]*checked', form)
    assert f'value="{bare.site.public_id}" selected' in form
    listed = pages.page(client, "unbilled", place.organization)
    assert unit.point.code in listed
    assert "Everything that is used is billed" not in listed


def test_home_counts_meters_without_an_account() -> None:
    place = billing.place()
    moves.unit(place)

    shown = words(pages.page(pages.signed_in(place.organization), "home", place.organization))

    assert "1 meter without an account" in shown
