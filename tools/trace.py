"""The requirements trace: `python -m tools.trace [--update]`.

docs/reference/requirements.yaml lists requirements; `@pytest.mark.spec("M-031/2")` on a test, a class or a module's
`pytestmark` says that it proves one. A mark "B-03/1" counts for the row B-03 when there is no row of its own for it.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tools.lint.findings import ROOT, Source, sources

FILE = "docs/reference/requirements.yaml"
STATES = ("done", "partial", "open")
FIELDS = ("id", "sentence", "tests", "screen", "status")
HEADER = """\
# What Meterbook must do, and which tests prove it. `make trace` checks it, `make trace-update` writes `tests`.
# status: done (every part is proven by a test), partial, open. screen: where a person sees it, or none.
"""


class RequirementsBroken(ValueError):
    """The file of requirements cannot be read as such; the message names the row."""


def load(root: Path) -> list[dict[str, Any]]:
    """This will read the rows in the order of the file.

    :raises RequirementsBroken: when a row lacks a field, has an unknown status or an id that another row has
    """
    rows: list[dict[str, Any]] = yaml.safe_load((root / FILE).read_text(encoding="utf-8"))
    seen: set[str] = set()
    for number, row in enumerate(rows, start=1):
        name = row.get("id", f"row {number}")
        if tuple(row) != FIELDS:
            raise RequirementsBroken(f"{FILE}: {name}: give exactly these fields in this order: {', '.join(FIELDS)}")
        if row["status"] not in STATES:
            raise RequirementsBroken(f"{FILE}: {name}: status is one of {', '.join(STATES)}")
        if name in seen:
            raise RequirementsBroken(f"{FILE}: {name}: there are two rows of this id")
        seen.add(name)
    return rows


def marks(source: Source) -> Iterator[tuple[str, str, int]]:
    """This will give each mark of a test file: the requirement, the test it stands on, the line."""
    yield from _marks_in(source.tree, source.path, source.path)


def collect(root: Path, known: set[str]) -> tuple[dict[str, list[str]], list[str]]:
    """This will return the tests by requirement, and a message for each mark whose id is not known."""
    tests: dict[str, list[str]] = {}
    unknown = []
    for source in sources(root, "tests"):
        if "tests/rules/" in source.path:
            continue  # these hold samples of marks
        for mark, test, line in marks(source):
            row = mark if mark in known else mark.partition("/")[0]
            if row in known:
                tests.setdefault(row, []).append(test)
            else:
                unknown.append(f"{source.path}:{line}: {mark} is no requirement. Correct it, or add a row to {FILE}.")
    return {row: sorted(set(found)) for row, found in tests.items()}, unknown


def check(root: Path) -> list[str]:
    """This will return what is wrong, one message each."""
    rows = load(root)
    tests, problems = collect(root, {row["id"] for row in rows})
    for row in rows:
        proven = tests.get(row["id"], [])
        if row["status"] == "done" and not proven:
            problems.append(f"{FILE}: {row['id']} is marked done, but no test carries its mark. Add the test.")
        if row["status"] == "open" and proven:
            problems.append(f"{FILE}: {row['id']} is open, but {proven[0]} proves it. Make it partial or done.")
        if row["tests"] != proven:
            problems.append(f"{FILE}: {row['id']} does not list its present tests. Run `make trace-update`.")
    return problems


def update(root: Path) -> None:
    """This will write the present tests into every row; the status stays a person's word."""
    rows = load(root)
    tests, _unknown = collect(root, {row["id"] for row in rows})
    for row in rows:
        row["tests"] = tests.get(row["id"], [])
    text = yaml.safe_dump(rows, sort_keys=False, allow_unicode=True, width=118)
    (root / FILE).write_text(HEADER + text.replace("\n- id:", "\n\n- id:"), encoding="utf-8")


def summary(root: Path) -> str:
    """This will return one line of counts."""
    rows = load(root)
    counts = {state: sum(row["status"] == state for row in rows) for state in STATES}
    return f"{len(rows)} requirements: " + ", ".join(f"{count} {state}" for state, count in counts.items())


def _marks_in(node: ast.Module | ast.ClassDef, name: str, path: str) -> Iterator[tuple[str, str, int]]:
    for child in node.body:
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            test = f"{name}::{child.name}"
            for decorator in child.decorator_list:
                yield from ((mark, test, line) for mark, line in _spec(decorator))
            if isinstance(child, ast.ClassDef):
                yield from _marks_in(child, test, path)
        elif isinstance(child, ast.Assign) and any(getattr(each, "id", "") == "pytestmark" for each in child.targets):
            yield from ((mark, name, line) for mark, line in _spec(child.value))


def _spec(node: ast.expr) -> Iterator[tuple[str, int]]:
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "spec":
            for argument in call.args:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument.value, call.lineno


def main(arguments: list[str]) -> int:
    """This will check, or update with --update, and return the exit status."""
    if "--update" in arguments:
        update(ROOT)
    problems = check(ROOT)
    for problem in problems:
        sys.stdout.write(f"{problem}\n")
    sys.stdout.write(f"trace: {summary(ROOT)}" + (f"; {len(problems)} problems\n" if problems else "\n"))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
