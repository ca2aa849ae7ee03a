"""Run pytest with what this machine has: without Chromium the browser tests are left out, and that is said.

In CI (MB_CI=1) a missing browser is a failure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from tools.lint.findings import ROOT

# A file stays with one worker: what its tests share is made once. Files in their order: the long ones come first.
TOGETHER = ("--dist", "loadfile", "--no-loadscope-reorder")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def find_browser() -> str | None:
    """This will return the path of Chromium: MB_CHROMIUM, else the first one on PATH."""
    named = os.environ.get("MB_CHROMIUM")
    if named:
        return shutil.which(named)
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def main(arguments: list[str]) -> int:
    """This will run pytest with the arguments and return its exit status; 1 when CI has no browser."""
    browser = find_browser()
    command = [sys.executable, "-m", "pytest", *(TOGETHER if "-n" in arguments else ()), *arguments]
    environment = dict(os.environ)
    # Many processes are started: what one of them has compiled, the others need not compile again.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    if browser:
        environment["MB_CHROMIUM"] = browser
    elif os.environ.get("MB_CI") == "1":
        sys.stderr.write("No Chromium: in CI that is a failure. Install Debian's package chromium.\n")
        return 1
    else:
        sys.stderr.write("No Chromium found: the browser tests are left out. Install it, or name it in MB_CHROMIUM.\n")
        command += ["--ignore", "tests/browser"]
        if "-m" not in arguments:
            command += ["-m", "not browser"]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode  # noqa: S603 - fixed command


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
