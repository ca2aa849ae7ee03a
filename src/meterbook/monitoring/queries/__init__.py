"""Reads of monitoring; each needs a running scope."""

from meterbook.monitoring.queries.availability import (
    Availability,
    Cell,
    PlaceStates,
    PointState,
    availability,
    point_states,
)
from meterbook.monitoring.queries.meters import (
    MeterPage,
    MeterRow,
    Option,
    all_meters,
    list_meters,
    meters_after,
    shown_meters,
)
from meterbook.monitoring.queries.places import Place, PlaceKind, find_places
from meterbook.monitoring.queries.subjects import sites_of, subjects_of_site

__all__ = [
    "Availability",
    "Cell",
    "MeterPage",
    "MeterRow",
    "Option",
    "Place",
    "PlaceKind",
    "PlaceStates",
    "PointState",
    "all_meters",
    "availability",
    "find_places",
    "list_meters",
    "meters_after",
    "point_states",
    "shown_meters",
    "sites_of",
    "subjects_of_site",
]
