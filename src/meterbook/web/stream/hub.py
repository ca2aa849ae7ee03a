"""One listening connection a process, fanned out to the streams of its browsers."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import json
import weakref
from collections.abc import Collection, Iterator

import psycopg
import structlog

from meterbook.foundation import bus
from meterbook.identity.values import RIGHTS

log = structlog.get_logger()

# After so many ids of one kind a browser reloads everything of that kind; the ids would only cost.
MOST_IDS = 2_000
RETRY_SECONDS = 2.0
SERIES = "series"
KINDS = (SERIES, "request", "alarm", "device")


class Mailbox:
    """What one browser was not told yet: ids by kind, so that a slow reader costs a bounded amount."""

    def __init__(
        self, organization_id: int, kinds: Collection[str] = KINDS, *, only: frozenset[int] | None = None
    ) -> None:
        """`only` are the series that the reader may hear of; None: all of the organization.

        Of other kinds such a reader hears that something changed, never which: what it is, the pages say, cut to reach.
        """
        self._only = only
        self.organization_id = organization_id
        self._kinds = frozenset(kinds)
        self._waiting: dict[str, set[int] | None] = {}
        self._filled = asyncio.Event()
        self._are_rights_in_doubt = False

    def put(self, kind: str, ids: tuple[int, ...]) -> None:
        """This will add news of a kind that the reader hears; no ids means that anything of it may have changed."""
        if kind == RIGHTS:
            self._are_rights_in_doubt = True
            self._filled.set()
        if kind not in self._kinds:
            return
        if self._only is not None and kind != SERIES:
            ids = ()
        elif self._only is not None:
            # That anything may have changed is told as news of all that the reader knows.
            heard = tuple(self._only.intersection(ids)) if ids else tuple(self._only)
            if not heard:
                return
            ids = heard
        known = self._waiting.setdefault(kind, set())
        if known is None or not ids or len(known) + len(ids) > MOST_IDS:
            self._waiting[kind] = None
        else:
            known.update(ids)
        self._filled.set()

    def narrow(self, only: frozenset[int] | None) -> None:
        """This will take what the reader may hear of from now on: meters come and go."""
        self._only = only

    def doubts_rights(self) -> bool:
        """This will tell, once, that somebody's rights shrank since it was asked before: ask whether to go on."""
        doubt, self._are_rights_in_doubt = self._are_rights_in_doubt, False
        return doubt

    async def take(self, seconds: float) -> list[str]:
        """This will wait for news, at most so long, and return it as JSON texts {"kind", "ids"}."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._filled.wait(), seconds)
        self._filled.clear()
        taken, self._waiting = self._waiting, {}
        return [json.dumps({"kind": kind, "ids": sorted(ids or ())}) for kind, ids in taken.items()]


class Hub:
    """The process's listener and its mailboxes; it listens as long as somebody reads."""

    def __init__(self) -> None:
        self._boxes: dict[int, set[Mailbox]] = collections.defaultdict(set)
        self._task: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def mailbox(
        self, organization_id: int, kinds: Collection[str] = KINDS, *, only: frozenset[int] | None = None
    ) -> Iterator[Mailbox]:
        """This will give a mailbox of one organization's news of these kinds for the time of a block."""
        box = Mailbox(organization_id, kinds, only=only)
        self._boxes[organization_id].add(box)
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        try:
            yield box
        finally:
            self._boxes[organization_id].discard(box)
            if not self._boxes[organization_id]:
                del self._boxes[organization_id]
            if not self._boxes and self._task is not None:
                self._task.cancel()
                self._task = None

    def deliver(self, notice: bus.Notice) -> None:
        """This will put a notice into the mailboxes of its organization, and into no other; what is not for browsers
        (that somebody looks at a device) into none.
        """
        if notice.kind not in (*KINDS, RIGHTS):
            return
        for box in self._boxes.get(notice.organization_id, ()):
            box.put(notice.kind, notice.ids)

    async def _run(self) -> None:
        while True:
            try:
                await self._listen()
            except (psycopg.Error, OSError):
                log.warning("stream.listener_lost", exc_info=True)
            await asyncio.sleep(RETRY_SECONDS)

    async def _listen(self) -> None:
        connection = await bus.connect()
        try:
            # What was said before this connection stood is unknown: all readers look again.
            for boxes in self._boxes.values():
                for box in boxes:
                    for kind in (*KINDS, RIGHTS):
                        box.put(kind, ())
            async for notice in bus.listen(connection):
                self.deliver(notice)
        finally:
            await connection.close()


_hubs: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = weakref.WeakKeyDictionary()


def of_this_process() -> Hub:
    """This will return the hub of the running event loop (a server has one loop a process)."""
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())
