"""Only entry points read the time, and only through `meterbook.kernel.clock`.

Everything below them takes `at` or `period`, so that a test, a demo and a replay decide what time it is. Monotonic
clocks measure durations and are free. A file that must read real time (sign-in, expiries in flight) stands in
clocks_allowed.txt with the reason.
"""

from __future__ import annotations

import ast
from pathlib import Path

from tools.lint.findings import ENTRY_POINTS, PACKAGE, Finding, Source, listed, sources, stale

ALLOWED = "clocks_allowed.txt"
CLOCK_FILE = "src/meterbook/kernel/clock.py"
# The last two names of the call; `datetime.datetime.now` ends in the same pair.
MACHINE = frozenset(
    {
        ("datetime", "now"),
        ("datetime", "utcnow"),
        ("datetime", "today"),
        ("date", "today"),
        ("timezone", "now"),
        ("timezone", "localdate"),
        ("timezone", "localtime"),
        ("time", "time"),
        ("time", "time_ns"),
        ("time", "gmtime"),
        ("time", "localtime"),
    }
)
PRODUCT = frozenset({("clock", "now"), ("clock", "real_now")})
MACHINE_REMEDY = "Read meterbook.kernel.clock.now() in the entry point and pass `at` down."
PRODUCT_REMEDY = f"Take `at` as a parameter; the exceptions stand in tools/lint/{ALLOWED} with their reasons."


def check(source: Source) -> list[Finding]:
    """This will report where one file reads the time though it should be given it."""
    found = []
    for node in ast.walk(source.tree):
        if not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute)):
            continue
        owner = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
        pair = (owner.removeprefix("kernel_"), node.attr)
        if pair in MACHINE:
            message = f"{owner}.{node.attr} reads the machine's clock."
            found.append(Finding(source.path, node.lineno, message, MACHINE_REMEDY))
        elif pair in PRODUCT and source.domain not in ENTRY_POINTS:
            message = f"{owner}.{node.attr} is for entry points only."
            found.append(Finding(source.path, node.lineno, message, PRODUCT_REMEDY))
    return found


def run(root: Path) -> list[Finding]:
    """This will check the product."""
    allowed = listed(root / "tools/lint" / ALLOWED)
    found: list[Finding] = []
    used: set[str] = set()
    for source in sources(root, PACKAGE.as_posix()):
        if source.path == CLOCK_FILE or source.is_migration:
            continue
        findings = check(source)
        if source.path not in allowed:
            found += findings
        elif findings:
            used.add(source.path)
    return found + stale(allowed, used, ALLOWED)
