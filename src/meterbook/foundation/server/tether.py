"""Tie a process to the life of its parent, so that a parent killed outright leaves nothing behind."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time

PR_SET_PDEATHSIG = 1
LOOK_EVERY_SECONDS = 0.5
END_WITHIN_SECONDS = 4.0

# Loaded here, because between fork and exec nothing may be loaded.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def signal_on_parent_death(name: signal.Signals) -> None:
    """This will have the kernel send this process a signal when its parent ends (Linux; elsewhere nothing happens).

    May run between fork and exec. The order survives exec, but not a change of user: change the user first.
    """
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, int(name), 0, 0, 0)


def follow(parent: int) -> None:
    """This will end this process with SIGTERM when the process `parent` ends, also when it is gone already.

    What has not ended of itself 4 s later is ended outright.
    """
    signal_on_parent_death(signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit(0)
    threading.Thread(target=_look, args=(parent,), daemon=True, name="tether").start()


def _look(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_EVERY_SECONDS)
    if _libc is None:
        os.kill(os.getpid(), signal.SIGTERM)
    # The database went with the parent: an orderly end would wait for answers that nobody gives.
    time.sleep(END_WITHIN_SECONDS)
    os._exit(1)
