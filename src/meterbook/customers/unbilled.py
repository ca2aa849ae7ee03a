"""What is used but not billed to a tenant, and why. Each needs a running scope.

Four lists: use of this month in a time that no contract covers; contracts whose tariff has no version in force; meter
points of tenants for which nobody pays now and nobody is to; and vacancies of this month and the one before at sites
without a landlord's account, which stop a bill run.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q

from meterbook.customers import models
from meterbook.foundation import scoping
from meterbook.kernel import civil
from meterbook.kernel.period import Period
from meterbook.metering import models as metering_models
from meterbook.metering import queries as metering_queries
from meterbook.metering import values as metering_values
from meterbook.metering.queries import uses
from meterbook.sites import values as site_values
from meterbook.tariffs import models as tariff_models
from meterbook.tariffs import values as tariff_values

Span = tuple[datetime, datetime | None]


@dataclass(frozen=True)
class Place:
    """A site: its id, and the zone whose month is meant."""

    id: int
    zone: tzinfo


@dataclass(frozen=True)
class UnpaidPoint:
    """A meter point with what it used this month while no contract covered it; `use` None: it counts nothing yet.

    `was_let` tells whether there ever was a contract. `landlord` is the number of the account that takes the use
    (B-33), empty where none does.
    """

    public_id: uuid.UUID
    place_key: str
    code: str
    name: str
    place_name: str
    site_id: int
    site_name: str
    service: metering_values.Service
    use: uses.Use | None
    vacant_since: datetime | None
    was_let: bool
    landlord: str
    vacancy: Period | None = None  # of the list of vacancies: the first of these months


@dataclass(frozen=True)
class PricelessContract:
    """A contract that runs while its tariff has no version in force."""

    public_id: uuid.UUID
    account_public_id: uuid.UUID
    account_number: str
    customer_name: str
    point_code: str
    point_name: str
    tariff_public_id: uuid.UUID
    tariff_code: str
    site_id: int
    use: uses.Use | None


@dataclass(frozen=True)
class Unbilled:
    """The lists."""

    used: tuple[UnpaidPoint, ...]
    priceless: tuple[PricelessContract, ...]
    nobodys: tuple[UnpaidPoint, ...]
    vacant: tuple[UnpaidPoint, ...] = ()


@dataclass(frozen=True)
class Counts:
    """How long the lists are; `unpaid` is the number of meter points that are in any."""

    used: int
    priceless: int
    nobodys: int
    vacant: int
    unpaid: int

    @property
    def total(self) -> int:
        """How many lines need somebody; a meter point that is in two lists counts once."""
        return self.priceless + self.unpaid


def find_unbilled(*, sites: Sequence[Place], at: datetime, shared: Collection[uuid.UUID] = ()) -> Unbilled:
    """This will return what is not billed at some sites, in a fixed number of queries.

    :param at: now; the month that it lies in at each site is meant, up to now
    :param shared: meter points for which all pay who share a cost: no use of theirs is unpaid
    """
    zones = {each.id: each.zone for each in sites}
    organization_id = scoping.current().organization_id
    points = list(
        metering_models.MeterPoint.objects.filter(
            organization_id=organization_id, site_id__in=zones, role=metering_values.PointRole.TENANT
        )
        .select_related("site", "node")
        .order_by("sort_code", "id")
    )
    months = {site_id: _month(zone, at) for site_id, zone in zones.items()}
    contracts = _contracts(points)
    own = {each.zone for each in points if each.time_zone or each.former_zones}
    months_in = {zone: _month(zone, at) for zone in own}
    gaps = {
        each.pk: _gaps(
            months_in[each.zone] if each.time_zone or each.former_zones else months[each.site_id], contracts[each.pk]
        )
        for each in points
    }
    used = metering_queries.used_in(periods=gaps)
    unpaid = {each.pk: used[each.pk] for each in points if each.pk in used and each.public_id not in shared}
    landlords = dict(
        models.Account.objects.filter(organization_id=organization_id, is_landlord=True, site_id__in=zones).values_list(
            "site_id", "number"
        )
    )
    vacancies = _vacancies(points, zones, contracts, set(landlords), at)
    rows = {each.pk: _row(each, used.get(each.pk), contracts[each.pk], landlords, at) for each in points}
    return Unbilled(
        used=tuple(sorted((rows[pk] for pk, use in unpaid.items() if use.total > 0), key=_largest_first)),
        priceless=_priceless(zones, months, at),
        nobodys=tuple(
            rows[each.pk]
            for each in points
            if each.public_id not in shared
            and not any(upper is None or upper > at for _lower, upper in contracts[each.pk])
        ),
        vacant=tuple(replace(rows[pk], vacancy=vacancy) for pk, vacancy in vacancies.items()),
    )


def count_unbilled(*, sites: Sequence[Place], at: datetime, shared: Collection[uuid.UUID] = ()) -> Counts:
    """This will return how long the lists are."""
    found = find_unbilled(sites=sites, at=at, shared=shared)
    unpaid = {each.public_id for each in (*found.used, *found.nobodys, *found.vacant)}
    return Counts(len(found.used), len(found.priceless), len(found.nobodys), len(found.vacant), len(unpaid))


def count_nobodys(*, site_ids: Collection[int] | None, at: datetime, shared: Collection[uuid.UUID] = ()) -> int:
    """This will count the meters that hang at meter points of tenants for which nobody pays or is to, in one query.

    :param site_ids: only at these sites; None means all
    :param shared: meter points for which all pay who share a cost; they are left out
    """
    organization_id = scoping.current().organization_id
    points = metering_models.MeterPoint.objects.filter(
        Exists(
            metering_models.Installation.objects.filter(
                organization_id=organization_id, meter_point_id=OuterRef("pk"), during__contains=at
            )
        ),
        ~Exists(
            models.Contract.objects.filter(
                Q(during__upper_inf=True) | Q(during__endswith__gt=at),
                organization_id=organization_id,
                meter_point_id=OuterRef("pk"),
            )
        ),
        organization_id=organization_id,
        role=metering_values.PointRole.TENANT,
    ).exclude(public_id__in=shared)
    return (points if site_ids is None else points.filter(site_id__in=site_ids)).count()


def _vacancies(
    points: Iterable[metering_models.MeterPoint],
    zones: Mapping[int, tzinfo],
    contracts: Mapping[int, Sequence[Span]],
    with_landlord: Collection[int],
    at: datetime,
) -> dict[int, Period]:
    """By meter point, the first vacancy that nobody pays for of this month and the one before, while a meter hung.

    As a bill run sees it: what stands in no unit and was never let is no vacancy, nor is less than a day.
    """
    asked = [
        each
        for each in points
        if each.site_id not in with_landlord
        and (contracts[each.pk] or (each.node and each.node.kind == site_values.NodeKind.UNIT))
    ]
    hung: dict[int, list[Period]] = defaultdict(list)
    installations = metering_models.Installation.objects.filter(
        organization_id=scoping.current().organization_id, meter_point_id__in=[each.pk for each in asked]
    )
    for pk, during in installations.order_by("during", "id").values_list("meter_point_id", "during"):
        if during.lower < at:
            hung[pk].append(Period(during.lower, min(during.upper or at, at)))
    found = {}
    for each in asked:
        zone = each.zone if each.time_zone or each.former_zones else zones[each.site_id]
        month = civil.month_bounds(civil.local_date(at, zone), zone)
        before = civil.month_bounds(civil.local_date(month.start - timedelta.resolution, zone), zone)
        gaps = _gaps(Period(before.start, at), contracts[each.pk])
        parts = (gap.intersection(own) for gap in gaps for own in hung[each.pk])
        vacant = [part for part in parts if part is not None and part.duration >= timedelta(days=1)]
        if vacant:
            found[each.pk] = min(vacant)
    return found


def _month(zone: tzinfo, at: datetime) -> Period | None:
    """The month so far, in whole quarters; None in its first quarter."""
    start = civil.month_bounds(civil.local_date(at, zone), zone).start
    end = at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)
    return Period(start, end) if end > start else None


def _contracts(points: Iterable[metering_models.MeterPoint]) -> dict[int, list[Span]]:
    found: dict[int, list[Span]] = defaultdict(list)
    contracts = models.Contract.objects.filter(
        organization_id=scoping.current().organization_id, meter_point_id__in=[each.pk for each in points]
    )
    for point_id, during in contracts.order_by("during", "id").values_list("meter_point_id", "during"):
        found[point_id].append((during.lower, during.upper))
    return found


def _gaps(month: Period | None, contracts: Sequence[Span]) -> list[Period]:
    if month is None:
        return []
    covered = [
        Period(max(lower, month.start), month.end if upper is None else min(upper, month.end))
        for lower, upper in contracts
        if lower < month.end and (upper is None or upper > month.start)
    ]
    return month.gaps(covered)


def _row(
    point: metering_models.MeterPoint,
    use: uses.Use | None,
    contracts: Sequence[Span],
    landlords: dict[int, str],
    at: datetime,
) -> UnpaidPoint:
    ended = [upper for _lower, upper in contracts if upper is not None and upper <= at]
    runs = any(lower <= at and (upper is None or upper > at) for lower, upper in contracts)
    return UnpaidPoint(
        public_id=point.public_id,
        place_key=f"u{point.node.public_id}" if point.node else f"p{point.public_id}",
        code=point.code,
        name=point.name,
        place_name=point.node.name if point.node else "",
        site_id=point.site_id,
        site_name=point.site.name,
        service=metering_values.Service(point.service),
        use=use,
        vacant_since=None if runs else max(ended, default=None),
        was_let=bool(contracts),
        landlord=landlords.get(point.site_id, ""),
    )


def _largest_first(row: UnpaidPoint) -> tuple[str, Decimal, str]:
    """Kilowatt-hours and cubic meters are not compared with each other."""
    return (row.service.value, -row.use.number if row.use else Decimal(0), row.code)


def _priceless(
    zones: dict[int, tzinfo], months: dict[int, Period | None], at: datetime
) -> tuple[PricelessContract, ...]:
    found = []
    for site_id, zone in zones.items():
        in_force = tariff_models.TariffVersion.objects.filter(
            organization_id=scoping.current().organization_id,
            tariff_id=OuterRef("tariff_id"),
            state=tariff_values.VersionState.PUBLISHED,
            during__contains=civil.local_date(at, zone),
        )
        contracts = models.Contract.objects.filter(
            ~Exists(in_force),
            organization_id=scoping.current().organization_id,
            account__site_id=site_id,
            during__contains=at,
        ).select_related("account__customer", "meter_point", "tariff")
        found += list(contracts.order_by("account__number", "id"))
    parts = {}
    for each in found:
        month = months[each.account.site_id]
        if month is not None and each.during.lower < month.end:
            parts[each.meter_point_id] = [Period(max(each.during.lower, month.start), month.end)]
    used = metering_queries.used_in(periods=parts)
    return tuple(
        PricelessContract(
            public_id=each.public_id,
            account_public_id=each.account.public_id,
            account_number=each.account.number,
            customer_name=each.account.customer.name,
            point_code=each.meter_point.code,
            point_name=each.meter_point.name,
            tariff_public_id=each.tariff.public_id,
            tariff_code=each.tariff.code,
            site_id=each.account.site_id,
            use=used.get(each.meter_point_id),
        )
        for each in found
    )
