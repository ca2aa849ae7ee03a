"""Holds the throw-away server of a test run, and clears it away when the run ends, however it ends.

    python -m tests.support.guard PROCESS FOLDER

PROCESS is the id of the run's controller. Prints one line of JSON when the server is ready. The server works on a copy
of an installation that was made and migrated once (`prepared`); tests that start servers of their own copy it, too.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import sys
from dataclasses import asdict
from pathlib import Path

from meterbook.foundation.server import cluster, ensure, secrets_file
from tests.support import prepared, processes

# A test server may lose everything when the machine fails; it is gone in a minute anyway. Its log is short, as it may
# lie in memory.
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "300",
    "max_wal_size": "256MB",
}


def main() -> None:
    """Start, tell, wait for the controller's end, stop, remove."""
    controller, folder = os.pidfd_open(int(sys.argv[1])), Path(sys.argv[2])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the controller, and that ends us
    processes.hold(folder)
    made = folder / processes.PREPARED
    prepared.make(made)
    processes.copy(made, folder / "data")
    running = ensure.ensure_running(folder / "data", os.environ, settings=SETTINGS)
    try:
        sys.stdout.write(secrets_line(folder / "data") + "\n")
        sys.stdout.flush()
        select.select([controller], [], [])
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)


def secrets_line(data_dir: Path) -> str:
    """Where the server is and its passwords, as JSON."""
    return json.dumps({"user": cluster.SUPERUSER, **asdict(secrets_file.load(data_dir))})


if __name__ == "__main__":
    main()
