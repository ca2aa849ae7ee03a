"""Files stop at 400 lines and functions at 60; the largest ones stand in sizes.json, and those figures only go down.

Data, library documents, migrations, catalogs and golden files are not counted.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.lint.findings import ROOT, Finding, sources

STORE = "tools/lint/sizes.json"
LIMITS = {"file": 400, "function": 60}
FOLDERS = ("src", "tests", "tools", "bench")
OTHERS = (("frontend/src", (".ts", ".css")), ("src", (".html",)))
REMEDY = {
    "file": "Split it by verb group or subject.",
    "function": "Move a step of it into a function with a name of its own.",
}


@dataclass(frozen=True)
class Size:
    """How long something is, in lines."""

    kind: str
    path: str
    line: int
    name: str
    lines: int


def measure(root: Path) -> Iterator[Size]:
    """This will give the size of every counted file and function."""
    for source in sources(root, *FOLDERS):
        if source.is_migration or "golden" in Path(source.path).parts:
            continue
        yield Size("file", source.path, 1, source.path, source.text.count("\n"))
        for node in ast.walk(source.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield Size("function", source.path, node.lineno, node.name, (node.end_lineno or 0) - node.lineno + 1)
    for folder, endings in OTHERS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in endings and "dist" not in path.parts:
                name = path.relative_to(root).as_posix()
                yield Size("file", name, 1, name, path.read_text(encoding="utf-8").count("\n"))


def run(root: Path) -> list[Finding]:
    """This will report what is over a limit or over the stored maximum, and a stored maximum that could be lower."""
    stored: dict[str, int] = json.loads((root / STORE).read_text(encoding="utf-8"))
    sizes = list(measure(root))
    found = []
    for kind, limit in LIMITS.items():
        most = min(limit, stored[kind])
        over = [size for size in sizes if size.kind == kind and size.lines > most]
        found += [
            Finding(each.path, each.line, f"{each.name} has {each.lines} lines; {most} are allowed.", REMEDY[kind])
            for each in over
        ]
        largest = max((size.lines for size in sizes if size.kind == kind), default=0)
        if largest < stored[kind]:
            message = f"The longest {kind} has {largest} lines now, not {stored[kind]}."
            found.append(Finding(STORE, 0, message, "Keep what was won: `make ratchet`."))
    return found


def lower(root: Path) -> dict[str, int]:
    """This will lower the stored maxima to the present sizes, never raise them, and return them."""
    stored: dict[str, int] = json.loads((root / STORE).read_text(encoding="utf-8"))
    sizes = list(measure(root))
    for kind in LIMITS:
        stored[kind] = min(stored[kind], max((size.lines for size in sizes if size.kind == kind), default=0))
    (root / STORE).write_text(json.dumps(stored) + "\n", encoding="utf-8")
    return stored


if __name__ == "__main__":
    sys.stdout.write(f"{lower(ROOT)}\n")
