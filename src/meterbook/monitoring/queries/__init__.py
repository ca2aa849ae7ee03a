"""Reads of monitoring; each needs a running scope."""

from meterbook.monitoring.queries.availability import (
    Availability,
    Cell,
    PlaceStates,
    PointState,
    availability,
    point_states,
)
from meterbook.monitoring.queries.by_hand import (
    AFTER_END,
    BEFORE_END,
    HandRow,
    Known,
    hand_read,
    others_a_day,
    round_of,
)
from meterbook.monitoring.queries.day_findings import DayFindingRow, list_day_findings, site_of_day_finding
from meterbook.monitoring.queries.meters import (
    MeterPage,
    MeterRow,
    Option,
    PointChoice,
    all_meters,
    choose_points,
    list_meters,
    meters_after,
    shown_meters,
)
from meterbook.monitoring.queries.places import Place, PlaceKind, find_places
from meterbook.monitoring.queries.subjects import sites_of, subjects_of_site

__all__ = [
    "AFTER_END",
    "BEFORE_END",
    "Availability",
    "Cell",
    "DayFindingRow",
    "HandRow",
    "Known",
    "MeterPage",
    "MeterRow",
    "Option",
    "Place",
    "PlaceKind",
    "PlaceStates",
    "PointChoice",
    "PointState",
    "all_meters",
    "availability",
    "choose_points",
    "find_places",
    "hand_read",
    "list_day_findings",
    "list_meters",
    "meters_after",
    "others_a_day",
    "point_states",
    "round_of",
    "shown_meters",
    "site_of_day_finding",
    "sites_of",
    "subjects_of_site",
]
