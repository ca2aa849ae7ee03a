"""The raw readings of the meters that a shared cost was measured by, at both ends of its time."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from meterbook.billing import models as billing_models
from meterbook.billing.values import BILLED_SERIES
from meterbook.foundation import scoping
from meterbook.kernel import civil
from meterbook.kernel.quality import Quality
from meterbook.kernel.quantity import Unit
from meterbook.metering import queries as metering_queries
from meterbook.metering.values import Source
from meterbook.reporting.queries import raw_readings

MOST_METERS = 40


@dataclass(frozen=True)
class PoolReading:
    """What a register showed at an end of the time: `raw` counts of 10^-`decimals` `unit`."""

    meter_point: uuid.UUID
    name: str
    serial_number: str
    at: datetime
    zone: ZoneInfo
    raw: int
    value: Decimal
    decimals: int
    unit: Unit
    quality: Quality
    source: Source


def of_sheet(*, public_id: uuid.UUID, is_main_only: bool) -> list[PoolReading]:
    """This will return the readings at both ends of an allocation sheet's days, of the meters that its pool names.

    Nothing for a cost that was entered. Of a meter without a reading at an end that end is left out.

    :param is_main_only: leave out the meters behind the main one, which are those of tenants
    """
    sheets = billing_models.PoolSheet.objects.filter(
        organization_id=scoping.current().organization_id, public_id=public_id
    )
    sheet = sheets.select_related("site").first()
    if sheet is None:
        return []
    versions = billing_models.PoolVersion.objects.filter(
        organization_id=scoping.current().organization_id, pool_id=sheet.pool_id, number=sheet.version
    )
    definition: dict[str, Any] = versions.order_by("id").values_list("definition", flat=True).first() or {}
    source = definition.get("source", {})
    named = [source["meter_point"]] if source.get("meter_point") else []
    named += [] if is_main_only else source.get("meters", [])[:MOST_METERS]
    found: list[PoolReading] = []
    for each in dict.fromkeys(named):
        found += _of_meter(uuid.UUID(each), sheet.days.lower, sheet.days.upper)
    return found


def _of_meter(public_id: uuid.UUID, *days: Any) -> list[PoolReading]:  # noqa: ANN401 - two days
    try:
        detail = metering_queries.get_meter(public_id=public_id)
    except metering_queries.MeterNotFound:
        return []
    series = detail.find_series(BILLED_SERIES.get(detail.service, ""))
    if series is None:
        return []
    found = []
    for place, day in enumerate(days):
        at = civil.start_of_day(day, detail.zone)
        register = raw_readings.register_of(detail=detail, series=series, at=at, is_ending=place == 1)
        reading = raw_readings.reading_at(series_id=series.id, at=at)
        if register is not None and reading is not None:
            found.append(
                PoolReading(
                    meter_point=public_id,
                    name=detail.name,
                    serial_number=register.meter.serial_number,
                    at=at,
                    zone=detail.zone,
                    raw=reading.raw,
                    value=register.shown(reading.raw),
                    decimals=register.decimals,
                    unit=Unit(register.unit),
                    quality=reading.quality,
                    source=reading.source,
                )
            )
    return found
