"""How meter points, meters, values and requests are told."""

from __future__ import annotations

import uuid

from meterbook.acquisition import queries as acquisition_queries
from meterbook.acquisition import values as acquisition_values
from meterbook.api import entry, values
from meterbook.api.resources import lines
from meterbook.customers import permissions as customer_permissions
from meterbook.identity.values import Module
from meterbook.kernel.quantity import Unit
from meterbook.metering import queries as metering_queries
from meterbook.metering import values as metering_values
from meterbook.monitoring import queries as monitoring_queries
from meterbook.monitoring import values as monitoring_values


class Value(values.Told):
    """The newest value of a series; all null until there is one. `quality` is a code of docs/glossary.md."""

    series: str
    caption: str
    value: values.DecimalTold | None
    unit: str
    at: values.InstantTold | None
    quality: str


class LatestValues(values.Told):
    """The newest values of a meter point."""

    time_zone: str
    items: list[Value]


class ListedPoint(values.Told):
    """A meter point in a list. `tenant` is who pays for it now; `account` null also where the caller may not see it."""

    id: uuid.UUID
    code: str
    name: str
    site_name: str
    time_zone: str
    place: str
    service: metering_values.Service
    role: metering_values.PointRole
    model: str
    serial_number: str
    tenant: str
    account: uuid.UUID | None
    state: monitoring_values.MeterState
    seen_at: values.InstantTold | None
    main: Value | None
    power: Value | None


class Multiplier(values.Told):
    """How many times a meter's registers count from an instant on, as a fraction such as "200/5"."""

    starts_at: values.InstantTold
    factor: str


class Installation(values.Told):
    """A meter that hangs, or hung, at the point in [starts_at, ends_at)."""

    meter: uuid.UUID
    serial_number: str
    model: str
    starts_at: values.InstantTold
    ends_at: values.InstantTold | None
    multipliers: list[Multiplier]


class Series(values.Told):
    """One quantity at a meter point; `step_minutes` is the length of its intervals."""

    code: str
    caption: str
    kind: metering_values.SeriesKind
    unit: Unit
    decimals: int
    step_minutes: int


class MeterPoint(values.Told):
    """A meter point with its meters and series.

    `time_zone` is that of its days; `own_time_zone` and `language` are null where those of the account or site hold.
    """

    id: uuid.UUID
    code: str
    name: str
    service: metering_values.Service
    site: uuid.UUID
    site_name: str
    time_zone: str
    own_time_zone: str | None
    language: str | None
    place: str
    installations: list[Installation]
    series: list[Series]


class AskedValue(values.Told):
    """What a register of the meter showed."""

    register_code: str
    series: str
    value: values.DecimalTold
    unit: Unit


class ReadingRequest(values.Told):
    """A request for a reading: when `is_final`, its values are there, or the problem says why not."""

    id: uuid.UUID
    meter: uuid.UUID
    status: acquisition_values.RequestStatus
    is_final: bool
    requested_at: values.InstantTold
    answered_at: values.InstantTold | None
    items: list[AskedValue]
    problem: str | None


class Gateway(values.Told):
    """A line that meters share."""

    id: uuid.UUID
    site: uuid.UUID
    name: str
    protocol: acquisition_values.BusProtocol
    host: str
    port: int
    line: lines.LineTold
    is_enabled: bool


class Model(values.Told):
    """A kind of meter."""

    code: str
    manufacturer: str
    name: str
    service: str


class Models(values.Told):
    """The kinds of meters that can be asked."""

    items: list[Model]


def latest(row: metering_queries.LiveRow) -> Value:
    """This will tell the newest value of a series."""
    return Value(
        series=row.code,
        caption=str(row.caption),
        value=values.maybe_decimal(row.value),
        unit=str(row.unit),
        at=values.maybe_instant(row.at),
        quality=row.quality.name,
    )


def listed(request: entry.Request, row: monitoring_queries.MeterRow) -> ListedPoint:
    """This will tell a meter point of a list; its account only to those who may look at accounts."""
    caller = request.caller
    sees_account = caller.access.allows(customer_permissions.VIEW_CUSTOMER)
    return ListedPoint(
        id=row.public_id,
        code=row.code,
        name=row.name,
        site_name=row.site_name,
        time_zone=row.zone.key,
        place=row.unit,
        service=row.service,
        role=row.role,
        model=row.model_code,
        serial_number=row.serial_number,
        tenant=row.tenant,
        account=row.account_public_id if sees_account and caller.organization.has_module(Module.BILLING) else None,
        state=row.state,
        seen_at=values.maybe_instant(row.seen_at),
        main=latest(row.main) if row.main else None,
        power=latest(row.power) if row.power else None,
    )


def told(detail: metering_queries.MeterDetail) -> MeterPoint:
    """This will tell a meter point with its meters and series."""
    return MeterPoint(
        id=detail.public_id,
        code=detail.code,
        name=detail.name,
        service=detail.service,
        site=detail.site_public_id,
        site_name=detail.site_name,
        time_zone=detail.zone.key,
        own_time_zone=detail.time_zone or None,
        language=detail.language or None,
        place=detail.node_name,
        installations=[_installation(each) for each in detail.installations],
        series=[_series(each) for each in detail.series],
    )


def asked(row: acquisition_queries.RequestRow) -> ReadingRequest:
    """This will tell how a request for a reading stands."""
    return ReadingRequest(
        id=row.public_id,
        meter=row.meter_public_id,
        status=row.status,
        is_final=row.is_final,
        requested_at=values.instant(row.requested_at),
        answered_at=values.maybe_instant(row.answered_at),
        items=[
            AskedValue(
                register_code=each.register_code,
                series=each.series_code,
                value=values.scaled(each.value, each.decimals),
                unit=each.unit,
            )
            for each in row.values
        ],
        problem=f"{row.problem.words} {row.problem.remedy}" if row.problem else None,
    )


def gateway(row: acquisition_queries.BusRow, site: uuid.UUID) -> Gateway:
    """This will tell a gateway and its site."""
    return Gateway(
        id=row.public_id,
        site=site,
        name=row.name,
        protocol=row.protocol,
        host=row.host,
        port=row.port,
        line=lines.told(row.line),
        is_enabled=row.is_enabled,
    )


def _installation(row: metering_queries.InstallationRow) -> Installation:
    return Installation(
        meter=row.meter_public_id,
        serial_number=row.serial_number,
        model=row.model_code,
        starts_at=values.instant(row.starts_at),
        ends_at=values.maybe_instant(row.ends_at),
        multipliers=[
            Multiplier(starts_at=values.instant(each.starts_at), factor=str(each.factor)) for each in row.multipliers
        ],
    )


def _series(row: metering_queries.SeriesRow) -> Series:
    return Series(
        code=row.code,
        caption=str(row.caption),
        kind=row.kind,
        unit=row.unit,
        decimals=row.decimals,
        step_minutes=row.step,
    )
