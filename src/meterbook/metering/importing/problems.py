"""What is wrong with a file, by row."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils.translation import gettext as _

MOST = 100


@dataclass(frozen=True)
class RowProblem:
    """One fault: the line of the file (0: the whole file), the column, what is wrong and what to do."""

    line: int
    column: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        where = _("Line %(line)s") % {"line": self.line} if self.line else _("The file")
        place = f"{where}, {self.column}" if self.column else where
        return f"{place}: {self.problem} {self.remedy}"


class FileInvalid(ValueError):
    """The file cannot be imported as it is; nothing was stored.

    `problems` holds the first hundred, `total` counts all.
    """

    def __init__(self, problems: tuple[RowProblem, ...], total: int) -> None:
        super().__init__("\n".join(str(each) for each in problems))
        self.problems, self.total = problems, total


@dataclass
class Problems:
    """Collects the faults of a file, each once: a time that cannot be read is one for all columns beside it."""

    found: list[RowProblem] = field(default_factory=list)
    total: int = 0
    kept: set[RowProblem] = field(default_factory=set)

    def add(self, line: int, column: str, problem: str, remedy: str) -> None:
        """This will note a fault; only the first hundred are kept."""
        fault = RowProblem(line, column, problem, remedy)
        if fault in self.kept:
            return
        self.total += 1
        if len(self.found) < MOST:
            self.found.append(fault)
            self.kept.add(fault)

    def require_none(self) -> None:
        """This will let a sound file pass.

        :raises FileInvalid: with what was noted
        """
        if self.total:
            raise FileInvalid(tuple(sorted(self.found, key=lambda each: each.line)), self.total)


def refuse(problem: str, remedy: str, *, column: str = "", line: int = 0) -> FileInvalid:
    """This will make the error of a file with one fault."""
    return FileInvalid((RowProblem(line, column, problem, remedy),), 1)
