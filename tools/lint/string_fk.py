"""Foreign keys name the class, not a string, so that the import contracts see who depends on whom."""

from __future__ import annotations

import ast
from pathlib import Path

from tools.lint.findings import PACKAGE, Finding, Source, sources

FIELDS = frozenset({"ForeignKey", "OneToOneField", "ManyToManyField"})


def check(source: Source) -> list[Finding]:
    """This will report the relations of one file whose target is a string; "self" is free."""
    found = []
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name not in FIELDS:
            continue
        target = next(iter(node.args), None) or next((each.value for each in node.keywords if each.arg == "to"), None)
        if isinstance(target, ast.Constant) and target.value != "self":
            message = f"{name}({target.value!r}) names its target by a string."
            found.append(Finding(source.path, node.lineno, message, "Import the models module and name the class."))
    return found


def run(root: Path) -> list[Finding]:
    """This will check the product outside migrations, which Django writes with strings."""
    files = (each for each in sources(root, PACKAGE.as_posix()) if not each.is_migration)
    return [finding for source in files for finding in check(source)]
