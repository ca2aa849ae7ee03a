"""What the rules of a workbook of accounts work on, and what they all do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from meterbook.journeys.accounts.present import Present
from meterbook.journeys.accounts.sheets import AccountSheet
from meterbook.journeys.building.cells import Value
from meterbook.journeys.building.planning import Entry, Planning, nearest
from meterbook.journeys.building.present import Values


@dataclass
class Planner(Planning[AccountSheet]):
    """What the rules work on."""

    present: Present
    language: str


def laid_over(entry: Entry, known: Values | None, keys: tuple[str, ...]) -> Entry:
    """This will let empty cells of these columns keep what is there."""
    kept = {key: known[key] for key in keys if entry.values.get(key) is None} if known is not None else {}
    return replace(entry, values={**entry.values, **kept})


def require(planner: Planner, sheet: AccountSheet, line: int, key: str, given: Value, known: Mapping[str, Any]) -> bool:
    """This will tell whether a cell names what is there; else a fault is noted. An empty cell names nothing."""
    if given is None:
        return False
    if str(given) in known:
        return True
    remedy = nearest(str(given), known) or _("Correct the code, or add what it names first.")
    planner.blame(sheet, line, key, _("There is no “%(code)s”.") % {"code": given}, remedy)
    return False
