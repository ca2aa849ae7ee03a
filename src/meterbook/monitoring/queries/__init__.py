"""Reads of monitoring; each needs a running scope."""

from meterbook.monitoring.queries.availability import (
    Availability,
    Cell,
    PlaceStates,
    PointState,
    availability,
    point_states,
)
from meterbook.monitoring.queries.meters import MeterPage, MeterRow, Option, all_meters, list_meters, shown_meters

__all__ = [
    "Availability",
    "Cell",
    "MeterPage",
    "MeterRow",
    "Option",
    "PlaceStates",
    "PointState",
    "all_meters",
    "availability",
    "list_meters",
    "point_states",
    "shown_meters",
]
