"""Meter types that the organization made: their versions, who hangs on them. Reads that need a running scope."""

from __future__ import annotations

import functools
import uuid
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

import yaml
from django.db.models import Q, QuerySet

from meterbook.acquisition import catalogue, models, type_models
from meterbook.acquisition.library import comparing, documents
from meterbook.foundation import scoping
from meterbook.kernel import order
from meterbook.metering import models as metering_models


class TypeNotFound(LookupError):
    """The organization has no meter type of that code, or no such version of it."""


@dataclass(frozen=True)
class VersionRow:
    """One version of a type; `document` is the text that is exported."""

    public_id: uuid.UUID
    code: str
    version: int
    document: str
    is_offered: bool
    note: str
    author: str
    made_at: datetime

    @property
    def model(self) -> documents.MeterModel:
        """What it says."""
        return documents.read(self.document)


@dataclass(frozen=True)
class AffectedRow:
    """A meter that hangs somewhere and is of the type. `is_read`: a device asks for its values."""

    point_id: uuid.UUID
    point_code: str
    point_name: str
    site_id: int
    site_name: str
    serial_number: str
    is_read: bool


def list_versions(code: str) -> list[VersionRow]:
    """This will return all versions of a type, the newest first.

    :raises TypeNotFound: when the organization made none of that code
    """
    organization_id = scoping.current().organization_id
    own = type_models.MeterType.objects.filter(organization_id=organization_id, code=code)
    rows = [_version(each) for each in own.order_by("-version")]
    if not rows:
        raise TypeNotFound(f"{code}: {TypeNotFound.__doc__}")
    return rows


def get_version(code: str, version: int | None = None) -> VersionRow:
    """This will return one version of a type, the newest when none is named.

    :raises TypeNotFound: when there is none
    """
    found = next((each for each in list_versions(code) if version in (None, each.version)), None)
    if found is None:
        raise TypeNotFound(f"{code}, version {version}: {TypeNotFound.__doc__}")
    return found


def newest_version(code: str) -> int:
    """This will return the number of the newest version of a type; 0 when there is none yet."""
    own = catalogue.current().own.get(code)
    return own.version if own is not None else 0


def content_of(code: str) -> Mapping[str, Any]:
    """This will return the content of the newest document of a type, own or shipped.

    :raises documents.ModelUnknown: when there is none
    """
    return parsed(catalogue.current().text(code))


@functools.lru_cache(maxsize=64)
def parsed(text: str) -> Mapping[str, Any]:
    """This will return the content of a sound document; it must not be changed."""
    content: dict[str, Any] = yaml.load(text, Loader=yaml.CSafeLoader)
    return MappingProxyType(content)


def list_affected(code: str, *, sites: Collection[int] | None = None) -> list[AffectedRow]:
    """This will return the meters of a type that hang at meter points now, by site and code.

    :param sites: internal ids of the sites that count; None: all
    """
    hanging = _hanging(code)
    if sites is not None:
        hanging = hanging.filter(meter_point__site_id__in=sites)
    read = set(_devices(code).values_list("meter_id", flat=True))
    columns = (
        "meter_id",
        "meter_point__public_id",
        "meter_point__code",
        "meter_point__name",
        "meter_point__site_id",
        "meter_point__site__name",
        "meter__serial_number",
    )
    rows = [
        AffectedRow(point, point_code, name, site_id, site, serial, meter_id in read)
        for meter_id, point, point_code, name, site_id, site, serial in hanging.order_by("id").values_list(*columns)
    ]
    return sorted(rows, key=lambda row: (order.natural(row.site_name), order.natural(row.point_code)))


def list_used_registers(code: str) -> tuple[comparing.UsedRegister, ...]:
    """This will return the registers that hanging meters of a type count by, in the order of their codes."""
    registers = metering_models.InstallationRegister.objects.filter(
        organization_id=scoping.current().organization_id, installation__in=_hanging(code)
    )
    columns = "register_code", "series__code", "unit", "decimals", "series__kind"
    counted = Counter(registers.values_list(*columns))
    return tuple(
        comparing.UsedRegister(register, series, unit, decimals, kind, count)
        for (register, series, unit, decimals, kind), count in sorted(counted.items())
    )


def _hanging(code: str) -> QuerySet[metering_models.Installation]:
    hanging = metering_models.Installation.objects.filter(
        organization_id=scoping.current().organization_id, during__upper_inf=True
    )
    by_device = _devices(code).values("meter_id")
    return hanging.filter(Q(meter__model_code=code) | Q(meter_id__in=by_device))


def _devices(code: str) -> QuerySet[models.Device]:
    return models.Device.objects.filter(
        organization_id=scoping.current().organization_id, model_code=code, is_enabled=True
    )


def _version(row: type_models.MeterType) -> VersionRow:
    return VersionRow(
        public_id=row.public_id,
        code=row.code,
        version=row.version,
        document=row.document,
        is_offered=row.is_offered,
        note=row.note,
        author=row.author,
        made_at=row.made_at,
    )
