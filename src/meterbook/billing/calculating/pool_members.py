"""Who takes part in a pool on which days, who pays for each, and with which key values (B-61, B-33)."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from meterbook.billing.calculating import checking, facts, pool_gauges
from meterbook.billing.pools import definition, sheets
from meterbook.billing.pools.definition import Key
from meterbook.billing.values import HoldReason
from meterbook.customers import queries as customer_queries
from meterbook.customers.values import BILLED_MODES
from meterbook.kernel import civil
from meterbook.kernel.period import Period
from meterbook.kernel.quantity import Unit
from meterbook.metering.values import PointRole
from meterbook.sites import models as site_models
from meterbook.sites.values import NodeKind

_FOOT = Fraction("0.09290304")  # square meters in a square foot
_SUMMED = (PointRole.MAIN.value, PointRole.OTHER.value)


@dataclass(frozen=True)
class Node:
    """A unit with what is known of it; area in square meters."""

    id: int
    public_id: uuid.UUID
    code: str
    name: str
    area: Fraction | None
    headcount: int | None
    capacity: Fraction | None
    capacity_unit: str


@dataclass(frozen=True)
class Stay:
    """That one account, or a later pool, bears a member's share for some days; `period` is the exact time."""

    code: str
    name: str
    node: Node | None
    member: definition.Member | None
    gauges: tuple[pool_gauges.Gauge, ...]
    account_id: int | None
    pool: str
    is_vacancy: bool
    first_day: date
    until_day: date
    period: Period


@dataclass
class Members:
    """The stays of a pool's members in a time, and what is wrong."""

    stays: list[Stay] = field(default_factory=list)
    held: list[checking.Held] = field(default_factory=list)
    estimated: set[str] = field(default_factory=set)  # keys of rows

    @property
    def account_ids(self) -> set[int]:
        """All who would bear something."""
        return {each.account_id for each in self.stays if each.account_id is not None}

    def wanted(self) -> Iterable[tuple[pool_gauges.Gauge, Period]]:
        """This will return what must be read for keys that are measured."""
        return [(gauge, each.period) for each in self.stays for gauge in each.gauges]


@dataclass(frozen=True)
class Place:
    """A site as pools see it: its places once, for all pools of a run."""

    run: facts.Run
    landlord_id: int
    nodes: Mapping[uuid.UUID, Node]
    parents: Mapping[int, int | None]
    ids: Mapping[int, uuid.UUID]

    @classmethod
    def load(cls, run: facts.Run, landlord_id: int) -> Place:
        """This will read the places of a run's site."""
        rows = site_models.SiteNode.objects.filter(organization_id=run.organization_id, site_id=run.site_id)
        nodes, parents, ids = {}, {}, {}
        for each in rows.order_by("id"):
            parents[each.pk], ids[each.pk] = each.parent_id, each.public_id
            if each.kind == NodeKind.UNIT and each.archived_at is None:
                area = None if each.area is None else Fraction(each.area) * (_FOOT if each.area_unit == "FT2" else 1)
                capacity = None if each.rated_capacity is None else Fraction(each.rated_capacity)
                nodes[each.public_id] = Node(
                    each.pk,
                    each.public_id,
                    each.code,
                    each.name,
                    area,
                    each.headcount,
                    capacity,
                    each.capacity_unit,
                )
        return cls(run, landlord_id, nodes, parents, ids)

    def below(self, place: uuid.UUID | None) -> list[Node]:
        """This will return the units of a site, or those below one of its places."""
        return [each for each in self.nodes.values() if place is None or place in set(self._above(each.id))]

    def _above(self, node_id: int | None) -> Iterable[uuid.UUID]:
        while node_id is not None:
            yield self.ids[node_id]
            node_id = self.parents.get(node_id)


def find(place: Place, made: definition.Definition, pool: str, first: date, until: date) -> Members:
    """This will cut the members of a pool by who bears their share in local days [first, until) of the site."""
    found = Members()
    listed = _listed(place, made)
    is_hours = any(part.key is Key.HOURS for part in made.parts)
    single = {member.meter_point for _node, member in listed if member and member.meter_point}
    units = {node.id for node, _member in listed if node is not None}
    gauges = pool_gauges.find(place.run, node_ids=units) if units else []
    own = {each.public_id: each for each in (pool_gauges.find(place.run, public_ids=single) if single else [])}
    hours = _hours(place, units, single) if is_hours else {}
    leads: dict[int, list[pool_gauges.Gauge]] = defaultdict(list)
    for each in gauges:
        if each.role not in _SUMMED and each.node_id is not None:
            leads[each.node_id].append(each)
    days = Period(civil.start_of_day(first, place.run.zone), civil.start_of_day(until, place.run.zone))
    tenancies = customer_queries.occupancy(
        meter_point_ids=[each.point_id for each in (*gauges, *own.values())], period=days
    )
    billed = _billed(tenancies)
    for node, member in listed:
        point = own.get(member.meter_point) if member and member.meter_point else None
        if node is None and point is None:
            found.held.append(checking.hold(HoldReason.POOL_MEMBER, "", pool=pool))
            continue
        candidates = [point] if point else _in_order(leads[node.id] if node else [], made.service, tenancies)
        counting = tuple(each for each in candidates if each.service == made.service)
        if is_hours:
            counting = hours.get(point.point_id if point else node.id if node else 0, ())
        code, name = (point.code, point.name) if point else (node.code, node.name) if node else ("", "")
        whole = _within(days, member, place.run.zone)
        if whole is None:
            continue
        for share in [] if member and member.pool else _shares(candidates, tenancies, place, days):
            part = share.period.intersection(whole)
            if part is not None:
                is_paid = share.account_id in billed or share.is_vacancy
                account_id = share.account_id if is_paid else place.landlord_id
                found.stays += _stay(place, code, name, node, member, counting, account_id, share.is_vacancy, part)
        if member and member.pool:
            begins, ends = _days(whole, place.run.zone)
            stay = Stay(code, name, node, member, counting, None, member.pool, False, begins, ends, whole)
            found.stays.append(stay)
    found.stays = _merged(found.stays)
    return found


def rows(
    members: Members, made: definition.Definition, pool: str, readings: pool_gauges.Readings, numbers: Mapping[int, str]
) -> list[sheets.Row]:
    """This will return the rows of a sheet; what lacks goes to `members.held`."""
    keys = list(dict.fromkeys(key for part in made.parts for key in (part.key, part.secondary) if key is not None))
    by_code: dict[str, int] = defaultdict(int)
    counts: dict[str, int] = defaultdict(int)
    for stay in members.stays:
        counts[stay.code] += 1
    capacities = {stay.node.capacity_unit for stay in members.stays if stay.node and stay.node.capacity is not None}
    found = []
    for stay in members.stays:
        by_code[stay.code] += 1
        suffix = f"/{by_code[stay.code]}" if counts[stay.code] > 1 else ""
        spans = {}
        for key in keys:
            value = _value(stay, key, made, readings, members, pool)
            if key is Key.CAPACITY and len(capacities) > 1:
                value = None
            if value is None:
                members.held.append(checking.hold(HoldReason.POOL_KEY, "", pool=pool, member=stay.code))
                value = Fraction(0)
            if key in definition.MEASURED and any(readings.is_estimated(each, stay.period) for each in stay.gauges):
                members.estimated.add(f"{stay.code}{suffix}")
            spans[key] = (sheets.Span(stay.first_day, stay.until_day, value),)
        found.append(
            sheets.Row(
                key=f"{stay.code}{suffix}",
                member=stay.code,
                name=stay.name,
                account_id=stay.account_id,
                account="" if stay.account_id is None else numbers.get(stay.account_id, ""),
                pool=stay.pool,
                is_vacancy=stay.is_vacancy,
                first_day=stay.first_day,
                until_day=stay.until_day,
                spans=spans,
            )
        )
    return found


def _value(
    stay: Stay,
    key: Key,
    made: definition.Definition,
    readings: pool_gauges.Readings,
    members: Members,
    pool: str,
) -> Fraction | None:
    carried = None if stay.member is None else stay.member.value
    if key is Key.EQUAL:
        return Fraction(1)
    if key in definition.CARRIED:
        return carried
    if key in definition.MEASURED:
        if not stay.gauges:
            return Fraction(0) if key is Key.USAGE else carried  # hours that nobody counts are written
        members.held += [fault for gauge in stay.gauges for fault in readings.faults(pool, gauge, stay.period)]
        if members.held:
            return Fraction(0)
        unit = Unit.H if key is Key.HOURS else _unit(stay.gauges)
        used = sum((readings.exact(gauge, stay.period, unit) for gauge in stay.gauges), Fraction(0))
        return max(used, Fraction(0)) * (carried if key is Key.HOURS and carried is not None else 1)
    is_own = not any(part.key in definition.CARRIED or part.key is Key.HOURS for part in made.parts)
    if carried is not None and is_own:
        return carried
    if stay.node is None:
        return None
    of = {Key.AREA: stay.node.area, Key.HEADCOUNT: stay.node.headcount, Key.CAPACITY: stay.node.capacity}
    value = of.get(key)
    return None if value is None else Fraction(value)


def _unit(gauges: Sequence[pool_gauges.Gauge]) -> Unit:
    first = next((each.series.unit for each in gauges if each.series), Unit.KWH)
    return Unit.KWH if first in (Unit.WH, Unit.KWH, Unit.MWH) else first


def _listed(place: Place, made: definition.Definition) -> list[tuple[Node | None, definition.Member | None]]:
    if not made.members:
        return [(node, None) for node in place.below(made.place)]
    by_id = {node.id: node for node in place.nodes.values()}
    found: list[tuple[Node | None, definition.Member | None]] = []
    points = pool_gauges.find(
        place.run, public_ids=[each.meter_point for each in made.members if each.meter_point] or [uuid.UUID(int=0)]
    )
    places = {each.public_id: each.node_id for each in points}
    for member in made.members:
        node = (
            place.nodes.get(member.unit)
            if member.unit
            else by_id.get(places.get(member.meter_point or uuid.UUID(int=0)) or 0)
        )
        found.append((node, member))
    return found


def _hours(place: Place, units: set[int], single: Iterable[uuid.UUID]) -> dict[int, tuple[pool_gauges.Gauge, ...]]:
    """Counters of hours by the id of their unit, or of their meter point where that takes part alone."""
    found: dict[int, list[pool_gauges.Gauge]] = defaultdict(list)
    ids = list(single)
    for each in pool_gauges.find(place.run, node_ids=units, is_hours=True) if units else []:
        if each.series is not None and each.node_id is not None:
            found[each.node_id].append(each)
    for each in pool_gauges.find(place.run, public_ids=ids, is_hours=True) if ids else []:
        found[each.point_id] = [each]
    return {key: tuple(own) for key, own in found.items()}


def _in_order(
    gauges: Sequence[pool_gauges.Gauge], service: str, tenancies: Mapping[int, Sequence[customer_queries.Share]]
) -> list[pool_gauges.Gauge]:
    """The one whose contract tells who lives there comes first: let, of the service of the pool, then by code."""
    return sorted(
        gauges,
        key=lambda each: (
            all(share.is_vacancy for share in tenancies.get(each.point_id, ())),
            each.service != service,
            each.role != PointRole.TENANT.value,
        ),
    )


def _shares(
    candidates: Sequence[pool_gauges.Gauge],
    tenancies: Mapping[int, Sequence[customer_queries.Share]],
    place: Place,
    days: Period,
) -> Sequence[customer_queries.Share]:
    if candidates:
        return tenancies[candidates[0].point_id]
    return [customer_queries.Share(place.landlord_id, None, None, days)]


def _billed(tenancies: Mapping[int, Sequence[customer_queries.Share]]) -> set[int]:
    """Accounts that get bills; what the others would bear is the landlord's."""
    ids = {share.account_id for shares in tenancies.values() for share in shares}
    accounts = customer_queries.accounts_by_id(ids=ids)
    return {pk for pk, account in accounts.items() if account.mode in BILLED_MODES}


def _within(days: Period, member: definition.Member | None, zone: ZoneInfo) -> Period | None:
    if member is None:
        return days
    start, end = days.start, days.end
    if member.first_day is not None:
        start = max(start, civil.start_of_day(member.first_day, zone))
    if member.until_day is not None:
        end = min(end, civil.start_of_day(member.until_day, zone))
    return Period(start, end) if start < end else None


def _stay(
    place: Place,
    code: str,
    name: str,
    node: Node | None,
    member: definition.Member | None,
    gauges: tuple[pool_gauges.Gauge, ...],
    account_id: int,
    is_vacancy: bool,
    part: Period,
) -> list[Stay]:
    first, until = _days(part, place.run.zone)
    if first >= until and not gauges:
        return []
    return [Stay(code, name, node, member, gauges, account_id, "", is_vacancy, first, until, part)]


def _days(period: Period, zone: ZoneInfo) -> tuple[date, date]:
    """The days that begin in a period: a day belongs to who has its beginning."""
    return _day_at_or_after(period.start, zone), _day_at_or_after(period.end, zone)


def _day_at_or_after(instant: datetime, zone: ZoneInfo) -> date:
    day = civil.local_date(instant, zone)
    return day if civil.start_of_day(day, zone) == instant else day + timedelta(days=1)


def _merged(stays: list[Stay]) -> list[Stay]:
    """A contract that was renewed does not cut a share."""
    found: list[Stay] = []
    for each in stays:
        before = found[-1] if found else None
        if (
            before is not None
            and (before.code, before.account_id, before.member, before.is_vacancy)
            == (each.code, each.account_id, each.member, each.is_vacancy)
            and before.period.end == each.period.start
            and not before.pool
        ):
            found[-1] = Stay(
                *(before.code, before.name, before.node, before.member, before.gauges, before.account_id, before.pool),
                before.is_vacancy,
                before.first_day,
                each.until_day,
                Period(before.period.start, each.period.end),
            )
        else:
            found.append(each)
    return found
