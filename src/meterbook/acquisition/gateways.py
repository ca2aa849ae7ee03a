"""Reads of field gateways: lists, one of them, what it may deliver. Each needs a running scope."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from meterbook.acquisition import gateway_models, gateway_values
from meterbook.acquisition.gateway_values import GatewayProfile, GatewayState, IncidentKind
from meterbook.foundation import scoping
from meterbook.kernel import order
from meterbook.metering import models as metering_models

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _LAST = -(2**62), 2**62


class GatewayNotFound(LookupError):
    """There is no such gateway in this organization, or the reader may not see its site."""


@dataclass(frozen=True)
class GatewayRow:
    """A gateway as screens show it. `incidents` are kinds of security events that nobody settled."""

    id: int
    public_id: uuid.UUID
    site_id: int
    site_name: str
    name: str
    profile: GatewayProfile
    most_meters: int | None
    orders_by_sequence: bool
    state: GatewayState
    state_caption: str
    enrolled_at: datetime | None
    revoked_at: datetime | None
    rotation_asked_at: datetime | None
    seen_at: datetime | None
    seen_from: str
    firmware: str
    restart_reason: str
    rssi: int | None
    clock_offset_ms: int | None
    buffered: int | None
    oldest_buffered_at: datetime | None
    configuration_number: int
    meters: int
    incidents: int

    @property
    def is_full(self) -> bool:
        """Whether its profile allows no further meter."""
        return self.most_meters is not None and self.meters >= self.most_meters


@dataclass(frozen=True)
class KeyRow:
    """A key of a gateway that works, or did."""

    public_id: uuid.UUID
    algorithm: str
    created_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True)
class MeterRow:
    """A meter behind a gateway; `point_id` is None while it hangs nowhere."""

    public_id: uuid.UUID
    serial_number: str
    model_code: str
    point_id: uuid.UUID | None
    point_code: str
    point_name: str
    point_site_id: int | None


@dataclass(frozen=True)
class IncidentRow:
    """What came in the name of a gateway and was not as it must be."""

    kind: IncidentKind
    caption: str
    count: int
    first_at: datetime
    last_at: datetime
    address: str
    settled_at: datetime | None
    settled_by: str
    reason: str
    is_alarm: bool


@dataclass(frozen=True)
class Feed:
    """A series that a register of a meter fed in [first, until], in microseconds since 1970."""

    series_id: int
    unit: str
    decimals: int
    first: int
    until: int


def list_gateways(*, at: datetime, site_ids: Collection[int] | None = None) -> list[GatewayRow]:
    """This will return the gateways, those with security events or silent first, then by name.

    :param site_ids: only those of the sites; None means all of the organization
    """
    found = _gateways() if site_ids is None else _gateways().filter(site_id__in=list(site_ids))
    rows = [_row(each, at) for each in found.order_by("id")]
    return sorted(rows, key=lambda row: (_urgency(row), order.natural(row.name), row.id))


def get_gateway(*, public_id: uuid.UUID, at: datetime, site_ids: Collection[int] | None = None) -> GatewayRow:
    """This will return one gateway.

    :raises GatewayNotFound: when it is not there, or stands at another site
    """
    found = _gateways().filter(public_id=public_id).first()
    if found is None or (site_ids is not None and found.site_id not in site_ids):
        raise GatewayNotFound(_("There is no such gateway."))
    return _row(found, at)


def list_meters(*, gateway_id: int) -> list[MeterRow]:
    """This will return the meters behind a gateway, by serial number as people order them."""
    organization_id = scoping.current().organization_id
    links = gateway_models.GatewayMeter.objects.filter(
        organization_id=organization_id, gateway_id=gateway_id, removed_at=None
    )
    meters = {link.meter_id: link.meter for link in links.select_related("meter")}
    places = metering_models.Installation.objects.filter(
        organization_id=organization_id, meter_id__in=list(meters), during__upper_inf=True
    ).select_related("meter_point")
    points = {each.meter_id: each.meter_point for each in places}
    rows = []
    for meter_id, meter in meters.items():
        point = points.get(meter_id)
        rows.append(
            MeterRow(
                public_id=meter.public_id,
                serial_number=meter.serial_number,
                model_code=meter.model_code,
                point_id=point.public_id if point else None,
                point_code=point.code if point else "",
                point_name=point.name if point else "",
                point_site_id=point.site_id if point else None,
            )
        )
    return sorted(rows, key=lambda row: order.natural(row.serial_number))


def list_candidates(*, site_id: int) -> list[MeterRow]:
    """This will return the meters that hang at a site and belong to no gateway, by the code of their meter point."""
    organization_id = scoping.current().organization_id
    taken = gateway_models.GatewayMeter.objects.filter(organization_id=organization_id, removed_at=None)
    places = metering_models.Installation.objects.filter(
        organization_id=organization_id, meter_point__site_id=site_id, during__upper_inf=True
    )
    free = places.exclude(meter_id__in=taken.values("meter_id")).select_related("meter", "meter_point")
    rows = [
        MeterRow(
            public_id=each.meter.public_id,
            serial_number=each.meter.serial_number,
            model_code=each.meter.model_code,
            point_id=each.meter_point.public_id,
            point_code=each.meter_point.code,
            point_name=each.meter_point.name,
            point_site_id=site_id,
        )
        for each in free
    ]
    return sorted(rows, key=lambda row: order.natural(row.point_code))


def list_keys(*, gateway_id: int) -> list[KeyRow]:
    """This will return the keys of a gateway, the newest first."""
    keys = gateway_models.GatewayKey.objects.filter(
        organization_id=scoping.current().organization_id, gateway_id=gateway_id
    )
    return [KeyRow(each.public_id, each.algorithm, each.created_at, each.ends_at) for each in keys.order_by("-id")]


def list_incidents(*, gateway_id: int) -> list[IncidentRow]:
    """This will return the security events of a gateway, those that nobody settled first, then the newest."""
    incidents = gateway_models.GatewayIncident.objects.filter(
        organization_id=scoping.current().organization_id, gateway_id=gateway_id
    )
    rows = [
        IncidentRow(
            kind=(kind := IncidentKind(each.kind)),
            caption=str(gateway_values.INCIDENT_CAPTIONS[kind]),
            count=each.count,
            first_at=each.first_at,
            last_at=each.last_at,
            address=each.address,
            settled_at=each.settled_at,
            settled_by=each.settled_by,
            reason=each.reason,
            is_alarm=kind not in gateway_values.HARMLESS,
        )
        for each in incidents.order_by("-last_at", "-id")[:100]
    ]
    return sorted(rows, key=lambda row: row.settled_at is not None)


def orders_of(*, gateway_id: int) -> dict[str, object]:
    """This will return what a gateway is told with each answer: the number of its configuration, and whether it should
    exchange its key.
    """
    gateway = gateway_models.Gateway.objects.get(organization_id=scoping.current().organization_id, pk=gateway_id)
    return {"configuration": gateway.configuration_number, "exchange_key": gateway.rotation_asked_at is not None}


def limit_reached(*, gateway_id: int) -> int | None:
    """This will return how many meters the profile of a gateway allows when it has that many; otherwise None."""
    row = _gateways().get(pk=gateway_id)
    return row.most_meters if row.most_meters is not None and row.meters >= row.most_meters else None  # type: ignore[attr-defined]


def is_open(*, public_id: uuid.UUID, kind: str) -> bool:
    """This will tell whether a kind of security event of a gateway waits for somebody to look into it."""
    incidents = gateway_models.GatewayIncident.objects.filter(organization_id=scoping.current().organization_id)
    return incidents.filter(gateway__public_id=public_id, kind=kind, settled_at=None).exists()


def feeds_of(*, gateway_id: int, serial_numbers: Collection[str]) -> dict[tuple[str, str], Sequence[Feed]]:
    """This will return which series the registers of these meters of a gateway feed, by serial number and register.

    Meters that it no longer reads feed theirs until then; where a meter hung at several points, each has its time.
    """
    organization_id = scoping.current().organization_id
    links = gateway_models.GatewayMeter.objects.filter(
        organization_id=organization_id, gateway_id=gateway_id, meter__serial_number__in=list(serial_numbers)
    )
    ends: dict[int, int] = {}
    for meter_id, removed_at in links.order_by("id").values_list("meter_id", "removed_at"):
        ends[meter_id] = max(ends.get(meter_id, _FIRST), _LAST if removed_at is None else _micros(removed_at))
    places = metering_models.Installation.objects.filter(organization_id=organization_id, meter_id__in=list(ends))
    spans: dict[int, tuple[str, int, int]] = {}
    for place_id, meter_id, serial, during in places.values_list("id", "meter_id", "meter__serial_number", "during"):
        first = _FIRST if during.lower is None else _micros(during.lower)
        until = _LAST if during.upper is None else _micros(during.upper)
        spans[place_id] = serial, first, min(until, ends[meter_id])
    registers = metering_models.InstallationRegister.objects.filter(
        organization_id=organization_id, installation_id__in=list(spans)
    )
    columns = "installation_id", "register_code", "series_id", "unit", "decimals"
    found: dict[tuple[str, str], list[Feed]] = defaultdict(list)
    for place_id, code, series_id, unit, decimals in registers.order_by("-id").values_list(*columns):
        serial, first, until = spans[place_id]
        found[serial, code].append(Feed(series_id, unit, decimals, first, until))
    return dict(found)


def _gateways() -> QuerySet[gateway_models.Gateway]:
    gateways = gateway_models.Gateway.objects.filter(organization_id=scoping.current().organization_id)
    alarms = [each.value for each in IncidentKind if each not in gateway_values.HARMLESS]
    open_ones = Q(gatewayincident__settled_at=None, gatewayincident__kind__in=alarms)
    return gateways.select_related("site").annotate(
        meters=Count("gatewaymeter", filter=Q(gatewaymeter__removed_at=None), distinct=True),
        incidents=Count("gatewayincident", filter=open_ones, distinct=True),
    )


def _row(gateway: gateway_models.Gateway, at: datetime) -> GatewayRow:
    state = _state(gateway, at)
    return GatewayRow(
        id=gateway.pk,
        public_id=gateway.public_id,
        site_id=gateway.site_id,
        site_name=gateway.site.name,
        name=gateway.name,
        profile=GatewayProfile(gateway.profile),
        most_meters=gateway.most_meters,
        orders_by_sequence=gateway.orders_by_sequence,
        state=state,
        state_caption=str(gateway_values.STATE_CAPTIONS[state]),
        enrolled_at=gateway.enrolled_at,
        revoked_at=gateway.revoked_at,
        rotation_asked_at=gateway.rotation_asked_at,
        seen_at=gateway.seen_at,
        seen_from=gateway.seen_from,
        firmware=gateway.firmware,
        restart_reason=gateway.restart_reason,
        rssi=gateway.rssi,
        clock_offset_ms=gateway.clock_offset_ms,
        buffered=gateway.buffered,
        oldest_buffered_at=gateway.oldest_buffered_at,
        configuration_number=gateway.configuration_number,
        meters=gateway.meters,  # type: ignore[attr-defined]
        incidents=gateway.incidents,  # type: ignore[attr-defined]
    )


def _state(gateway: gateway_models.Gateway, at: datetime) -> GatewayState:
    if gateway.revoked_at is not None:
        return GatewayState.REVOKED
    if gateway.enrolled_at is None:
        return GatewayState.WAITING
    is_silent = gateway.seen_at is None or at - gateway.seen_at > gateway_values.SILENT_AFTER
    return GatewayState.SILENT if is_silent else GatewayState.ONLINE


def _urgency(row: GatewayRow) -> int:
    if row.incidents and row.state is not GatewayState.REVOKED:
        return 0
    return {GatewayState.SILENT: 1, GatewayState.WAITING: 2, GatewayState.ONLINE: 3, GatewayState.REVOKED: 4}[row.state]


def _micros(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(microseconds=1)
