"""Bills below the amount of their calendar are posted, and sent on no way: mail, Telegram or paper (B-37)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from meterbook.billing import events, models, operations, queries
from meterbook.billing.queries import prints
from meterbook.customers import models as customer_models
from meterbook.customers import sign_ins
from meterbook.foundation import scoping
from meterbook.journeys import send_bills
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from meterbook.ledger import queries as ledger_queries
from meterbook.notifications import models as notification_models
from meterbook.notifications import values as notification_values
from tests.factories import billing, calendars, customers, identity, notifications

ACTOR = Actor.system("test")
MEXICO = ZoneInfo("America/Mexico_City")
FIRST, AFTER = date(2026, 5, 16), date(2026, 6, 16)
STARTS, ENDS = civil.start_of_day(FIRST, MEXICO), civil.start_of_day(AFTER, MEXICO)
NOTICE = datetime(2026, 6, 16, 8, tzinfo=MEXICO)


def shop(place: billing.Place, number: str, *, rise: int, email: str = "") -> customer_models.Account:
    meter = billing.metered(place, name=f"Shop {number}")
    billing.count(meter.energy, STARTS, ENDS, rise=rise)
    account = customers.account(organization=place.organization, site=place.site, number=number, email=email)
    customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=STARTS)
    return account


def billed(place: billing.Place, *, small_below: Decimal | None) -> models.BillRun:
    calendars.calendar(
        place,
        starts_on=FIRST,
        cutoff_day=15,
        is_auto_approved=True,
        approves_first=True,
        grace_days=3,
        small_below=small_below,
    )
    calendars.tick(place.organization, NOTICE)
    (run,) = calendars.runs(place.organization)
    return run


def place() -> billing.Place:
    return billing.place(time_zone="America/Mexico_City", code="HR")


@pytest.mark.spec("B-37")
def test_small_ones_are_not_printed_unless_all_are_asked_for_and_the_balance_stays() -> None:
    made = place()
    tiny, large = shop(made, "A-1", rise=0), shop(made, "A-2", rise=25)
    run = billed(made, small_below=Decimal("50"))

    with scoping.scope([made.organization.pk], actor=ACTOR):
        bills = dict(
            models.Bill.objects.filter(organization_id=made.organization.pk).values_list("account_id", "public_id")
        )
        paper = queries.printed_bills(run_public_id=run.public_id, is_everything=False)
        everything = queries.printed_bills(run_public_id=run.public_id, is_everything=True)
        counts = queries.count_printed(run_public_id=run.public_id), prints.count_small(run_public_id=run.public_id)
        (file,) = operations.print_bills(actor=ACTOR, at=NOTICE, run=run.public_id)
        owed = ledger_queries.balance(tiny.receivable_id)

    assert paper == [bills[large.pk]]
    assert set(everything) == {bills[tiny.pk], bills[large.pk]}
    assert counts == ((1, 2), 1)
    assert file.bill_ids == [bills[large.pk]]
    assert owed.amount > 0


def test_without_an_amount_all_are_printed() -> None:
    made = place()
    shop(made, "A-1", rise=0)
    run = billed(made, small_below=None)

    with scoping.scope([made.organization.pk], actor=ACTOR):
        assert len(queries.printed_bills(run_public_id=run.public_id, is_everything=False)) == 1
        assert prints.count_small(run_public_id=run.public_id) == 0


@pytest.mark.spec("B-37")
@pytest.mark.parametrize(("rise", "sent"), [(0, 0), (25, 1)], ids=["small", "large"])
def test_small_ones_go_to_no_chat(rise: int, sent: int) -> None:
    made = place()
    account = shop(made, "A-1", rise=rise, email="a-1@example.com")
    run = billed(made, small_below=Decimal("50"))
    notifications.telegram_channel(made.organization)
    owner = made.organization.pk
    with scoping.scope([owner], actor=ACTOR):
        recipient = notification_models.Recipient.objects.create(
            organization_id=owner, owner_kind=notification_values.OwnerKind.CUSTOMER, owner_key=str(account.public_id)
        )
        notification_models.Destination.objects.create(
            organization_id=owner,
            recipient=recipient,
            channel_kind=notification_values.ChannelKind.TELEGRAM,
            address="4711",
            state=notification_values.DestinationState.CONFIRMED,
        )
        event = events.BillsIssued(organization_id=owner, run_id=str(run.public_id), after=0, through=1_000)
        send_bills.bills_issued(event, actor=ACTOR, at=NOTICE)

    found = notifications.messages(made.organization)
    assert [each.destination.channel_kind for each in found] == ["TELEGRAM"] * sent


@pytest.mark.spec("M-086/3")
@pytest.mark.parametrize("is_linked", [True, False], ids=["linked", "not_linked"])
def test_without_an_address_the_news_goes_to_the_tenants_chat_and_the_bill_on_paper(is_linked: bool) -> None:
    made = place()
    account = shop(made, "A-1", rise=25)
    owner = made.organization.pk
    notifications.telegram_channel(made.organization)
    tenant = identity.user(organization=made.organization)
    with scoping.scope([owner], actor=ACTOR):
        sign_ins.link_user(actor=ACTOR, at=NOTICE, account=account.public_id, user_id=tenant.pk)
    if is_linked:
        notifications.confirmed_chat(made.organization, tenant)
    run = billed(made, small_below=None)
    with scoping.scope([owner], actor=ACTOR):
        event = events.BillsIssued(organization_id=owner, run_id=str(run.public_id), after=0, through=1_000)
        send_bills.bills_issued(event, actor=ACTOR, at=NOTICE)
        printed = queries.printed_bills(run_public_id=run.public_id, is_everything=False)

    found = notifications.messages(made.organization)
    assert [each.destination.address for each in found] == ["4711"] * is_linked
    assert len(printed) == 1
