"""Words of monitoring: how a meter stands, and what a list of meters is asked for."""

from __future__ import annotations

import enum
import uuid
from dataclasses import dataclass

from meterbook.acquisition.polling import counting
from meterbook.metering import queries as metering_queries
from meterbook.metering import values as metering_values

MeterState = metering_queries.MeterState
# What needs somebody comes first.
STATE_ORDER = (MeterState.SILENT, MeterState.LATE, MeterState.NEVER, MeterState.OK, MeterState.NOT_LIVE)

BUCKETS_MS = counting.BUCKETS_MS


class Sort(enum.StrEnum):
    """What the list can be ordered by."""

    NAME = "NAME"
    CODE = "CODE"
    UNIT = "UNIT"
    TENANT = "TENANT"
    SITE = "SITE"
    SERIAL = "SERIAL"
    MODEL = "MODEL"
    AGE = "AGE"
    STATE = "STATE"


@dataclass(frozen=True)
class MeterFilter:
    """Which meter points a list shows, and in which order. None and empty mean all.

    `search` is a part of name, code, serial number, unit, or of the tenant's name or account. `place` is a site's
    public id where several sites are shown, else that of a node at the top of the site's tree.
    """

    search: str = ""
    state: MeterState | None = None
    service: metering_values.Service | None = None
    model: str = ""
    role: metering_values.PointRole | None = None
    place: uuid.UUID | None = None
    sort: Sort = Sort.NAME
    is_descending: bool = False
