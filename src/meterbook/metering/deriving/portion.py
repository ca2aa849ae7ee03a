"""Derive some series with all their dirty days, fast where they behave and exactly where they do not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import psycopg

from meterbook.metering import values
from meterbook.metering.deriving import clean, days, exact, findings, readings
from meterbook.metering.deriving.days import Days, Run
from meterbook.metering.deriving.findings import Change, Stored
from meterbook.metering.deriving.setups import Setup


@dataclass(frozen=True)
class Derived:
    """Days to store, each at most once, and changes of findings."""

    days: list[Days]
    changes: list[Change]


@dataclass
class _Portion:
    connection: psycopg.Connection[Any]
    organization_id: int
    setups: dict[int, Setup]
    stored: dict[int, list[Stored]]
    found: list[Days] = field(default_factory=list)
    unclean: set[int] = field(default_factory=set)

    def pass_over(self, wanted: dict[int, set[int]]) -> dict[int, set[int]]:
        """Derive these days where series behave; return the days outside that changed with them."""
        steps = {series_id: setup.step for series_id, setup in self.setups.items()}
        kinds: dict[values.SeriesKind, dict[int, set[int]]] = {kind: {} for kind in values.SeriesKind}
        for series_id, dirty in wanted.items():
            kinds[self.setups[series_id].kind][series_id] = dirty
        reached: dict[int, set[int]] = {}
        for step, run, ids in days.by_run(kinds[values.SeriesKind.CUMULATIVE], steps):
            packed = self._fetch(run, ids, with_neighbors=True)
            outcome = clean.counters(ids, packed, self.setups, self.stored, step, run)
            self._keep(outcome)
            for series_id, more in outcome.reached.items():
                reached.setdefault(series_id, set()).update(more)
        for step, run, ids in days.by_run(kinds[values.SeriesKind.INSTANT], steps):
            packed = self._fetch(run, ids, with_neighbors=False)
            self._keep(clean.means(ids, packed, self.setups, step, run))
        return reached

    def _fetch(self, run: Run, ids: Any, *, with_neighbors: bool) -> readings.Packed:  # noqa: ANN401 - an array
        return readings.fetch_window(
            self.connection, self.organization_id, ids, start=run.start, end=run.end, with_neighbors=with_neighbors
        )

    def _keep(self, outcome: clean.Outcome) -> None:
        self.found.append(outcome.days)
        self.unclean.update(outcome.unclean)

    def exactly(self, dirty: dict[int, set[int]]) -> list[Change]:
        """Derive the series that do not behave, one by one."""
        changes = []
        for series_id in sorted(self.unclean):
            setup = self.setups[series_id]
            if setup.kind is values.SeriesKind.INSTANT:
                outcome = exact.mean(self.connection, self.organization_id, setup, dirty[series_id])
            else:
                outcome = exact.counter(
                    self.connection, self.organization_id, setup, self.stored.get(series_id, []), dirty[series_id]
                )
            self.found += outcome.days
            if outcome.change is not None and outcome.change.differing:
                changes.append(outcome.change)
        return changes


def derive(
    connection: psycopg.Connection[Any], organization_id: int, setups: dict[int, Setup], dirty: dict[int, set[int]]
) -> Derived:
    """This will derive the dirty days (since 1970) of series of one organization, and those that change with them.

    States (breaker positions) and maxima have no intervals; their marks need nothing here.

    :param setups: of every series in `dirty`
    """
    ids = np.array(sorted(dirty), np.int64)
    portion = _Portion(connection, organization_id, setups, findings.load(connection, organization_id, ids))
    reached = portion.pass_over(dirty)
    further = {
        series_id: more - dirty[series_id] for series_id, more in reached.items() if series_id not in portion.unclean
    }
    portion.pass_over({series_id: more for series_id, more in further.items() if more})
    unclean = np.array(sorted(portion.unclean), np.int64)
    portion.found = [each.take(~np.isin(each.series, unclean)) for each in portion.found]
    changes = portion.exactly(dirty)
    return Derived(portion.found, changes)
