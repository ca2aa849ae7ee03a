"""The list of meter points: search, state, the newest values; a page at a time."""

from __future__ import annotations

import enum
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from meterbook.foundation import scoping
from meterbook.metering import models, values
from meterbook.metering.queries import live
from meterbook.metering.queries.series import SeriesRow, list_series

PAGE = 50
SILENT_AFTER = 2  # intervals of the point's main series


class MeterState(enum.StrEnum):
    """Whether values of a meter point arrive."""

    OK = "OK"
    SILENT = "SILENT"
    NEVER = "NEVER"
    NOT_LIVE = "NOT_LIVE"  # no meter hangs there, or its readings come from files


@dataclass(frozen=True)
class MeterRow:
    """One line of the meter list."""

    public_id: uuid.UUID
    name: str
    code: str
    site_name: str
    service: values.Service
    model_code: str
    serial_number: str
    state: MeterState
    seen_at: datetime | None
    main: live.LiveRow | None
    power: live.LiveRow | None


@dataclass(frozen=True)
class MeterPage:
    """One page of the meter list, and how many meter points there are by state before the state's filter."""

    rows: tuple[MeterRow, ...]
    counts: dict[MeterState, int]
    number: int
    pages: int
    total: int


def list_meters(
    *,
    at: datetime,
    site_ids: Collection[int] | None = None,
    search: str = "",
    state: MeterState | None = None,
    silent_meters: Collection[uuid.UUID] = (),
    page: int = 1,
) -> MeterPage:
    """This will return one page (50) of meter points by name, in ten queries however many there are.

    :param site_ids: only those sites; None means all of the organization
    :param search: a part of name, code or serial number
    :param silent_meters: public ids of meters whose devices do not answer, whatever the age of their values
    """
    points = _points(site_ids, search)
    seen = _states(points, at, silent_meters)
    counts = {each: sum(1 for found, _ in seen.values() if found is each) for each in MeterState}
    chosen = [point_id for point_id, (found, _) in seen.items() if state is None or found is state]
    pages = max(1, -(-len(chosen) // PAGE))
    number = min(max(page, 1), pages)
    shown = chosen[(number - 1) * PAGE : number * PAGE]
    return MeterPage(tuple(_rows(shown, seen)), counts, number, pages, len(chosen))


def _points(site_ids: Collection[int] | None, search: str) -> QuerySet[models.MeterPoint]:
    organizations = scoping.current().organizations
    points = models.MeterPoint.objects.filter(organization_id__in=organizations)
    if site_ids is not None:
        points = points.filter(site_id__in=site_ids)
    if search:
        serial = models.Installation.objects.filter(
            organization_id__in=organizations,
            meter_point_id=OuterRef("pk"),
            during__endswith=None,
            meter__serial_number__icontains=search,
        )
        points = points.filter(Q(name__icontains=search) | Q(code__icontains=search) | Exists(serial))
    return points.order_by("name", "id")


def _states(
    points: QuerySet[models.MeterPoint], at: datetime, silent_meters: Collection[uuid.UUID]
) -> dict[int, tuple[MeterState, datetime | None]]:
    """State and newest instant of every point, in the points' order."""
    ids = list(points.values_list("pk", flat=True))
    organizations = scoping.current().organizations
    series = models.Series.objects.filter(organization_id__in=organizations, meter_point_id__in=points.order_by())
    listed = list(series.order_by("id").values_list("pk", "meter_point_id", "kind", "step"))
    latest = live.latest_of(series_ids=[series_id for series_id, *_ in listed])
    steps: dict[int, int] = {}
    newest: dict[int, datetime] = {}
    for series_id, point_id, kind, step in listed:
        if kind == values.SeriesKind.CUMULATIVE or point_id not in steps:
            steps[point_id] = step
        if series_id in latest:
            newest[point_id] = max(latest[series_id].at, newest.get(point_id, latest[series_id].at))
    silent = _points_of(silent_meters) if silent_meters else frozenset()
    live_points = _live_points(ids)
    found: dict[int, tuple[MeterState, datetime | None]] = {}
    for point_id in ids:
        moment = newest.get(point_id)
        step, is_silent, is_live = steps.get(point_id, 15), point_id in silent, point_id in live_points
        found[point_id] = (state_at(moment, step, at, is_silent=is_silent, is_live=is_live), moment)
    return found


def state_at(
    seen_at: datetime | None, step: int, at: datetime, *, is_silent: bool = False, is_live: bool = True
) -> MeterState:
    """This will tell how a meter point stands at an instant; `step` is in minutes."""
    if not is_live:
        return MeterState.NOT_LIVE
    if seen_at is None:
        return MeterState.NEVER
    is_late = at - seen_at > SILENT_AFTER * timedelta(minutes=step)
    return MeterState.SILENT if is_silent or is_late else MeterState.OK


def _live_points(point_ids: Sequence[int]) -> frozenset[int]:
    """The points at which a meter hangs that reports by itself."""
    found = models.Installation.objects.filter(
        organization_id__in=scoping.current().organizations, meter_point_id__in=point_ids, during__endswith=None
    ).exclude(meter__model_code=values.IMPORTED)
    return frozenset(found.values_list("meter_point_id", flat=True))


def _points_of(meters: Collection[uuid.UUID]) -> frozenset[int]:
    found = models.Installation.objects.filter(
        organization_id__in=scoping.current().organizations, meter__public_id__in=meters, during__endswith=None
    )
    return frozenset(found.values_list("meter_point_id", flat=True))


def _rows(point_ids: Sequence[int], seen: dict[int, tuple[MeterState, datetime | None]]) -> list[MeterRow]:
    organizations = scoping.current().organizations
    points = models.MeterPoint.objects.filter(organization_id__in=organizations, pk__in=point_ids)
    by_id = {each.pk: each for each in points.select_related("site")}
    hanging = models.Installation.objects.filter(
        organization_id__in=organizations, meter_point_id__in=point_ids, during__endswith=None
    ).select_related("meter")
    meters = {each.meter_point_id: each.meter for each in hanging}
    main, power = _shown_series(list_series(meter_point_ids=point_ids))
    values_now = {row.series_id: row for row in live.live_values(series=[*main.values(), *power.values()])}
    return [
        MeterRow(
            public_id=by_id[point_id].public_id,
            name=by_id[point_id].name,
            code=by_id[point_id].code,
            site_name=by_id[point_id].site.name,
            service=values.Service(by_id[point_id].service),
            model_code=meters[point_id].model_code if point_id in meters else "",
            serial_number=meters[point_id].serial_number if point_id in meters else "",
            state=seen[point_id][0],
            seen_at=seen[point_id][1],
            main=values_now[main[point_id].id] if point_id in main else None,
            power=values_now[power[point_id].id] if point_id in power else None,
        )
        for point_id in point_ids
    ]


def _shown_series(series: Sequence[SeriesRow]) -> tuple[dict[int, SeriesRow], dict[int, SeriesRow]]:
    """By point: its main series and its power; `series` come in the catalogue's order."""
    main: dict[int, SeriesRow] = {}
    power: dict[int, SeriesRow] = {}
    for each in series:
        main.setdefault(each.meter_point_id, each)
        if each.code == "power":
            power[each.meter_point_id] = each
    return main, power
