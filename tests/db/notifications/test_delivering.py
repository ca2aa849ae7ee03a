"""Messages leave through a real socket, once, later when the server is down, elsewhere when an address is refused."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Iterator
from datetime import time, timedelta

import pytest
from django.db import connections

from meterbook.foundation import scoping
from meterbook.notifications import models, operations, values
from meterbook.notifications.values import MessageState, Outcome
from meterbook_lab import mail_server, telegram_server
from tests.factories import identity, notifications
from tests.factories.notifications import ACTOR, AT, PASSWORD, REAL, TOKEN


@pytest.fixture(autouse=True)
def network() -> Iterator[None]:
    with notifications.open_network():
        yield


@pytest.fixture
def smtp() -> Iterator[mail_server.MailServer]:
    with mail_server.running(mail_server.MailServer()) as running:
        yield running


@pytest.fixture
def bot() -> Iterator[telegram_server.TelegramServer]:
    with notifications.telegram(telegram_server.TelegramServer(TOKEN)) as running:
        yield running


def free_port() -> int:
    return mail_server.free_port()


class TestMail:
    def test_reaches_the_sign_in_address_in_text_and_html(self, smtp: mail_server.MailServer) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization)
        notifications.mail_channel(organization, smtp.port)

        outcome = notifications.send(organization, values.To.user(user.pk))
        notifications.deliver(organization)

        [mail] = smtp.to(user.email)
        assert outcome is Outcome.QUEUED
        assert mail.sender == notifications.SENDER
        assert mail.message["Subject"] == "New sign-in to Meterbook"
        assert {part.get_content_type() for part in mail.message.walk()} >= {"text/plain", "text/html"}
        [message] = notifications.messages(organization)
        assert (message.state, message.sealed_facts) == (MessageState.SENT, "")
        assert mail.message["Message-ID"] == f"<{message.public_id}@harbor.example>"

    def test_logs_in_with_the_password_that_was_set(self) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization)
        with mail_server.running(mail_server.MailServer(login=("harbor", PASSWORD))) as server:
            notifications.mail_channel(organization, server.port, user="harbor")
            notifications.send(organization, values.To.user(user.pk))

            assert notifications.deliver(organization) == 1

    def test_is_refused_with_the_servers_words_when_the_password_is_wrong(self) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization)
        with mail_server.running(mail_server.MailServer(login=("harbor", "another"))) as server:
            notifications.mail_channel(organization, server.port, user="harbor")
            with scoping.scope([organization.pk], actor=ACTOR):
                operations.send_test(actor=ACTOR, at=AT, user_id=user.pk, channel=values.ChannelKind.MAIL)
            notifications.deliver(organization)

        [message] = notifications.messages(organization)
        assert message.state == MessageState.FAILED
        assert message.answer.startswith("535")
        assert PASSWORD not in message.answer

    @pytest.mark.spec("M-086/2")
    def test_is_sent_later_once_when_the_server_was_down_for_two_hours(self) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization)
        port = free_port()
        notifications.mail_channel(organization, port)
        for number in range(3):
            notifications.send(organization, values.To.user(user.pk), key=f"occasion {number}")

        for minutes in range(0, 120, 5):
            assert notifications.deliver(organization, AT + timedelta(minutes=minutes)) == 0
        with mail_server.running(mail_server.MailServer(), port=port) as server:
            for minutes in range(120, 240, 5):
                notifications.deliver(organization, AT + timedelta(minutes=minutes))

            assert len(server.to(user.email)) == 3
            assert len({each.message["Message-ID"] for each in server.mails}) == 3
        assert {each.state for each in notifications.messages(organization)} == {MessageState.SENT}

    def test_is_tried_again_after_a_temporary_refusal(self, smtp: mail_server.MailServer) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization)
        notifications.mail_channel(organization, smtp.port)
        notifications.send(organization, values.To.user(user.pk))
        smtp.on_recipient = lambda _address: "451 4.7.1 try later"

        notifications.deliver(organization)
        smtp.on_recipient = None

        assert notifications.deliver(organization, AT + timedelta(seconds=59)) == 0
        assert notifications.deliver(organization, AT + timedelta(seconds=60)) == 1

    def test_leaves_a_server_alone_that_says_it_is_going_away(self, smtp: mail_server.MailServer) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization)
        notifications.mail_channel(organization, smtp.port)
        for number in range(3):
            notifications.send(organization, values.To.user(user.pk), key=f"occasion {number}")
        asked: list[str] = []
        smtp.on_recipient = lambda address: asked.append(address) or "421 4.7.0 too many"  # type: ignore[func-returns-value]

        notifications.deliver(organization)
        notifications.deliver(organization, AT + timedelta(minutes=9))

        assert len(asked) == 1

    def test_marks_an_address_that_is_refused_for_good_and_takes_the_next_way(
        self, smtp: mail_server.MailServer, bot: telegram_server.TelegramServer
    ) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization)
        notifications.mail_channel(organization, smtp.port)
        notifications.telegram_channel(organization)
        mailbox = notifications.confirmed_mail(organization, user)
        notifications.confirmed_chat(organization, user)
        smtp.on_recipient = lambda _address: "550 5.1.1 no such mailbox"

        notifications.send(organization, values.To.user(user.pk))
        notifications.deliver(organization)

        first, second = notifications.messages(organization)
        assert (first.state, first.answer) == (MessageState.FAILED, "550 5.1.1 no such mailbox")
        assert (second.state, second.fallback_of_id) == (MessageState.SENT, first.pk)
        assert [each["chat_id"] for each in bot.sent] == ["4711"]
        with scoping.scope([organization.pk], actor=ACTOR):
            found = models.Destination.objects.get(organization_id=organization.pk, pk=mailbox.pk)
        assert (found.state, found.reason) == (values.DestinationState.BROKEN, "550 5.1.1 no such mailbox")

    def test_is_in_doubt_when_the_line_breaks_after_the_content_and_goes_once_more_under_the_same_id(
        self, smtp: mail_server.MailServer
    ) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization)
        notifications.mail_channel(organization, smtp.port)
        notifications.send(organization, values.To.user(user.pk))
        smtp.drops_after_content = True

        notifications.deliver(organization)
        assert [each.state for each in notifications.messages(organization)] == [MessageState.UNKNOWN]
        smtp.drops_after_content = False
        for minutes in range(1, 60):
            notifications.deliver(organization, AT + timedelta(minutes=minutes))

        assert len(smtp.mails) == 2
        assert len({each.message["Message-ID"] for each in smtp.mails}) == 1

    def test_goes_to_no_network_that_the_owner_has_not_opened(self, smtp: mail_server.MailServer) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization)
        notifications.mail_channel(organization, smtp.port)
        notifications.send(organization, values.To.user(user.pk))

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("django.conf.settings.MAIL_NETWORKS", "")
            assert notifications.deliver(organization) == 0

        with scoping.scope([organization.pk], actor=ACTOR):
            channel = models.Channel.objects.get(organization_id=organization.pk)
        assert "MB_MAIL_NETWORKS" in channel.failure


class TestTelegram:
    def test_waits_as_long_as_it_is_told(self, bot: telegram_server.TelegramServer) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization)
        notifications.telegram_channel(organization)
        notifications.confirmed_chat(organization, user)
        notifications.send(organization, values.To.user(user.pk))
        bot.wait_seconds = 90

        assert notifications.deliver(organization) == 0
        assert notifications.deliver(organization, AT + timedelta(seconds=89)) == 0
        assert notifications.deliver(organization, AT + timedelta(seconds=90)) == 1
        assert len(bot.sent) == 1

    def test_marks_a_chat_that_blocked_the_bot_and_takes_mail(
        self, bot: telegram_server.TelegramServer, smtp: mail_server.MailServer
    ) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization)
        notifications.mail_channel(organization, smtp.port)
        notifications.telegram_channel(organization)
        notifications.confirmed_mail(organization, user)
        notifications.confirmed_chat(organization, user)
        notifications.preferences(organization, user, preferred_channel=values.ChannelKind.TELEGRAM)
        bot.blocked.add("4711")

        notifications.send(organization, values.To.user(user.pk))
        notifications.deliver(organization)
        notifications.deliver(organization)

        assert [each.state for each in notifications.messages(organization)] == [MessageState.FAILED, MessageState.SENT]
        assert len(smtp.to(user.email)) == 1

    def test_notes_the_name_of_the_bot(self, bot: telegram_server.TelegramServer) -> None:
        organization = identity.organization()
        notifications.telegram_channel(organization)

        operations.check_telegram(organization_id=organization.pk, actor=ACTOR, at=AT)

        with scoping.scope([organization.pk], actor=ACTOR):
            channel = models.Channel.objects.get(organization_id=organization.pk)
        assert channel.account_name == "meterbook_lab_bot"

    def test_notes_what_was_said_to_a_wrong_token_without_the_token(self, bot: telegram_server.TelegramServer) -> None:
        organization = identity.organization()
        notifications.telegram_channel(organization, "7000001:a-wrong-token")

        operations.check_telegram(organization_id=organization.pk, actor=ACTOR, at=AT)

        with scoping.scope([organization.pk], actor=ACTOR):
            channel = models.Channel.objects.get(organization_id=organization.pk)
        assert channel.failure
        assert "a-wrong-token" not in channel.failure

    def test_writes_the_token_into_no_log(
        self, bot: telegram_server.TelegramServer, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
    ) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization)
        notifications.telegram_channel(organization)
        notifications.confirmed_chat(organization, user)
        notifications.send(organization, values.To.user(user.pk))
        bot.wait_seconds = 1

        with caplog.at_level(logging.DEBUG):
            for seconds in (0, 1):
                notifications.deliver(organization, AT + timedelta(seconds=seconds))
            operations.check_telegram(organization_id=organization.pk, actor=ACTOR, at=AT)

        said = capsys.readouterr()
        assert len(bot.sent) == 1
        assert TOKEN not in caplog.text + said.out + said.err


class TestQueue:
    def test_goes_on_behind_a_message_that_cannot_be_made(self, smtp: mail_server.MailServer) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization)
        notifications.mail_channel(organization, smtp.port)
        notifications.send(organization, values.To.user(user.pk), attachment="nobody:1")
        notifications.send(organization, values.To.user(user.pk))

        assert notifications.deliver(organization) == 1
        assert [each.state for each in notifications.messages(organization)] == [MessageState.FAILED, MessageState.SENT]

    def test_goes_on_behind_an_address_that_cannot_be_written(self, smtp: mail_server.MailServer) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization)
        notifications.mail_channel(organization, smtp.port)
        notifications.send(organization, values.To.address("jos\u00e9@example.com", language="es"))
        notifications.send(organization, values.To.user(user.pk))

        for minutes in (0, 1, 2):
            notifications.deliver(organization, AT + timedelta(minutes=minutes))

        assert len(smtp.to(user.email)) == 1
        first, second = notifications.messages(organization)
        assert (first.state, second.state) == (MessageState.FAILED, MessageState.SENT)

    def test_sends_nothing_twice_under_two_workers(self, smtp: mail_server.MailServer) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization)
        notifications.mail_channel(organization, smtp.port)
        for number in range(20):
            notifications.send(organization, values.To.user(user.pk), key=f"occasion {number}")
        barrier = threading.Barrier(2)

        def work() -> None:
            try:
                barrier.wait()
                notifications.deliver(organization)
            finally:
                connections.close_all()

        workers = [threading.Thread(target=work) for _ in range(2)]
        for each in workers:
            each.start()
        for each in workers:
            each.join()

        assert len(smtp.mails) == 20
        assert len({each.message["Message-ID"] for each in smtp.mails}) == 20

    def test_puts_the_same_occasion_to_the_same_recipient_once(self, smtp: mail_server.MailServer) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization)
        notifications.mail_channel(organization, smtp.port)

        outcomes = [notifications.send(organization, values.To.user(user.pk), key="the occasion") for _ in range(2)]

        assert outcomes == [Outcome.QUEUED, Outcome.DUPLICATE]
        assert len(notifications.messages(organization)) == 1

    def test_takes_up_mail_whose_worker_was_killed_only_when_its_lease_has_ended(
        self, smtp: mail_server.MailServer
    ) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization)
        notifications.mail_channel(organization, smtp.port)
        notifications.send(organization, values.To.user(user.pk))
        with scoping.scope([organization.pk], actor=ACTOR):
            models.Message.objects.filter(organization_id=organization.pk).update(
                state=MessageState.SENDING, lease=uuid.uuid4(), leased_until=REAL
            )

        assert notifications.deliver(organization, real_at=REAL - timedelta(seconds=1)) == 0
        assert notifications.deliver(organization, real_at=REAL) == 0
        assert [each.state for each in notifications.messages(organization)] == [MessageState.UNKNOWN]
        assert notifications.deliver(organization, AT + timedelta(minutes=1), real_at=REAL) == 1

    def test_sends_nothing_without_a_channel(self) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization)

        assert notifications.send(organization, values.To.user(user.pk)) is Outcome.NO_CHANNEL
        assert notifications.deliver(organization) == 0

    def test_gives_a_message_up_that_is_worthless_by_now_and_wipes_it(self) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization)
        notifications.mail_channel(organization, free_port())
        notifications.send(
            organization, values.To.user(user.pk), kind=values.Kind.PASSWORD_RESET, link="https://x.example/secret"
        )

        notifications.deliver(organization, AT + timedelta(hours=1))

        [message] = notifications.messages(organization)
        assert (message.state, message.sealed_facts) == (MessageState.FAILED, "")

    def test_holds_what_is_not_urgent_until_the_quiet_hours_end(self, smtp: mail_server.MailServer) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization)
        notifications.mail_channel(organization, smtp.port)
        notifications.confirmed_mail(organization, user)
        notifications.preferences(organization, user, quiet_from=time(22), quiet_until=time(7))
        night = AT.replace(hour=22)  # 23:00 in Madrid
        facts = {"title": "Shop 12 is silent", "site": "Harbor Mall", "when": "23:00", "link": "https://x.example/"}

        notifications.send(organization, values.To.user(user.pk), kind=values.Kind.ALARM_RAISED, at=night, **facts)
        notifications.send(organization, values.To.user(user.pk), at=night)

        assert notifications.deliver(organization, night) == 1
        assert notifications.deliver(organization, night + timedelta(hours=7, minutes=59)) == 0
        assert notifications.deliver(organization, night + timedelta(hours=8)) == 1
