"""How a bus answered over some hours: sums, hour by hour, and meter by meter. Needs a running scope."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import F, Max, Sum

from meterbook.acquisition import models as acquisition_models
from meterbook.acquisition.topology import BusNotFound
from meterbook.acquisition.values import BusProtocol, LineSettings, Parity
from meterbook.foundation import scoping
from meterbook.kernel import rounding
from meterbook.metering import models as metering_models
from meterbook.monitoring import models
from meterbook.monitoring.line_health import KEPT_OF_METERS
from meterbook.monitoring.values import BUCKETS_MS

AN_HOUR = timedelta(hours=1)
_SUMMED = (
    *("asked", "answered", "timeouts", "damaged", "strange", "refused", "lost"),
    *("busy_ms", "watched_ms", "skews", "skew_ms"),
)
_SUMS = {each: Sum(each) for each in _SUMMED}
_BUCKETS = {f"bucket{place}": Sum(F(f"buckets__{place}")) for place in range(len(BUCKETS_MS) + 1)}


@dataclass(frozen=True)
class Sums:
    """What came of questions. `watched_ms` is real time in which the bus was asked, 0 for one device."""

    asked: int = 0
    answered: int = 0
    timeouts: int = 0
    damaged: int = 0
    strange: int = 0
    refused: int = 0
    lost: int = 0
    busy_ms: int = 0
    watched_ms: int = 0
    skews: int = 0
    skew_ms: int = 0
    skew_most_ms: int = 0
    buckets: tuple[int, ...] = (0,) * (len(BUCKETS_MS) + 1)

    @property
    def failed(self) -> int:
        """The questions without an answer that can be used."""
        return self.asked - self.answered

    @property
    def answered_percent(self) -> Decimal | None:
        """The share that was answered, with one decimal; None when nothing was asked."""
        return percent(self.answered, self.asked)

    @property
    def budget_percent(self) -> Decimal | None:
        """How much of the time the bus was busy with questions; None when it was not asked at all."""
        found = percent(self.busy_ms, self.watched_ms)
        return None if found is None else min(found, Decimal(100))

    @property
    def skew_mean_ms(self) -> int | None:
        """How long after the beginning of its slot a counter was read, on average."""
        return rounding.divide(self.skew_ms, self.skews) if self.skews else None

    @property
    def usual_ms(self) -> int | None:
        """Within how many milliseconds half of the answers came: the bound of a bucket; None: longer, or no answer."""
        return within(self.buckets, 50)

    @property
    def most_ms(self) -> int | None:
        """Within how many milliseconds 95 of 100 answers came: the bound of a bucket; None: longer, or no answer."""
        return within(self.buckets, 95)


@dataclass(frozen=True)
class MeterHealth:
    """A device of the bus. `clock_ms`: its own clock is so far ahead, as it told latest; None where it tells none."""

    device_id: uuid.UUID
    address: str
    serial_number: str
    point_id: uuid.UUID | None
    point_name: str
    point_site_id: int | None
    sums: Sums
    clock_ms: int | None
    clock_at: datetime | None


@dataclass(frozen=True)
class BusHealth:
    """A bus over a time; `hours` are those that are over or running, the oldest first, also those without a question.

    `gateway` is the name of the field gateway that asks it, and counts. `meters_watched_ms` is the real time
    in which the bus was asked while its meters were counted: they are kept for a shorter time.
    """

    public_id: uuid.UUID
    site_id: int
    name: str
    site_name: str
    zone: str
    protocol: BusProtocol
    host: str
    port: int
    line: LineSettings
    timeout_ms: int
    is_enabled: bool
    gateway: str
    since: datetime
    until: datetime
    sums: Sums
    hours: tuple[tuple[datetime, Sums], ...]
    meters: tuple[MeterHealth, ...]
    meters_watched_ms: int


def get_health(*, bus: uuid.UUID, at: datetime, hours: int = 24, site_ids: Collection[int] | None = None) -> BusHealth:
    """This will return how a bus answered in the running hour and those before it.

    Meters are counted over the latest 8 days of it at most (`line_health`).

    :param hours: how many, the running one included
    :param site_ids: only buses of those sites; None means all of the organization
    :raises BusNotFound: when the organization has no such bus at one of the sites
    """
    organization_id = scoping.current().organization_id
    found = acquisition_models.Bus.objects.filter(organization_id=organization_id, public_id=bus)
    if site_ids is not None:
        found = found.filter(site_id__in=site_ids)
    line = found.select_related("site", "gateway").first()
    if line is None:
        raise BusNotFound(BusNotFound.__doc__)
    until = at.replace(minute=0, second=0, microsecond=0) + AN_HOUR
    since = until - hours * AN_HOUR
    rows = models.LineHour.objects.filter(organization_id=organization_id, bus=line, hour__gte=since, hour__lt=until)
    counted = {
        row["hour"]: _sums(row)
        for row in rows.filter(device=None).values("hour").annotate(**_SUMS, **_BUCKETS, most=Max("skew_most_ms"))
    }
    meters_since = max(since, until - KEPT_OF_METERS)
    return BusHealth(
        public_id=line.public_id,
        site_id=line.site_id,
        name=line.name,
        site_name=line.site.name,
        zone=line.site.time_zone,
        protocol=BusProtocol(line.protocol),
        host=line.host,
        port=line.port,
        line=LineSettings(line.baud, Parity(line.parity), line.stop_bits, line.pause_ms),
        timeout_ms=line.timeout_ms,
        is_enabled=line.is_enabled,
        gateway=line.gateway.name if line.gateway is not None else "",
        since=since,
        until=until,
        sums=added(counted.values()),
        hours=tuple((hour, counted.get(hour, Sums())) for hour in (since + place * AN_HOUR for place in range(hours))),
        meters=_meters(line, meters_since, until),
        meters_watched_ms=sum(sums.watched_ms for hour, sums in counted.items() if hour >= meters_since),
    )


def added(parts: Iterable[Sums]) -> Sums:
    """This will return the sums over several hours."""
    every = list(parts)
    return Sums(
        **{each: sum(getattr(part, each) for part in every) for each in _SUMMED},
        skew_most_ms=max((part.skew_most_ms for part in every), default=0),
        buckets=tuple(sum(part.buckets[place] for part in every) for place in range(len(BUCKETS_MS) + 1)),
    )


def percent(part: int, whole: int) -> Decimal | None:
    """This will return a share in percent with one decimal: 1 of 3 is 33.3. None of nothing."""
    if whole <= 0:
        return None
    return Decimal(rounding.divide(part * 1000, whole)).scaleb(-1, context=rounding.EXACT)


def within(buckets: Sequence[int], share: int) -> int | None:
    """This will return the bound of the bucket that completes so many percent of all: of (1, 3, 0, ...) half is 50."""
    total, reached = sum(buckets), 0
    for bound, count in zip(BUCKETS_MS, buckets, strict=False):
        reached += count
        if total and reached * 100 >= total * share:
            return bound
    return None


def _sums(row: Mapping[str, Any]) -> Sums:
    return Sums(
        **{each: int(row[each]) for each in _SUMMED},
        skew_most_ms=row["most"],
        buckets=tuple(int(row[each]) for each in _BUCKETS),
    )


def _meters(line: acquisition_models.Bus, since: datetime, until: datetime) -> tuple[MeterHealth, ...]:
    organization_id = line.organization_id
    rows = models.LineHour.objects.filter(
        organization_id=organization_id, bus=line, device__isnull=False, hour__gte=since, hour__lt=until
    )
    counted = {
        row["device_id"]: _sums(row)
        for row in rows.values("device_id").annotate(**_SUMS, **_BUCKETS, most=Max("skew_most_ms"))
    }
    clocks = {
        device_id: (offset, told)
        for device_id, offset, told in rows.exclude(clock_at=None)
        .order_by("device_id", "-clock_at")
        .distinct("device_id")
        .values_list("device_id", "clock_ms", "clock_at")
    }
    devices = acquisition_models.Device.objects.filter(organization_id=organization_id, bus=line, is_enabled=True)
    found = list(devices.select_related("meter").order_by("unit_id", "secondary", "id"))
    points = {
        each.meter_id: each.meter_point
        for each in metering_models.Installation.objects.filter(
            organization_id=organization_id, meter_id__in=[each.meter_id for each in found], during__upper_inf=True
        ).select_related("meter_point")
    }
    return tuple(
        MeterHealth(
            device_id=each.public_id,
            address=each.secondary or str(each.unit_id),
            serial_number=each.meter.serial_number,
            point_id=point.public_id if (point := points.get(each.meter_id)) is not None else None,
            point_name=point.name if point is not None else "",
            point_site_id=point.site_id if point is not None else None,
            sums=counted.get(each.pk, Sums()),
            clock_ms=clocks.get(each.pk, (None, None))[0],
            clock_at=clocks.get(each.pk, (None, None))[1],
        )
        for each in found
    )
