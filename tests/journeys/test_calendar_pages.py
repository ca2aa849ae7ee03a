"""Calendars, bills by hand and what lacks, through the pages of a clerk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse

from meterbook.billing import models
from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from meterbook.kernel import clock
from meterbook.kernel.actor import Actor
from meterbook.metering import models as metering_models
from meterbook.metering.estimating.inputs import Method
from meterbook.metering.operations import policies
from tests.factories import billing, calendars
from tests.factories.billing import FEBRUARY
from tests.support import pages

ACTOR = Actor.system("test")
NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with clock.use(clock.SettableClock(NOW)):
        yield


def filled(**more: str) -> dict[str, str]:
    return {
        "name": "Monthly, by itself",
        "cycle": "MONTHLY",
        "months": "1",
        "cutoff_day": "15",
        "weekday": "7",
        "starts_on": "2026-03-16",
        "notice_hour": "8",
        "due_days": "10",
        "grace_days": "2",
        "on_missing": "ESTIMATE",
        "settlement": "RERUN",
        "tolerance_percent": "25",
        "small_below": "1.50",
        "accounts": "",
        **more,
    }


class TestCalendarPages:
    def test_make_change_and_switch_a_calendar(self) -> None:
        place = billing.place()
        client = pages.signed_in(place.organization)
        organization = place.organization
        assert "No calendar yet" in pages.page(client, "billing_calendars", organization)
        new = reverse("billing_calendar_new", args=[organization.public_id])

        refused = client.post(new, {**filled(cutoff_day="32", small_below="x"), "site": str(place.site.public_id)})
        assert refused.status_code == 422
        assert "Monthly, by itself" in refused.content.decode()

        made = client.post(new, {**filled(is_auto_approved="on"), "site": str(place.site.public_id)}, follow=True)
        shown = made.content.decode()
        assert made.status_code == 200
        with scoping.scope([organization.pk], actor=ACTOR):
            calendar = models.BillingCalendar.objects.get(organization_id=organization.pk)
        assert (calendar.cutoff_day, calendar.is_auto_approved, str(calendar.small_below)) == (15, True, "1.5000")
        assert "16 Apr 2026" in shown or "04/16/2026" in shown or "Apr 16" in shown or "4/16/2026" in shown

        address = reverse("billing_calendar", args=[organization.public_id, calendar.public_id])
        client.post(address, filled(name="Every two months", cycle="BIMONTHLY", cutoff_day="31"))
        client.post(reverse("billing_calendar_switch", args=[organization.public_id, calendar.public_id]))
        with scoping.scope([organization.pk], actor=ACTOR):
            calendar.refresh_from_db()
        assert (calendar.cycle, calendar.is_active, calendar.is_auto_approved) == ("BIMONTHLY", False, False)
        assert "Every two months" in pages.page(client, "billing_calendars", organization)

    def test_leave_approval_to_those_who_may_approve(self) -> None:
        place = billing.place()
        made = calendars.calendar(place, starts_on=date(2026, 3, 1), is_auto_approved=True, tolerance_percent=5)
        clerk = pages.signed_in(place.organization, RoleCode.BILLING_CLERK)
        address = reverse("billing_calendar", args=[place.organization.public_id, made.public_id])
        assert "is_auto_approved" not in clerk.get(address).content.decode()

        clerk.post(address, filled(is_auto_approved="", tolerance_percent="900"))

        with scoping.scope([place.organization.pk], actor=ACTOR):
            made.refresh_from_db()
        assert (made.is_auto_approved, made.tolerance_percent, made.cutoff_day) == (True, 5, 15)

    def test_answer_what_runs_a_form_gives_while_it_is_filled_in(self) -> None:
        place = billing.place()
        client = pages.signed_in(place.organization)
        new = reverse("billing_calendar_new", args=[place.organization.public_id])

        shown = client.get(new, {**filled(cutoff_day="31", starts_on="2027-02-01"), "site": str(place.site.public_id)},
                           headers={"HX-Request": "true"}).content.decode()  # fmt: skip

        assert shown.startswith("\n") or "calendar-next" in shown
        assert "February 2027" in shown


class TestManualPage:
    def test_shows_a_bill_and_makes_it(self) -> None:
        place = billing.place()
        billing.shop(place, name="Calder Bakery", days=FEBRUARY)
        client = pages.signed_in(place.organization)
        found = pages.page(client, "run_manual", place.organization, search="Calder")
        (href,) = re.findall(r'href="([^"]*\?account=[^"]*)"', found)
        account = href.split("account=")[1]
        address = reverse("run_manual", args=[place.organization.public_id])
        times = {"start": "2026-02-03T07:00", "end": "2026-02-17T10:30", "due_days": "7"}

        shown = client.get(address, {"account": account, **times}).content.decode()
        assert "Make this bill" in shown
        with scoping.scope([place.organization.pk], actor=ACTOR):
            assert not models.BillRun.objects.filter(organization_id=place.organization.pk).exists()
        late = {"account": account, **times, "end": "2026-02-01T00:00"}
        backwards = client.get(address, late).content.decode()
        assert "It ends before it begins." in backwards

        made = client.post(address, {"account": account, **times})
        assert made.status_code == 302
        with scoping.scope([place.organization.pk], actor=ACTOR):
            run = models.BillRun.objects.get(organization_id=place.organization.pk)
        run = billing.advance(run)
        assert "For some accounts" in client.get(made["Location"]).content.decode()
        billing.advance(billing.approve(run))

        again = client.post(address, {"account": account, **times, "due_days": "8"})
        assert again.status_code == 422
        assert "is on bill" in again.content.decode()
        assert "To that bill" in again.content.decode()


class TestMissingReadings:
    def test_are_waited_for_or_estimated_from_the_list(self) -> None:
        place = billing.place()
        billing.shop(place, name="Calder Bakery", days=FEBRUARY)
        gone = billing.shop(place, name="Row Pharmacy", days=FEBRUARY, until=FEBRUARY.ends_at - timedelta(days=3))
        billing.shop(place, name="Till Grocery", days=FEBRUARY, until=FEBRUARY.ends_at - timedelta(days=2))
        with scoping.scope([place.organization.pk], actor=ACTOR):
            policies.set_estimating_order(
                actor=ACTOR, at=NOW, site_id=place.site.pk, methods=[Method.LIKE_DAYS, Method.DAILY_AVERAGE]
            )
        run = billing.advance(billing.plan(place, first_day=FEBRUARY.first_day, until_day=FEBRUARY.until_day))
        client = pages.signed_in(place.organization)
        ids = account_ids(place, run)
        shown = pages.page(client, "run", place.organization, run.public_id)
        assert "Estimate…" in shown
        assert "Wait…" in shown
        assert "2 to decide" in shown

        wait = reverse("run_wait", args=[place.organization.public_id, run.public_id])
        assert "Days to wait at most" in client.post(wait, {"account": ids["Till Grocery"]}).content.decode()
        assert client.post(wait, {"account": ids["Till Grocery"], "sure": "1", "days": "0"}).status_code == 422
        client.post(wait, {"account": ids["Till Grocery"], "sure": "1", "days": "4"})
        assert "Put aside" in pages.page(client, "run", place.organization, run.public_id)

        estimate = reverse("run_estimate", args=[place.organization.public_id, run.public_id])
        asked = client.post(estimate, {"account": ids["Row Pharmacy"]}).content.decode()
        assert "288.00" in asked or "720" in asked or "kWh" in asked
        assert client.post(estimate, {"account": ids["Row Pharmacy"], "sure": "1"}).status_code == 422
        client.post(estimate, {"account": ids["Row Pharmacy"], "sure": "1", "reason": "the bus was down"})
        with scoping.scope([place.organization.pk], actor=ACTOR):
            (fact,) = metering_models.Correction.objects.filter(organization_id=place.organization.pk)
        assert (fact.kind, fact.reason, fact.series_id) == ("ESTIMATE", "the bus was down", gone.energy.pk)

        calendars.tick(place.organization, NOW)
        shown = pages.page(client, "run", place.organization, run.public_id)
        assert "Partly estimated" in shown
        assert "0 to decide" in shown

    def test_are_estimated_only_by_those_who_may_correct_readings(self) -> None:
        place = billing.place()
        billing.shop(place, name="Row Pharmacy", days=FEBRUARY, until=FEBRUARY.ends_at - timedelta(days=3))
        run = billing.advance(billing.plan(place, first_day=FEBRUARY.first_day, until_day=FEBRUARY.until_day))
        clerk = pages.signed_in(place.organization, RoleCode.AUDITOR)
        address = reverse("run_estimate", args=[place.organization.public_id, run.public_id])

        assert clerk.post(address, {"account": "1"}).status_code == 403


def account_ids(place: billing.Place, run: models.BillRun) -> dict[str, str]:
    with scoping.scope([place.organization.pk], actor=ACTOR):
        rows = models.RunMember.objects.filter(organization_id=place.organization.pk, run=run)
        return {name: str(pk) for name, pk in rows.values_list("account__customer__name", "account_id")}
