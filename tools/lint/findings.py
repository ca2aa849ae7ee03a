"""What a check reports, and which files it reads."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = Path("src/meterbook")
ENTRY_POINTS = frozenset({"web", "api", "jobs", "collector", "cli", "gateway"})


@dataclass(frozen=True, order=True)
class Finding:
    """A broken rule: where, what, and what to do about it."""

    path: str
    line: int
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message} {self.remedy}"


@dataclass(frozen=True)
class Source:
    """One Python file, its path relative to the repository."""

    path: str
    text: str

    @property
    def tree(self) -> ast.Module:
        """This will return the parsed file."""
        return ast.parse(self.text, filename=self.path)

    @property
    def domain(self) -> str:
        """This will return the package below `meterbook` that the file belongs to, or "" outside of it."""
        parts = Path(self.path).parts
        return parts[2] if parts[:2] == PACKAGE.parts and len(parts) > 3 else ""

    @property
    def is_migration(self) -> bool:
        """This will say whether the file is a migration."""
        return "migrations" in Path(self.path).parts


def sources(root: Path, *folders: str) -> Iterator[Source]:
    """This will give the Python files below the folders, in order of path."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*.py")):
            yield Source(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8"))


def listed(path: Path) -> dict[str, str]:
    """This will read a list of allowed files, `path: reason` a line, into reasons by path.

    :raises ValueError: when a line has no reason
    """
    found: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, reason = line.partition(":")
        if not reason.strip():
            raise ValueError(f"{path.name}:{number}: give a reason behind the colon")
        found[name.strip()] = reason.strip()
    return found


def stale(allowed: dict[str, str], used: set[str], list_name: str) -> list[Finding]:
    """This will report lines of a list of exceptions that nothing needs any more."""
    return [
        Finding(f"tools/lint/{list_name}", 0, f"{path} needs no exception any more.", "Remove its line.")
        for path in sorted(set(allowed) - used)
    ]
