"""A process whose parent was killed is gone within 5 s, whatever it was doing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support import processes

# It ignores every request to end, as one does that waits for a database which has gone.
STUBBORN = """
import os, signal, sys, threading
signal.signal(signal.SIGTERM, signal.SIG_IGN)
from meterbook.foundation.server import tether
tether.follow(int(sys.argv[1]))
open(sys.argv[2], "w").write(str(os.getpid()))
threading.Event().wait()
"""
PARENT = """
import os, subprocess, sys
subprocess.run([sys.executable, "-c", sys.argv[1], str(os.getpid()), sys.argv[2]])
"""


def is_alive(pid: int) -> bool:
    """A zombie that nobody waits for is no longer alive."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class TestFollow:
    def test_ends_what_does_not_end_by_itself(self, tmp_path: Path) -> None:
        told = tmp_path / "pid"
        parent = subprocess.Popen([sys.executable, "-c", PARENT, STUBBORN, str(told)], env=dict(os.environ))
        try:
            processes.until(lambda: told.exists() and told.read_text() != "", what="the child follows")
            child = int(told.read_text())
        finally:
            parent.kill()
            parent.wait()

        assert is_alive(child)
        processes.until(lambda: not is_alive(child), what="the child has ended", seconds=5)
