"""Alarms, issued bills and sign-ins become messages: to those who may see them, in their language, once."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest

from meterbook.alarms import operations as alarm_operations
from meterbook.alarms.values import AlarmKind
from meterbook.customers import operations as customer_operations
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.identity import sign_in
from meterbook.identity.values import RoleCode
from meterbook.journeys import tell_security
from meterbook.kernel import clock
from meterbook.notifications import links, operations
from meterbook.notifications.values import CodeResult, Severity
from meterbook.sites import models as site_models
from meterbook_lab import mail_server
from tests.factories import acquisition, billing, customers, everything, identity, notifications, sites
from tests.factories.notifications import ACTOR, AT


@pytest.fixture
def smtp() -> Iterator[mail_server.MailServer]:
    with notifications.open_network(), mail_server.running(mail_server.MailServer()) as running:
        yield running


def deliver(organization: identity_models.Organization) -> None:
    """The factory's worker hands news on by the clock."""
    notifications.deliver(organization, clock.now())


def text_of(mail: mail_server.Mail) -> str:
    body = mail.message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


class TestAlarm:
    def test_is_told_to_who_may_see_it_and_asked_to_hear_of_it(self, smtp: mail_server.MailServer) -> None:
        organization = identity.organization()
        site = sites.site(organization=organization, time_zone="Europe/Madrid")
        notifications.mail_channel(organization, smtp.port)
        reader = self._reader(organization)
        self._reader(organization, severity=Severity.CRITICAL)
        self._reader(organization, severity=Severity.NONE)
        elsewhere = sites.site(organization=organization)
        self._reader(organization, role=RoleCode.MONITOR, site_id=elsewhere.pk)
        self._reader(organization, role=RoleCode.CASHIER)

        self._raise(organization, site)
        deliver(organization)

        assert [each.recipient for each in smtp.mails] == [reader.email]
        assert smtp.mails[0].message["Subject"] == "Alarm: Shop 12 is silent"
        assert "3 Nov 2026 11:00" in text_of(smtp.mails[0])  # the place's time

    def test_is_told_in_the_language_of_each_and_once_though_the_news_comes_twice(
        self, smtp: mail_server.MailServer
    ) -> None:
        organization = identity.organization()
        site = sites.site(organization=organization)
        notifications.mail_channel(organization, smtp.port)
        english, spanish = self._reader(organization), self._reader(organization)
        identity_models.User.objects.filter(pk=spanish.pk).update(language="es")

        self._raise(organization, site)
        acquisition.deliver(organization.pk)
        deliver(organization)

        assert {each.recipient: each.message["Subject"] for each in smtp.mails} == {
            english.email: "Alarm: Shop 12 is silent",
            spanish.email: "Alarma: Shop 12 no responde",
        }
        assert len(smtp.mails) == 2

    def test_that_is_over_is_told_too(self, smtp: mail_server.MailServer) -> None:
        organization = identity.organization()
        site = sites.site(organization=organization)
        notifications.mail_channel(organization, smtp.port)
        self._reader(organization)
        subject = self._raise(organization, site)

        with scoping.scope([organization.pk], actor=ACTOR):
            alarm_operations.clear_alarm(
                actor=ACTOR, at=AT + timedelta(hours=1), kind=AlarmKind.METER_SILENT, subject_id=subject
            )
        acquisition.deliver(organization.pk)
        deliver(organization)

        assert [each.message["Subject"] for each in smtp.mails] == [
            "Alarm: Shop 12 is silent",
            "Over: Shop 12 is silent",
        ]

    @staticmethod
    def _reader(
        organization: identity_models.Organization,
        *,
        severity: Severity = Severity.WARNING,
        role: RoleCode = RoleCode.MANAGER,
        site_id: int | None = None,
    ) -> identity_models.User:
        user = identity.user(organization=organization, role=role, site_id=site_id)
        notifications.confirmed_mail(organization, user)
        notifications.preferences(organization, user, alarm_severity=severity)
        return user

    @staticmethod
    def _raise(organization: identity_models.Organization, site: site_models.Site) -> uuid.UUID:
        subject = uuid.uuid4()
        with scoping.scope([organization.pk], actor=ACTOR):
            alarm_operations.raise_alarm(
                actor=ACTOR,
                at=AT,
                kind=AlarmKind.METER_SILENT,
                site=site,
                subject_kind="meter",
                subject_id=subject,
                details={"name": "Shop 12", "reason": "No answer"},
            )
        acquisition.deliver(organization.pk)
        return subject


class TestBill:
    def test_goes_with_its_pdf_in_the_language_of_the_account_once_confirmed(
        self, smtp: mail_server.MailServer
    ) -> None:
        place = billing.place()
        organization = place.organization
        notifications.mail_channel(organization, smtp.port)
        addresses = {"en": "ann@example.com", "es": "ana@example.com"}
        for language, address in addresses.items():
            self._account(place, language, address)
        self._account(place, "en", "")
        billing.issued(place, first_day=everything.FIRST, until_day=everything.UNTIL)
        at = everything.END + timedelta(days=5)
        with clock.use(clock.SettableClock(at)):
            acquisition.deliver(organization.pk)

        notifications.deliver(organization, at)
        assert {each.recipient for each in smtp.mails} == set(addresses.values())
        for mail in list(smtp.mails):
            found = re.search(r"/messages/confirm/(\S+)", text_of(mail))
            assert found is not None
            with scoping.scope([organization.pk], actor=ACTOR):
                link = links.read_confirm(found[1])
                assert operations.confirm_by_link(actor=ACTOR, at=at, link=link) is CodeResult.CONFIRMED
        smtp.mails.clear()
        notifications.deliver(organization, at)
        notifications.deliver(organization, at)

        subjects = {each.recipient: each.message["Subject"] for each in smtp.mails}
        assert len(smtp.mails) == 2
        assert subjects["ann@example.com"].startswith("Bill ")
        assert subjects["ana@example.com"].startswith("Factura ")
        for mail in smtp.mails:
            [file] = list(mail.message.iter_attachments())
            assert file.get_content_type() == "application/pdf"
            assert file.get_content().startswith(b"%PDF")

    def test_that_was_issued_long_ago_is_no_news(self) -> None:
        place = billing.place()
        notifications.mail_channel(place.organization, 2525)
        self._account(place, "en", "ann@example.com")
        billing.issued(place, first_day=everything.FIRST, until_day=everything.UNTIL)

        with clock.use(clock.SettableClock(everything.END + timedelta(days=60))):
            acquisition.deliver(place.organization.pk)

        assert notifications.messages(place.organization) == []

    @staticmethod
    def _account(place: billing.Place, language: str, address: str) -> None:
        meter = billing.metered(place)
        billing.count(meter.energy, everything.START, everything.END + timedelta(days=1))
        account = customers.account(organization=place.organization, site=place.site)
        customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=everything.START)
        with scoping.scope([place.organization.pk], actor=ACTOR):
            customer_operations.change_customer(
                actor=ACTOR,
                at=AT,
                account=account.public_id,
                name="Ann",
                email=address,
                language=language,
                tax_number="",
                address="",
            )


class TestSecurityNotice:
    def test_tells_of_a_sign_in_from_a_new_address_but_not_of_the_first_nor_of_a_known_one(
        self, smtp: mail_server.MailServer
    ) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization)
        notifications.mail_channel(organization, smtp.port)

        told = [self._sign_in(user, address) for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.2")]
        notifications.deliver(organization)

        assert told == [False, False, True, False]
        [mail] = smtp.to(user.email)
        assert "192.0.2.2" in text_of(mail)

    def test_goes_through_the_organization_that_can_send(self, smtp: mail_server.MailServer) -> None:
        first, second = identity.organization(), identity.organization(name="Second")
        user = identity.user(organization=first)
        other = identity.user(organization=second, email=user.email)
        notifications.mail_channel(second, smtp.port)

        assert other.pk == user.pk
        assert tell_security.password_changed(actor=ACTOR, at=AT, user_id=user.pk)
        assert notifications.messages(first) == []
        assert notifications.deliver(second) == 1

    def test_is_not_sent_when_nobody_can(self) -> None:
        user = identity.user(organization=identity.organization())

        assert not tell_security.password_reset(actor=ACTOR, at=AT, user_id=user.pk, link="https://x.example/")

    @staticmethod
    def _sign_in(user: identity_models.User, address: str) -> bool:
        actor = identity.actor(user)
        there = type(actor)(kind=actor.kind, id=actor.id, label=actor.label, source=address)
        sign_in.note_sign_in(actor=there, at=AT, user_id=user.pk)
        return tell_security.signed_in(actor=there, at=AT, user_id=user.pk, address=address, device="Firefox")
