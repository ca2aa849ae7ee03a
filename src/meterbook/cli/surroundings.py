"""What a process of ours is told by the one that started it: whom to follow, as whom to run, what time it is."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import datetime

from meterbook.foundation.server import account as accounts
from meterbook.foundation.server import tether
from meterbook.kernel import clock

SUPERVISOR = "MB_SUPERVISOR"
RUN_AS_ROOT = "MB_RUN_AS_ROOT"
CLOCK = "MB_DEMO_CLOCK"
UMASK = 0o077


def settle(environ: Mapping[str, str]) -> None:
    """This will close new files to others, install a demo's clock, and below a supervisor drop rights and follow it."""
    os.umask(UMASK)
    if environ.get(CLOCK):
        install_clock(environ[CLOCK])
    if environ.get(SUPERVISOR):
        account = None if environ.get(RUN_AS_ROOT) == "1" else accounts.wanted(environ)
        if account is not None:
            accounts.become(account)
        tether.follow(int(environ[SUPERVISOR]))


def install_clock(described: str) -> None:
    """This will make the accelerated clock of a demo this process's clock.

    :param described: JSON with `real` and `product` (ISO 8601 with offset) and `speed` (1 to 60)
    """
    found = json.loads(described)
    clock.install(
        clock.AcceleratedClock(
            real=datetime.fromisoformat(found["real"]),
            product=datetime.fromisoformat(found["product"]),
            speed=int(found["speed"]),
        )
    )
