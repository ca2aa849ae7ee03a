"""Who looks across all organizations stands in all_organizations.txt, each with the reason."""

from __future__ import annotations

import ast
from pathlib import Path

from tools.lint.findings import Finding, Source, listed, sources, stale

ALLOWED = "all_organizations.txt"
HOME = "src/meterbook/foundation/scoping.py"
NAMES = frozenset({"all_organizations", "organization_ids"})


def check(source: Source) -> list[Finding]:
    """This will report each use of `scoping.all_organizations` or `scoping.organization_ids` in one file."""
    return [
        Finding(
            source.path,
            node.lineno,
            f"scoping.{node.attr} leaves the one organization.",
            f"Use scoping.scope([...]), or add the file to tools/lint/{ALLOWED} with the reason.",
        )
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute) and node.attr in NAMES and _is_scoping(node.value)
    ]


def run(root: Path) -> list[Finding]:
    """This will check the product against the list, both ways."""
    allowed = listed(root / "tools/lint" / ALLOWED)
    found: list[Finding] = []
    used: set[str] = set()
    for source in sources(root, "src"):
        findings = check(source)
        if source.path not in allowed and source.path != HOME:
            found += findings
        elif findings:
            used.add(source.path)
    return found + stale(allowed, used, ALLOWED)


def _is_scoping(node: ast.expr) -> bool:
    name = node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")
    return name.endswith("scoping")
