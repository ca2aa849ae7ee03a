"""`meterbook demo-messages`: where the messages of a demonstration end, a child of `meterbook demo`.

A mail server and Telegram's Bot API on loopback: mails lie as files in `mail/` of the data folder, what was sent to
chats in `mail/telegram.jsonl`. Organizations that have set up no mail yet are led here.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
from collections.abc import Sequence

from meterbook.cli import bind, demo_folder, loading
from meterbook.foundation.server import connections

FOLDER = "mail"
TOKEN = "7000001:a-token-that-works-in-demonstrations-only"  # noqa: S105 - opens nothing
SENDER = "demonstration@meterbook.example"
COUNT = 2  # ports


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """This will declare the arguments of the command: it has none of its own."""


def run(options: argparse.Namespace) -> int:
    """This will take messages until the process is ended."""
    loading.load()
    from meterbook_lab import mail_server, telegram_server

    data_dir = connections.data_dir(os.environ)
    mail_port, telegram_port = demo_folder.message_ports(demo_folder.read(data_dir))
    with contextlib.ExitStack() as stack:
        stack.enter_context(mail_server.running(mail_server.MailServer(data_dir / FOLDER), port=mail_port))
        bot = telegram_server.TelegramServer(TOKEN, data_dir / FOLDER)
        stack.enter_context(telegram_server.running(bot, port=telegram_port))
        lead_here(mail_port)
        signal.pause()
    return 0


def address(ports: Sequence[int]) -> str:
    """This will return where Telegram answers in a demonstration."""
    return f"http://{bind.HOST}:{ports[1]}"


def lead_here(mail_port: int) -> None:
    """This will set up mail and Telegram of the demonstration's organizations; what people set up themselves stays.

    Outside a scope, with Django set up; it leaves no connection open.
    """
    from django.db import connections as database_connections

    from meterbook.foundation import scoping
    from meterbook.identity import queries as identity_queries
    from meterbook.kernel import clock
    from meterbook.kernel.actor import Actor
    from meterbook.notifications import operations, queries, values

    actor = Actor.system("demonstration")
    try:
        for organization_id in scoping.organization_ids():
            with scoping.scope([organization_id], actor=actor):
                mail = queries.get_channel(kind=values.ChannelKind.MAIL).mail
                name = identity_queries.get_organization().name
                wanted = values.MailSettings(bind.HOST, mail_port, values.TlsMode.NONE, "", name, SENDER)
                is_ours = mail is None or (mail.host, mail.sender_address) == (bind.HOST, SENDER)
                if is_ours and mail != wanted:
                    operations.set_mail(actor=actor, at=clock.now(), settings=wanted, password=None)
                if queries.get_channel(kind=values.ChannelKind.TELEGRAM).secret_set_at is None:
                    operations.set_telegram(actor=actor, at=clock.now(), token=TOKEN)
    finally:
        database_connections.close_all()
