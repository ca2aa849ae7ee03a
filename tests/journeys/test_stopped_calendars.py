"""A calendar or run that does not go on by itself is a line of My work with reason and remedy, until it goes on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from meterbook.billing import models, operations
from meterbook.billing.queries import faults
from meterbook.billing.values import Automatic, RunState
from meterbook.customers import models as customer_models
from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from meterbook.journeys import keeping_calendars
from meterbook.kernel import civil, clock
from meterbook.kernel.actor import Actor
from tests.factories import billing, calendars, customers
from tests.support import pages, trails

ACTOR = Actor.system("test")
MEXICO = ZoneInfo("America/Mexico_City")
FIRST, AFTER = date(2026, 5, 16), date(2026, 6, 16)
STARTS, ENDS = civil.start_of_day(FIRST, MEXICO), civil.start_of_day(AFTER, MEXICO)
NOTICE = datetime(2026, 6, 16, 8, tzinfo=MEXICO)


@pytest.fixture(autouse=True)
def later() -> Iterator[clock.SettableClock]:
    standing = clock.SettableClock(NOTICE)
    with clock.use(standing):
        yield standing


@pytest.fixture
def place(database: str) -> billing.Place:
    made = billing.place(time_zone="America/Mexico_City", code="HR")
    meter = billing.metered(made, name="Shop 1")
    billing.count(meter.energy, STARTS, ENDS)
    account = customers.account(organization=made.organization, site=made.site, number="A-1", name="Bakery")
    customers.contract(account=account, point=meter.point, tariff=made.tariff, starts_at=STARTS)
    calendars.calendar(made, starts_on=FIRST, cutoff_day=15, is_auto_approved=True, approves_first=True, grace_days=3)
    return made


def keep(place: billing.Place, at: datetime = NOTICE) -> None:
    keeping_calendars.keep(organization_id=place.organization.pk, actor=ACTOR, at=at)


def listed(place: billing.Place) -> list[faults.FaultRow]:
    with scoping.scope([place.organization.pk], actor=ACTOR):
        return faults.list_faults()


def advance(place: billing.Place) -> models.BillRun:
    (run,) = calendars.runs(place.organization)
    operations.advance_run(organization_id=run.organization_id, actor=ACTOR, at=NOTICE, run_id=run.public_id)
    return billing.fresh(run)


@pytest.mark.spec("M-078")
def test_a_run_that_cannot_be_approved_says_why_and_what_to_do(place: billing.Place) -> None:
    keep(place)
    assert advance(place).state == RunState.REVIEW
    with scoping.scope([place.organization.pk], actor=ACTOR):
        account = customer_models.Account.objects.select_related("customer").get(
            organization_id=place.organization.pk, number="A-1"
        )
        account.customer.name = "Baker and Sons"
        account.customer.save(update_fields=["name"])

    keep(place)
    keep(place, NOTICE + timedelta(minutes=1))

    (found,) = listed(place)
    assert (found.what, found.since) == (Automatic.RUN, NOTICE)
    assert "Check again" in found.words
    assert trails.latest(place.organization).action == "billing:note_fault"
    admin = pages.signed_in(place.organization)
    shown = pages.page(admin, "work", place.organization)
    assert "A bill run does not go on by itself" in shown
    assert "Check again, look at the new amount" in shown
    assert "does not go on" not in pages.page(
        pages.signed_in(place.organization, RoleCode.AUDITOR), "work", place.organization
    )
    (run,) = calendars.runs(place.organization)
    with scoping.scope([place.organization.pk], actor=ACTOR):
        operations.check_again(actor=ACTOR, at=NOTICE, run=run)
    advance(place)

    keep(place)

    assert listed(place) == []
    assert "does not go on" not in pages.page(admin, "work", place.organization)
    assert advance(place).state == RunState.CLOSED


@pytest.mark.spec("M-078")
def test_a_calendar_whose_days_another_run_has_says_so(place: billing.Place) -> None:
    with scoping.scope([place.organization.pk], actor=ACTOR):
        other = operations.plan_run(actor=ACTOR, at=NOTICE, site=place.site, first_day=FIRST, until_day=AFTER)

    keep(place)

    (found,) = listed(place)
    assert (found.what, found.trouble, found.name) == (Automatic.CALENDAR, "RunPresent", "Monthly")
    admin = pages.signed_in(place.organization)
    shown = pages.page(admin, "work", place.organization)
    assert "The billing calendar “Monthly” starts no run" in shown
    assert "finish or cancel it" in shown
    with scoping.scope([place.organization.pk], actor=ACTOR):
        operations.cancel_run(actor=ACTOR, at=NOTICE, run=other, reason="made twice")

    keep(place)

    assert listed(place) == []
