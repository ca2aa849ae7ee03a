"""Bills for customers with an e-mail address while no mail server is set up: they wait, are told of, and are sent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.urls import reverse

from meterbook.billing import models as billing_models
from meterbook.billing import operations as billing_operations
from meterbook.foundation import scoping
from meterbook.journeys import send_bills
from meterbook.kernel import clock
from meterbook.notifications import models
from meterbook.notifications.values import DestinationState, MessageState
from meterbook_lab import mail_server
from tests.factories import acquisition, billing, customers, identity, notifications
from tests.factories.billing import FEBRUARY
from tests.support import pages

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with clock.use(clock.SettableClock(NOW)):
        yield


def drafted() -> tuple[billing.Place, billing_models.BillRun]:
    """A run for review: a shop with an e-mail address, and one that gets paper."""
    place = billing.place()
    billing.shop(place, name="Row Pharmacy", days=FEBRUARY)
    meter = billing.metered(place, name="Calder Bakery")
    billing.count(meter.energy, FEBRUARY.starts_at, FEBRUARY.ends_at)
    account = customers.account(
        organization=place.organization, site=place.site, name="Calder Bakery", email="bakery@example.com"
    )
    customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=FEBRUARY.starts_at)
    run = billing.plan(place, first_day=FEBRUARY.first_day, until_day=FEBRUARY.until_day)
    return place, billing.advance(run)


def issued(place: billing.Place, run: billing_models.BillRun) -> None:
    approver = identity.actor(identity.user(organization=place.organization))
    billing.advance(billing.approve(run, actor=approver))
    acquisition.deliver(place.organization.pk)


def message(place: billing.Place) -> models.Message:
    with scoping.scope([place.organization.pk], actor=identity.ACTOR):
        return models.Message.objects.get(organization_id=place.organization.pk, kind="BILL_ISSUED")


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_pages_say_so_until_they_are_printed() -> None:
    place, run = drafted()
    organization = place.organization
    client = pages.signed_in(organization)
    approving = client.post(reverse("run_approve", args=[organization.public_id, run.public_id])).content.decode()
    assert "1 bill cannot be sent: no mail server is set up." in words(approving)
    assert reverse("settings", args=[organization.public_id]) in approving

    issued(place, run)
    shown = pages.page(client, "run", organization, run.public_id)
    assert "1 bill cannot be sent: no mail server is set up." in words(shown)
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        (bill,) = send_bills.unsent()
    assert "This bill cannot be sent" in pages.page(client, "bill", organization, bill.public_id)
    assert "1 bill cannot be sent" in words(pages.page(client, "work", organization))

    client.post(reverse("run_print", args=[organization.public_id, run.public_id]))
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        wanted = billing_models.PrintFile.objects.get(organization_id=organization.pk)
    assert (wanted.bills, bill.public_id in wanted.bill_ids) == (2, True)
    billing_operations.make_print_file(
        organization_id=organization.pk, actor=identity.ACTOR, at=NOW, print_id=wanted.public_id
    )
    assert "cannot be sent" not in pages.page(client, "work", organization)
    assert "cannot be sent: no mail" not in pages.page(client, "run", organization, run.public_id)


def test_they_are_sent_once_there_is_a_mail_server() -> None:
    place, run = drafted()
    issued(place, run)
    assert message(place).state == MessageState.HELD

    with notifications.open_network(), mail_server.running(mail_server.MailServer()) as smtp:
        notifications.mail_channel(place.organization, smtp.port)
        with scoping.scope([place.organization.pk], actor=identity.ACTOR):
            assert send_bills.unsent() == []
            waiting = message_kinds(place)
        # Nobody has confirmed the address: it is asked for that first, once.
        assert waiting == ["BILL_ISSUED", "OPT_IN_CODE"]


def test_a_confirmed_address_gets_its_bill_at_once() -> None:
    place, run = drafted()
    issued(place, run)
    with scoping.scope([place.organization.pk], actor=identity.ACTOR):
        models.Destination.objects.filter(organization_id=place.organization.pk).update(
            state=DestinationState.CONFIRMED
        )

    with notifications.open_network(), mail_server.running(mail_server.MailServer()) as smtp:
        notifications.mail_channel(place.organization, smtp.port)
        notifications.deliver(place.organization, notifications.AT)

    assert [each.recipient for each in smtp.mails] == ["bakery@example.com"]
    assert message(place).state == MessageState.SENT


def message_kinds(place: billing.Place) -> list[str]:
    found = models.Message.objects.filter(organization_id=place.organization.pk)
    return sorted(found.values_list("kind", flat=True))
