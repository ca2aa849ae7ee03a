"""What is wrong with a workbook, by sheet, row and column."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from meterbook.journeys.building.sheets import Kind

MOST = 500


@dataclass(frozen=True)
class CellProblem:
    """One fault: the sheet (None: the whole file), row (0: the whole sheet), column, what is wrong and what to do."""

    sheet: Kind | None
    line: int
    column: str
    problem: str
    remedy: str

    @property
    def place(self) -> str:
        """Where it is, in words."""
        parts = [str(self.sheet.caption) if self.sheet else _("The file")]
        if self.line:
            parts.append(_("row %(line)s") % {"line": self.line})
        return ", ".join([*parts, self.column] if self.column else parts)


@dataclass
class Problems:
    """Collects the faults of a workbook; the first five hundred are kept."""

    found: list[CellProblem] = field(default_factory=list)
    total: int = 0
    lines: set[tuple[Kind | None, int]] = field(default_factory=set)
    cells: set[tuple[Kind | None, int, str]] = field(default_factory=set)

    def add(self, sheet: Kind | None, line: int, column: object, problem: str, remedy: str = "") -> None:
        """This will note a fault."""
        self.total += 1
        self.lines.add((sheet, line))
        self.cells.add((sheet, line, str(column)))
        if len(self.found) < MOST:
            self.found.append(CellProblem(sheet, line, str(column), problem, remedy))

    def sorted(self) -> tuple[CellProblem, ...]:
        """This will return the faults in the order of the workbook."""
        return tuple(sorted(self.found, key=lambda each: (_place(each.sheet), each.line)))


def _place(sheet: Kind | None) -> int:
    return -1 if sheet is None else list(type(sheet)).index(sheet)
