"""The quantities of the balance sheet of a site and some days: meters and bills, as `balancing` puts them together."""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from meterbook.billing import models as billing_models
from meterbook.billing.calculating import usage
from meterbook.billing.pools.definition import Kind
from meterbook.foundation import scoping
from meterbook.kernel import civil, quantity
from meterbook.kernel.period import Period
from meterbook.kernel.quality import UNBILLABLE
from meterbook.kernel.quantity import Unit
from meterbook.metering import models as metering_models
from meterbook.metering.values import COUNTED_SERIES, PointRole, Service
from meterbook.reporting import balancing

Plain = Mapping[str, Any]
_UNREAD = np.array(sorted(UNBILLABLE), np.uint8)
_AT_ONCE = 500


@dataclass(frozen=True)
class Measured:
    """What a meter point counted in local days, in its series' unit; `unread` intervals have no value."""

    public_id: uuid.UUID
    code: str
    name: str
    service: Service
    role: PointRole
    unit: Unit
    quantity: Fraction
    unread: int
    zone: ZoneInfo
    period: Period
    series_id: int


@dataclass(frozen=True)
class IssuedBill:
    """A bill that counts (not credited) and touches the days: its content, and who pays it."""

    public_id: uuid.UUID
    number: str
    account: str
    customer: str
    is_landlord: bool
    content: Plain
    net: Any
    total: Any
    currency: str
    transaction_id: int | None


@dataclass(frozen=True)
class ServiceBalance:
    """A service: what came through the main meters, and where it went. `unread`: intervals without a value."""

    service: Service
    unit: Unit
    mains: tuple[Measured, ...]
    sheet: balancing.Quantities
    unread: int
    points: int


def balances(*, site_id: int, first_day: date, until_day: date, bills: Sequence[IssuedBill]) -> list[ServiceBalance]:
    """This will put the quantities of each service of a site together, in the order of the services."""
    by_service: dict[Service, list[Measured]] = defaultdict(list)
    for each in measured(site_id=site_id, first_day=first_day, until_day=until_day):
        by_service[each.service].append(each)
    losses = _loss_meters(site_id)
    return [_balance(service, by_service[service], bills, losses) for service in Service if by_service.get(service)]


def measured(*, site_id: int, first_day: date, until_day: date) -> list[Measured]:
    """This will return what the counted meter points of a site measured, by code, each in the days of its own zone."""
    organization_id = scoping.current().organization_id
    series = metering_models.Series.objects.filter(
        organization_id=organization_id,
        meter_point__site_id=site_id,
        code__in=set(COUNTED_SERIES.values()),
    ).exclude(meter_point__role=PointRole.OTHER)
    rows = [
        each
        for each in series.select_related("meter_point__site").order_by("meter_point__sort_code", "id")
        if COUNTED_SERIES.get(Service(each.meter_point.service)) == each.code
    ]
    found: dict[int, Measured] = {}
    for step in sorted({each.step for each in rows}):
        found |= _of_step([each for each in rows if each.step == step], step, first_day, until_day)
    return [found[each.pk] for each in rows]


def issued(*, site_id: int, first_day: date, until_day: date) -> Iterator[IssuedBill]:
    """This will return the bills of a site that touch the days and were not credited, by number."""
    bills = billing_models.Bill.objects.filter(
        organization_id=scoping.current().organization_id,
        run__site_id=site_id,
        run__days__overlap=(first_day, until_day),
        credit_note__isnull=True,
    ).select_related("draft", "account__customer")
    for each in bills.order_by("number", "id").iterator(chunk_size=_AT_ONCE):
        yield IssuedBill(
            public_id=each.public_id,
            number=each.number,
            account=each.account.number,
            customer=each.account.customer.name,
            is_landlord=each.account.is_landlord,
            content=json.loads(bytes(each.draft.content)),
            net=each.draft.net,
            total=each.draft.total,
            currency=each.draft.currency,
            transaction_id=each.transaction_id,
        )


def common_points(*, site_id: int) -> frozenset[str]:
    """This will return the public ids of the meter points of a site that measure common areas."""
    points = metering_models.MeterPoint.objects.filter(
        organization_id=scoping.current().organization_id, site_id=site_id, role=PointRole.COMMON
    )
    return frozenset(map(str, points.values_list("public_id", flat=True)))


def period_of(part: Plain) -> Period:
    """This will return the time of a meter point of a bill."""
    start, end = (datetime.fromisoformat(part[each]).astimezone(UTC) for each in ("from", "until"))
    return Period(start, end)


def _of_step(
    rows: Sequence[metering_models.Series], step: int, first_day: date, until_day: date
) -> dict[int, Measured]:
    periods = {
        each.pk: Period(*(civil.start_of_day(day, each.meter_point.zone) for day in (first_day, until_day)))
        for each in rows
    }
    first = min(usage.utc_days(each)[0] for each in periods.values())
    until = max(usage.utc_days(each)[1] for each in periods.values())
    loaded = usage.load(
        organization_id=scoping.current().organization_id,
        series_ids=[each.pk for each in rows],
        step=step,
        first=first,
        until=until,
    )
    found = {}
    for each in rows:
        point, period = each.meter_point, periods[each.pk]
        values = loaded.values[loaded.row_of[each.pk], loaded.columns(period)]
        codes = loaded.codes(each.pk, period)
        found[each.pk] = Measured(
            public_id=point.public_id,
            code=point.code,
            name=point.name,
            service=Service(point.service),
            role=PointRole(point.role),
            unit=Unit(each.unit),
            quantity=Fraction(int(values.sum(dtype=np.int64)), 10**each.decimals),
            unread=0 if codes is None else int(np.isin(codes, _UNREAD).sum()),
            zone=point.zone,
            period=period,
            series_id=each.pk,
        )
    return found


def _balance(
    service: Service, rows: Sequence[Measured], bills: Sequence[IssuedBill], losses: frozenset[uuid.UUID]
) -> ServiceBalance:
    mains = tuple(each for each in rows if each.role is PointRole.MAIN)
    behind = [each for each in rows if each.role is not PointRole.MAIN]
    unit = (mains or rows)[0].unit
    billed, elsewhere = _billed({str(each.public_id): each for each in behind}, bills, unit)
    points = [
        balancing.Point(
            key=str(each.public_id),
            name=f"{each.code} {each.name}",
            measured=each.quantity * quantity.factor(each.unit, unit),
            is_common=each.role is PointRole.COMMON,
            is_loss=each.public_id in losses,
            is_elsewhere=str(each.public_id) in elsewhere,
        )
        for each in behind
    ]
    through = sum((each.quantity * quantity.factor(each.unit, unit) for each in mains), Fraction(0)) if mains else None
    return ServiceBalance(
        service=service,
        unit=unit,
        mains=mains,
        sheet=balancing.quantities(points, billed, through),
        unread=sum(each.unread for each in rows),
        points=len(behind),
    )


def _billed(
    behind: Mapping[str, Measured], bills: Sequence[IssuedBill], unit: Unit
) -> tuple[list[balancing.Billed], set[str]]:
    """What bills say for time within the period, and the points whose bills reach beyond it."""
    found, elsewhere = [], set()
    for bill in bills:
        for each in bill.content["meter_points"]:
            point = behind.get(each["public_id"])
            if point is None:
                continue
            period = period_of(each)
            if not period.overlaps(point.period):
                continue
            if period.start < point.period.start or period.end > point.period.end:
                elsewhere.add(each["public_id"])
                continue
            amount = Fraction(each["quantity"], 10 ** each["decimals"]) * quantity.factor(Unit(each["unit"]), unit)
            found.append(
                balancing.Billed(
                    key=each["public_id"],
                    quantity=amount,
                    account=f"{bill.account} {bill.customer}",
                    bill=bill.number,
                    href=str(bill.public_id),
                    is_landlord=bill.is_landlord,
                    is_vacancy=each["is_vacancy"],
                )
            )
    return found, elsewhere


def _loss_meters(site_id: int) -> frozenset[uuid.UUID]:
    """The meters whose cost is shared as losses."""
    pools = billing_models.Pool.objects.filter(
        organization_id=scoping.current().organization_id, site_id=site_id, definition__kind=Kind.LOSSES.value
    )
    found = set()
    for definition in pools.order_by("id").values_list("definition", flat=True):
        source = definition.get("source", {})
        if source.get("kind") == "METER" and source.get("meter_point"):
            found.add(uuid.UUID(source["meter_point"]))
    return frozenset(found)


def newest_billed_day(*, site_id: int) -> date | None:
    """This will return the final day of the newest bills of a site; None where none was issued."""
    runs = billing_models.Bill.objects.filter(
        organization_id=scoping.current().organization_id, run__site_id=site_id, credit_note__isnull=True
    )
    days = runs.order_by("-run__days").values_list("run__days", flat=True).first()
    return None if days is None else days.upper - timedelta(days=1)


def factor(source: Unit, target: Unit) -> Fraction:
    """This will return how many of one unit another is; both of one dimension."""
    return quantity.factor(source, target)
