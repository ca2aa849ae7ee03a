"""Write the lock files: versions and hashes of the public files, and no address (`make locks`).

The settings of the machine's own package client are left out on purpose: a local mirror's builds have other hashes.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMON = (
    "--quiet",
    "--generate-hashes",
    "--allow-unsafe",
    "--strip-extras",
    "--no-header",
    "--no-emit-index-url",
    "--no-emit-trusted-host",
    "--no-emit-find-links",
    "--no-emit-options",
)
HEADER = "# Written by `make locks`; do not edit. Versions and hashes only; your package client knows where to fetch.\n"


def compile_lock(name: str, *options: str, upgrade: bool) -> None:
    """This will resolve pyproject.toml into requirements/<name>.

    :raises subprocess.CalledProcessError: when no set of versions fits; the message of pip-compile says which
    """
    target = ROOT / "requirements" / name
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PIP_")}
    environment |= {"PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    if "PIP_CERT" in os.environ:
        environment["PIP_CERT"] = os.environ["PIP_CERT"]
    command = [sys.executable, "-m", "piptools", "compile", *COMMON, *options, "--output-file", f"requirements/{name}"]
    if upgrade:
        command.append("--upgrade")
    subprocess.run([*command, "pyproject.toml"], cwd=ROOT, env=environment, check=True)  # noqa: S603 - fixed command
    text = target.read_text(encoding="utf-8").removeprefix(HEADER)
    target.write_text(HEADER + text, encoding="utf-8")


def main() -> None:
    """This will write both locks; the second one keeps every version of the first."""
    upgrade = "--upgrade" in sys.argv[1:]
    compile_lock("lock.txt", "--extra", "build", upgrade=upgrade)
    compile_lock(
        "dev.txt", "--extra", "build", "--extra", "dev", "--constraint", "requirements/lock.txt", upgrade=upgrade
    )


if __name__ == "__main__":
    main()
