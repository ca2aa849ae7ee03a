"""Stored findings of series, read and rewritten by the bulk role in the transaction that writes the blocks."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from meterbook.foundation import bulk
from meterbook.metering.deriving import setups
from meterbook.metering.validation.inputs import Finding, FindingKind


@dataclass(frozen=True)
class Stored:
    """A finding and the id of its row."""

    id: int
    finding: Finding


def load(connection: psycopg.Connection[Any], organization_id: int, ids: NDArray[np.int64]) -> dict[int, list[Stored]]:
    """This will return the stored findings by series, in order of time."""
    rows = bulk.fetch(
        connection,
        "SELECT id, series_id, at, kind, value, baseline, until FROM metering_seriesfinding"
        " WHERE organization_id = %s AND series_id = ANY(%s) ORDER BY at, id",
        [organization_id, bulk.Numbers(ids)],
    )
    found = defaultdict(list)
    for pk, series_id, at, kind, value, baseline, until in rows:
        ends = None if until is None else setups.microseconds(until)
        finding = Finding(setups.microseconds(at), FindingKind(kind), value, baseline, ends)
        found[series_id].append(Stored(pk, finding))
    return found


@dataclass(frozen=True)
class Change:
    """What must become of the stored findings of one series: rows to remove, findings to add."""

    series_id: int
    removed: tuple[Stored, ...]
    added: tuple[Finding, ...]

    @classmethod
    def between(cls, series_id: int, stored: list[Stored], found: tuple[Finding, ...]) -> Change:
        """This will compare what is stored with what was found."""
        known, wanted = {each.finding for each in stored}, set(found)
        removed = tuple(each for each in stored if each.finding not in wanted)
        return cls(series_id, removed, tuple(sorted(wanted - known, key=_in_order)))

    @property
    def differing(self) -> tuple[Finding, ...]:
        """All findings that are on one side only."""
        return (*(each.finding for each in self.removed), *self.added)


def write(connection: psycopg.Connection[Any], organization_id: int, changes: list[Change]) -> None:
    """This will bring the stored findings to what was found."""
    removed = [each.id for change in changes for each in change.removed]
    added = [
        (
            organization_id,
            change.series_id,
            each.kind.value,
            setups.instant(each.at),
            None if each.until is None else setups.instant(each.until),
            each.value,
            each.baseline,
        )
        for change in changes
        for each in change.added
    ]
    if removed:
        connection.execute(
            "DELETE FROM metering_seriesfinding WHERE organization_id = %s AND id = ANY(%s)", [organization_id, removed]
        )
    if added:
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO metering_seriesfinding (organization_id, series_id, kind, at, until, value, baseline)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s)",
                added,
            )


def _in_order(finding: Finding) -> tuple[int, str, int]:
    return finding.at, finding.kind, finding.value
