"""Reads of metering; each needs a running scope."""

from meterbook.metering.queries.assigned import AssignedPoint, points_by_code, points_by_id
from meterbook.metering.queries.by_place import PlaceUse, use_by_place
from meterbook.metering.queries.comparing import Comparison
from meterbook.metering.queries.completeness import (
    Cell,
    CompletenessRow,
    CompletenessSums,
    completeness,
    completeness_sums,
    count_open_ends,
)
from meterbook.metering.queries.consumers import MOST_CONSUMERS, Consumer, top_consumers
from meterbook.metering.queries.consumption import Against, Point, Usage, usage, usage_of, without_detail
from meterbook.metering.queries.deciding import OpenFinding, open_findings, open_findings_by_code
from meterbook.metering.queries.faces import Face, faces_at
from meterbook.metering.queries.firsts import first_known
from meterbook.metering.queries.gridded import Grid
from meterbook.metering.queries.hanging import HangingPoint, find_hanging, list_hanging
from meterbook.metering.queries.imports import (
    ImportNotFound,
    ImportRow,
    get_import,
    list_imports,
    waiting_imports,
)
from meterbook.metering.queries.intervals import get_intervals
from meterbook.metering.queries.listing import LATE_AFTER, MeterState, state_at
from meterbook.metering.queries.live import LiveRow, live_values
from meterbook.metering.queries.meters import (
    InstallationRow,
    MeterDetail,
    MeterNotFound,
    RegisterRow,
    get_meter,
)
from meterbook.metering.queries.peers import PeerRow, list_peers
from meterbook.metering.queries.photos import PhotoNotFound, get_photo, photos_of
from meterbook.metering.queries.power import LivePower, live_power
from meterbook.metering.queries.readings import (
    CorrectionRow,
    FindingRow,
    ReadingRow,
    latest_readings,
    list_corrections,
    list_findings,
)
from meterbook.metering.queries.series import SeriesRow, list_series, series_within
from meterbook.metering.queries.site_lines import Place
from meterbook.metering.queries.slots import Slot, SlotState
from meterbook.metering.queries.spans import (
    Grain,
    Span,
    View,
    bounds,
    free_span,
    span,
    span_before,
    span_year_before,
    step_back,
    step_on,
)
from meterbook.metering.queries.totals import Figure, Hour, ServiceUse, days_with_blocks, service_use
from meterbook.metering.queries.uses import Use, used_in
from meterbook.metering.queries.waiting import WaitingFindings, waiting_findings
from meterbook.metering.queries.within import daily, narrowed
from meterbook.metering.queries.zoned import PointZone, find_zone

__all__ = [
    "LATE_AFTER",
    "MOST_CONSUMERS",
    "Against",
    "AssignedPoint",
    "Cell",
    "Comparison",
    "CompletenessRow",
    "CompletenessSums",
    "Consumer",
    "CorrectionRow",
    "Face",
    "Figure",
    "FindingRow",
    "Grain",
    "Grid",
    "HangingPoint",
    "Hour",
    "ImportNotFound",
    "ImportRow",
    "InstallationRow",
    "LivePower",
    "LiveRow",
    "MeterDetail",
    "MeterNotFound",
    "MeterState",
    "OpenFinding",
    "PeerRow",
    "PhotoNotFound",
    "Place",
    "PlaceUse",
    "Point",
    "PointZone",
    "ReadingRow",
    "RegisterRow",
    "SeriesRow",
    "ServiceUse",
    "Slot",
    "SlotState",
    "Span",
    "Usage",
    "Use",
    "View",
    "WaitingFindings",
    "bounds",
    "completeness",
    "completeness_sums",
    "count_open_ends",
    "daily",
    "days_with_blocks",
    "faces_at",
    "find_hanging",
    "find_zone",
    "first_known",
    "free_span",
    "get_import",
    "get_intervals",
    "get_meter",
    "get_photo",
    "latest_readings",
    "list_corrections",
    "list_findings",
    "list_hanging",
    "list_imports",
    "list_peers",
    "list_series",
    "live_power",
    "live_values",
    "narrowed",
    "open_findings",
    "open_findings_by_code",
    "photos_of",
    "points_by_code",
    "points_by_id",
    "series_within",
    "service_use",
    "span",
    "span_before",
    "span_year_before",
    "state_at",
    "step_back",
    "step_on",
    "top_consumers",
    "usage",
    "usage_of",
    "use_by_place",
    "used_in",
    "waiting_findings",
    "waiting_imports",
    "without_detail",
]
