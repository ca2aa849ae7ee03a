"""All database work of the collector, in one thread of its own, so that no query ever holds up a bus."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

import psycopg
from django.db import InterfaceError, OperationalError, connections

P = ParamSpec("P")
R = TypeVar("R")


class DatabaseLost(ConnectionError):
    """The database cannot be reached or went away; what was to be written must be tried again."""


class Database:
    """Runs functions that use Django's connections. Not `sync_to_async`: its thread would be shared with others."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="collector-database")

    async def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """This will run the function in the database thread.

        :raises DatabaseLost: when the connection is gone; the next call opens a new one
        """
        work = functools.partial(_guarded, functools.partial(function, *args, **kwargs))
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def close(self, seconds: float) -> bool:
        """This will end the connections; it answers False when the thread still hangs in the server after the time."""
        closing = asyncio.get_running_loop().run_in_executor(self._thread, connections.close_all)
        done, _waiting = await asyncio.wait({closing}, timeout=seconds)
        self._thread.shutdown(wait=False)
        return bool(done)


def _guarded(work: Callable[[], R]) -> R:
    try:
        return work()
    except (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError) as error:
        connections.close_all()
        raise DatabaseLost(str(error).strip() or DatabaseLost.__doc__) from error
