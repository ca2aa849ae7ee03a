"""What takes long to load is loaded by what needs it, not by every process at its start."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tools.lint.findings import ROOT

SOURCE = ROOT / "src"
# Each library takes a quarter of a second or more; the module around it is imported in functions only.
LATE = {
    "pyhanko": "meterbook.documents.pades",
    "telegram": "meterbook.notifications.transports.telegram",
    "pypdf": "meterbook.billing.operations.print_files",
}
IN_FUNCTIONS = {"pypdf"}  # loaded within functions of its module


def test_libraries_that_load_slowly_are_not_loaded_at_the_start() -> None:
    assert list(_loaded_early()) == []


def test_the_modules_around_them_are_there() -> None:
    for library, module in LATE.items():
        text = (SOURCE / Path(*module.split("."))).with_suffix(".py").read_text(encoding="utf-8")
        assert f"import {library}" in text or f"from {library}" in text


def _loaded_early() -> Iterator[str]:
    for path in SOURCE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if not any(each in text for each in (*LATE, "pades")):
            continue
        own = ".".join(path.relative_to(SOURCE).with_suffix("").parts)
        for name in _imported_at_once(ast.parse(text)):
            for library, module in LATE.items():
                is_library = name.partition(".")[0] == library and (own != module or library in IN_FUNCTIONS)
                if is_library or (name == module and library not in IN_FUNCTIONS):
                    yield f"{own} imports {name}"


def _imported_at_once(tree: ast.Module) -> Iterator[str]:
    for each in tree.body:
        if isinstance(each, ast.Import):
            yield from (alias.name for alias in each.names)
        elif isinstance(each, ast.ImportFrom) and each.module:
            yield each.module
            yield from (f"{each.module}.{alias.name}" for alias in each.names)
