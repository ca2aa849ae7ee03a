"""A demonstration's messages end on this machine, where they can be seen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from meterbook.cli import demo_messages
from meterbook.foundation import scoping
from meterbook.notifications import queries, values
from meterbook.notifications.values import ChannelKind
from meterbook_lab import mail_server, telegram_server
from tests.factories import identity, notifications
from tests.factories.notifications import ACTOR, AT


@pytest.mark.usefixtures("empty_database")
class TestLeadHere:
    def test_sets_up_both_ways_and_follows_a_port_that_has_changed(self) -> None:
        organization = identity.organization()

        for port in (15_100, 15_101):
            demo_messages.lead_here(port)

        with scoping.scope([organization.pk], actor=ACTOR):
            mail = queries.get_channel(kind=ChannelKind.MAIL).mail
            assert queries.channels_on() == set(ChannelKind)
        assert mail is not None
        assert (mail.host, mail.port) == ("127.0.0.1", 15_101)

    def test_leaves_alone_what_people_have_set_up(self) -> None:
        organization = identity.organization()
        notifications.mail_channel(organization, 2525)

        demo_messages.lead_here(15_100)

        with scoping.scope([organization.pk], actor=ACTOR):
            mail = queries.get_channel(kind=ChannelKind.MAIL).mail
        assert mail == notifications.mail_settings(2525)


def test_messages_lie_in_a_folder(tmp_path: Path) -> None:
    organization = identity.organization()
    user, other = identity.user(organization=organization), identity.user(organization=organization)
    folder = tmp_path / "mail"
    server = mail_server.MailServer(folder)
    bot = telegram_server.TelegramServer(demo_messages.TOKEN, folder)
    with notifications.open_network(), mail_server.running(server), notifications.telegram(bot):
        notifications.mail_channel(organization, server.port)
        notifications.telegram_channel(organization, demo_messages.TOKEN)
        notifications.confirmed_chat(organization, other)
        notifications.preferences(organization, other, preferred_channel=ChannelKind.TELEGRAM)
        for each in (user, other):
            notifications.send(organization, values.To.user(each.pk))
        assert notifications.deliver(organization, AT) == 2

    [mail] = folder.glob("*.eml")
    said = json.loads((folder / "telegram.jsonl").read_text())
    assert b"New sign-in to Meterbook" in mail.read_bytes()
    assert said["chat_id"] == "4711"
