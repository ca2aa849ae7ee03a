"""The product behind a slow line: every answer begins late, by MB_TEST_SLOW milliseconds. It shows races in tests."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from meterbook.config import asgi

Message = MutableMapping[str, Any]
SECONDS = int(os.environ["MB_TEST_SLOW"]) / 1_000


async def application(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """This will answer as the product does, later."""

    async def send_late(message: Message) -> None:
        if message["type"] == "http.response.start":
            await asyncio.sleep(SECONDS)
        await send(message)

    await asgi.application(scope, receive, send_late)
