"""One listening connection a process for all gateways that wait for something to do."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import weakref
from collections.abc import Iterator

import psycopg
import structlog

from meterbook.foundation import bus

log = structlog.get_logger()

RETRY_SECONDS = 2.0
REQUEST, DEVICE = "request", "device"


class Board:
    """Wakes who waits for news of an organization: a device is asked something, or is read otherwise."""

    def __init__(self) -> None:
        self._waiting: dict[int, set[asyncio.Event]] = collections.defaultdict(set)
        self._task: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def bell(self, organization_id: int) -> Iterator[asyncio.Event]:
        """This will give an event that is set by news of an organization, for the time of a block."""
        bell = asyncio.Event()
        self._waiting[organization_id].add(bell)
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        try:
            yield bell
        finally:
            self._waiting[organization_id].discard(bell)
            if not self._waiting[organization_id]:
                del self._waiting[organization_id]
            if not self._waiting and self._task is not None:
                self._task.cancel()
                self._task = None

    async def _run(self) -> None:
        while True:
            try:
                await self._listen()
            except (psycopg.Error, OSError):
                log.warning("push.listener_lost", exc_info=True)
            await asyncio.sleep(RETRY_SECONDS)

    async def _listen(self) -> None:
        connection = await bus.connect()
        try:
            # What was said before this connection stood is unknown: all look again.
            for organization_id in list(self._waiting):
                self._ring(organization_id)
            async for notice in bus.listen(connection):
                if notice.kind in (REQUEST, DEVICE):
                    self._ring(notice.organization_id)
        finally:
            await connection.close()

    def _ring(self, organization_id: int) -> None:
        for bell in self._waiting.get(organization_id, ()):
            bell.set()


_boards: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Board] = weakref.WeakKeyDictionary()


def of_this_process() -> Board:
    """This will return the board of the running event loop (a server has one loop a process)."""
    return _boards.setdefault(asyncio.get_running_loop(), Board())
