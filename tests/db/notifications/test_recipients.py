"""Nothing but its code goes to a destination that nobody has confirmed."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest

from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.notifications import attachments, links, models, operations, queries, values
from meterbook.notifications.transports import answers
from meterbook.notifications.values import ChannelKind, CodeResult, DestinationState, MessageState, Outcome
from meterbook_lab import mail_server, telegram_server
from tests.factories import identity, notifications
from tests.factories.notifications import ACTOR, AT, REAL, TOKEN

ALARM = {"title": "Shop 12 is silent", "site": "Harbor Mall", "when": "23:00", "link": "https://x.example/"}
BILL = {"number": "HR-2026-000001", "period": "October", "total": "€ 12.10", "due": "30 November"}
ADDRESS = "ann.smith@example.com"


@pytest.fixture
def smtp() -> Iterator[mail_server.MailServer]:
    with notifications.open_network(), mail_server.running(mail_server.MailServer()) as running:
        yield running


@pytest.fixture
def bot() -> Iterator[telegram_server.TelegramServer]:
    with notifications.telegram(telegram_server.TelegramServer(TOKEN)) as running:
        yield running


def ask(organization: identity_models.Organization, user: identity_models.User, address: str = ADDRESS) -> uuid.UUID:
    with scoping.scope([organization.pk], actor=ACTOR):
        return operations.ask_for_mail(actor=ACTOR, at=AT, real_at=REAL, user_id=user.pk, address=address)


def confirm(
    organization: identity_models.Organization,
    user: identity_models.User,
    destination: uuid.UUID,
    code: str,
    later: timedelta = timedelta(0),
) -> CodeResult:
    with scoping.scope([organization.pk], actor=ACTOR):
        return operations.confirm_code(
            actor=ACTOR, at=AT, real_at=REAL + later, user_id=user.pk, public_id=destination, code=code
        )


def code_in(mail: mail_server.Mail) -> str:
    text = mail.message.get_body(("plain",))
    assert text is not None
    found = re.search(r"code: (\w{8})", text.get_content())
    assert found is not None
    return found[1]


def destinations(organization: identity_models.Organization) -> list[models.Destination]:
    with scoping.scope([organization.pk], actor=ACTOR):
        return list(models.Destination.objects.filter(organization_id=organization.pk).order_by("id"))


class TestMailOfAPerson:
    def test_is_confirmed_by_the_code_that_was_sent_there(self, smtp: mail_server.MailServer) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization)
        notifications.mail_channel(organization, smtp.port)
        notifications.preferences(organization, user)
        destination = ask(organization, user)

        before = notifications.send(organization, values.To.user(user.pk), kind=values.Kind.ALARM_RAISED, **ALARM)
        notifications.deliver(organization)
        result = confirm(organization, user, destination, code_in(smtp.mails[0]).lower())
        after = notifications.send(organization, values.To.user(user.pk), kind=values.Kind.ALARM_RAISED, **ALARM)
        notifications.deliver(organization)

        assert (before, result, after) == (Outcome.NO_DESTINATION, CodeResult.CONFIRMED, Outcome.QUEUED)
        assert [each.recipient for each in smtp.mails] == [ADDRESS, ADDRESS]

    def test_is_not_confirmed_by_a_wrong_code_and_by_none_after_five(self, smtp: mail_server.MailServer) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization)
        notifications.mail_channel(organization, smtp.port)
        destination = ask(organization, user)
        notifications.deliver(organization)

        results = [confirm(organization, user, destination, "WRONGONE") for _ in range(5)]

        assert set(results) == {CodeResult.WRONG}
        assert confirm(organization, user, destination, code_in(smtp.mails[0])) is CodeResult.TOO_MANY

    def test_is_not_confirmed_by_a_code_after_half_an_hour(self, smtp: mail_server.MailServer) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization)
        notifications.mail_channel(organization, smtp.port)
        destination = ask(organization, user)
        notifications.deliver(organization)

        result = confirm(organization, user, destination, code_in(smtp.mails[0]), timedelta(minutes=30))

        assert result is CodeResult.EXPIRED

    def test_gets_at_most_five_codes_an_hour(self) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization)
        for _ in range(5):
            ask(organization, user)

        with pytest.raises(operations.TooManyCodes):
            ask(organization, user)

    def test_is_nobody_elses(self) -> None:
        organization = identity.organization()
        user, other = identity.user(organization=organization), identity.user(organization=organization)
        destination = ask(organization, user)

        with pytest.raises(queries.DestinationNotFound):
            confirm(organization, other, destination, "WHATEVER")

    def test_of_another_organization_is_not_found(self) -> None:
        organization, other = identity.organization(), identity.organization()
        user = identity.user(organization=organization)
        destination = ask(organization, user)

        with pytest.raises(queries.DestinationNotFound):
            confirm(other, user, destination, "WHATEVER")

    def test_gets_nothing_once_it_was_removed(self, smtp: mail_server.MailServer) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization)
        notifications.mail_channel(organization, smtp.port)
        found = notifications.confirmed_mail(organization, user, ADDRESS)

        with scoping.scope([organization.pk], actor=ACTOR):
            operations.remove_destination(actor=ACTOR, at=AT, user_id=user.pk, public_id=found.public_id)

        outcome = notifications.send(organization, values.To.user(user.pk), kind=values.Kind.ALARM_RAISED, **ALARM)
        assert outcome is Outcome.NO_DESTINATION


class TestTelegramOfAPerson:
    @pytest.mark.spec("M-086/1")
    def test_is_linked_only_after_the_code_came_from_the_chat(self, bot: telegram_server.TelegramServer) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization)
        notifications.telegram_channel(organization)
        with scoping.scope([organization.pk], actor=ACTOR):
            code = operations.ask_for_telegram(actor=ACTOR, at=AT, real_at=REAL, user_id=user.pk)
        bot.write(4710, "/start WRONGONE")

        assert self._receive(organization) == 0
        assert [each.state for each in destinations(organization)] == [DestinationState.UNCONFIRMED]
        assert notifications.send(organization, values.To.user(user.pk)) is Outcome.NO_DESTINATION

        bot.write(4711, f"/start {code}")
        assert self._receive(organization) == 1
        notifications.deliver(organization)

        [found] = [each for each in destinations(organization) if each.channel_kind == ChannelKind.TELEGRAM]
        assert (found.state, found.address) == (DestinationState.CONFIRMED, "4711")
        assert {each["chat_id"] for each in bot.sent} == {"4711"}

    def test_is_not_linked_by_a_code_of_another_organization(self, bot: telegram_server.TelegramServer) -> None:
        organization, other = identity.organization(), identity.organization()
        user, stranger = identity.user(organization=organization), identity.user(organization=other)
        for each in (organization, other):
            notifications.telegram_channel(each)
        with scoping.scope([other.pk], actor=ACTOR):
            operations.ask_for_telegram(actor=ACTOR, at=AT, real_at=REAL, user_id=stranger.pk)
        with scoping.scope([organization.pk], actor=ACTOR):
            code = operations.ask_for_telegram(actor=ACTOR, at=AT, real_at=REAL, user_id=user.pk)
        bot.write(4711, code)

        assert self._receive(other) == 0

    def test_code_works_once_and_not_after_half_an_hour(self, bot: telegram_server.TelegramServer) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization)
        notifications.telegram_channel(organization)
        with scoping.scope([organization.pk], actor=ACTOR):
            code = operations.ask_for_telegram(actor=ACTOR, at=AT, real_at=REAL, user_id=user.pk)
        bot.write(4711, code)

        assert self._receive(organization, later=timedelta(minutes=30)) == 0
        assert self._receive(organization) == 1
        bot.write(4712, code)
        assert self._receive(organization) == 0

    def test_asks_telegram_for_nothing_while_nobody_waits(self, bot: telegram_server.TelegramServer) -> None:
        organization = identity.organization()
        notifications.telegram_channel(organization)

        self._receive(organization)

        assert bot.calls == []

    @staticmethod
    def _receive(organization: identity_models.Organization, later: timedelta = timedelta(0)) -> int:
        return operations.receive_updates(organization_id=organization.pk, actor=ACTOR, at=AT, real_at=REAL + later)


class TestBillForACustomer:
    def test_waits_until_the_customer_has_confirmed_and_is_asked_for_that_once(
        self, smtp: mail_server.MailServer
    ) -> None:
        organization = identity.organization()
        notifications.mail_channel(organization, smtp.port)
        to = values.To.customer(uuid.uuid4(), email=ADDRESS, language="es", zone="America/Mexico_City")

        outcomes = [notifications.send(organization, to, kind=values.Kind.BILL_ISSUED, **BILL) for _ in range(2)]
        notifications.deliver(organization)
        [question] = smtp.to(ADDRESS)
        self._follow(organization, question)
        notifications.deliver(organization)

        assert outcomes == [Outcome.HELD, Outcome.HELD]
        assert question.message["Subject"] == "Confirme que Harbor Properties puede escribirle"
        assert [each.message["Subject"] for each in smtp.to(ADDRESS)[1:]] == [
            "Factura HR-2026-000001 de Harbor Properties"
        ] * 2

    def test_goes_nowhere_when_the_address_was_changed_until_the_new_one_is_confirmed(
        self, smtp: mail_server.MailServer
    ) -> None:
        organization = identity.organization()
        notifications.mail_channel(organization, smtp.port)
        account = uuid.uuid4()
        to = values.To.customer(account, email=ADDRESS, language="en")
        notifications.send(organization, to, kind=values.Kind.BILL_ISSUED, **BILL)
        notifications.deliver(organization)
        self._follow(organization, smtp.mails[0])
        notifications.deliver(organization)

        other = values.To.customer(account, email="new@example.com", language="en")
        outcome = notifications.send(organization, other, kind=values.Kind.BILL_ISSUED, **BILL)
        notifications.deliver(organization)

        assert outcome is Outcome.HELD
        assert len(smtp.to(ADDRESS)) == 2
        assert [each.message["Subject"] for each in smtp.to("new@example.com")] == [
            "Confirm that Harbor Properties may write to you"
        ]

    def test_has_its_file_with_it(self, smtp: mail_server.MailServer) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization)
        notifications.mail_channel(organization, smtp.port)
        notifications.confirmed_mail(organization, user)
        with pytest.MonkeyPatch.context() as patch:
            made = answers.File("bill.pdf", "application/pdf", b"%PDF-1.7")
            patch.setitem(attachments._loaders, "test", lambda _reference, **_how: made)
            notifications.send(
                organization, values.To.user(user.pk), kind=values.Kind.BILL_ISSUED, attachment="test:1", **BILL
            )
            notifications.deliver(organization)

        [file] = list(smtp.mails[0].message.iter_attachments())
        assert (file.get_filename(), file.get_content_type()) == ("bill.pdf", "application/pdf")
        assert file.get_content() == b"%PDF-1.7"

    @staticmethod
    def _follow(organization: identity_models.Organization, question: mail_server.Mail) -> None:
        body = question.message.get_body(("plain",))
        assert body is not None
        found = re.search(r"/messages/confirm/(\S+)", body.get_content())
        assert found is not None
        link = links.read_confirm(found[1])
        assert link.organization_id == organization.pk
        with scoping.scope([organization.pk], actor=ACTOR):
            assert operations.confirm_by_link(actor=ACTOR, at=AT, link=link) is CodeResult.CONFIRMED


class TestUnsubscribing:
    def test_ends_what_is_not_mandatory_and_offers_one_click(self, smtp: mail_server.MailServer) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization)
        notifications.mail_channel(organization, smtp.port)
        notifications.confirmed_mail(organization, user)
        notifications.send(organization, values.To.user(user.pk), kind=values.Kind.ALARM_RAISED, **ALARM)
        notifications.deliver(organization)
        mail = smtp.mails[0].message

        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        link = links.read_stop(mail["List-Unsubscribe"].strip("<>").rpartition("/")[2])
        with scoping.scope([organization.pk], actor=ACTOR):
            operations.unsubscribe(actor=ACTOR, at=AT, link=link)
            operations.unsubscribe(actor=ACTOR, at=AT, link=link)

        alarm = notifications.send(organization, values.To.user(user.pk), kind=values.Kind.ALARM_RAISED, **ALARM)
        cleared = notifications.send(organization, values.To.user(user.pk), kind=values.Kind.ALARM_CLEARED, **ALARM)
        security = notifications.send(organization, values.To.user(user.pk))
        assert (alarm, cleared, security) == (Outcome.UNSUBSCRIBED, Outcome.QUEUED, Outcome.QUEUED)

    def test_is_not_offered_for_what_is_mandatory(self, smtp: mail_server.MailServer) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization)
        notifications.mail_channel(organization, smtp.port)
        notifications.send(organization, values.To.user(user.pk))
        notifications.deliver(organization)
        with scoping.scope([organization.pk], actor=ACTOR):
            recipient = models.Recipient.objects.get(organization_id=organization.pk)
            link = links.StopLink(organization.pk, recipient.public_id, values.Kind.NEW_SIGN_IN)
            with pytest.raises(queries.RecipientNotFound):
                operations.unsubscribe(actor=ACTOR, at=AT, link=link)

        assert smtp.mails[0].message["List-Unsubscribe"] is None

    @pytest.mark.parametrize("token", ["", "x", "WzEsImEiXQ:1u:abc"])
    def test_refuses_a_link_that_is_not_ours(self, token: str) -> None:
        with pytest.raises(links.LinkBroken):
            links.read_stop(token)


class TestRetry:
    def test_sends_a_failed_message_again(self, smtp: mail_server.MailServer) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization)
        notifications.mail_channel(organization, smtp.port)
        notifications.send(organization, values.To.user(user.pk))
        smtp.on_content = lambda _address: "554 5.7.1 looks like spam"
        notifications.deliver(organization)
        smtp.on_content = None
        [failed] = notifications.messages(organization)

        with scoping.scope([organization.pk], actor=ACTOR):
            assert operations.retry_message(actor=ACTOR, at=AT, public_id=failed.public_id)
        notifications.deliver(organization)

        assert failed.state == MessageState.FAILED
        assert [each.state for each in notifications.messages(organization)] == [MessageState.SENT]

    def test_of_another_organization_is_not_found(self, smtp: mail_server.MailServer) -> None:
        organization, other = identity.organization(), identity.organization()
        user = identity.user(organization=organization)
        notifications.mail_channel(organization, smtp.port)
        notifications.send(organization, values.To.user(user.pk))
        [message] = notifications.messages(organization)

        with scoping.scope([other.pk], actor=ACTOR), pytest.raises(queries.MessageNotFound):
            operations.retry_message(actor=ACTOR, at=AT, public_id=message.public_id)
