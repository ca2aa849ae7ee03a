"""What a workbook would make and change, compared with what is there; every fault by its cell."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.utils.translation import gettext as _

from meterbook.acquisition import networks
from meterbook.journeys.building.book import Book, Row
from meterbook.journeys.building.cells import Value
from meterbook.journeys.building.present import Present, Values
from meterbook.journeys.building.problems import MOST, CellProblem, Problems
from meterbook.journeys.building.sheets import Column, Kind, Sheet
from meterbook.kernel import order

Kinds = TypeVar("Kinds", bound=Kind)


@dataclass(frozen=True)
class Change:
    """A row of the workbook: new, or with what changes: the column, what it held and what it will hold, as stored."""

    sheet: Kind
    line: int
    code: str
    name: str
    is_new: bool
    differences: tuple[tuple[Column, Value, Value], ...] = ()


@dataclass(frozen=True)
class Entry:
    """A row that is to be written: all of its columns as they will be, and those that differ (all of a new one)."""

    line: int
    values: Values
    is_new: bool
    differing: frozenset[str] = frozenset()


@dataclass
class Plan:
    """What is to be written, by sheet; `changes` for people; `unchanged` counts rows by sheet.

    `hints` are what may be a mistake and is written all the same.
    """

    sheets: Sequence[Kind] = tuple(Sheet)
    entries: dict[Kind, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    changes: list[Change] = field(default_factory=list)
    unchanged: Counter[Kind] = field(default_factory=Counter)
    problems: tuple[CellProblem, ...] = ()
    total_problems: int = 0
    hints: tuple[CellProblem, ...] = ()

    def count(self, sheet: Kind, *, is_new: bool) -> int:
        """This will return how many rows of a sheet are made (or changed)."""
        return sum(each.is_new is is_new for each in self.entries[sheet])

    @property
    def counts(self) -> dict[str, int]:
        """What is made and changed by sheet, such as {"SITES_NEW": 1, "SITES_CHANGED": 0}."""
        return {
            f"{sheet}_{word}": self.count(sheet, is_new=is_new)
            for sheet in self.sheets
            for word, is_new in (("NEW", True), ("CHANGED", False))
        }

    @property
    def digest(self) -> str:
        """What the plan does, as one short text: another one after a change of the tree means another plan."""
        told = [
            [
                each.sheet,
                each.line,
                each.code,
                each.is_new,
                [[column.key, str(was), str(now)] for column, was, now in each.differences],
            ]
            for each in self.changes
        ]
        return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()


@dataclass
class Planning(Generic[Kinds]):
    """What the rules of sheets work on: `seen` holds, by sheet and code, each row as it will be."""

    book: Book
    columns: Mapping[Kinds, Sequence[Column]]
    plan: Plan = field(default_factory=Plan, kw_only=True)
    seen: dict[Kinds, dict[str, Entry]] = field(default_factory=lambda: defaultdict(dict), kw_only=True)
    hints: list[CellProblem] = field(default_factory=list, kw_only=True)

    @property
    def problems(self) -> Problems:
        """Where faults are noted."""
        return self.book.problems

    def blame(self, sheet: Kinds, line: int, key: str, problem: str, remedy: str = "") -> None:
        """This will note a fault of a cell that has none yet: what could not be read looks empty to the rules."""
        caption = self.caption(sheet, key)
        if (sheet, line, caption) not in self.problems.cells:
            self.problems.add(sheet, line, caption, problem, remedy)

    def hint(self, sheet: Kinds, line: int, key: str, problem: str, remedy: str) -> None:
        """This will note what may be a mistake; it is written all the same. The first five hundred are kept."""
        if len(self.hints) < MOST:
            self.hints.append(CellProblem(sheet, line, self.caption(sheet, key), problem, remedy))

    def caption(self, sheet: Kinds, key: str) -> str:
        """This will return how a column is called."""
        return str(next(each.caption for each in self.columns[sheet] if each.key == key))

    def shown(self, sheet: Kinds, key: str, values: Values) -> str:
        """This will return what a column of a row holds, as people read it."""
        return shown(next(each for each in self.columns[sheet] if each.key == key), values.get(key))

    def code_of(self, sheet: Kinds, values: Values) -> str | None:
        """This will return by what a row is found; None when its key is empty or could not be read."""
        keys = [values.get(each.key) for each in self.columns[sheet] if each.is_key]
        return None if None in keys else " ".join(map(str, keys))

    def accept(self, sheet: Kinds, known: Mapping[str, Values], defaults: Mapping[str, Value]) -> list[Entry]:
        """This will lay each row of a sheet over what is there; rows of a code that came before are faults."""
        found: list[Entry] = []
        for row in self.book.rows[sheet]:
            code = self.code_of(sheet, row.values)
            if code is None:
                continue
            before = self.seen[sheet].get(code)
            if before is not None:
                self.blame(
                    sheet,
                    row.line,
                    next(each.key for each in self.columns[sheet] if each.is_key),
                    _("Row %(line)s has the code “%(code)s” already.") % {"line": before.line, "code": code},
                    _("Give each its own, or remove one of the rows."),
                )
                continue
            entry = self._entry(sheet, row, known.get(code), defaults)
            self.seen[sheet][code] = entry
            found.append(entry)
        return found

    def _entry(self, sheet: Kinds, row: Row, known: Values | None, defaults: Mapping[str, Value]) -> Entry:
        if known is None:
            given = {key: value for key, value in row.values.items() if value is not None}
            if not self.problems_of(sheet, row.line):
                self._require(sheet, row)
            return Entry(row.line, {**defaults, **given}, is_new=True)
        values = {**known, **row.values}
        return Entry(row.line, values, is_new=False)

    def _require(self, sheet: Kinds, row: Row) -> None:
        for column in self.columns[sheet]:
            if column.is_required and column.key not in row.values:
                self.blame(sheet, row.line, column.key, _("A new row needs this column."), _("Add it to the sheet."))

    def problems_of(self, sheet: Kinds, line: int) -> bool:
        """This will tell whether a row has a fault already."""
        return (sheet, line) in self.problems.lines

    def keep(self, sheet: Kinds, entry: Entry, known: Values | None) -> None:
        """This will put a row into the plan when it makes or changes something."""
        code, name = self.code_of(sheet, entry.values) or "", str(entry.values.get("name") or "")
        if entry.is_new:
            self.plan.entries[sheet].append(entry)
            self.plan.changes.append(Change(sheet, entry.line, code, name, is_new=True))
            return
        before = known or {}
        differing = [each for each in self.columns[sheet] if entry.values.get(each.key) != before.get(each.key)]
        if not differing:
            self.plan.unchanged[sheet] += 1
            return
        differences = tuple((each, before.get(each.key), entry.values.get(each.key)) for each in differing)
        keys = frozenset(each.key for each in differing)
        self.plan.entries[sheet].append(Entry(entry.line, entry.values, is_new=False, differing=keys))
        self.plan.changes.append(Change(sheet, entry.line, code, name, is_new=False, differences=differences))

    def finish(self) -> Plan:
        """This will return the plan with the faults in the order of the workbook."""
        self.plan.problems, self.plan.total_problems = self.problems.sorted(), self.problems.total
        self.plan.hints = tuple(self.hints)
        return self.plan


@dataclass
class Planner(Planning[Sheet]):
    """What the rules of a building's sheets work on."""

    present: Present
    allowed: networks.AllowedNetworks
    uploaded_at: datetime


def nearest(code: str, known: Mapping[str, Any]) -> str:
    """This will say which code may have been meant, or nothing."""
    plain = order.plain(code).replace(" ", "")
    found = next((each for each in known if order.plain(each).replace(" ", "") == plain), None)
    return "" if found is None else _("Is “%(code)s” meant?") % {"code": found}


def shown(column: Column, value: Value) -> str:
    """This will return a stored value as people read it; nothing is an empty text."""
    if value is None:
        return ""
    return str(next((caption for code, caption in column.choices.items() if code == value), value))
