"""The Bot API of Telegram, through python-telegram-bot."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import TypeVar

import telegram
from django.conf import settings
from django.utils.translation import gettext as _
from telegram import error as telegram_errors
from telegram.request import HTTPXRequest

from meterbook.notifications.transports.answers import Answer, Outgoing, Verdict, plain_words

# The library's own switch: without it every 429 warns that `retry_after` will be a duration one day.
os.environ.setdefault("PTB_TIMEDELTA", "1")
TIMEOUT_SECONDS = 20
LONGEST_TEXT = 4096
OFFICIAL = "https://api.telegram.org"
Made = TypeVar("Made")


class BotRefused(OSError):
    """Telegram cannot be asked now, or does not know the bot; the message says which."""


@dataclass(frozen=True)
class Update:
    """A text that somebody sent to the bot."""

    id: int
    chat: str
    text: str


class TelegramLine:
    """A bot; use it as a context manager."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __enter__(self) -> TelegramLine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing stays open between two calls."""

    def send(self, outgoing: Outgoing) -> Answer:
        """This will try to send one message to a chat and tell how that ended."""
        text = f"{outgoing.subject}\n\n{outgoing.text}"[:LONGEST_TEXT]

        async def say(bot: telegram.Bot) -> None:
            await bot.send_message(chat_id=outgoing.address, text=text, disable_web_page_preview=True)

        try:
            self._ask(say)
        except telegram_errors.RetryAfter as error:
            return Answer(Verdict.CHANNEL_DOWN, self._words(error), _wait(error))
        except (telegram_errors.Forbidden, telegram_errors.ChatMigrated, telegram_errors.BadRequest) as error:
            is_chat = not isinstance(error, telegram_errors.BadRequest) or "chat" in str(error).lower()
            return Answer(Verdict.REFUSED_ADDRESS if is_chat else Verdict.REFUSED_MESSAGE, self._words(error))
        except telegram_errors.TimedOut as error:
            return Answer(Verdict.DOUBTFUL, self._words(error))
        except (telegram_errors.TelegramError, BotRefused) as error:
            return Answer(Verdict.CHANNEL_DOWN, self._words(error))
        return Answer(Verdict.DELIVERED, "200 OK")

    def name(self) -> str:
        """This will return the bot's user name, by which a chat with it is opened.

        :raises BotRefused: when Telegram does not know the token, or does not answer
        """

        async def ask(bot: telegram.Bot) -> str:
            return (await bot.get_me()).username or ""

        try:
            return self._ask(ask)
        except telegram_errors.TelegramError as error:
            raise BotRefused(self._words(error)) from None

    def updates(self, offset: int) -> list[Update]:
        """This will return what was sent to the bot since; those before `offset` are forgotten by Telegram.

        :raises BotRefused: see `name`
        """

        async def ask(bot: telegram.Bot) -> tuple[telegram.Update, ...]:
            return await bot.get_updates(offset=offset, timeout=0, allowed_updates=["message"])

        try:
            found = self._ask(ask)
        except telegram_errors.TelegramError as error:
            raise BotRefused(self._words(error)) from None
        return [
            Update(each.update_id, str(each.message.chat_id) if each.message else "", _text(each)) for each in found
        ]

    def _ask(self, question: Callable[[telegram.Bot], Awaitable[Made]]) -> Made:
        if settings.IS_DEMO and not settings.TELEGRAM_ADDRESS:
            raise BotRefused(_("A demonstration sends nothing to Telegram."))

        async def run() -> Made:
            # `trust_env`: the surroundings' proxies are for programs of the machine, not for an organization's bot.
            request = HTTPXRequest(
                read_timeout=TIMEOUT_SECONDS, connect_timeout=TIMEOUT_SECONDS, httpx_kwargs={"trust_env": False}
            )
            bot = telegram.Bot(self._token, base_url=_base(), request=request, get_updates_request=request)
            # Not `bot.initialize()`: it asks Telegram for the bot's name each time.
            async with request:
                return await question(bot)

        return asyncio.run(run())

    def _words(self, error: Exception) -> str:
        return plain_words(str(error) or type(error).__name__, without=(self._token,))


def _base() -> str:
    return f"{settings.TELEGRAM_ADDRESS or OFFICIAL}/bot"


def _wait(error: telegram_errors.RetryAfter) -> timedelta:
    wait = error.retry_after
    return wait if isinstance(wait, timedelta) else timedelta(seconds=wait)


def _text(update: telegram.Update) -> str:
    return (update.message.text or "") if update.message else ""
