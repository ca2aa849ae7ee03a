"""Reads of metering; each needs a running scope."""

from meterbook.metering.queries.consumption import Comparison, Point, Slot, SlotState, Usage, usage
from meterbook.metering.queries.imports import ImportNotFound, ImportRow, get_import, list_imports
from meterbook.metering.queries.listing import MeterPage, MeterRow, MeterState, list_meters, state_at
from meterbook.metering.queries.live import LiveRow, live_values
from meterbook.metering.queries.meters import InstallationRow, MeterDetail, MeterNotFound, RegisterRow, get_meter
from meterbook.metering.queries.readings import (
    CorrectionRow,
    FindingRow,
    ReadingRow,
    latest_readings,
    list_corrections,
    list_findings,
)
from meterbook.metering.queries.series import SeriesRow, list_series
from meterbook.metering.queries.spans import View, bounds, step_back, step_on

__all__ = [
    "Comparison",
    "CorrectionRow",
    "FindingRow",
    "ImportNotFound",
    "ImportRow",
    "InstallationRow",
    "LiveRow",
    "MeterDetail",
    "MeterNotFound",
    "MeterPage",
    "MeterRow",
    "MeterState",
    "Point",
    "ReadingRow",
    "RegisterRow",
    "SeriesRow",
    "Slot",
    "SlotState",
    "Usage",
    "View",
    "bounds",
    "get_import",
    "get_meter",
    "latest_readings",
    "list_corrections",
    "list_findings",
    "list_imports",
    "list_meters",
    "list_series",
    "live_values",
    "state_at",
    "step_back",
    "step_on",
    "usage",
]
