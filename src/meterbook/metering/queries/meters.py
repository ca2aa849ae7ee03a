"""Meter points with the meters that hang there."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

from meterbook.foundation import scoping
from meterbook.metering import models, values
from meterbook.metering.queries.series import SeriesRow, list_series


class MeterNotFound(LookupError):
    """There is no such meter in this organization."""


@dataclass(frozen=True)
class MultiplierRow:
    """From `starts_at` on, registers count `factor` times; `shown`: what they showed then, by the id of the series."""

    starts_at: datetime
    factor: Fraction
    reason: str
    shown: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class RegisterRow:
    """The register that feeds a series, and what it showed when the meter came and went."""

    series_id: int
    code: str
    unit: str
    decimals: int
    opening: int | None
    closing: int | None
    is_closing_estimated: bool


@dataclass(frozen=True)
class InstallationRow:
    """One meter at the point during [starts_at, ends_at)."""

    meter_id: int
    meter_public_id: uuid.UUID
    serial_number: str
    model_code: str
    starts_at: datetime
    ends_at: datetime | None
    multipliers: tuple[MultiplierRow, ...]
    registers: tuple[RegisterRow, ...]


@dataclass(frozen=True)
class MeterDetail:
    """A meter point, the meters that hung there (newest first) and its series in the catalogue's order.

    `zone` is that of its days; `time_zone` and `language` are its own, or empty.
    """

    public_id: uuid.UUID
    code: str
    name: str
    service: values.Service
    site_id: int
    site_public_id: uuid.UUID
    site_name: str
    zone: ZoneInfo
    node_name: str
    installations: tuple[InstallationRow, ...]
    series: tuple[SeriesRow, ...]
    time_zone: str = ""
    language: str = ""

    @property
    def current(self) -> InstallationRow | None:
        """The installation that has not ended."""
        return next((each for each in self.installations if each.ends_at is None), None)

    @property
    def is_virtual(self) -> bool:
        """Whether it is computed from other meters."""
        return self.current is not None and self.current.model_code == values.VIRTUAL

    @property
    def main_series(self) -> SeriesRow | None:
        """The first counter of the catalogue's order, else the first series."""
        counters = [each for each in self.series if each.kind is values.SeriesKind.CUMULATIVE]
        return next(iter(counters or self.series), None)

    def find_series(self, code: str) -> SeriesRow | None:
        """This will return the series with that code, or None."""
        return next((each for each in self.series if each.code == code), None)


def get_meter(*, public_id: uuid.UUID) -> MeterDetail:
    """This will return a meter point by its own public id or that of the meter that hangs, or latest hung, there.

    :raises MeterNotFound: when it is not there or belongs to another organization
    """
    organizations = scoping.current().organizations
    points = models.MeterPoint.objects.filter(organization_id__in=organizations).select_related("site", "node")
    point = points.filter(public_id=public_id).first()
    if point is None:
        latest = models.Installation.objects.filter(organization_id__in=organizations, meter__public_id=public_id)
        point = points.filter(pk__in=latest.order_by("-during").values("meter_point_id")[:1]).first()
    if point is None:
        raise MeterNotFound(MeterNotFound.__doc__)
    return MeterDetail(
        public_id=point.public_id,
        code=point.code,
        name=point.name,
        service=values.Service(point.service),
        site_id=point.site_id,
        site_public_id=point.site.public_id,
        site_name=point.site.name,
        zone=point.zone,
        node_name=point.node.name if point.node else "",
        installations=tuple(_installations(point.pk)),
        series=tuple(list_series(meter_point_ids=[point.pk])),
        time_zone=point.time_zone,
        language=point.language,
    )


def _installations(point_id: int) -> list[InstallationRow]:
    organizations = scoping.current().organizations
    found = list(
        models.Installation.objects.filter(organization_id__in=organizations, meter_point_id=point_id)
        .select_related("meter")
        .order_by("-during", "-id")
    )
    ids = [each.pk for each in found]
    multipliers, registers = defaultdict(list), defaultdict(list)
    for segment in models.MultiplierSegment.objects.filter(
        organization_id__in=organizations, installation_id__in=ids
    ).order_by("starts_at", "id"):
        factor = Fraction(segment.numerator, segment.denominator)
        shown = {int(series_id): raw for series_id, raw in segment.registers.items()}
        multipliers[segment.installation_id].append(MultiplierRow(segment.starts_at, factor, segment.reason, shown))
    for register in models.InstallationRegister.objects.filter(
        organization_id__in=organizations, installation_id__in=ids
    ).order_by("id"):
        registers[register.installation_id].append(_register(register))
    return [
        InstallationRow(
            meter_id=each.meter_id,
            meter_public_id=each.meter.public_id,
            serial_number=each.meter.serial_number,
            model_code=each.meter.model_code,
            starts_at=each.during.lower,
            ends_at=each.during.upper,
            multipliers=tuple(multipliers[each.pk]),
            registers=tuple(registers[each.pk]),
        )
        for each in found
    ]


def _register(register: models.InstallationRegister) -> RegisterRow:
    return RegisterRow(
        series_id=register.series_id,
        code=register.register_code,
        unit=register.unit,
        decimals=register.decimals,
        opening=register.opening,
        closing=register.closing,
        is_closing_estimated=register.is_closing_estimated,
    )
