"""Every ORM statement on a tenant's table names the organization.

Row security would hide foreign rows anyway; this is the second wall, and it lets the planner use the indexes, which all
begin with the organization. "Names it" means: in the chain that starts at `Model.objects` some call has an argument
`organization`, `organization_id` or `organization_id__in`. Objects made for `bulk_create` name it in their constructor.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from tools.lint.findings import PACKAGE, Finding, Source, sources

BASES = frozenset({"TenantModel", "TenantTable"})
MANAGERS = frozenset({"objects", "_default_manager", "_base_manager"})
REMEDY = "Add organization_id=scoping.current().organization_id (or organization_id__in=...organizations)."


def tenant_models(files: Iterable[Source]) -> frozenset[str]:
    """This will return the names of the classes that derive from a tenant base, also through other classes."""
    bases: dict[str, set[str]] = {}
    for source in files:
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ClassDef):
                bases.setdefault(node.name, set()).update(_name(base) for base in node.bases)
    found = set(BASES)
    while more := {name for name, parents in bases.items() if parents & found} - found:
        found |= more
    return frozenset(found - BASES)


def check(source: Source, models: frozenset[str]) -> list[Finding]:
    """This will report the statements of one file that reach a tenant's table without naming the organization."""
    tree = source.tree
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    imports = _imports(tree)
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in MANAGERS and _name(node.value) in models:
            chain, methods = _chain(node, parents)
            if methods and methods[0] == "bulk_create":
                continue
            if not any(_names_organization(call) for call in _calls(chain)):
                message = f"{_name(node.value)}.{'.'.join([node.attr, *methods])} does not name the organization."
                found.append(Finding(source.path, node.lineno, message, REMEDY))
        elif isinstance(node, ast.Call) and _is_model(node.func, models, imports) and not _names_organization(node):
            message = f"{_name(node.func)}(...) is made without its organization."
            found.append(Finding(source.path, node.lineno, message, REMEDY))
    return found


def run(root: Path) -> list[Finding]:
    """This will check all code outside migrations and model files."""
    files = [each for each in sources(root, PACKAGE.as_posix()) if not each.is_migration]
    models = tenant_models(files)
    return [finding for source in files if not _is_model_file(source) for finding in check(source, models)]


def _is_model_file(source: Source) -> bool:
    return "models" in Path(source.path).with_suffix("").parts


def _chain(node: ast.expr, parents: dict[ast.AST, ast.AST]) -> tuple[ast.expr, list[str]]:
    """`Model.objects.filter(...).first()` from its beginning: the whole expression and its methods."""
    methods: list[str] = []
    while True:
        parent = parents.get(node)
        if isinstance(parent, ast.Attribute):
            methods.append(parent.attr)
        elif not (isinstance(parent, ast.Call) and parent.func is node):
            return node, methods
        node = parent


def _imports(tree: ast.Module) -> dict[str, str]:
    """Each imported name of a file and where it comes from."""
    return {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def _is_model(node: ast.expr, models: frozenset[str], imports: dict[str, str]) -> bool:
    """`Meter` may also be a value of another module: what counts comes from a `models` module."""
    if _name(node) not in models:
        return False
    root = node.value if isinstance(node, ast.Attribute) else node
    return isinstance(root, ast.Name) and "models" in imports.get(root.id, "").split(".")


def _calls(chain: ast.expr) -> Iterator[ast.Call]:
    return (node for node in ast.walk(chain) if isinstance(node, ast.Call))


def _names_organization(call: ast.Call) -> bool:
    return any(
        keyword.arg is not None and keyword.arg.split("__")[0] in {"organization", "organization_id"}
        for keyword in call.keywords
    )


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Subscript):
        return _name(node.value)
    return node.id if isinstance(node, ast.Name) else ""
