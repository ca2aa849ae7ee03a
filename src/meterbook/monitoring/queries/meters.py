"""The meter list: a page of meter points with who uses them, their newest values, and the counts of its filters."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict
from zoneinfo import ZoneInfo

from meterbook.acquisition import models as acquisition_models
from meterbook.customers import models as customer_models
from meterbook.foundation import scoping
from meterbook.kernel import order
from meterbook.metering import models as metering_models
from meterbook.metering import queries as metering_queries
from meterbook.metering import values as metering_values
from meterbook.monitoring import values
from meterbook.monitoring.queries import found
from meterbook.sites import models as site_models
from meterbook.sites import values as site_values

PAGE = 50
BATCH = 1_000  # rows of a download that are read at once
POWER = "power"
NOWHERE = 0  # no place has this id
LEAST_STALE = 10  # seconds: a beat that comes a little late is no news


@dataclass(frozen=True)
class MeterRow:
    """One line of the list. `stale_after`, `live_stale_after`: after how many seconds register and power are old."""

    public_id: uuid.UUID
    name: str
    code: str
    site_name: str
    zone: ZoneInfo
    unit: str
    service: metering_values.Service
    role: metering_values.PointRole
    model_code: str
    serial_number: str
    tenant: str
    account_public_id: uuid.UUID | None
    state: values.MeterState
    seen_at: datetime | None
    main: metering_queries.LiveRow | None
    power: metering_queries.LiveRow | None
    stale_after: int
    live_stale_after: int


@dataclass(frozen=True)
class Option:
    """One value of a filter: how many meter points it shows with all other filters as they are."""

    code: str
    caption: str
    count: int


@dataclass(frozen=True)
class MeterPage:
    """One page of the list; `options` by filter name, `total` of what is shown on all pages."""

    rows: tuple[MeterRow, ...]
    options: dict[str, tuple[Option, ...]]
    number: int
    pages: int
    total: int
    everything: int  # what the search finds before any filter


def list_meters(
    *, at: datetime, wanted: values.MeterFilter, site_ids: Collection[int] | None = None, page: int = 1
) -> MeterPage:
    """This will return one page (50) of meter points and the counts of all filters, in twelve queries at any size.

    :param site_ids: only those sites; None means all of the organization
    """
    places = _places(site_ids)
    number = max(page, 1)
    asked = places.asked(wanted)
    points, groups = found.find(
        at=at, wanted=wanted, site_ids=site_ids, offset=(number - 1) * PAGE, limit=PAGE, **asked
    )
    total = sum(each.count for each in groups if _fits(each, wanted, asked["place"]))
    pages = max(1, -(-total // PAGE))
    if number > pages:
        return list_meters(at=at, wanted=wanted, site_ids=site_ids, page=pages)
    return MeterPage(
        rows=tuple(_rows(points, at)),
        options={name: _options(groups, wanted, places, name) for name in FILTERS},
        number=number,
        pages=pages,
        total=total,
        everything=sum(each.count for each in groups),
    )


def all_meters(
    *,
    at: datetime,
    wanted: values.MeterFilter,
    site_ids: Collection[int] | None = None,
    public_ids: Collection[uuid.UUID] | None = None,
) -> Iterator[MeterRow]:
    """This will return every meter point of a filter in its order, read in batches of 1,000.

    :param public_ids: only those meter points; None means all
    """
    ids = None if public_ids is None else _ids(public_ids)
    asked = _places(site_ids).asked(wanted)
    points, _groups = found.find(at=at, wanted=wanted, site_ids=site_ids, point_ids=ids, **asked)
    for begin in range(0, len(points), BATCH):
        yield from _rows(points[begin : begin + BATCH], at)


def meters_after(
    *,
    at: datetime,
    wanted: values.MeterFilter,
    after_id: int,
    limit: int,
    site_ids: Collection[int] | None = None,
) -> list[tuple[int, MeterRow]]:
    """This will return meter points of a filter with their ids, in the order in which they were made.

    For programs: a page begins behind the id that ended the one before, so that what is added meanwhile shifts nothing.
    """
    points, _groups = found.find(at=at, wanted=wanted, site_ids=site_ids, **_places(site_ids).asked(wanted))
    wanted_points = sorted((each for each in points if each.id > after_id), key=lambda each: each.id)[:limit]
    return list(zip([each.id for each in wanted_points], _rows(wanted_points, at), strict=True))


@dataclass(frozen=True)
class PointChoice:
    """The ids of all meter points of a filter in its order, and what the filters offer, as those of a `MeterPage`."""

    ids: tuple[int, ...]
    options: dict[str, tuple[Option, ...]]
    everything: int


def choose_points(*, at: datetime, wanted: values.MeterFilter, site_ids: Collection[int] | None = None) -> PointChoice:
    """This will return which meter points a filter of the meter list finds, without what the list tells of them.

    :param site_ids: only those sites; None means all of the organization
    """
    places = _places(site_ids)
    points, groups = found.find(at=at, wanted=wanted, site_ids=site_ids, **places.asked(wanted))
    return PointChoice(
        ids=tuple(each.id for each in points),
        options={name: _options(groups, wanted, places, name) for name in FILTERS},
        everything=sum(each.count for each in groups),
    )


def shown_meters(
    *, at: datetime, public_ids: Collection[uuid.UUID], site_ids: Collection[int] | None = None
) -> list[MeterRow]:
    """This will return the lines of single meter points, by name: what a page that is open shows again."""
    shown, _groups = found.find(at=at, wanted=values.MeterFilter(), site_ids=site_ids, point_ids=_ids(public_ids))
    return _rows(shown, at)


def _ids(public_ids: Collection[uuid.UUID]) -> list[int]:
    points = metering_models.MeterPoint.objects.filter(
        organization_id__in=scoping.current().organizations, public_id__in=public_ids
    )
    return list(points.order_by("id").values_list("pk", flat=True))


class _Asked(TypedDict):
    by_tree: bool
    place: int | None


@dataclass(frozen=True)
class _Places:
    """What the place filter offers: public id and name by id."""

    known: dict[int, tuple[uuid.UUID, str]]
    by_tree: bool

    def asked(self, wanted: values.MeterFilter) -> _Asked:
        """A place that is not there is asked for as one that no meter point has."""
        ids = {public_id: place for place, (public_id, _name) in self.known.items()}
        return {"by_tree": self.by_tree, "place": ids.get(wanted.place, NOWHERE) if wanted.place else None}


def _places(site_ids: Collection[int] | None) -> _Places:
    """Sites, or what stands at the top of the only site's tree where that is more than one thing."""
    organizations = scoping.current().organizations
    sites = site_models.Site.objects.filter(organization_id__in=organizations)
    if site_ids is not None:
        sites = sites.filter(pk__in=site_ids)
    by_name = sorted(sites.order_by("id"), key=lambda site: order.natural(site.name))
    known = {each.pk: (each.public_id, each.name) for each in by_name}
    if len(known) != 1:
        return _Places(known, by_tree=False)
    nodes = site_models.SiteNode.objects.filter(organization_id__in=organizations, site_id__in=known, parent=None)
    tops = {
        each.pk: (each.public_id, each.name)
        for each in nodes.exclude(kind=site_values.NodeKind.UNIT).order_by("sort_name", "id")
    }
    return _Places(tops, by_tree=True) if len(tops) > 1 else _Places(known, by_tree=False)


FILTERS = ("state", "service", "model", "role", "place")


def _fits(group: found.Group, wanted: values.MeterFilter, place: int | None, but: str = "") -> bool:
    asked = {"state": wanted.state, "service": wanted.service, "role": wanted.role, "place": place}
    if wanted.model and but != "model" and group.model != wanted.model:
        return False
    return all(name == but or value in (None, getattr(group, name)) for name, value in asked.items())


def _options(
    groups: Sequence[found.Group], wanted: values.MeterFilter, places: _Places, name: str
) -> tuple[Option, ...]:
    """The values that a filter may take, each with its count under the other filters."""
    place = places.asked(wanted)["place"]
    counts: Counter[Any] = Counter()
    for group in groups:
        counts[getattr(group, name)] += group.count if _fits(group, wanted, place, but=name) else 0
    if name != "place":
        return tuple(Option(str(code), str(code), counts[code]) for code in sorted(counts))
    return tuple(Option(str(public_id), caption, counts[key]) for key, (public_id, caption) in places.known.items())


def _rows(shown: Sequence[found.Found], at: datetime) -> list[MeterRow]:
    ids = [each.id for each in shown]
    organizations = scoping.current().organizations
    points = metering_models.MeterPoint.objects.filter(organization_id__in=organizations, pk__in=ids).select_related(
        "site", "node"
    )
    by_id = {each.pk: each for each in points.order_by("id")}
    hanging = metering_models.Installation.objects.filter(
        organization_id__in=organizations, meter_point_id__in=ids, during__endswith=None
    )
    meters = {each.meter_point_id: each.meter for each in hanging.select_related("meter").order_by("id")}
    devices = acquisition_models.Device.objects.filter(
        organization_id__in=organizations, meter_id__in=[each.pk for each in meters.values()], is_enabled=True
    )
    live_seconds = dict(devices.order_by("id").values_list("meter_id", "live_seconds"))
    contracts = customer_models.Contract.objects.filter(
        organization_id__in=organizations, meter_point_id__in=ids, during__contains=at
    )
    tenants = {each.meter_point_id: each for each in contracts.select_related("account__customer").order_by("id")}
    main, power = _series(by_id)
    live = {each.series_id: each for each in metering_queries.live_values(series=[*main.values(), *power.values()])}
    return [
        _row(
            each,
            by_id[each.id],
            meters.get(each.id),
            tenants.get(each.id),
            (main.get(each.id), power.get(each.id)),
            live,
            live_seconds,
        )
        for each in shown
    ]


def _row(
    shown: found.Found,
    point: metering_models.MeterPoint,
    meter: metering_models.Meter | None,
    contract: customer_models.Contract | None,
    series: tuple[metering_queries.SeriesRow | None, metering_queries.SeriesRow | None],
    live: dict[int, metering_queries.LiveRow],
    live_seconds: dict[int, int],
) -> MeterRow:
    main, power = series
    seen = [at for each in series if each and (at := live[each.id].at)]
    stale_after = metering_queries.LATE_AFTER * 60 * (main.step if main else 15)
    beat = live_seconds.get(meter.pk) if meter else None
    return MeterRow(
        public_id=point.public_id,
        name=point.name,
        code=point.code,
        site_name=point.site.name,
        zone=point.zone,
        unit=point.node.name if point.node else "",
        service=metering_values.Service(point.service),
        role=metering_values.PointRole(point.role),
        model_code=meter.model_code if meter else "",
        serial_number=meter.serial_number if meter else "",
        tenant=contract.account.customer.name if contract else "",
        account_public_id=contract.account.public_id if contract else None,
        state=shown.state,
        seen_at=max(seen, default=None),
        main=live[main.id] if main else None,
        power=live[power.id] if power else None,
        stale_after=stale_after,
        live_stale_after=max(metering_queries.LATE_AFTER * beat, LEAST_STALE) if beat else stale_after,
    )


def _series(
    points: dict[int, metering_models.MeterPoint],
) -> tuple[dict[int, metering_queries.SeriesRow], dict[int, metering_queries.SeriesRow]]:
    """By point: the series that counts its service, and its power."""
    codes = {POWER, *metering_values.COUNTED_SERIES.values()}
    main: dict[int, metering_queries.SeriesRow] = {}
    power: dict[int, metering_queries.SeriesRow] = {}
    for each in metering_queries.list_series(meter_point_ids=points, codes=codes):
        service = metering_values.Service(points[each.meter_point_id].service)
        if each.code == POWER:
            power[each.meter_point_id] = each
        elif each.code == metering_values.COUNTED_SERIES[service]:
            main[each.meter_point_id] = each
    return main, power
