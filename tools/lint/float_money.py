"""No float in the kernel or in a domain: money is Decimal, quantities are integers.

A file that must use floats (the value of a float register, a time-out in seconds) stands in floats_allowed.txt with the
reason. `isinstance(value, float)` is not reported: it is how floats are refused.
"""

from __future__ import annotations

import ast
from pathlib import Path

from tools.lint.findings import ENTRY_POINTS, PACKAGE, Finding, Source, listed, sources, stale

ALLOWED = "floats_allowed.txt"
OUTSIDE = ENTRY_POINTS | {"config", "foundation"}
NUMPY_FLOATS = frozenset({"float16", "float32", "float64", "float128", "floating", "FloatField"})
REMEDY = f"Use Decimal, Fraction or a scaled integer; the exceptions stand in tools/lint/{ALLOWED} with their reasons."


def check(source: Source) -> list[Finding]:
    """This will report each float literal, conversion, annotation and float type of one file."""
    tree = source.tree
    exempt = {inner for node in ast.walk(tree) if _is_type_test(node) for inner in ast.walk(node)}
    found = []
    for node in ast.walk(tree):
        if node in exempt:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            found.append(Finding(source.path, node.lineno, f"Float literal {node.value!r}.", REMEDY))
        elif isinstance(node, ast.Name) and node.id == "float":
            found.append(Finding(source.path, node.lineno, "float(...) or a float annotation.", REMEDY))
        elif isinstance(node, ast.Attribute) and node.attr in NUMPY_FLOATS:
            found.append(Finding(source.path, node.lineno, f"Float type {node.attr}.", REMEDY))
    return found


def run(root: Path) -> list[Finding]:
    """This will check the kernel and all domains."""
    allowed = listed(root / "tools/lint" / ALLOWED)
    found: list[Finding] = []
    used: set[str] = set()
    for source in sources(root, PACKAGE.as_posix()):
        if not source.domain or source.domain in OUTSIDE:
            continue
        findings = check(source)
        if source.path not in allowed:
            found += findings
        elif findings:
            used.add(source.path)
    return found + stale(allowed, used, ALLOWED)


def _is_type_test(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance"
