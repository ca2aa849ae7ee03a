"""How much of the time that meters hung is known: points by days or months. Needs a running scope.

A cell counts the intervals of the series that is billed, in the zone of the meter point: 92 of a quarter of an hour
on a day of 23 hours. Expected is what began and ended while a meter hung there and is at least one interval old.
"""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from meterbook.foundation import scoping
from meterbook.kernel import civil, order
from meterbook.metering import models, tallies, values
from meterbook.metering.queries import gridded, lacking
from meterbook.metering.queries.slots import SlotState
from meterbook.metering.tallies import Tally


@dataclass(frozen=True)
class Cell:
    """One stretch of time of one meter point, and the worst of what is known about it."""

    tally: Tally
    state: SlotState


@dataclass(frozen=True)
class CompletenessRow:
    """A meter point; `cells` as many as the grid has columns.

    `is_end_open`: the intervals do not reach the end of the last cell, so that nobody can say what the register showed.
    """

    public_id: uuid.UUID
    code: str
    name: str
    site_name: str
    node_name: str
    service: values.Service
    cells: tuple[Cell, ...]
    total: Tally
    is_end_open: bool
    site_id: int


@dataclass(frozen=True)
class SiteSum:
    """All meter points of a site, by column and as a whole."""

    name: str
    points: int
    cells: tuple[Tally, ...]
    whole: Tally


@dataclass(frozen=True)
class CompletenessSums:
    """Many meter points: by column, by site, and as a whole."""

    cells: tuple[Tally, ...]
    sites: tuple[SiteSum, ...]
    whole: Tally


def completeness(*, point_ids: Sequence[int], grid: gridded.Grid, at: datetime) -> list[CompletenessRow]:
    """This will return the rows of meter points in the given order, in three queries."""
    found = []
    for each in gridded.count(point_ids, grid, at):
        point = each.point
        edges = gridded.edges_of(grid, point.zone)
        latest = at - timedelta(minutes=point.step)
        cells = tuple(
            _cell(counts, has_ended=end <= latest) for counts, end in zip(each.counts, edges[1:], strict=True)
        )
        found.append(
            CompletenessRow(
                public_id=point.public_id,
                code=point.code,
                name=point.name,
                site_name=point.site_name,
                node_name=point.node_name,
                service=point.service,
                cells=cells,
                total=Tally.of(each.counts.sum(axis=0)),
                is_end_open=each.is_end_open,
                site_id=each.point.site_id,
            )
        )
    return found


def completeness_sums(*, point_ids: Sequence[int], grid: gridded.Grid, at: datetime) -> CompletenessSums:
    """This will sum the rows of any number of meter points, read in batches of 1,000, three queries each."""
    shape = (len(grid.starts), tallies.COLUMNS)
    by_site: dict[tuple[str, int], NDArray[np.int64]] = defaultdict(lambda: np.zeros(shape, np.int64))
    points: Counter[tuple[str, int]] = Counter()
    for each in gridded.count(point_ids, grid, at):
        site = (each.point.site_name, each.point.site_id)
        by_site[site] += each.counts
        points[site] += 1
    cells = sum(by_site.values(), np.zeros(shape, np.int64))
    return CompletenessSums(
        cells=_tallies(cells),
        sites=tuple(
            SiteSum(site[0], points[site], _tallies(by_site[site]), Tally.of(by_site[site].sum(axis=0)))
            for site in sorted(by_site, key=lambda each: (order.natural(each[0]), each[1]))
        ),
        whole=Tally.of(cells.sum(axis=0)),
    )


@dataclass(frozen=True)
class OpenEnds:
    """Meter points whose intervals do not reach the end of a month: its register is `unknown`, or readings that say it
    are `in_work`, that is, not derived yet.
    """

    unknown: int
    in_work: int


def count_open_ends(*, site_ids: Collection[int] | None, month: date, at: datetime) -> OpenEnds:
    """This will count the meter points whose intervals do not reach the end of a month.

    :param site_ids: only those sites; None means all of the organization
    """
    day = civil.next_month(month) - timedelta(days=1)
    grid = gridded.Grid((day,), civil.next_month(month))
    statement = "SELECT id FROM metering_meterpoint WHERE organization_id = ANY(%(organizations)s)"
    given = None if site_ids is None else sorted(site_ids)
    narrowed = "" if given is None else " AND site_id = ANY(%(sites)s)"
    ids = [each for (each,) in gridded.fetch(statement + narrowed, {"sites": given})]
    found = lacking.points_with_open_end(point_ids=ids, grid=grid, at=at)
    in_work = _in_work(found, day) if found else 0
    return OpenEnds(len(found) - in_work, in_work)


def _in_work(point_ids: Collection[int], day: date) -> int:
    """How many of the points have readings around a local day that were not derived yet."""
    organizations = scoping.current().organizations
    marks = models.DirtyDays.objects.filter(
        organization_id__in=organizations, day__gte=day - timedelta(days=1), day__lte=day + timedelta(days=1)
    ).values_list("series", flat=True)
    waiting: set[int] = set()
    for packed in marks:
        waiting.update(np.frombuffer(packed, "<i8").tolist())
    if not waiting:
        return 0
    series = models.Series.objects.filter(
        organization_id__in=organizations, pk__in=waiting, meter_point_id__in=list(point_ids)
    )
    return series.values("meter_point_id").distinct().count()


def _tallies(counts: NDArray[np.int64]) -> tuple[Tally, ...]:
    return tuple(Tally.of(each) for each in counts)


def _cell(counts: NDArray[np.int64], *, has_ended: bool) -> Cell:
    tally = Tally.of(counts)
    return Cell(tally, _state(tally, has_ended=has_ended))


def _state(tally: Tally, *, has_ended: bool) -> SlotState:
    if not tally.expected:
        return SlotState.NO_METER if has_ended else SlotState.LATER
    for is_so, state in (
        (tally.missing == tally.expected, SlotState.MISSING),
        (tally.missing or tally.partly, SlotState.PARTLY),
        (tally.held, SlotState.HELD),
        (tally.estimated, SlotState.ESTIMATED),
        (tally.apportioned, SlotState.APPORTIONED),
        (tally.edited, SlotState.EDITED),
    ):
        if is_so:
            return state
    return SlotState.MEASURED if has_ended else SlotState.SO_FAR
